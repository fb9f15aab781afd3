'use strict';
// Answers questions of the addon about its connections: the current login, and whether Node.js trusts a server.

const { reasonOf } = require('../errors.js');
const { bridge } = require('../raw.js');

/** How long Node.js may take to look at the certificate of a server. */
const LOOK_MS = 5000;

/**
 * @typedef {object} Source the facts for the answers
 * @property {() => any} address the current address, as `readAddress` returns it
 * @property {() => unknown} [password] a function of the user
 * @property {import('./client-port.js').ClientPort} [port] of a client that is driven
 */

/**
 * Answers a question of the addon.
 * @param {Source} source
 * @param {number} question its number
 * @param {string} text
 */
async function answerTo(source, question, text) {
  bridge.raw.redisAnswer(question, Buffer.from(JSON.stringify(await answerOf(source, JSON.parse(text)))));
}

/**
 * @param {Source} source
 * @param {{ what: string, sentinel: boolean, host: string, port: number }} question
 * @returns {Promise<object>}
 */
async function answerOf(source, { what, sentinel, host, port }) {
  try {
    const address = source.address();
    const server = address.single ?? address.cluster ?? address.sentinel;
    if (what === 'certificate') return await certificateOf(host, port, sentinel ? server.sentinelTls : server.tls);
    if (sentinel) return { login: server.sentinelLogin };
    const { username, password, db = 0 } = server;
    const login = { username, password, ...(address.cluster === undefined ? { db } : {}) };
    return { login: source.password === undefined ? login : { ...login, ...(await given(source.password)) } };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

/**
 * The login that a function of the user returns.
 * @param {() => unknown} password
 */
async function given(password) {
  const login = /** @type {Foreign} */ (await password());
  if (typeof login === 'string') return { password: login };
  if (typeof login?.password !== 'string') {
    throw new TypeError('the function "password" must return a string, or { username, password }');
  }
  return { ...(login.username === undefined ? {} : { username: `${login.username}` }), password: login.password };
}

/**
 * The certificate of a server, if Node.js connects to it with these options.
 * @param {string} host
 * @param {number} port
 * @param {{ ca?: string, cert?: string, key?: string }} options
 * @returns {Promise<{ certificate?: string, publicKey?: string }>}
 */
function certificateOf(host, port, { ca, cert, key }) {
  const { connect } = require('node:tls');
  return new Promise((resolve) => {
    const socket = connect({ host, port, ca, cert, key }, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) return resolve({});
      const publicKey = certificate.publicKey.export({ type: 'spki', format: 'der' });
      return resolve({ certificate: certificate.raw.toString('base64'), publicKey: publicKey.toString('base64') });
    });
    // A request that waits for it keeps the process alive.
    socket.unref();
    socket.setTimeout(LOOK_MS, () => socket.destroy());
    socket.once('error', () => resolve({}));
    socket.once('close', () => resolve({}));
  });
}

/**
 * The authorities that Node.js trusts by default, in PEM.
 * @returns {string}
 */
function trustedByNode() {
  const tls = require('node:tls');
  const listed = /** @type {Foreign} */ (tls).getCACertificates?.('default');
  if (listed !== undefined) return listed.join('\n');
  let more = '';
  try {
    // Node.js 20 has no list.
    const path = process.env.NODE_EXTRA_CA_CERTS;
    if (path) more = require('node:fs').readFileSync(path, 'utf8');
  } catch {
    // Node.js itself warns of a file that cannot be read.
  }
  return [...tls.rootCertificates, more].join('\n');
}

/**
 * The address with the authorities of Node.js, where a connection names none.
 * @param {object} address
 */
function withTrust(address) {
  const [[kind, server]] = /** @type {[string, any][]} */ (Object.entries(address));
  const complete = { ...server };
  for (const name of ['tls', 'sentinelTls']) {
    const tls = server[name];
    const isBare = tls !== undefined && tls.ca === undefined && !tls.insecure;
    if (isBare) complete[name] = { ...tls, moreCa: trustedByNode() };
  }
  return { [kind]: complete };
}

module.exports = { answerTo, withTrust };
