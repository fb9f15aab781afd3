/** Reads the events of a dashboard as a tab does, until it is terminated. Sends a message when the first have come. */
import { parentPort, workerData } from 'node:worker_threads';

const authorization = `Basic ${Buffer.from('lazydev:lazydev').toString('base64')}`;
const { body } = await fetch(`${workerData}/stream`, { headers: { authorization } });
const reader = body.getReader();
await reader.read();
parentPort.postMessage('open');
while (!(await reader.read()).done);
