'use strict';
// The address of Redis, by a URL or options. drivers/src/redis/address.rs reads the result.

const { REDIS_NODE } = require('../contract/described.js');
const { optionRange, optionType, withoutLogin } = require('../errors.js');
const { text } = require('../options/checks.js');
const { PLACE } = require('./taken.js');
const { readTls } = require('./tls.js');

/** The options of a node of several. */
const OF_NODE = Object.freeze(['host', 'port', 'username', 'password', 'tls']);

/**
 * @param {string} path of the option
 * @param {string} given
 */
function fromUrl(path, given) {
  text(path, given);
  if (given.startsWith('/')) return { single: { path: given } };
  const allowed = 'a URL such as redis://user:password@host:6379/0, rediss://… or the path of a socket';
  const shown = withoutLogin(given);
  if (!URL.canParse(given)) throw optionRange(path, allowed, shown);
  const url = new URL(given);
  /** @param {string} part */
  const decode = (part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw optionRange(
        path,
        'a URL whose percent signs are followed by two digits of a character (%25 is one)',
        shown,
      );
    }
  };
  const login = {
    ...(url.username === '' ? {} : { username: decode(url.username) }),
    ...(url.password === '' ? {} : { password: decode(url.password) }),
  };
  const db = url.searchParams.get('db') ?? '';
  if (url.protocol === 'unix:') {
    return { single: { path: decode(url.pathname), ...readDb(path, db, shown), ...login } };
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') throw optionRange(path, allowed, shown);
  return {
    single: {
      host: url.hostname === '' ? REDIS_NODE.host : url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? REDIS_NODE.port : Number(url.port),
      ...readDb(path, url.pathname.length > 1 ? url.pathname.slice(1) : db, shown),
      ...login,
      ...(url.protocol === 'rediss:' ? { tls: readTls(path, true) } : {}),
    },
  };
}

/**
 * @param {Foreign} options
 * @returns {{ address: any, keyPrefix: string, password?: () => unknown }} the password where it is a function
 */
function fromOptions(options) {
  const { password } = options;
  const keyPrefix = optional('keyPrefix', options.keyPrefix, text) ?? '';
  return { keyPrefix, address: addressIn(options), ...(typeof password === 'function' ? { password } : {}) };
}

/**
 * @param {Foreign} options
 * @returns {any}
 */
function addressIn(options) {
  const tls = readTls('tls', options.tls);
  const server = { ...readLogin(options, ''), ...(tls === undefined ? {} : { tls }) };
  const db = readDb('db', options.db ?? '');
  if (options.nodes !== undefined) {
    if (db.db) throw optionRange('db', 'left out: a cluster has one database', db.db);
    const nodes = readNodes('nodes', options.nodes);
    return { cluster: { nodes: placesOf(nodes), ...commonOf('nodes', nodes, server, options.password) } };
  }
  if (options.sentinels !== undefined && options.sentinels !== null) {
    const sentinelTls = readTls('sentinelTLS', options.sentinelTLS);
    const common = { ...readLogin(options, 'sentinel'), ...(sentinelTls === undefined ? {} : { tls: sentinelTls }) };
    const sentinels = readNodes('sentinels', options.sentinels);
    return { sentinel: sentinelIn(sentinels, common, { name: text('name', options.name), ...db, ...server }) };
  }
  if (options.url !== undefined) {
    const { single } = fromUrl('url', text('url', options.url));
    // The URL names the place, and its login goes first; its scheme says nothing about certificates.
    return { single: { ...db, ...server, ...single, ...(tls === undefined ? {} : { tls }) } };
  }
  const path = optional('path', options.path, text);
  const place = path === undefined ? readPlace('', options) : { path };
  return { single: { ...place, ...db, ...server } };
}

/**
 * @param {string} path
 * @param {unknown} value
 * @param {(path: string, value: any) => any} check
 */
function optional(path, value, check) {
  return value === undefined || value === null ? undefined : check(path, value);
}

/**
 * @param {Foreign} options
 * @param {'' | 'sentinel'} of whom
 */
function readLogin(options, of) {
  const named = (/** @type {string} */ name) => (of === '' ? name.toLowerCase() : of + name);
  const username = optional(named('Username'), options[named('Username')], text);
  // A function is called before each connection, see `owner.js`.
  const isAsked = of === '' && typeof options.password === 'function';
  const password = isAsked ? undefined : optional(named('Password'), options[named('Password')], text);
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) };
}

/**
 * @param {string} path
 * @param {unknown} value
 * @param {unknown} [shown] instead of the value
 */
function readDb(path, value, shown = value) {
  if (value === '') return {};
  const db = wholeNumber(value);
  if (db === undefined) throw optionRange(path, 'the number of a database: an integer, 0 or more', shown);
  return { db };
}

/**
 * A number, or its digits; undefined for anything else.
 * @param {unknown} value
 */
function wholeNumber(value) {
  // With white space around them, as a file may end with a line feed.
  const number = typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/**
 * @typedef {{ host: string, port: number, username?: string, password?: string, tls?: object, db?: number }} Server
 *
 * @param {string} path
 * @param {unknown} nodes
 * @returns {Server[]}
 */
function readNodes(path, nodes) {
  if (!Array.isArray(nodes) || nodes.length === 0) {
    throw optionType(path, 'an array of { host, port }, with one at least', nodes);
  }
  return nodes.map((node, at) => readNode(`${path}[${at}].`, node));
}

/**
 * @param {string} path
 * @param {unknown} node
 * @returns {Server}
 */
function readNode(path, node) {
  const whole = path.slice(0, -1);
  if (typeof node === 'string') return readNodeUrl(whole, text(whole, node));
  if (typeof node === 'number') return readPlace(path, { port: node });
  if (node === null || typeof node !== 'object') throw optionType(whole, '{ host, port }', node);
  const given = /** @type {Foreign} */ (node);
  const isGiven = (/** @type {string} */ name) => given[name] !== undefined && given[name] !== null;
  const unknown = PLACE.find((name) => !OF_NODE.includes(name) && isGiven(name) && !isHarmless(name, given[name]));
  if (unknown !== undefined) {
    throw optionRange(`${path}${unknown}`, `left out: a node has ${OF_NODE.join(', ')}`, '(hidden)');
  }
  const username = optional(`${path}username`, given.username, text);
  const password = optional(`${path}password`, given.password, text);
  const tls = readTls(`${path}tls`, given.tls);
  const login = { ...(username ? { username } : {}), ...(password ? { password } : {}) };
  return { ...readPlace(path, given), ...login, ...(tls === undefined ? {} : { tls }) };
}

/**
 * Whether an option of a node changes nothing: the first database is the only one, and a name belongs to sentinels.
 * @param {string} name
 * @param {unknown} value
 */
const isHarmless = (name, value) =>
  name === 'name' || ((name === 'db' || name === 'database') && wholeNumber(value) === 0);

/**
 * @param {string} path
 * @param {string} node
 * @returns {Server}
 */
function readNodeUrl(path, node) {
  const url = node.includes('://') ? node : `redis://${node}`;
  const hasHost = !URL.canParse(url) || new URL(url).hostname !== '';
  const server = /** @type {Partial<Server>} */ (hasHost ? fromUrl(path, url).single : {});
  if (server.host === undefined || server.db) {
    const allowed = 'a server such as host:6379 or rediss://user:password@host:6379, without a database';
    throw optionRange(path, allowed, withoutLogin(node));
  }
  return /** @type {Server} */ (server);
}

/**
 * @param {string} path
 * @param {Foreign} options
 */
function readPlace(path, { host, port }) {
  return {
    host: optional(`${path}host`, host, text) ?? REDIS_NODE.host,
    port: optional(`${path}port`, port, readPort) ?? REDIS_NODE.port,
  };
}

/** @param {Server[]} servers */
const placesOf = (servers) => servers.map(({ host, port }) => ({ host, port }));

/**
 * The login and the encryption of all nodes, as more nodes are found later: the common ones, else those that nodes have
 * of their own. Throws where these differ.
 * @param {string} path
 * @param {Server[]} servers
 * @param {Partial<Server>} common
 * @param {unknown} [asked] a function in the place of the common password
 */
function commonOf(path, servers, common, asked) {
  const own = common.password === undefined ? oneOf(path, 'login', servers, loginOf) : undefined;
  const login = typeof asked === 'function' ? { ...own, ...common, password: undefined } : { ...common, ...own };
  const tls = common.tls ?? oneOf(path, 'encryption', servers, (server) => server.tls);
  return { ...loginOf(login), ...(tls === undefined ? {} : { tls }) };
}

/** @param {Partial<Server>} server */
function loginOf({ username, password }) {
  if (username === undefined && password === undefined) return undefined;
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

/**
 * What all servers have that have any.
 * @param {string} path
 * @param {string} what
 * @param {Server[]} servers
 * @param {(server: Server) => Partial<Server> | undefined} of
 */
function oneOf(path, what, servers, of) {
  const first = servers.map(of).find((one) => one !== undefined);
  const same = JSON.stringify(first);
  const other = servers.findIndex((server) => of(server) !== undefined && JSON.stringify(of(server)) !== same);
  if (other < 0) return first;
  throw optionRange(`${path}[${other}]`, `a server with the ${what} of the others: there is one for all`, '(hidden)');
}

/**
 * @param {Server[]} sentinels
 * @param {Partial<Server>} common login and encryption of the sentinels
 * @param {Foreign} master its name, database, login and encryption
 */
function sentinelIn(sentinels, common, master) {
  const { tls, ...sentinelLogin } = commonOf('sentinels', sentinels, common);
  const encryption = tls === undefined ? {} : { sentinelTls: tls };
  return { sentinels: placesOf(sentinels), ...master, sentinelLogin, ...encryption };
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {number}
 */
function readPort(path, value) {
  const port = wholeNumber(value);
  if (port === undefined || port < 1 || port > 65_535) {
    throw optionRange(path, 'a port: an integer from 1 to 65535', value);
  }
  return port;
}

module.exports = { commonOf, fromOptions, fromUrl, placesOf, readNodes, sentinelIn };
