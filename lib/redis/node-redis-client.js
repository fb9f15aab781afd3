'use strict';
// A client, a cluster, a pool or sentinels of node-redis, driven by raw commands, so that neither RESP 3 nor its
// `typeMapping` changes an answer. For buses it has the methods of an `ioredis` client that they call.

const { keysOf } = require('./client-methods.js');
const { DrivenSubscriber } = require('./node-redis-subscriber.js');

/** The number of strings in RESP, as a key of node-redis' `typeMapping`. */
const STRINGS = 36;
/** Replies as bytes, whatever the `typeMapping` of the client. */
const AS_BYTES = Object.freeze({ typeMapping: { [STRINGS]: Buffer } });

class DrivenClient {
  /** @param {Foreign} client */
  constructor(client) {
    this.client = client;
    const { options, _options: ofCluster, _keyPrefix: keyPrefix = (options ?? ofCluster)?.keyPrefix } = client;
    /** The client puts it before names in methods of its own; raw commands have it already. */
    this.keyPrefix = String(keyPrefix ?? '');
    this.isCluster = typeof client.nodeClient === 'function';
    this.features = { cluster: this.isCluster, scripts: true, lifetimes: true };
    /** Whether each command may take another connection. */
    this.leases = client.use ?? client.execute;
    /** Each command to sentinels says whether it may go to a replica. */
    this.isSentinel = typeof client.use === 'function' && typeof client.execute !== 'function';
  }

  get isDown() {
    return this.status !== 'ready';
  }

  /**
   * Sends commands in their order, by one connection; the promises of their answers.
   * @param {{ name: string, args: Buffer[] }[]} commands
   * @param {number | undefined} node
   * @returns {Promise<any>[]}
   */
  send(commands, node) {
    if (node !== undefined || commands[0]?.name === 'nodes') return commands.map((command) => this.#ask(command, node));
    const sendAll = (/** @type {Foreign} */ client) => commands.map((command) => this.#sendTo(client, command));
    if (this.leases === undefined) return sendAll(this.client);
    const leased = this.leases.call(this.client, (/** @type {Foreign} */ client) =>
      Promise.allSettled(sendAll(client)),
    );
    return commands.map(async (_, at) => {
      const { reason, value } = (await leased)[at];
      if (reason !== undefined) throw reason;
      return value;
    });
  }

  /**
   * Asks one node of a cluster, or for their number.
   * @param {{ name: string, args: Buffer[] }} command
   * @param {number | undefined} node
   */
  async #ask(command, node) {
    const { masters } = this.client;
    if (node === undefined) return masters.length;
    // One that has gone meanwhile has no keys.
    if (masters[node] === undefined) return ['0', []];
    const client = await this.client.nodeClient(masters[node]);
    return client.sendCommand([command.name.toUpperCase(), ...command.args], AS_BYTES);
  }

  /**
   * @param {Foreign} client
   * @param {{ name: string, args: any[] }} command
   * @returns {Promise<any>}
   */
  async #sendTo(client, { name, args }) {
    const command = [name.toUpperCase(), ...args];
    // The key by which a cluster knows the node.
    if (this.isCluster) return client.sendCommand(args[keysOf(name, args)[0]], false, command, AS_BYTES);
    return this.isSentinel ? client.sendCommand(false, command, AS_BYTES) : client.sendCommand(command, AS_BYTES);
  }

  ping() {
    return this.#sendTo(this.client, { name: 'ping', args: [] });
  }

  /**
   * @param {string} channel
   * @param {Uint8Array} payload
   */
  publish(channel, payload) {
    return this.#sendTo(this.client, { name: 'publish', args: [channel, payload] });
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

module.exports = { DrivenClient };
