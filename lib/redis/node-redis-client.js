'use strict';
// A client, a cluster, a pool or sentinels of node-redis with the methods of an `ioredis` client that stores and buses
// call.

const { DrivenSubscriber } = require('./node-redis-subscriber.js');

/** The number that RESP has for strings, in node-redis' table of how replies are read. */
const STRINGS = 36;
/** Replies as they are, whatever the client was told to make of them. */
const AS_TEXT = Object.freeze({ typeMapping: {} });
const AS_BYTES = Object.freeze({ typeMapping: { [STRINGS]: Buffer } });

/** Where the names are among the arguments of a command. */
const first = (/** @type {any[]} */ args) => [0, Math.min(1, args.length)];
const all = (/** @type {any[]} */ args) => [0, args.length];
const ofScript = (/** @type {any[]} */ args) => [2, 2 + Number(args[1])];

/** @type {Readonly<Record<string, (args: any[]) => number[]>>} */
const COMMANDS = Object.freeze({
  del: all,
  eval: ofScript,
  exists: all,
  get: first,
  hget: first,
  pttl: first,
  set: first,
  unlink: all,
  zadd: first,
  zcard: first,
  zrange: first,
  zrem: first,
  zscan: first,
});

class DrivenClient {
  /** @param {Foreign} client */
  constructor(client) {
    this.client = client;
    const { options, _options: ofCluster, _keyPrefix: keyPrefix = (options ?? ofCluster)?.keyPrefix } = client;
    /** What is put before names, as the client does it in methods of its own. */
    this.options = { keyPrefix: String(keyPrefix ?? '') };
    this.isCluster = typeof client.nodeClient === 'function';
    /** Whether each command may take another connection. */
    this.leases = client.use ?? client.execute;
    /** Sentinels are told with each command whether it may go to a replica. */
    this.isSentinel = typeof client.use === 'function' && typeof client.execute !== 'function';
    for (const name of Object.keys(COMMANDS)) {
      /** @type {Foreign} */ (this)[name] = (/** @type {any[]} */ ...args) => this.send(client, name, args, AS_TEXT);
    }
  }

  getBuffer(/** @type {any} */ name) {
    return this.send(this.client, 'get', [name], AS_BYTES);
  }

  /**
   * @param {Foreign} client
   * @param {string} command
   * @param {any[]} args
   * @param {object} how
   * @returns {Promise<any>}
   */
  send(client, command, args, how) {
    const [from, to] = COMMANDS[command](args);
    const prefixed = args.map((arg, at) => this.argument(at >= from && at < to ? this.options.keyPrefix + arg : arg));
    return this.sendTo(client, prefixed[from], [command.toUpperCase(), ...prefixed], how);
  }

  /** @param {any} arg */
  argument(arg) {
    return ArrayBuffer.isView(arg) ? arg : String(arg);
  }

  /**
   * @param {Foreign} client
   * @param {any} key by which a cluster knows the node
   * @param {any[]} command
   * @param {object} how
   */
  sendTo(client, key, command, how) {
    if (this.isCluster) return client.sendCommand(key, false, command, how);
    return this.isSentinel ? client.sendCommand(false, command, how) : client.sendCommand(command, how);
  }

  /** Commands that are sent in their order, by one connection. */
  pipeline() {
    /** @type {[string, any[]][]} */
    const commands = [];
    const send = (/** @type {Foreign} */ client) =>
      Promise.allSettled(commands.map(([name, args]) => this.send(client, name, args, AS_TEXT)));
    const exec = async () => {
      const outcomes = await (this.leases === undefined ? send(this.client) : this.leases.call(this.client, send));
      return outcomes.map((/** @type {any} */ { reason, value }) => [reason ?? null, value]);
    };
    /** @type {Foreign} */
    const pipeline = { exec };
    for (const name of Object.keys(COMMANDS)) {
      pipeline[name] = (/** @type {any[]} */ ...args) => {
        commands.push([name, args]);
        return pipeline;
      };
    }
    return pipeline;
  }

  /** The servers of a cluster, each with a scan of its own. */
  nodes() {
    const { client, options } = this;
    return client.masters.map((/** @type {Foreign} */ node) => ({
      scan: async (/** @type {any[]} */ ...args) => scanBy(await client.nodeClient(node), args, options.keyPrefix),
    }));
  }

  scan(/** @type {any[]} */ ...args) {
    const sendCommand = (/** @type {any[]} */ command, /** @type {object} */ how) =>
      this.sendTo(this.client, undefined, command, how);
    return scanBy({ sendCommand }, args, this.options.keyPrefix);
  }

  ping() {
    return this.sendTo(this.client, undefined, ['PING'], AS_TEXT);
  }

  /**
   * @param {string} channel
   * @param {Uint8Array} payload
   */
  publish(channel, payload) {
    return this.sendTo(this.client, undefined, ['PUBLISH', channel, payload], AS_TEXT);
  }

  /** In words of `ioredis`. */
  get status() {
    if (!this.client.isOpen) return 'end';
    return this.client.isReady === false ? 'reconnecting' : 'ready';
  }

  duplicate() {
    return new DrivenSubscriber(this.client);
  }
}

/**
 * A step of a scan. The client puts nothing before patterns, and leaves names as they are.
 * @param {Foreign} client
 * @param {any[]} args cursor, MATCH, glob, COUNT, count
 * @param {string} keyPrefix
 */
async function scanBy(client, [cursor, match, glob, ...count], keyPrefix) {
  const escaped = keyPrefix.replace(/[*?[\]\\]/g, '\\$&');
  const command = ['SCAN', String(cursor), match, escaped + glob, ...count.map(String)];
  const [next, names] = await client.sendCommand(command, AS_TEXT);
  return [next, names.map((/** @type {string} */ name) => name.slice(keyPrefix.length))];
}

module.exports = { DrivenClient };
