import { deferred } from './deferred.mjs';

/** Turns a wildcard pattern into a test on whole keys, one character at a time. */
function matcher(pattern) {
  const source = [...pattern]
    .map((char) => (char === '*' ? '.*' : char === '?' ? '.' : char.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')))
    .join('');
  const whole = new RegExp(`^${source}$`, 'su');
  return (key) => whole.test(key);
}

/**
 * A custom store over a Map. It notes every call in `calls`, and a test may hold the next call of a method open:
 * `hold("get")` stops it before it touches the map, `holdAfter("get")` once it has.
 */
export class MapStore {
  constructor(entries = []) {
    this.map = new Map(entries);
    this.calls = [];
    this.gates = new Map();
  }

  hold(method) {
    return this.#gate(`before ${method}`);
  }

  holdAfter(method) {
    return this.#gate(`after ${method}`);
  }

  callsOf(method) {
    return this.calls.filter((call) => call.method === method);
  }

  get(key) {
    return this.#run('get', [key], () => this.map.get(key));
  }

  set(key, value, options) {
    return this.#run('set', [key, value, options], () => void this.map.set(key, value));
  }

  async getOrSet(key, loader, options) {
    const found = await this.get(key);
    if (found !== undefined) return found;
    const value = await loader();
    await this.set(key, value, options);
    return value;
  }

  has(key) {
    return this.#run('has', [key], () => this.map.has(key));
  }

  delete(key) {
    return this.#run('delete', [key], () => this.map.delete(key));
  }

  deleteByPattern(pattern) {
    return this.#run('deleteByPattern', [pattern], () => {
      const matches = matcher(pattern);
      for (const key of [...this.map.keys()]) if (matches(String(key))) this.map.delete(key);
    });
  }

  clear() {
    return this.#run('clear', [], () => this.map.clear());
  }

  size() {
    return this.#run('size', [], () => this.map.size);
  }

  #gate(name) {
    const reached = deferred();
    const opened = deferred();
    this.gates.set(name, { reached, opened });
    return { reached: reached.promise, release: () => opened.resolve() };
  }

  async #pass(name) {
    const gate = this.gates.get(name);
    if (!gate) return;
    this.gates.delete(name);
    gate.reached.resolve();
    await gate.opened.promise;
  }

  async #run(method, args, work) {
    this.calls.push({ method, args });
    await this.#pass(`before ${method}`);
    const answer = work();
    await this.#pass(`after ${method}`);
    return answer;
  }
}
