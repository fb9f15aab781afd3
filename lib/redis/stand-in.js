'use strict';
// Redis through the methods of an object that stands in for a client: those that 0.4.0 called, richer ones where they
// exist.

const { bridge } = require('../raw.js');
const { open } = require('../serializer/serializer.js');
const { Found, Missed, markReply, Unreadable } = require('./found.js');
const { globOf } = require('./glob.js');
const { isBesideIndex, isTagged } = require('./reserved.js');
const { StandInIndex } = require('./stand-in-index.js');
const { StandInMarks } = require('./stand-in-marks.js');

/** Removes a lock if it is still its owner's. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** The matching names that are found before the first are removed. */
const TOGETHER = 10_000;

/** @typedef {[method: string, ...args: any[]]} Command */

class StandIn {
  /**
   * @param {Foreign} client
   * @param {ReturnType<import('./options.js').readStoreOptions>} settings
   */
  constructor(client, settings) {
    this.client = client;
    this.settings = settings;
    /** A cluster takes the commands of one pipeline on one slot only. */
    this.isCluster = client.isCluster === true;
    this.lockPrefix = `${settings.prefix}__lock:`;
    this.index = settings.useIndex ? new StandInIndex(this) : undefined;
    this.marks = this.isCluster ? undefined : new StandInMarks(this);
    /** Whether scripts are run as Redis runs them. @type {Promise<boolean> | undefined} */
    this.scripts = undefined;
  }

  /** @param {string} key */
  name(key) {
    return this.settings.prefix + key;
  }

  /** @param {string} key */
  lock(key) {
    return this.lockPrefix + key;
  }

  /**
   * Sends commands in their order, together if possible; returns their answers. Throws the first error among
   * them.
   * @param {Command[]} commands
   * @returns {Promise<any[]>}
   */
  async run(commands) {
    if (this.isCluster && commands.length > 1) {
      const answers = [];
      for (const command of commands) answers.push(...(await this.run([command])));
      return answers;
    }
    let pipeline = this.client.pipeline();
    for (const [method, ...args] of commands) pipeline = pipeline[method](...args);
    /** @type {[any, any][]} */
    const answers = (await pipeline.exec()) ?? [];
    const failed = answers.find(([error]) => error !== null && error !== undefined);
    if (failed !== undefined) throw markReply(failed[0]);
    return answers.map(([, answer]) => answer);
  }

  /**
   * Calls a method of the client.
   * @param {...any} call the method and its arguments
   * @returns {Promise<any>}
   */
  async ask(...call) {
    const [method, ...args] = call;
    try {
      return await this.client[method](...args);
    } catch (error) {
      throw markReply(error);
    }
  }

  /**
   * @param {string} key
   * @param {boolean} lifetime whether to ask for the rest of the lifetime
   * @returns {Promise<Found | undefined>}
   */
  async get(key, lifetime) {
    const name = this.name(key);
    const asks = lifetime && typeof this.client.pttl === 'function';
    const [payload, leftMs] = await Promise.all([this.ask('getBuffer', name), asks ? this.ask('pttl', name) : -1]);
    if (payload === null || payload === undefined || leftMs === -2) {
      // In the background: its failure is no failure of the read.
      this.index?.forget([name]).catch(() => {});
      return undefined;
    }
    return this.found(payload, leftMs);
  }

  /**
   * @param {string | Buffer} payload
   * @param {number} leftMs as `PTTL` says it
   */
  found(payload, leftMs) {
    try {
      const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
      return new Found(open(bytes, this.settings.limits).value, leftMs >= 0 ? Math.max(1, leftMs) : Infinity);
    } catch (error) {
      throw new Unreadable('the value in Redis cannot be read', { cause: error });
    }
  }

  /**
   * @param {string} key
   * @param {Buffer} payload
   * @param {number} ttlMs Infinity or 0 for no end
   * @param {number | undefined} most entries
   */
  async set(key, payload, ttlMs, most) {
    const name = this.name(key);
    const millis = wholeMillis(ttlMs);
    /** @type {Command} */
    const set = millis > 0 ? ['set', name, payload, 'PX', millis] : ['set', name, payload];
    if (this.index === undefined) {
      await this.run([set]);
      return;
    }
    await this.run(this.index.around(name, [set]));
    await this.index.tidy(most);
  }

  /**
   * The value of a key; else how far invalidations are counted, for the load that follows.
   * @param {string} key
   * @returns {Promise<Found | Missed | undefined>}
   */
  async getMarked(key) {
    // Asked for before the load begins, and beside the entry.
    const counting = this.marks?.count().catch(() => undefined);
    const found = await this.get(key, true);
    const count = await counting;
    return found ?? (count === undefined ? undefined : new Missed(count));
  }

  /**
   * @param {string} key
   * @param {Buffer} payload
   * @param {number} ttlMs
   * @param {number | undefined} most
   * @param {object} unless
   * @param {string | undefined} unless.token of the lock that has to be held
   * @param {string} unless.lockKey
   * @param {number} unless.count what `StandInMarks.count` said before the load; NaN for any
   * @returns {Promise<boolean>} whether it is stored: the lock is still the token's, and the key was not invalidated
   */
  async setIfOwner(key, payload, ttlMs, most, { token, lockKey, count }) {
    const name = this.name(key);
    const lock = token === undefined ? [] : [this.lock(lockKey)];
    if (this.marks === undefined || !(await this.runsScripts())) {
      if (token !== undefined && String(await this.ask('getBuffer', lock[0])) !== token) return false;
      await this.set(key, payload, ttlMs, most);
      return true;
    }
    if (this.marks.isOld(count)) return false;
    const fill = this.marks.fill(name, payload, wholeMillis(ttlMs), count, lock, token);
    if (this.index === undefined) return (await this.ask(...fill)) === 1;
    const owned = (await this.run(this.index.around(name, [fill])))[1] === 1;
    if (owned) await this.index.tidy(most);
    return owned;
  }

  /** Objects that tests write often know one script only: that which releases a lock. */
  runsScripts() {
    const word = 'scripts are run';
    const asked = async () => {
      const [answer] = await this.run([['eval', 'return ARGV[1]', 0, word]]);
      return String(answer) === word;
    };
    this.scripts ??= asked().catch(() => false);
    return this.scripts;
  }

  /** @param {string} key */
  async has(key) {
    return (await this.ask('exists', this.name(key))) > 0;
  }

  /**
   * @param {string} key
   * @param {string} [lockKey] whose lock is to be revoked too
   */
  async delete(key, lockKey) {
    const [names, locks] = [[this.name(key)], lockKey === undefined ? [] : [this.lock(lockKey)]];
    if (this.marks === undefined || !(await this.runsScripts())) {
      await this.remove(names, locks);
      return;
    }
    const removal = this.marks.remove(names, locks);
    // As `remove` has it.
    await this.run(this.index === undefined ? [removal] : [removal, this.index.unlist(names), removal]);
  }

  /**
   * Removes entries and other keys, and takes the entries out of the index.
   * @param {string[]} names
   * @param {string[]} [others]
   */
  async remove(names, others = []) {
    const { batchSize, deleteStrategy } = this.settings;
    for (let at = 0; at < names.length; at += batchSize) {
      const batch = names.slice(at, at + batchSize);
      /** @type {(keys: string[]) => Command[]} */
      const removal = (keys) =>
        this.isCluster ? keys.map((key) => [deleteStrategy, key]) : [[deleteStrategy, ...keys]];
      const unlisted = this.index === undefined ? [] : [this.index.unlist(batch), ...removal(batch)];
      await this.run([...removal([...batch, ...others]), ...unlisted]);
    }
  }

  /** @param {string} pattern */
  async deleteByPattern(pattern) {
    if (this.marks !== undefined && (await this.runsScripts())) await this.ask(...this.marks.forbid(pattern));
    if (!/[*?]/.test(pattern)) {
      // It matches itself alone.
      await this.remove([this.name(pattern)].filter((name) => this.isEntry(name)));
      return;
    }
    /** @type {string[]} */
    let found = [];
    for await (const names of this.scan(pattern)) {
      found = found.concat(names);
      // Not at each step: the cursors of some are places in a list, which would move.
      if (found.length >= TOGETHER) await this.remove(found.splice(0));
    }
    await this.remove(found);
  }

  async size() {
    if (this.index !== undefined) return this.index.size();
    const seen = new Set();
    for await (const names of this.scan('*')) for (const name of names) seen.add(name);
    return seen.size;
  }

  /**
   * The names of all entries that match, some at a time.
   * @param {string} pattern
   * @returns {AsyncGenerator<string[]>}
   */
  async *scan(pattern) {
    const scans = typeof this.client[this.settings.useIndex ? 'zscan' : 'scan'] === 'function';
    if (!scans) {
      yield* this.stream(pattern);
      return;
    }
    for (let position = /** @type {string | undefined} */ ('0.0'); position !== undefined;) {
      const step = await this.step(position, pattern, this.settings.scanCount);
      yield step.names;
      position = step.next;
    }
  }

  /**
   * The same by the streams of a client that has no other scans.
   * @param {string} pattern
   * @returns {AsyncGenerator<string[]>}
   */
  async *stream(pattern) {
    const { prefix, scanCount, useIndex, indexKey } = this.settings;
    const options = { match: globOf(prefix, pattern), count: scanCount };
    const stream = useIndex ? this.client.zscanStream(indexKey, options) : this.client.scanStream(options);
    for await (const found of stream) yield this.matching(found, pattern);
  }

  /**
   * One step of a scan: of the index, or of the servers one after the other.
   * @param {string} position server and cursor there
   * @param {string} pattern
   * @param {number} count
   * @returns {Promise<{ names: string[], next: string | undefined }>}
   */
  async step(position, pattern, count) {
    const { prefix, useIndex, indexKey } = this.settings;
    const [server, cursor] = position.split('.');
    const matched = ['MATCH', globOf(prefix, pattern), 'COUNT', count];
    const servers = !useIndex && this.isCluster ? this.client.nodes('master') : [this.client];
    const one = servers[Number(server)];
    if (one === undefined) return { names: [], next: undefined };
    const [next, found] = useIndex ? await one.zscan(indexKey, cursor, ...matched) : await one.scan(cursor, ...matched);
    const following = Number(server) + 1 < servers.length ? `${Number(server) + 1}.0` : undefined;
    return { names: this.matching(found, pattern), next: String(next) === '0' ? following : `${server}.${next}` };
  }

  /**
   * The names of entries that match, of what a scan finds: of the index members and scores in turns.
   * @param {string[]} found
   * @param {string} pattern
   */
  matching(found, pattern) {
    const { prefix, useIndex } = this.settings;
    const names = useIndex ? found.filter((_, at) => at % 2 === 0) : found;
    return names.filter((name) => this.isEntry(name) && bridge.raw.matches(pattern, name.slice(prefix.length)));
  }

  /** @param {string} name */
  isEntry(name) {
    const { prefix, indexKey } = this.settings;
    const isOfStore = name === indexKey || isBesideIndex(name, indexKey) || isTagged(name, `${prefix}__marks`);
    return name.startsWith(prefix) && !name.startsWith(this.lockPrefix) && !isOfStore;
  }

  /**
   * @param {string} key
   * @param {string} token
   * @param {number} ttlMs
   */
  async acquireLock(key, token, ttlMs) {
    // Known by the time there is a value.
    if (!this.isCluster) this.runsScripts();
    return (await this.ask('set', this.lock(key), token, 'PX', wholeMillis(ttlMs), 'NX')) === 'OK';
  }

  /**
   * @param {string} key
   * @param {string} token
   */
  async releaseLock(key, token) {
    return (await this.ask('eval', RELEASE, 1, this.lock(key), token)) === 1;
  }
}

/**
 * A lifetime as `PX` takes it; 0 for one that does not end.
 * @param {number} ttlMs
 */
function wholeMillis(ttlMs) {
  return ttlMs > 0 && ttlMs < Number.MAX_SAFE_INTEGER ? Math.ceil(ttlMs) : 0;
}

module.exports = { StandIn };
