// A Redis in memory with the methods that 0.4.0 calls on its client, as people write it for their tests.
import { Readable } from 'node:stream';

const asRegExp = (glob) => {
  const escaped = glob.replace(/\\(.)|([*?])|([.+^${}()|[\]\\])/g, (_, literal, wild, special) => {
    if (literal !== undefined) return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    if (wild !== undefined) return wild === '*' ? '.*' : '.';
    return `\\${special}`;
  });
  return new RegExp(`^${escaped}$`, 's');
};

export class MinimalRedis {
  #values = new Map();
  #sets = new Map();

  /** Names of the methods that were called, those of a pipeline among them, each with its arguments. */
  calls = [];

  #set(key) {
    if (!this.#sets.has(key)) this.#sets.set(key, new Map());
    return this.#sets.get(key);
  }

  #live(name) {
    const found = this.#values.get(name);
    return found !== undefined && found.until > Date.now() ? found.value : null;
  }

  #sorted(key) {
    return [...this.#set(key)].sort(([a, first], [b, second]) => first - second || (a < b ? -1 : 1));
  }

  #run(method, args) {
    this.calls.push([method, ...args]);
    const [key, ...rest] = args;
    switch (method) {
      case 'set': {
        const px = rest.indexOf('PX');
        if (rest.includes('NX') && this.#live(key) !== null) return null;
        this.#values.set(key, { value: rest[0], until: px < 0 ? Infinity : Date.now() + Number(rest[px + 1]) });
        return 'OK';
      }
      case 'unlink':
      case 'del':
        return args.filter((name) => this.#live(name) !== null && this.#values.delete(name)).length;
      case 'zadd':
        this.#set(key).set(rest[1], Number(rest[0]));
        return 1;
      case 'zrem':
        return rest.filter((member) => this.#set(key).delete(member)).length;
      case 'getBuffer': {
        const value = this.#live(key);
        return value === null ? null : Buffer.from(value);
      }
      case 'exists':
        return this.#live(key) === null ? 0 : 1;
      case 'zcard':
        return this.#set(key).size;
      case 'zrange':
        return this.#sorted(key)
          .map(([member]) => member)
          .slice(rest[0], rest[1] === -1 ? undefined : rest[1] + 1);
      default:
        throw new Error(`no such command: ${method}`);
    }
  }

  pipeline() {
    const queued = [];
    const pipeline = { exec: async () => queued.map(([method, args]) => [null, this.#run(method, args)]) };
    for (const method of ['set', 'zadd', 'zrem', 'unlink', 'del']) {
      pipeline[method] = (...args) => {
        queued.push([method, args]);
        return pipeline;
      };
    }
    return pipeline;
  }

  async getBuffer(key) {
    return this.#run('getBuffer', [key]);
  }

  async exists(key) {
    return this.#run('exists', [key]);
  }

  async set(...args) {
    return this.#run('set', args);
  }

  async zrem(...args) {
    return this.#run('zrem', args);
  }

  async zcard(key) {
    return this.#run('zcard', [key]);
  }

  async zrange(...args) {
    return this.#run('zrange', args);
  }

  /** It knows the one script that 0.4.0 has. */
  async eval(_script, _keys, key, token) {
    this.calls.push(['eval', key, token]);
    return this.#live(key) === token ? this.#run('del', [key]) : 0;
  }

  async zscan(key, _cursor, _match, glob) {
    const wanted = asRegExp(glob);
    return [
      '0',
      this.#sorted(key)
        .filter(([member]) => wanted.test(member))
        .flat()
        .map(String),
    ];
  }

  async scan(_cursor, _match, glob) {
    const wanted = asRegExp(glob);
    return ['0', [...this.#values.keys()].filter((name) => wanted.test(name) && this.#live(name) !== null)];
  }

  zscanStream(key, { match }) {
    const wanted = asRegExp(match);
    return Readable.from([
      this.#sorted(key)
        .filter(([member]) => wanted.test(member))
        .flat()
        .map(String),
    ]);
  }

  scanStream({ match }) {
    const wanted = asRegExp(match);
    return Readable.from([[...this.#values.keys()].filter((name) => wanted.test(name) && this.#live(name) !== null)]);
  }
}

/** One that can only look through keys by its streams. */
export class StreamingRedis extends MinimalRedis {}
for (const method of ['zscan', 'scan']) StreamingRedis.prototype[method] = undefined;
