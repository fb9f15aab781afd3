'use strict';
// The connections of the addon. Stores of one client, or of one address, share a connection, which follows the client.
// A client that is driven takes its place.

const { bridge } = require('../raw.js');
const { answerTo, withTrust } = require('./owner.js');

const { raw } = bridge;

/**
 * Stops following clients when nothing uses their connection. It belongs to this realm, and its contents end with it.
 */
const unfollowed = new FinalizationRegistry((/** @type {() => void} */ end) => end());

/** Connections by their source: an object of the user, or a text that describes an address. */
/** @type {WeakMap<object, Map<string, WeakRef<Connection>>>} */
const ofObjects = new WeakMap();
/** @type {Map<string, WeakRef<Connection>>} */
const ofAddresses = new Map();

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
   * @param {{ ended: string, ready: string }} [events] of the client
   */
  constructor(source, client, events) {
    this.#source = source;
    this.#client = client;
    /** As the addon knows its owner. @type {number} */
    this.number = bridge.nextAdapter++;
    bridge.addBus(this, this.number);
    if (client !== undefined) unfollowed.register(this, follow(client, followers(new WeakRef(this), events)));
    const driven = source.port?.client;
    if (driven !== undefined) unfollowed.register(this, follow(driven, drivers(new WeakRef(this))));
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
    if (this.#client?.status === 'end') raw.closeRedisStore(member.id);
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
 * Handlers that end, restore and renew a connection together with that of the client whose options it uses.
 * @param {WeakRef<Connection>} held weak, as the client must not keep an unused connection alive
 * @param {{ ended: string, ready: string }} [events]
 * @returns {Record<string, () => void>}
 */
function followers(held, { ended, ready } = { ended: 'end', ready: 'ready' }) {
  return {
    [ended]: () => held.deref()?.each(raw.closeRedisStore),
    [ready]: () => held.deref()?.each(raw.reopenRedisStore),
    select: () => held.deref()?.renew(),
  };
}

/**
 * Handlers for a client that is driven: once it has a connection again, the store is tried again.
 * @param {WeakRef<Connection>} held
 */
function drivers(held) {
  return { ready: () => held.deref()?.renew() };
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
    connection = new Connection(source, target.client, target.follow);
    known.set(name, new WeakRef(connection));
    const forget = () => known.get(name)?.deref() === undefined && known.delete(name);
    unfollowed.register(connection, forget);
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
    known.set(name, new WeakRef(connection));
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
