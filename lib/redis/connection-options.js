'use strict';
// The address of Redis, by a URL or options. drivers/src/redis/address.rs reads the result.

const { REDIS_NODE } = require('../contract/described.js');
const { optionRange, optionType, withoutLogin } = require('../errors.js');
const { text } = require('../options/checks.js');
const { readTls } = require('./tls.js');

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
    return { cluster: { nodes: readNodes('nodes', options.nodes), ...server } };
  }
  if (options.sentinels !== undefined && options.sentinels !== null) {
    const sentinelTls = readTls('sentinelTLS', options.sentinelTLS);
    const sentinel = {
      sentinels: readNodes('sentinels', options.sentinels),
      name: text('name', options.name),
      ...db,
      ...server,
      sentinelLogin: readLogin(options, 'sentinel'),
      ...(sentinelTls === undefined ? {} : { sentinelTls }),
    };
    return { sentinel };
  }
  if (options.url !== undefined) {
    const { single } = fromUrl('url', text('url', options.url));
    // The URL names the place, and its login goes first; its scheme says nothing about certificates.
    return { single: { ...db, ...server, ...single, ...(tls === undefined ? {} : { tls }) } };
  }
  const path = optional('path', options.path, text);
  const place = path === undefined ? readNode('', options) : { path };
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
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/**
 * @param {string} path
 * @param {unknown} nodes
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
 */
function readNode(path, node) {
  if (typeof node === 'number') return { host: REDIS_NODE.host, port: readPort(`${path}port`, node) };
  if (typeof node === 'string') {
    const { single } = fromUrl(path.slice(0, -1), node.includes('://') ? node : `redis://${node}`);
    const { host, port } = /** @type {{ host: string, port: number }} */ (single);
    return { host, port };
  }
  if (node === null || typeof node !== 'object') throw optionType(path.slice(0, -1), '{ host, port }', node);
  return {
    host: optional(`${path}host`, /** @type {Foreign} */ (node).host, text) ?? REDIS_NODE.host,
    port: optional(`${path}port`, /** @type {Foreign} */ (node).port, readPort) ?? REDIS_NODE.port,
  };
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

module.exports = { fromOptions, fromUrl };
