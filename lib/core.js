'use strict';
// The verbs of a cache. The mirror of the memory layer answers if it can; the rest is a call of the addon.

const { none, Calls } = require('./calls.js');
const { argument, closed, noTags, optionType } = require('./errors.js');
const { isNoKey, keyText } = require('./keys.js');
const { lazy } = require('./lazy.js');
const { DONE, NOT_HELD } = require('./memory/mirror.js');
const { readTags } = require('./options/read.js');
const { bridge } = require('./raw.js');
const { admit } = require('./values/sharing.js');

const { raw } = bridge;

/** Bits of the layers, as in events. @type {ReadonlyMap<unknown, number>} */
const LAYER_BITS = new Map([
  ['L1', 1],
  ['L2', 2],
]);
const BOTH = 3;

const entries = lazy(() => require('./entry.js'));

class Core extends Calls {
  /**
   * @param {EntryKey} key
   * @returns {Promise<any>}
   */
  get(key) {
    return this.mirror.get(key) ?? this.look(raw.get, key, DONE);
  }

  /**
   * @param {EntryKey} key
   * @param {(context?: any) => any} loader
   * @param {Given} options
   * @returns {Promise<any>}
   */
  getOrSet(key, loader, options) {
    if (typeof loader !== 'function') return Promise.reject(argument('loader', 'a function', loader));
    const answer = none(options) ? this.mirror.getOrSet(key, loader) : undefined;
    return answer ?? this.load(key, options, loader);
  }

  /**
   * @param {EntryKey} key
   * @param {unknown} value
   * @param {Given} options
   * @returns {Promise<void>}
   */
  set(key, value, options) {
    const answer = none(options) ? this.mirror.set(key, value) : undefined;
    return answer ?? this.write(key, value, options);
  }

  /**
   * @param {EntryKey} key
   * @returns {Promise<boolean>}
   */
  has(key) {
    return this.mirror.has(key) ?? this.look(raw.has, key, NOT_HELD);
  }

  /**
   * @param {EntryKey} key
   * @returns {Promise<void>}
   */
  delete(key) {
    this.mirror.loads.overtake(key);
    return this.look(raw.delete, key, DONE);
  }

  /**
   * Ends the life of an entry. Where stale copies are kept, its value becomes one.
   * @param {EntryKey} key
   * @returns {Promise<void>}
   */
  expire(key) {
    this.mirror.loads.overtake(key);
    return this.look(raw.expire, key, DONE);
  }

  /**
   * @param {string} pattern
   * @returns {Promise<void>}
   */
  deleteByPattern(pattern) {
    return this.askMatching(raw.deleteByPattern, pattern);
  }

  /**
   * @param {string} pattern
   * @returns {Promise<void>}
   */
  expireByPattern(pattern) {
    return this.askMatching(raw.expireByPattern, pattern);
  }

  /**
   * Invalidates the keys that match.
   * @param {(target: number, pattern: string) => number} call
   * @param {string} pattern
   * @returns {Promise<void>}
   */
  askMatching(call, pattern) {
    if (typeof pattern !== 'string') return Promise.reject(argument('pattern', 'a string', pattern));
    this.mirror.loads.overtakeMatching(pattern);
    return this.ask(call, pattern, undefined);
  }

  /**
   * @param {string | readonly string[]} tags
   * @returns {Promise<void>}
   */
  deleteByTag(tags) {
    return this.askTags(raw.deleteByTag, tags);
  }

  /**
   * @param {string | readonly string[]} tags
   * @returns {Promise<void>}
   */
  expireByTag(tags) {
    return this.askTags(raw.expireByTag, tags);
  }

  /**
   * Invalidates the entries with one of these tags.
   * @param {(target: number, tags: string[]) => number} call
   * @param {string | readonly string[]} given
   * @returns {Promise<void>}
   */
  async askTags(call, given) {
    if (typeof given !== 'string' && !Array.isArray(given)) {
      throw optionType('tags', 'a text that is not empty, or an array of such texts', given);
    }
    const tags = readTags('tags', typeof given === 'string' ? [given] : given);
    if (this.closed) throw closed(call.name);
    if (!this.keepsTags) throw noTags(call.name);
    this.mirror.loads.untag(tags);
    await this.answer(call(this.target('', undefined), tags), undefined);
  }

  /** @returns {Promise<{ tag: string, entries: number }[]>} */
  async tags() {
    if (this.closed) throw closed('tags');
    if (!this.keepsTags) throw noTags('tags');
    /** @type {{ tag: string, entries: number }[]} */
    const all = [];
    const visit = (/** @type {string} */ tag, /** @type {number} */ entries) => void all.push({ tag, entries });
    raw.tags(this.target('', undefined), visit);
    return all.sort((a, b) => b.entries - a.entries || (a.tag < b.tag ? -1 : 1));
  }

  /**
   * The value that the memory layer holds. Changes nothing.
   * @param {EntryKey} key
   * @returns {any} a value of the user
   */
  peek(key) {
    if (this.closed) throw closed('peek');
    if (isNoKey(key)) return undefined;
    const text = keyText(key);
    const { mirror, table } = this;
    const slot = mirror.map.get(text);
    return slot !== undefined && mirror.isLive(slot) ? table.values[slot] : entries().held(this, text)?.value;
  }

  /**
   * @param {EntryKey} key
   * @returns {Promise<import('../types/entry.js').EntryResult<any>>}
   */
  getEntry(key) {
    return entries().getEntry(this, key);
  }

  /**
   * @param {EntryKey} key
   * @param {(context?: any) => any} loader
   * @param {Given} options
   * @returns {Promise<import('../types/entry.js').EntryResult<any>>}
   */
  getOrSetEntry(key, loader, options) {
    return entries().getOrSetEntry(this, key, loader, options);
  }

  /** @returns {Promise<number>} */
  size() {
    try {
      if (this.closed) throw closed('size');
      this.watch();
      return this.answer(raw.size(this.id), undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Turns the reads of layers off or on. Writes go on.
   * @param {string} verb
   * @param {unknown} layer both if not given
   * @param {boolean} isOff
   */
  skip(verb, layer, isOff) {
    if (this.closed) throw closed(verb);
    const bits = layer === undefined ? BOTH : LAYER_BITS.get(layer);
    if (bits === undefined) throw argument('layer', '"L1", "L2" or left out', layer);
    this.skipped = isOff ? this.skipped | bits : this.skipped & ~bits;
    raw.skip(this.id, this.skipped);
    this.mirror.skip((this.skipped & 1) !== 0);
  }

  /** Its counts. */
  stats() {
    return require('./stats.js').statsOfCore(this);
  }

  /** Waits until nothing is under way. */
  drain() {
    return require('./close.js').drainCore(this);
  }

  /**
   * Waits for the requests under way, up to a limit, then abandons the others.
   * @param {number} timeoutMs
   */
  close(timeoutMs) {
    return require('./close.js').closeCore(this, timeoutMs);
  }

  /**
   * `getOrSet` by a call.
   * @param {EntryKey} key
   * @param {Given} options
   * @param {(context?: any) => any} loader
   * @returns {Promise<any>}
   */
  load(key, options, loader) {
    try {
      return this.loadRead(key, this.read(options), loader);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * `getOrSet` by a call, with options that have been read.
   * @param {EntryKey} given
   * @param {import('./options/read.js').OptionRecord | undefined} record
   * @param {(context?: any) => any} loader
   * @returns {Promise<any>}
   */
  loadRead(given, record, loader) {
    const key = typeof given === 'bigint' ? String(given) : given;
    try {
      this.entryText(key);
      if (this.closed) throw closed('getOrSet');
      // The load is looked up only now: the getters of the options may have invalidated the key.
      const joined = this.mirror.joinOrCompete(key, record);
      return joined ?? this.askWith(raw.getOrSet, key, record, this.limited(key, record, loader));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * `set` by a call.
   * @param {EntryKey} key
   * @param {unknown} value
   * @param {Given} options
   * @returns {Promise<void>}
   */
  write(key, value, options) {
    try {
      return this.writeRead(key, value, this.read(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The same with options that have been read.
   * @param {EntryKey} key
   * @param {unknown} value
   * @param {import('./options/read.js').OptionRecord | undefined} record
   * @returns {Promise<void>}
   */
  writeRead(key, value, record) {
    try {
      const text = this.entryText(key);
      const admitted = admit(this.table, value);
      const weight = this.weigh(admitted);
      // From here on no code of a user runs before the addon has the value.
      if (this.closed) throw closed('set');
      this.mirror.loads.overtake(key);
      // `undefined` is not a value: the key is absent afterwards.
      if (value === undefined) return this.askWith(raw.unset, key, undefined);
      return this.store(key, text, admitted, record, weight);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * `set` with options that have been read.
   * @param {EntryKey} key
   * @param {unknown} value
   * @param {import('./options/read.js').OptionRecord | undefined} record
   * @returns {Promise<void>}
   */
  setRead(key, value, record) {
    const answer = record === undefined ? this.mirror.set(key, value) : undefined;
    return answer ?? this.writeRead(key, value, record);
  }

  /**
   * Has the addon store a value.
   * @param {EntryKey} key
   * @param {string} text of the key
   * @param {unknown} value
   * @param {import('./options/read.js').OptionRecord | undefined} record
   * @param {number} weight
   * @returns {Promise<void>}
   */
  store(key, text, value, record, weight) {
    const slot = this.table.put(undefined, value);
    const answer = raw.set(this.target(key, record), text, slot, weight);
    this.mirror.link(text, slot);
    return this.answer(answer, key);
  }

  /**
   * Sends a value that was loaded and stored without the engine to the peers.
   * @param {EntryKey} key
   * @param {unknown} value
   * @param {import('./options/read.js').OptionRecord | undefined} record
   */
  broadcastLoaded(key, value, record) {
    if (this.closed || !this.publishes) return;
    const slot = this.table.put(undefined, value);
    const sent = this.answer(raw.broadcastLoaded(this.target(key, record), keyText(key), slot), undefined);
    sent.catch(() => {});
    this.background?.hand(sent, { key: keyText(key), reason: 'publish' });
  }
}

module.exports = { Core };
