import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { LazyLayersCache } from "../../index.mjs";
import { until } from "../support/deferred.mjs";
import { LOGIN } from "./plain.mjs";

let cache;
let port;

const start = (observability = {}) => {
  cache = new LazyLayersCache({
    logging: { enabled: false },
    observability: { enabled: true, quiet: true, server: { port: 0 }, actions: true, ...observability },
  });
  ({ port } = cache.getObservabilityServer());
};

beforeEach(() => start());
afterEach(() => cache.close());

/** Says these bytes to the server, and gives what it answers until it closes the connection. */
async function say(text) {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(text);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  return answer;
}

const LINES = { Host: "127.0.0.1", Connection: "close", Authorization: LOGIN };

/** One request, with headers beside those that let it in; `undefined` leaves one out. */
function request(line, headers = {}) {
  const all = Object.entries({ ...LINES, ...headers }).filter(([, value]) => value !== undefined);
  return say(`${line} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
}

const status = (answer) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
const DASH = "/observelazyily";

test("a name that leads here is no host", async () => {
  for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "evil.example#127.0.0.1"]) {
    const answer = await request(`GET ${DASH}`, { Host: host });
    assert.equal(status(answer), 403, host);
    assert.match(answer, /allowedHosts/);
  }
  for (const host of ["127.0.0.1", "localhost:1", "[::1]:5", "LOCALHOST"]) {
    assert.equal(status(await request(`GET ${DASH}`, { Host: host })), 200, host);
  }
  assert.equal(status(await request("GET /healthz", { Host: "evil.example" })), 200);
});

test("a name that is allowed is a host, and so is every one for metrics that are public", async () => {
  await cache.close();
  start({ server: { port: 0, allowedHosts: ["dash.internal"] }, prometheus: { enabled: true, public: true } });
  assert.equal(status(await request(`GET ${DASH}`, { Host: "dash.internal" })), 200);
  assert.equal(status(await request(`GET ${DASH}`, { Host: "other.internal" })), 403);
  assert.equal(status(await request(`GET ${DASH}/metrics`, { Host: "other.internal", Authorization: undefined })), 200);
});

test("another site changes nothing", async () => {
  await cache.set("k", 1);
  const line = `POST ${DASH}/api/actions/delete?key=k`;
  const action = { "X-Lazy-Layers-Action": "1" };
  // A form or a simple request of another site has no such header.
  assert.equal(status(await request(line)), 405);
  assert.equal(status(await request(line, { ...action, Origin: "http://evil.example" })), 403);
  assert.equal(status(await request(line, { ...action, "Sec-Fetch-Site": "cross-site" })), 403);
  assert.equal(status(await request(line, { ...action, Origin: "null" })), 403);
  assert.equal(status(await request(line, { ...action, Authorization: undefined })), 401);
  assert.equal(status(await request(`OPTIONS ${DASH}`, { Origin: "http://evil.example" })), 405);
  const answer = await request(`GET ${DASH}/api/l1`, { Origin: "http://evil.example" });
  assert.doesNotMatch(answer, /access-control/i);
  assert.equal(await cache.get("k"), 1);
  const same = { ...action, Origin: "http://127.0.0.1", "Sec-Fetch-Site": "same-origin" };
  assert.equal(status(await request(line, same)), 200);
  assert.equal(await cache.get("k"), undefined);
});

test("without actions nothing can be changed", async () => {
  await cache.close();
  start({ actions: false });
  await cache.set("k", 1);
  const headers = { "X-Lazy-Layers-Action": "1" };
  assert.equal(status(await request(`POST ${DASH}/api/actions/delete?key=k`, headers)), 405);
  assert.equal(await cache.get("k"), 1);
});

test("headers that others may read differently are refused, and bodies are not requests", async () => {
  const hidden = `GET ${DASH}/api/config HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${LOGIN}\r\n\r\n`;
  const bad = [
    `GET ${DASH} HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n`,
    `GET ${DASH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: x\r\nAuthorization: ${LOGIN}\r\n\r\n`,
    `GET ${DASH} HTTP/1.1\r\n\r\n`,
    `GET ${DASH} HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n`,
    `GET ${DASH} HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\r\n b: c\r\n\r\n`,
    `POST ${DASH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 9\r\n\r\nx`,
    `POST ${DASH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: +1\r\n\r\nx`,
    `GET ${DASH}\0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
  ];
  for (const text of bad) {
    const answer = await say(text);
    assert.ok([400, 0].includes(status(answer)), `${JSON.stringify(text)}: ${answer}`);
  }
  for (const head of [
    `Content-Length: ${hidden.length}\r\n\r\n`,
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    `Content-Length: ${hidden.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ]) {
    const answer = await say(`POST ${DASH} HTTP/1.1\r\nHost: 127.0.0.1\r\n${head}${hidden}`);
    assert.equal(answer.match(/HTTP\/1\.1 /g).length, 1, answer);
    assert.equal(status(answer), 405);
  }
});

test("no path leads out of the dashboard", async () => {
  for (const path of [
    "/../../etc/passwd",
    "/..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/assets/../../../Cargo.toml",
    "/assets/..\\..\\x",
    "/assets/%00",
    "//etc/passwd",
    "/api/l1/../../x",
    "/api%2foverview",
  ]) {
    assert.equal(status(await request(`GET ${DASH}${path}`)), 404, path);
  }
  for (const path of ["/x/..", "/..", "/"]) assert.equal(status(await request(`GET ${path}`)), 404, path);
  for (const path of ["//", `//${DASH}`, "*"]) assert.equal(status(await request(`GET ${path}`)), 400, path);
});

test("heads and parameters are bounded", async () => {
  const long = "x".repeat(100_000);
  assert.ok([431, 0].includes(status(await request(`GET ${DASH}`, { "X-Long": long }))));
  assert.ok([414, 431, 0].includes(status(await request(`GET ${DASH}?${long}`))));
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`X-${at}`, "y"]));
  assert.equal(status(await request(`GET ${DASH}`, many)), 431);
  const pairs = Array.from({ length: 2000 }, (_, at) => `a${at}=1`).join("&");
  assert.equal(status(await request(`GET ${DASH}/api/overview?${pairs}`)), 200);
  const large = `Content-Length: 999999999999`;
  assert.equal(status(await say(`POST ${DASH} HTTP/1.1\r\nHost: 127.0.0.1\r\n${large}\r\n\r\n`)), 405);
});

test("ten thousand wrong passwords learn nothing, and the right one waits with them", async () => {
  const counts = {};
  const guess = async (at) => {
    const password = Buffer.from(`lazydev:guess${at}`).toString("base64");
    const { status: code } = await fetch(`http://127.0.0.1:${port}${DASH}`, {
      headers: { authorization: `Basic ${password}` },
    });
    counts[code] = (counts[code] ?? 0) + 1;
  };
  for (let at = 0; at < 10_000; at += 50) await Promise.all(Array.from({ length: 50 }, (_, more) => guess(at + more)));
  assert.deepEqual(Object.keys(counts), ["401", "429"]);
  assert.ok(counts[401] < 200, JSON.stringify(counts));
  const answer = await request(`GET ${DASH}`);
  assert.equal(status(answer), 429);
  assert.match(answer, /retry-after: \d+/i);
});

test("clients that send their heads slowly do not keep others out", async () => {
  const slow = Array.from({ length: 100 }, () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("GET / HTTP/1.1\r\nHost:");
    return socket;
  });
  await Promise.all(slow.map((socket) => once(socket, "connect")));
  assert.equal(status(await request(`GET ${DASH}`)), 200);
  const drip = setInterval(() => slow.forEach((socket) => socket.write("a")), 500);
  const { server } = cache.getObservabilityServer();
  const count = () => new Promise((resolve) => server.getConnections((_, open) => resolve(open)));
  await until(async () => (await count()) === 0, "they are cut off");
  clearInterval(drip);
  for (const socket of slow) socket.destroy();
});

test("of two hundred streams twenty are open, and those that stall are dropped", async () => {
  const sockets = [];
  const heads = [];
  for (let at = 0; at < 200; at += 1) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    sockets.push(socket);
    socket.write(`GET ${DASH}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${LOGIN}\r\n\r\n`);
    const [head] = await Promise.race([once(socket, "data"), once(socket, "close").then(() => [""])]);
    heads.push(status(String(head)));
    if (heads.at(-1) === 200) socket.pause();
    else socket.destroy();
  }
  assert.equal(heads.filter((code) => code === 200).length, 20);
  assert.ok(heads.every((code) => [200, 503].includes(code)), String(heads));
  // Half of them read on, the others do not.
  const reading = sockets.filter((_, at) => heads[at] === 200).filter((_, at) => at % 2 === 0);
  let heard = 0;
  for (const socket of reading) socket.on("data", (chunk) => (heard += chunk.length)).resume();
  const large = "x".repeat(20_000);
  const { server } = cache.getObservabilityServer();
  const count = () => new Promise((resolve) => server.getConnections((_, open) => resolve(open)));
  await until(async () => {
    for (let at = 0; at < 300; at += 1) await cache.delete(large + at);
    return (await count()) <= reading.length;
  }, "those that stall are dropped", 60_000);
  assert.ok(heard > 0);
  assert.equal(status(await request(`GET ${DASH}`)), 200);
  for (const socket of sockets) socket.destroy();
});
