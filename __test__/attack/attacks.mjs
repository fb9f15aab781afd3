// The attacks, each of which fails if the server does not answer as it should.
import assert from 'node:assert/strict';
import { LOGIN } from '../observability/plain.mjs';
import { DASH, status } from './attacker.mjs';

/** Names that lead here and are not ours. */
const FOREIGN_HOSTS = ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:80', 'evil.example#127.0.0.1'];

export async function wrongHosts(attacker) {
  for (const host of FOREIGN_HOSTS) {
    const answer = await attacker.request(`GET ${DASH}`, { Host: host });
    assert.equal(status(answer), 403, host);
    assert.match(answer, /allowedHosts/);
  }
}

/** The header that browsers ask before they send. */
export const ACTION = { 'X-Lazy-Layers-Action': '1' };

/** Another site deletes the key `k`, and reads. */
export async function otherSites(attacker) {
  const line = `POST ${DASH}/api/actions/delete?key=k`;
  for (const [headers, code] of [
    // A form or a simple request of another site has no such header.
    [{}, 405],
    [{ ...ACTION, Origin: 'http://evil.example' }, 403],
    [{ ...ACTION, 'Sec-Fetch-Site': 'cross-site' }, 403],
    [{ ...ACTION, Origin: 'null' }, 403],
    [{ ...ACTION, Authorization: undefined }, 401],
  ]) {
    assert.equal(status(await attacker.request(line, headers)), code, JSON.stringify(headers));
  }
  assert.equal(status(await attacker.request(`OPTIONS ${DASH}`, { Origin: 'http://evil.example' })), 405);
  const answer = await attacker.request(`GET ${DASH}/api/config`, { Origin: 'http://evil.example' });
  assert.doesNotMatch(answer, /access-control/i);
}

const HOST = 'Host: 127.0.0.1\r\n';
const HIDDEN = `GET ${DASH}/api/config HTTP/1.1\r\n${HOST}Authorization: ${LOGIN}\r\n\r\n`;

/** Headers that others may read differently, and requests in bodies. */
export async function smuggling(attacker) {
  for (const text of [
    `GET ${DASH} HTTP/1.1\r\n${HOST}Host: evil\r\n\r\n`,
    `GET ${DASH} HTTP/1.1\r\n${HOST}Authorization: x\r\nAuthorization: ${LOGIN}\r\n\r\n`,
    `GET ${DASH} HTTP/1.1\r\n\r\n`,
    `GET ${DASH} HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n`,
    `GET ${DASH} HTTP/1.1\r\n${HOST}X: a\r\n b: c\r\n\r\n`,
    `POST ${DASH} HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 9\r\n\r\nx`,
    `POST ${DASH} HTTP/1.1\r\n${HOST}Content-Length: +1\r\n\r\nx`,
    `GET ${DASH}\0 HTTP/1.1\r\n${HOST}\r\n`,
  ]) {
    const answer = await attacker.say(text);
    assert.ok([400, 0].includes(status(answer)), `${JSON.stringify(text)}: ${answer}`);
  }
  for (const head of [
    `Content-Length: ${HIDDEN.length}\r\n\r\n`,
    'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    `Content-Length: ${HIDDEN.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ]) {
    const answer = await attacker.say(`POST ${DASH} HTTP/1.1\r\n${HOST}${head}${HIDDEN}`);
    assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1, answer);
    assert.equal(status(answer), 405);
  }
}

/** Paths that lead out of the dashboard where something resolves them. */
export async function paths(attacker) {
  for (const path of [
    '/../../etc/passwd',
    '/..%2f..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/../../../Cargo.toml',
    '/assets/..\\..\\x',
    '/assets/%00',
    '//etc/passwd',
    '/api/l1/../../x',
    '/api%2foverview',
  ]) {
    assert.equal(status(await attacker.request(`GET ${DASH}${path}`)), 404, path);
  }
  for (const path of ['/x/..', '/..', '/']) assert.equal(status(await attacker.request(`GET ${path}`)), 404, path);
  for (const path of ['//', `//${DASH}`, '*']) assert.equal(status(await attacker.request(`GET ${path}`)), 400, path);
}

/** Heads, parameters and bodies that are too large. */
export async function oversized(attacker) {
  const long = 'x'.repeat(100_000);
  assert.ok([431, 0].includes(status(await attacker.request(`GET ${DASH}`, { 'X-Long': long }))));
  assert.ok([414, 431, 0].includes(status(await attacker.request(`GET ${DASH}?${long}`))));
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`X-${at}`, 'y']));
  assert.equal(status(await attacker.request(`GET ${DASH}`, many)), 431);
  const pairs = Array.from({ length: 2000 }, (_, at) => `a${at}=1`).join('&');
  assert.equal(status(await attacker.request(`GET ${DASH}/api/overview?${pairs}`)), 200);
  const declared = 'Content-Length: 999999999999';
  assert.equal(status(await attacker.say(`POST ${DASH} HTTP/1.1\r\n${HOST}${declared}\r\n\r\n`)), 405);
  const sent = `Content-Length: 1000000\r\n\r\n${'x'.repeat(1_000_000)}`;
  assert.ok([405, 0].includes(status(await attacker.say(`POST ${DASH} HTTP/1.1\r\n${HOST}${sent}`))));
}

/** Guesses the password. Returns how often each status was the answer. */
export async function guesses(attacker, count, atOnce = 50) {
  const counts = {};
  const guess = async (at) => {
    const authorization = `Basic ${Buffer.from(`lazydev:guess${at}`).toString('base64')}`;
    const code = await attacker.statusOf(DASH, { authorization });
    counts[code] = (counts[code] ?? 0) + 1;
  };
  for (let at = 0; at < count; at += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, count - at) }, (_, more) => guess(at + more)));
  }
  return counts;
}

/** Clients that send their heads slowly, until they are ended. */
export async function slowHeads(attacker, count) {
  const sockets = Array.from({ length: count }, () => attacker.open());
  for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nHost:');
  const isThere = (socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  await Promise.all(sockets.map(isThere));
  const drip = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write('a')), 500);
  return {
    sockets,
    end() {
      clearInterval(drip);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Asks for streams, one after the other. Those that are open read nothing until `reading` has them do so. */
export async function streams(attacker, count) {
  const codes = [];
  const open = [];
  for (let at = 0; at < count; at += 1) {
    const { socket, code } = await attacker.stream();
    codes.push(code);
    if (code === 200) open.push(socket);
  }
  return {
    codes,
    open,
    /** Has every second one read on, and returns them. */
    reading(heard = () => {}) {
      const halves = open.filter((_, at) => at % 2 === 0);
      for (const socket of halves) socket.on('data', heard).resume();
      return halves;
    },
    end() {
      for (const socket of open) socket.destroy();
    },
  };
}
