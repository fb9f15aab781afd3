import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import Redis from "ioredis";
import { RedisStore } from "../../index.mjs";
import { freePort } from "../support/servers/process.mjs";
import { RedisServer } from "../support/servers/redis.mjs";

const path = (name) => fileURLToPath(new URL(`../support/servers/tls/${name}`, import.meta.url));
const ca = readFileSync(path("ca.crt"), "utf8");

/** Whether a server answers over TLS. */
const answers = (port) =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", ca }, () => socket.write("PING\r\n"));
    const end = (answered) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("data", () => end(true));
    socket.once("error", () => end(false));
  });

async function tlsServer(t, authClients = "no") {
  const port = await freePort();
  const files = [
    "--tls-cert-file",
    path("server.crt"),
    "--tls-key-file",
    path("server.key"),
    "--tls-ca-cert-file",
    path("ca.crt"),
  ];
  const server = new RedisServer(port, [
    "--port",
    "0",
    "--tls-port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    ...files,
    "--tls-auth-clients",
    authClients,
  ]);
  server.isReady = () =>
    authClients === "no" ? answers(port) : Promise.resolve(server.output.includes("Ready to accept"));
  await server.start();
  t.after(() => server.kill());
  return server;
}

async function roundTrip(redis) {
  const store = new RedisStore(redis);
  await store.set("k", { a: 1 });
  return store.get("k");
}

test("a server whose certificate an authority of the options has signed is used", async (t) => {
  const { port } = await tlsServer(t);
  assert.deepEqual(await roundTrip({ host: "localhost", port, tls: { ca } }), { a: 1 });
});

test("the encryption of a client of ioredis is used", async (t) => {
  const { port } = await tlsServer(t);
  const client = new Redis({ host: "localhost", port, tls: { ca } });
  t.after(() => client.disconnect());
  assert.deepEqual(await roundTrip(client), { a: 1 });
});

test("a certificate that nobody known has signed is refused, and taken where that is allowed", async (t) => {
  const { port } = await tlsServer(t);
  await assert.rejects(roundTrip({ host: "localhost", port, tls: true }), /no connection to Redis at localhost/);
  assert.deepEqual(await roundTrip({ host: "localhost", port, tls: { rejectUnauthorized: false } }), { a: 1 });
});

test("our own certificate is shown to a server that asks for one", async (t) => {
  const { port } = await tlsServer(t, "yes");
  const own = { cert: readFileSync(path("server.crt")), key: readFileSync(path("server.key")) };
  assert.deepEqual(await roundTrip({ host: "localhost", port, tls: { ca, ...own } }), { a: 1 });
  await assert.rejects(roundTrip({ host: "localhost", port, tls: { ca } }), /Redis at localhost/);
});
