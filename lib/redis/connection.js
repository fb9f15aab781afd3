'use strict';
// The connections of the addon. Stores of one client, or of one address, share a connection, which follows the client.
// A client that is driven takes its place.

const { bridge } = require('../raw.js');
const { answerTo, withTrust } = require('./owner.js');

const { raw } = bridge;

/** Forgets connections that nothing uses. It belongs to this realm, and its contents end with it. */
const unused = new FinalizationRegistry((/** @type {() => void} */ end) => end());

/** Connections by their source: an object of the user, or a text that describes an address. */
/** @typedef {Map<string, WeakRef<Connection>>} Connections */
/** @type {WeakMap<object, Connections>} */
const ofObjects = new WeakMap();
/** @type {Connections} */
const ofAddresses = new Map();
/** What ends that the connections of a client hear of it. @type {WeakMap<Connections, () => void>} */
const unfollows = new WeakMap();

/**
 * @typedef {object} Member a store
 * @property {number} id
 * @property {boolean} closed whether the user has closed it: then it stays closed
 */

/** A connection that stores share. */
class Connection {
  /** Weak references. @type {Set<WeakRef<Member>>} */
  #members = new Set();
  #client;
  #source;

  /**
   * @param {import('./owner.js').Source} source
   * @param {Foreign} [client] to be followed
   */
  constructor(source, client) {
    this.#source = source;
    this.#client = client;
    /** As the addon knows its owner. @type {number} */
    this.number = bridge.nextAdapter++;
    bridge.addBus(this, this.number);
  }

  /** Of a client that is driven. */
  get port() {
    return this.#source.port;
  }

  /**
   * Takes a question of the addon.
   * @param {number} question its number
   * @param {string} text
   */
  asked(question, text) {
    return answerTo(this.#source, question, text);
  }

  /**
   * Runs commands on the client that is driven.
   * @param {number} question its number
   * @param {Buffer} commands
   * @param {number} [node] of a cluster
   */
  run(question, commands, node) {
    return this.port?.run(question, commands, node);
  }

  /** Its stores. */
  *members() {
    for (const held of this.#members) {
      const member = held.deref();
      if (member === undefined) this.#members.delete(held);
      else yield member;
    }
  }

  /** @param {Member} member */
  add(member) {
    this.#members.add(new WeakRef(member));
    if (this.#client !== undefined && hasEnded(this.#client)) raw.closeRedisStore(member.id);
  }

  /** @param {(id: number) => void} act on each store that is in use */
  each(act) {
    for (const member of this.members()) if (!member.closed) act(member.id);
  }

  /** Connects again. One store is enough, as all share one connection. */
  renew() {
    const [first] = this.members();
    if (first !== undefined) raw.renewRedisStore(first.id);
  }
}

/**
 * Whether a client of `ioredis` or node-redis has ended. One of node-redis that was never connected is not open either.
 * @param {Foreign} client
 */
function hasEnded(client) {
  return client.status === 'end' || (client.isOpen === false && client.socketEpoch > 0);
}

/**
 * Handlers that end, restore and renew connections together with that of the client whose options they use.
 * @param {Connections} connections
 * @param {{ ended: string, ready: string }} [events]
 * @returns {Record<string, () => void>}
 */
function followers(connections, { ended, ready } = { ended: 'end', ready: 'ready' }) {
  return {
    [ended]: () => each(connections, (connection) => connection.each(raw.closeRedisStore)),
    [ready]: () => each(connections, (connection) => connection.each(raw.reopenRedisStore)),
    select: () => each(connections, (connection) => connection.renew()),
  };
}

/**
 * Handlers for a client that is driven: once it has a connection again, its stores are tried again.
 * @param {Connections} connections
 * @returns {Record<string, () => void>}
 */
function drivers(connections) {
  return { ready: () => each(connections, (connection) => connection.renew()) };
}

/**
 * @param {Connections} connections
 * @param {(connection: Connection) => void} act
 */
function each(connections, act) {
  for (const held of connections.values()) {
    const connection = held.deref();
    if (connection !== undefined) act(connection);
  }
}

/**
 * @param {Foreign} client
 * @param {Record<string, () => void>} handlers by event
 * @returns {() => void} stops that
 */
function follow(client, handlers) {
  for (const name of Object.keys(handlers)) client.on?.(name, handlers[name]);
  return () => Object.keys(handlers).forEach((name) => client.off?.(name, handlers[name]));
}

/**
 * Keeps a connection under a name for as long as it is used. All those of a client hear of it by the same handlers.
 * @param {Connections} known held by them weakly: a client must not keep an unused connection alive
 * @param {string} name
 * @param {Connection} connection
 * @param {() => () => void} [follows] begins that they hear of their client, and returns what ends it
 */
function keep(known, name, connection, follows) {
  known.set(name, new WeakRef(connection));
  if (follows !== undefined && !unfollows.has(known)) unfollows.set(known, follows());
  unused.register(connection, () => {
    if (known.get(name)?.deref() !== undefined) return;
    known.delete(name);
    if (known.size > 0) return;
    unfollows.get(known)?.();
    unfollows.delete(known);
  });
}

/**
 * The source of answers, and the object whose login changes, if any: a client, or a function. Options are read once: a
 * change of them is not for connections that exist.
 * @param {unknown} redis as the user gave it
 * @param {import('./address.js').RedisTarget} target
 * @returns {{ source: import('./owner.js').Source, changes: object | undefined }}
 */
function sourceOf(redis, { address, client, password }) {
  if (client !== undefined) return { source: { address: () => addressNow(client) }, changes: client };
  return { source: { address: () => address, password }, changes: password };
}

/**
 * The address of a client, with its present login and database.
 * @param {Foreign} client
 */
function addressNow(client) {
  const { address } = /** @type {Foreign} */ (require('./address.js').readAddress(client));
  const db = client.condition?.select;
  const single = Number.isInteger(db) ? (address.single ?? address.sentinel) : undefined;
  if (single !== undefined) single.db = db;
  return address;
}

/**
 * The connection of a store, the part of its description that names it, and the prefix of names.
 * @param {unknown} redis as the user gave it
 * @param {import('./address.js').RedisTarget & { follow?: { ended: string, ready: string } }} target
 * @param {{ commandTimeoutMs: number, connectTimeoutMs: number }} settings
 */
function connectionOf(redis, target, settings) {
  if (target.address === undefined) return drivenConnectionOf(/** @type {Foreign} */ (redis), target, settings);
  const { source, changes } = sourceOf(redis, target);
  const known = changes === undefined ? ofAddresses : connectionsOf(changes);
  // The address of a client is its own: that of options says which of them share a connection.
  const name = nameOf(target.client === undefined ? target.address : undefined, settings);
  let connection = known.get(name)?.deref();
  if (connection === undefined) {
    const { client, follow: events } = target;
    connection = new Connection(source, client);
    keep(known, name, connection, client && (() => follow(client, followers(known, events))));
  }
  const [beside] = connection.members();
  const described = { ...describedBy(source, changes), ...(beside === undefined ? {} : { beside: beside.id }) };
  return { connection, described, keyPrefix: target.keyPrefix ?? '' };
}

/**
 * The part of a description that says how to connect.
 * @param {import('./owner.js').Source} source
 * @param {object | undefined} changes
 */
function describedBy(source, changes) {
  const renewal = changes === undefined ? 'never' : source.password === undefined ? 'client' : 'function';
  return { address: withTrust(source.address()), renewal };
}

/**
 * The same of a client that is driven.
 * @param {Foreign} redis
 * @param {import('./address.js').RedisTarget} target
 * @param {{ commandTimeoutMs: number, connectTimeoutMs: number }} settings
 */
function drivenConnectionOf(redis, { client = redis }, settings) {
  const known = connectionsOf(redis);
  const name = nameOf('driven', settings);
  const { ClientPort } = require('./client-port.js');
  let connection = known.get(name)?.deref();
  const port = connection?.port ?? new ClientPort(client);
  const address = { client: port.features };
  if (connection === undefined) {
    connection = new Connection({ address: () => address, port });
    keep(known, name, connection, () => follow(port.client, drivers(known)));
  }
  const [beside] = connection.members();
  const described = { address, renewal: 'never', ...(beside === undefined ? {} : { beside: beside.id }) };
  return { connection, described, keyPrefix: port.keyPrefix };
}

/**
 * The name by which stores find the connection that they share.
 * @param {unknown} place
 * @param {{ commandTimeoutMs: number, connectTimeoutMs: number }} settings
 */
function nameOf(place, { commandTimeoutMs, connectTimeoutMs }) {
  return JSON.stringify([place, commandTimeoutMs, connectTimeoutMs]);
}

/** @param {object} object of the user */
function connectionsOf(object) {
  const known = ofObjects.get(object) ?? new Map();
  ofObjects.set(object, known);
  return known;
}

/**
 * The owner of the connections of a bus, and the part of its description that says so.
 * @param {unknown} redis as the user gave it
 * @param {import('./address.js').RedisTarget} target
 */
function busOwnerOf(redis, target) {
  const { source, changes } = sourceOf(redis, target);
  return { answers: source, described: describedBy(source, changes) };
}

module.exports = { busOwnerOf, connectionOf };
