'use strict';
// Runs commands by the methods of an `ioredis` client, or of an object that imitates one. Such an object may have only
// the methods that 0.4.0 called, and may keep names as they are given. So the methods are called as by 0.4.0: names are
// texts, numbers are numbers, and values are bytes.

const { isUtf8 } = require('node:buffer');

/** Methods that only clients have that run scripts as a server does. */
const SCRIPTED = Object.freeze(['eval', 'hget', 'pttl', 'zcount', 'zscore', 'getrange']);
/** The commands that 0.4.0 sent in pipelines. */
const PIPELINED = new Set(['set', 'zadd', 'zrem', 'unlink', 'del']);
/** Which arguments are numbers. @type {Readonly<Record<string, readonly number[]>>} */
const NUMBERS = Object.freeze({ set: [3], zadd: [1], zrange: [1, 2], zscan: [5], scan: [4], eval: [1] });

/** @typedef {{ name: string, args: Buffer[] }} Command */

class ClientMethods {
  /** @param {Foreign} client */
  constructor(client) {
    this.client = client;
    const has = (/** @type {string} */ name) => typeof client[name] === 'function';
    this.keyPrefix = String(client.options?.keyPrefix ?? '');
    this.features = { cluster: client.isCluster === true, scripts: SCRIPTED.every(has), lifetimes: has('pttl') };
    /** A cluster takes the commands of one pipeline on one slot only. */
    this.pipelines = has('pipeline') && !this.features.cluster;
  }

  /** Whether the client reports that it has no connection. */
  get isDown() {
    const { status } = this.client;
    return typeof status === 'string' && status !== 'ready';
  }

  /**
   * Sends commands in their order; the promises of their answers.
   * @param {Command[]} commands
   * @param {number | undefined} node
   * @returns {Promise<any>[]}
   */
  send(commands, node) {
    const answers = [];
    for (let at = 0; at < commands.length;) {
      const from = at;
      while (this.pipelines && at < commands.length && isPipelined(commands[at])) at++;
      if (at > from) answers.push(...this.#pipeline(commands.slice(from, at)));
      else answers.push(this.#call(commands[at++], node));
    }
    return answers;
  }

  /**
   * @param {Command[]} commands
   * @returns {Promise<any>[]}
   */
  #pipeline(commands) {
    /** The place of each command in the pipeline; undefined for those that it does not know. @type {number[]} */
    const places = [];
    const executed = this.#executed(commands, places);
    return commands.map(async ({ name }, at) => {
      const answers = await executed;
      if (places[at] === undefined) throw unknownCommand(name);
      const [error, answer] = answers?.[places[at]] ?? [];
      if (error !== null && error !== undefined) throw error;
      return answer;
    });
  }

  /**
   * Asynchronous, so that a client that throws loses no promise of another command.
   * @param {Command[]} commands
   * @param {number[]} places to be filled
   * @returns {Promise<any>}
   */
  async #executed(commands, places) {
    let pipeline = this.client.pipeline();
    let queued = 0;
    for (const [at, command] of commands.entries()) {
      const method = methodOf(pipeline, command.name);
      if (typeof pipeline[method] !== 'function') continue;
      places[at] = queued++;
      pipeline = pipeline[method](...this.#arguments(command));
    }
    return queued === 0 ? [] : pipeline.exec();
  }

  /**
   * @param {Command} command
   * @param {number | undefined} node
   */
  async #call(command, node) {
    const { name } = command;
    if (name === 'nodes') return this.client.nodes('master').length;
    const client = node === undefined ? this.client : this.client.nodes('master')[node];
    // A node that has gone meanwhile has no keys.
    if (client === undefined) return ['0', []];
    const args = this.#arguments(command);
    const method = methodOf(client, name);
    if (typeof client[method] === 'function') return client[method](...args);
    if (name === 'zscan' || name === 'scan') return scanByStream(client, name, args);
    throw unknownCommand(name);
  }

  /**
   * @param {Command} command
   * @returns {any[]}
   */
  #arguments({ name, args }) {
    const [from, to] = keysOf(name, args);
    const before = Buffer.byteLength(this.keyPrefix);
    const isLock = args.length > 4;
    return args.map((arg, at) => {
      // The client puts its prefix before names.
      if (at >= from && at < to) return textOf(arg.subarray(before));
      if (name === 'set' && at === 1 && !isLock) return arg;
      const text = textOf(arg);
      return NUMBERS[name]?.includes(at) && Number.isFinite(Number(text)) ? Number(text) : text;
    });
  }
}

/** @param {string} name */
const unknownCommand = (name) => new Error(`ERR unknown command '${name}'`);

/**
 * Values are written in pipelines, and locks are taken by a call.
 * @param {Command} command
 */
const isPipelined = ({ name, args }) => PIPELINED.has(name) && (name !== 'set' || args.length <= 4);

/**
 * @param {Foreign} object
 * @param {string} name of a command
 */
function methodOf(object, name) {
  // Values are bytes, but `get` returns text.
  if (name === 'get') return 'getBuffer';
  return name === 'unlink' && typeof object.unlink !== 'function' ? 'del' : name;
}

/** @param {Buffer} bytes */
const textOf = (bytes) => (isUtf8(bytes) ? bytes.toString() : bytes);

/**
 * The place of the first name among the arguments of a command, and that behind the last.
 * @param {string} name
 * @param {Buffer[]} args
 */
function keysOf(name, args) {
  if (name === 'eval') return [2, 2 + Number(args[1])];
  if (name === 'scan') return [0, 0];
  return [0, name === 'del' || name === 'unlink' || name === 'exists' ? args.length : 1];
}

/**
 * All that a scan finds, of a client that has streams alone.
 * @param {Foreign} client
 * @param {'scan' | 'zscan'} name
 * @param {any[]} args
 */
async function scanByStream(client, name, args) {
  const [match, , count] = args.slice(-3);
  const options = { match, count };
  const stream = name === 'zscan' ? client.zscanStream(args[0], options) : client.scanStream(options);
  const found = [];
  for await (const some of stream) for (const one of some) found.push(one);
  return ['0', found];
}

module.exports = { ClientMethods, keysOf };
