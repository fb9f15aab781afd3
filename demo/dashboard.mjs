import { setTimeout as pause } from 'node:timers/promises';
import { LazyLayersCache } from '../index.mjs';
import { measurePackage } from './loader.mjs';
import { zipfRequests } from './workload.mjs';

const REQUESTS = 5_000;
const CLIENTS = 4;
/** The pause between two requests of a client, long enough to watch. */
const PAUSE_MS = 10;

/** A second layer in memory that is slow at times, and away for two seconds of each minute. */
function shakyLayer() {
  const map = new Map();
  const act = async (work) => {
    if (Date.now() % 60_000 < 2_000) throw new Error('the second layer is away');
    await pause(Math.random() * 4);
    return work();
  };
  return {
    get: (key) => act(() => map.get(key)),
    set: (key, value) => act(() => void map.set(key, value)),
    has: (key) => act(() => map.has(key)),
    delete: (key) => act(() => void map.delete(key)),
    deleteByPattern: () => act(() => map.clear()),
    size: () => act(() => map.size),
  };
}

/** Asks for keys without an end. */
async function askOn(requests, ask) {
  for (let at = 0; ; at = (at + 1) % requests.length) {
    await ask(requests[at]).catch(() => {});
    await pause(PAUSE_MS * Math.random() * 2);
  }
}

/** Two caches with traffic and a dashboard, until the process is ended. */
export async function runDashboard({ packages, root, port = 7077 }) {
  const cache = new LazyLayersCache({
    name: 'packages',
    ttlMs: 60_000,
    levels: { L1: { maxEntries: Math.max(10, Math.round(packages.length / 4)) } },
    l2: shakyLayer(),
    logging: { enabled: false },
    observability: { enabled: true, quiet: true, actions: true, server: { port }, prometheus: { enabled: true } },
  });
  const numbers = new LazyLayersCache({
    name: 'numbers',
    ttlMs: 5_000,
    negativeCache: { enabled: true, ttlMs: 3_000 },
    failSafe: { enabled: true, staleTtlMs: 60_000 },
    logging: { enabled: false },
    observability: { enabled: true, quiet: true, server: false },
  });
  const { server, url } = cache.getObservabilityServer();
  server.ref();
  console.log(`The dashboard is at ${url}, login lazydev, password lazydev. End it with Ctrl+C.`);
  const names = zipfRequests(packages, REQUESTS);
  const load = (name) => cache.getOrSet(name, ({ signal }) => measurePackage(root, name, signal));
  const find = (key) =>
    numbers.getOrSet(key, async () => {
      await pause(20);
      if (Math.random() < 0.1) throw new Error(`no connection for ${key.split(':')[0]}`);
      return Math.random() < 0.2 ? undefined : { key, at: Date.now() };
    });
  const keys = zipfRequests(
    Array.from({ length: 300 }, (_, id) => `user:${id % 30}:number:${id}`),
    REQUESTS,
    7,
  );
  const clients = Array.from({ length: CLIENTS }, (_, client) => client);
  const turned = (list, client) => [...list.slice(client * 997), ...list.slice(0, client * 997)];
  const both = (client) => [askOn(turned(names, client), load), askOn(turned(keys, client), find)];
  await Promise.all(clients.flatMap(both));
}
