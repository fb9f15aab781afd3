// The only thread that prints ends while lines wait, and another one loads the package afterwards. The first one makes
// lines and never turns its event loop. Ends with 1 if the other does not print them in time. The main thread has the
// package loaded, without a log, so that it stays in memory.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { LazyLayersCache, RedisStore } from '../../index.mjs';

const workerOf = (data) =>
  new Worker(new URL(import.meta.url), { workerData: data, env: { LAZY_LOG: 'redis=debug' }, stdout: true });

if (isMainThread) {
  const server = createServer((socket) => server.emit('tried', socket.destroy())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const first = workerOf({ port: server.address().port });
  // An attempt greets a server that ends the connection a second time. Whoever tries after that has said before why the
  // first attempt failed.
  for (let tries = 0; tries < 3; tries += 1) await once(server, 'tried');
  await first.terminate();
  server.close();
  const second = workerOf({});
  const late = setTimeout(() => process.exit(1), 10_000);
  for await (const text of second.stdout) {
    if (String(text).includes('redis: no link')) break;
  }
  clearTimeout(late);
  await second.terminate();
} else if (workerData.port !== undefined) {
  const cache = new LazyLayersCache({ l2: new RedisStore(`redis://127.0.0.1:${workerData.port}`) });
  cache.get('k').catch(() => {});
  await Promise.resolve();
  for (;;);
} else {
  setInterval(() => {}, 1000);
}
