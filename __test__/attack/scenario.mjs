// All attacks on one server at a time, which has to answer clients that may ask, and to take no more memory.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LOGIN } from '../observability/plain.mjs';
import { Attacker, DASH } from './attacker.mjs';
import { guesses, otherSites, oversized, paths, slowHeads, smuggling, streams, wrongHosts } from './attacks.mjs';

/** A client that may ask is answered within this time. Both share a machine with the attackers. */
const LATEST_MS = 2000;
/** The share by which memory may differ between the beginning, once all attacks run, and the end. */
const GROWTH = 0.15;
/** Memory may also differ by so much, as allocators go. */
const SLACK_BYTES = 12 << 20;
/** Memory grows for a while as a process begins: a shorter run says nothing about it. */
const LEAST_SAMPLES = 60;

/** Each attack, by the last number of the address that it comes from; `pause` is between two rounds, in ms. */
const ATTACKS = {
  'wrong Host': { from: 11, pause: 50, run: wrongHosts },
  'cross-site POST': { from: 12, pause: 50, run: otherSites },
  'header smuggling': { from: 13, pause: 50, run: smuggling },
  'path tricks': { from: 14, pause: 50, run: paths },
  'oversized heads and bodies': { from: 15, pause: 100, run: oversized },
  'wrong passwords': { from: 16, pause: 1000, run: wrongPasswords },
  'slow heads': { from: 17, pause: 100, run: slowLoris },
  streams: { from: 18, pause: 100, run: manyStreams },
};

async function wrongPasswords(attacker) {
  const counts = await guesses(attacker, 10_000, 20);
  const strange = Object.keys(counts).filter((code) => code !== '401' && code !== '429');
  if (strange.length > 0 || counts[429] === undefined) throw new Error(`wrong passwords: ${JSON.stringify(counts)}`);
}

async function slowLoris(attacker, isOver) {
  const { sockets, end } = await slowHeads(attacker, 60);
  while (!isOver() && sockets.some((socket) => !socket.destroyed)) await sleep(100);
  end();
}

/** Two hundred clients, of which half of those that are let in stall. */
async function manyStreams(attacker, isOver) {
  const { codes, reading, end } = await streams(attacker, 200);
  const strange = codes.filter((code) => code !== 200 && code !== 503);
  reading();
  for (let waited = 0; waited < 50 && !isOver(); waited += 1) await sleep(100);
  end();
  if (strange.length > 0 || !codes.includes(200)) throw new Error(`streams: ${codes}`);
}

/** The status of a request, and how long it took. */
function look(port, path, headers) {
  const began = performance.now();
  const from = { port, host: '127.0.0.1', localAddress: '127.0.0.2', agent: false };
  return new Promise((resolve) => {
    const end = (code) => resolve({ code, tookMs: performance.now() - began });
    const asked = request({ ...from, path, headers }, (answer) => {
      answer.resume().on('close', () => end(answer.statusCode));
    });
    asked.setTimeout(10_000, () => asked.destroy());
    asked.on('error', (error) => end(error.code ?? String(error))).end();
  });
}

const LOOKS = [
  ['/healthz', {}],
  ...['', '/api/overview', '/api/l1?limit=10'].map((path) => [DASH + path, { authorization: LOGIN }]),
];

/** Asks for everything, time and again. */
async function lookOn(port, isOver, faults) {
  const seen = { looks: 0, slowestMs: 0 };
  while (!isOver()) {
    for (const [path, headers] of LOOKS) {
      const { code, tookMs } = await look(port, path, headers);
      seen.looks += 1;
      seen.slowestMs = Math.max(seen.slowestMs, Math.round(tookMs));
      if (code !== 200 || tookMs > LATEST_MS) faults.push(`${path}: ${code} after ${Math.round(tookMs)} ms`);
    }
    await sleep(100);
  }
  return seen;
}

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const megabytes = (bytes) => Math.round(bytes / 2 ** 20);

/** Memory from a tenth of the time on, when every attack has begun; its first and last quarter are compared. */
function memoryOf(samples, faults) {
  const later = samples.slice(Math.ceil(samples.length / 10));
  const quarter = Math.max(1, Math.floor(later.length / 4));
  const [first, last] = [mean(later.slice(0, quarter)), mean(later.slice(-quarter))];
  const isFlat = last <= first * (1 + GROWTH) + SLACK_BYTES;
  if (samples.length >= LEAST_SAMPLES && !isFlat) {
    faults.push(`memory grew: ${megabytes(first)} to ${megabytes(last)} MB`);
  }
  return { firstMb: megabytes(first), lastMb: megabytes(last), mostMb: megabytes(Math.max(...later)) };
}

/**
 * @param {number} seconds
 * @returns {Promise<{ faults: string[], report: object }>}
 */
export async function attack(seconds) {
  const victim = fork(fileURLToPath(new URL('victim.mjs', import.meta.url)));
  const [{ port }] = await once(victim, 'message');
  const [faults, memory, rounds] = [[], [], {}];
  const told = { connections: 0 };
  victim.on('message', ({ rss, connections }) => {
    memory.push(rss);
    told.connections = connections;
  });
  victim.on('exit', (code, signal) => faults.push(`the process ended: ${code ?? signal}`));
  const end = performance.now() + seconds * 1000;
  const isOver = () => performance.now() >= end || victim.exitCode !== null;
  const attacks = Object.entries(ATTACKS).map(async ([name, { from, pause, run }]) => {
    const attacker = new Attacker(port, `127.0.1.${from}`);
    rounds[name] = 0;
    while (!isOver()) {
      await run(attacker, isOver).catch((error) => faults.push(`${name}: ${error.message}`));
      rounds[name] += 1;
      await sleep(pause);
    }
    attacker.close();
  });
  const seen = await lookOn(port, isOver, faults);
  await Promise.all(attacks);
  // Nobody asks any more.
  for (let waited = 0; waited < 30 && told.connections > 0; waited += 1) await sleep(1000);
  if (told.connections > 0) faults.push(`${told.connections} connections are left open`);
  const report = { seconds, ...seen, memory: memoryOf(memory, faults), rounds };
  victim.removeAllListeners('exit');
  victim.kill();
  return { faults, report };
}
