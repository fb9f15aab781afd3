// A batch in a thread or a process of its own; it tells its parent its findings.
import { parentPort, workerData } from 'node:worker_threads';
import { endServers, runBatch } from './batch.mjs';

const tell = (message) => (parentPort ? parentPort.postMessage(message) : process.send(message));
const how = workerData ?? JSON.parse(process.argv[2]);
const until = how.forMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + how.forMs;
const rows = await runBatch({ ...how, until, onFound: (found) => tell({ found }) });
await endServers();
tell({ rows });
if (process.channel) process.disconnect();
