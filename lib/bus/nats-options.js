'use strict';
// Options of `nats.connect()`, as drivers/src/nats/connect.rs reads them.

const { readFileSync } = require('node:fs');
const { optionRange, optionType, withoutLogin } = require('../errors.js');
const { mustBeObject } = require('../options/read.js');
const { integer, read, text, yes } = require('./options.js');

const ROOT = 'connectionOptions';
const DEFAULT_PORT = 4222;

/** Options that are read here, and options without an effect on a connection of the addon. */
const KNOWN = new Set([
  ...['servers', 'port', 'name', 'token', 'user', 'pass', 'nkey', 'creds', 'authenticator', 'tls', 'timeout'],
  ...['pingInterval', 'inboxPrefix', 'noEcho', 'noRandomize', 'ignoreClusterUpdates', 'reconnect'],
  ...['maxReconnectAttempts', 'reconnectTimeWait', 'reconnectJitter', 'reconnectJitterTLS', 'waitOnFirstConnect'],
  ...['debug', 'verbose', 'pedantic', 'noAsyncTraces', 'maxPingOut', 'resolve', 'ignoreAuthErrorAbort'],
]);
/** The allowed types of a TLS option. */
const KNOWN_TLS = new Set(['ca', 'caFile', 'cert', 'certFile', 'key', 'keyFile', 'handshakeFirst']);

/** @param {Given} options */
function readConnectionOptions(options) {
  mustBeObject(ROOT, options);
  const given = options ?? {};
  const unknown = Object.keys(given).find((option) => !KNOWN.has(option) && given[option] !== undefined);
  if (unknown !== undefined) {
    throw optionRange(`${ROOT}.${unknown}`, `left out: there are ${[...KNOWN].join(', ')}`, given[unknown]);
  }
  const optional = (/** @type {string} */ name, /** @type {(path: string, value: any) => any} */ check) =>
    read(given, `${ROOT}.${name}`, check, undefined);
  const millis = integer(0, 86_400_000);
  return withoutUndefined({
    servers: readServers(given.servers, optional('port', integer(1, 65_535)) ?? DEFAULT_PORT),
    name: optional('name', text),
    ...readLogin(given, optional),
    nkey: optional('nkey', text),
    creds: optional('creds', textOrBytes),
    tls: readTls(given.tls),
    timeoutMs: optional('timeout', millis),
    pingIntervalMs: optional('pingInterval', millis),
    inboxPrefix: optional('inboxPrefix', text),
    noEcho: optional('noEcho', yes) ?? false,
    noRandomize: optional('noRandomize', yes) ?? false,
    ignoreClusterUpdates: optional('ignoreClusterUpdates', yes) ?? false,
    patience: readPatience(given, optional),
  });
}

/**
 * @param {unknown} servers
 * @param {number} port
 * @returns {string[]}
 */
function readServers(servers, port) {
  const list = servers === undefined || servers === null ? ['localhost'] : [servers].flat();
  if (list.length === 0) {
    throw optionType(`${ROOT}.servers`, 'a server such as "localhost:4222", or an array of them', servers);
  }
  return list.map((server, at) => {
    const path = `${ROOT}.servers${Array.isArray(servers) ? `[${at}]` : ''}`;
    const url = text(path, server);
    const withScheme = url.includes('://') ? url : `nats://${url}`;
    if (!URL.canParse(withScheme) || !/^(nats|tls):$/.test(new URL(withScheme).protocol)) {
      throw optionRange(path, 'a server such as "localhost:4222", "nats://…" or "tls://…"', withoutLogin(url));
    }
    return new URL(withScheme).port === '' ? `${withScheme.replace(/\/+$/, '')}:${port}` : withScheme;
  });
}

/**
 * @param {Foreign} given
 * @param {(name: string, check: (path: string, value: any) => any) => any} optional
 */
function readLogin(given, optional) {
  const login = { token: optional('token', text), user: optional('user', text), pass: optional('pass', text) };
  return given.authenticator === undefined || given.authenticator === null
    ? login
    : { ...login, ...readAuthenticators([given.authenticator].flat()) };
}

/**
 * Authenticators of tokens and passwords return the same for every challenge. Others sign the challenge of the server,
 * which only they can do.
 * @param {any[]} authenticators
 */
function readAuthenticators(authenticators) {
  const path = `${ROOT}.authenticator`;
  const allowed =
    'tokenAuthenticator or usernamePasswordAuthenticator; for others give "creds" or "nkey", or a "connection" made by nats.connect()';
  const login = {};
  for (const authenticator of authenticators) {
    if (typeof authenticator !== 'function') throw optionType(path, allowed, authenticator);
    const { auth_token: token, user, pass, nkey, sig, jwt } = authenticator(undefined) ?? {};
    if (nkey !== undefined || sig !== undefined || jwt !== undefined) throw optionRange(path, allowed, authenticator);
    Object.assign(login, withoutUndefined({ token, user, pass }));
  }
  return login;
}

/** @param {Given | boolean} tls */
function readTls(tls) {
  if (tls === undefined || tls === null || tls === false) return undefined;
  const path = `${ROOT}.tls`;
  if (tls === true) return {};
  mustBeObject(path, tls);
  const unknown = Object.keys(tls).find((option) => !KNOWN_TLS.has(option) && tls[option] !== undefined);
  if (unknown !== undefined) {
    throw optionRange(`${path}.${unknown}`, `left out: there are ${[...KNOWN_TLS].join(', ')}`, tls[unknown]);
  }
  const pem = (/** @type {string} */ name) => {
    if (tls[name] !== undefined) return textOrBytes(`${path}.${name}`, tls[name]);
    const file = tls[`${name}File`];
    return file === undefined ? undefined : readFileSync(text(`${path}.${name}File`, file), 'utf8');
  };
  const handshakeFirst = read(tls, `${path}.handshakeFirst`, yes, false);
  return withoutUndefined({ ca: pem('ca'), cert: pem('cert'), key: pem('key'), handshakeFirst });
}

/**
 * @param {Foreign} given
 * @param {(name: string, check: (path: string, value: any) => any) => any} optional
 */
function readPatience(given, optional) {
  const firstMs = optional('reconnectTimeWait', integer(1, 86_400_000));
  const most = optional('maxReconnectAttempts', integer(-1, 0xffff_ffff));
  const attempts = given.reconnect === false ? 0 : most === -1 ? undefined : most;
  return withoutUndefined({ firstMs, longestMs: firstMs, attempts });
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {string}
 */
function textOrBytes(path, value) {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString();
  return text(path, value);
}

/**
 * @template {object} T
 * @param {T} options
 * @returns {T}
 */
function withoutUndefined(options) {
  return /** @type {T} */ (Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)));
}

module.exports = { readConnectionOptions };
