'use strict';
// A client that the addon drives: runs the commands of a pipeline on it.

const { KeptContext } = require('../context.js');
const { bridge } = require('../raw.js');
const { ClientMethods } = require('./client-methods.js');
const { DrivenClient } = require('./node-redis-client.js');
const { answersOf, commandsIn } = require('./resp.js');

class ClientPort {
  #driven;
  /** The context of commands: those of many requests go together, so they run in none of their contexts. */
  #context = new KeptContext('RedisStore', { requireManualDestroy: true });

  /** @param {Foreign} client */
  constructor(client) {
    this.#driven = client instanceof DrivenClient ? client : new ClientMethods(client);
    /** That of the user. @type {Foreign} */
    this.client = this.#driven.client;
    /** The prefix that the client puts before names in Redis. @type {string} */
    this.keyPrefix = this.#driven.keyPrefix;
    /** The abilities of the client, as drivers/src/redis/address.rs reads them. */
    this.features = this.#driven.features;
  }

  /**
   * @param {number} question its number
   * @param {Buffer} bytes of the commands
   * @param {number} [node] of a cluster
   */
  async run(question, bytes, node) {
    const commands = commandsIn(bytes).map(([name, ...args]) => ({ name: name.toString().toLowerCase(), args }));
    const outcomes = await Promise.allSettled(this.#context.runInAsyncScope(() => this.#send(commands, node)));
    bridge.raw.redisAnswer(question, this.#written(outcomes));
  }

  /**
   * @param {PromiseSettledResult<unknown>[]} outcomes
   * @returns {Buffer} empty where they cannot be written
   */
  #written(outcomes) {
    try {
      return answersOf(outcomes, this.#driven.isDown ? 'CLIENTDOWN' : 'CLIENTERR');
    } catch {
      // An object that is no text, or throws as it is read.
      return Buffer.alloc(0);
    }
  }

  /**
   * @param {{ name: string, args: Buffer[] }[]} commands
   * @param {number | undefined} node
   * @returns {Promise<any>[]}
   */
  #send(commands, node) {
    try {
      return this.#driven.send(commands, node);
    } catch (error) {
      return commands.map(() => Promise.reject(error));
    }
  }
}

module.exports = { ClientPort };
