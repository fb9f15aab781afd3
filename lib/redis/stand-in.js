'use strict';
// Redis through the methods of an object that stands in for a client.

const { open } = require('../serializer/serializer.js');
const { Found, Unreadable } = require('./found.js');
const { globOf, matches } = require('./glob.js');

/** Sets a value if the lock is still its owner's. */
const SET_IF_OWNER = `if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[1]) else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3]) end
return 1`;

/** Removes a lock if it is still its owner's. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** @typedef {[method: string, ...args: any[]]} Command */

class StandIn {
  /**
   * @param {any} client
   * @param {ReturnType<import('./options.js').readStoreOptions>} settings
   */
  constructor(client, settings) {
    this.client = client;
    this.settings = settings;
    /** A cluster takes the commands of one pipeline on one slot only. */
    this.isCluster = client.isCluster === true;
    this.lockPrefix = `${settings.prefix}__lock:`;
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
   * Sends commands together and gives their answers. Throws the first error among them.
   * @param {Command[]} commands
   * @returns {Promise<any[]>}
   */
  async run(commands) {
    if (this.isCluster && commands.length > 1) {
      return (await Promise.all(commands.map((command) => this.run([command])))).flat();
    }
    let pipeline = this.client.pipeline();
    for (const [method, ...args] of commands) pipeline = pipeline[method](...args);
    /** @type {[any, any][]} */
    const answers = (await pipeline.exec()) ?? [];
    const failed = answers.find(([error]) => error !== null && error !== undefined);
    if (failed !== undefined) throw failed[0];
    return answers.map(([, answer]) => answer);
  }

  /**
   * @param {string} key
   * @returns {Promise<Found | undefined>}
   */
  async get(key) {
    const name = this.name(key);
    const [payload, leftMs] = await this.run([['getBuffer', name], ['pttl', name]]);
    if (payload === null || payload === undefined || leftMs === -2) {
      this.forget(name);
      return undefined;
    }
    return this.found(payload, leftMs);
  }

  /**
   * A read found nothing: the index need not list it. Nobody waits for that, and that it fails is no failure of the read.
   * @param {string} name
   */
  forget(name) {
    if (this.settings.useIndex) this.run([['zrem', this.settings.indexKey, name]]).catch(() => {});
  }

  /**
   * @param {any} payload
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
    await this.run(this.settings.useIndex ? [set, this.note(name)] : [set]);
    await this.trim(most);
  }

  /**
   * @param {string} key
   * @param {Buffer} payload
   * @param {number} ttlMs
   * @param {number | undefined} most
   * @param {string} token
   * @returns {Promise<boolean>} whether the lock is still the token's
   */
  async setIfOwner(key, payload, ttlMs, most, token) {
    const name = this.name(key);
    const owned = await this.client.eval(SET_IF_OWNER, 2, name, this.lock(key), payload, token, wholeMillis(ttlMs));
    if (owned !== 1) return false;
    if (this.settings.useIndex) await this.run([this.note(name)]);
    await this.trim(most);
    return true;
  }

  /**
   * @param {string} name
   * @returns {Command}
   */
  note(name) {
    return ['zadd', this.settings.indexKey, Date.now(), name];
  }

  /** @param {number | undefined} most */
  async trim(most) {
    const { useIndex, indexKey } = this.settings;
    if (!useIndex || most === undefined || most === Infinity) return;
    const beyond = (await this.client.zcard(indexKey)) - most;
    if (beyond > 0) await this.remove(await this.client.zrange(indexKey, 0, beyond - 1));
  }

  /** @param {string} key */
  async has(key) {
    return (await this.client.exists(this.name(key))) > 0;
  }

  /**
   * @param {string} key
   * @param {boolean} revokeLock
   */
  async delete(key, revokeLock) {
    await this.remove([this.name(key)], revokeLock ? [this.lock(key)] : []);
  }

  /**
   * Removes entries and other keys, and takes the entries out of the index.
   * @param {string[]} names
   * @param {string[]} [others]
   */
  async remove(names, others = []) {
    const { batchSize, deleteStrategy, useIndex, indexKey } = this.settings;
    for (let at = 0; at < names.length; at += batchSize) {
      const batch = names.slice(at, at + batchSize);
      const keys = [...batch, ...others];
      /** @type {Command[]} */
      const commands = this.isCluster ? keys.map((key) => [deleteStrategy, key]) : [[deleteStrategy, ...keys]];
      if (useIndex) commands.push(['zrem', indexKey, ...batch]);
      await this.run(commands);
    }
  }

  /** @param {string} pattern */
  async deleteByPattern(pattern) {
    for await (const names of this.scan(pattern)) await this.remove(names);
  }

  async size() {
    if (this.settings.useIndex) return this.client.zcard(this.settings.indexKey);
    const seen = new Set();
    for await (const names of this.scan('*')) for (const name of names) seen.add(name);
    return seen.size;
  }

  /**
   * The names of all entries that match, a step of the scan at a time.
   * @param {string} pattern
   * @returns {AsyncGenerator<string[]>}
   */
  async *scan(pattern) {
    for (let position = /** @type {string | undefined} */ ('0.0'); position !== undefined; ) {
      const step = await this.step(position, pattern, this.settings.scanCount);
      yield step.names;
      position = step.next;
    }
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
    /** @type {string[]} */
    const names = useIndex ? found.filter((/** @type {any} */ _, /** @type {number} */ at) => at % 2 === 0) : found;
    const following = Number(server) + 1 < servers.length ? `${Number(server) + 1}.0` : undefined;
    return {
      names: names.filter((name) => this.isEntry(name) && matches(pattern, name.slice(prefix.length))),
      next: String(next) === '0' ? following : `${server}.${next}`,
    };
  }

  /** @param {string} name */
  isEntry(name) {
    const { prefix, indexKey } = this.settings;
    return name.startsWith(prefix) && !name.startsWith(this.lockPrefix) && name !== indexKey;
  }

  /**
   * @param {string} key
   * @param {string} token
   * @param {number} ttlMs
   */
  async acquireLock(key, token, ttlMs) {
    return (await this.client.set(this.lock(key), token, 'PX', wholeMillis(ttlMs), 'NX')) === 'OK';
  }

  /**
   * @param {string} key
   * @param {string} token
   */
  async releaseLock(key, token) {
    return (await this.client.eval(RELEASE, 1, this.lock(key), token)) === 1;
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
