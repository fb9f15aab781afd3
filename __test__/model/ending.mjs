// The end of a run: everything settles, nothing old is left, and closing ends running loads.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LazyLayersCache } from '../../index.mjs';
import { now } from './history.mjs';
import { KEYS } from './keys.mjs';
import { effective } from './options.mjs';
import { unskip } from './skips.mjs';
import { VERBS } from './verbs.mjs';

/** Within which every call is over once nothing holds it up. */
const SETTLE_MS = 8000;

async function settle(run) {
  const deadline = now() + (run.settleMs ?? SETTLE_MS);
  while (run.open.size > 0 && now() < deadline) {
    run.held.releaseAll();
    await sleep(1);
  }
  for (const op of run.open) run.fail(op, { text: `is still open when nothing holds it up` });
  // Loaders of calls that were answered early.
  while (run.held.size > 0) {
    run.held.releaseAll();
    await sleep(1);
  }
}

/** Nothing is under way any more: `drain` says so, and is right. */
async function drain(run) {
  const drained = Promise.all(run.world.members.map(({ cache }) => cache.drain())).then(() => true);
  const deadline = now() + (run.settleMs ?? SETTLE_MS);
  let isOver = false;
  // An audit may begin only now.
  while (!isOver && now() < deadline) {
    run.held.releaseAll();
    isOver = await Promise.race([drained, sleep(1, false)]);
  }
  if (!isOver) run.fail(undefined, { text: 'drain does not end when nothing holds it up' });
  for (const { loads } of run.history.tracks.values()) {
    const left = loads.find((load) => load.end === Number.POSITIVE_INFINITY && load.signal?.aborted !== true);
    if (left !== undefined) run.fail(left.op, { text: 'drain has ended while its loader runs' });
  }
}

/** With own layers that are held, each call is let go on until it is over. */
async function answered(run, settled) {
  const over = settled.then(() => true);
  const deadline = now() + SETTLE_MS;
  while (!(await Promise.race([over, sleep(2)])) && now() < deadline) run.held.releaseAll();
}

async function readAll(run) {
  for (const by of run.world.members.keys()) {
    for (const key of KEYS) await answered(run, VERBS.get(run, by, key));
    await answered(run, VERBS.size(run, by));
  }
}

/** Saves a cache, and goes on with another one that takes its entries back. */
async function restart(run) {
  const [member] = run.world.members;
  if (!run.world.restarts || member.config.versioning?.enabled === true) return;
  const folder = await mkdtemp(join(tmpdir(), 'lazy-model-'));
  try {
    const file = join(folder, 'warm');
    await member.cache.save(file);
    await member.cache.close();
    run.history.note('restart');
    // Entries that are taken back live no longer than new ones.
    const at = now();
    run.world.warm = { at, until: at + effective(undefined, member.config).leastL1 };
    member.cache = new LazyLayersCache({ ...member.config, warm: file });
    run.world.byReference = false;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Closes while loads run: their callers are told, and later calls are refused. */
async function close(run) {
  const { random, world, history } = run;
  for (let at = 0; at < 3; at += 1) VERBS.getOrSet(run, random.below(world.members.length));
  await sleep(1);
  history.note('close');
  world.closingAt = history.tick();
  const closing = world.members.map(({ cache }) => cache.close({ timeoutMs: random.pick([0, 5]) }));
  await answered(run, Promise.all(closing));
  await settle(run);
  for (const { cache } of world.members) {
    const error = await cache.get('a:1').then(
      () => undefined,
      (error) => error,
    );
    if (error?.code !== 'CACHE_CLOSED') run.fail(undefined, { text: `a closed cache answered ${error ?? 'a get'}` });
  }
}

/** @param {import('./run.mjs').Run} run */
export async function finish(run) {
  await settle(run);
  if (run.violations.length === 0) await drain(run);
  if (run.violations.length > 0) return;
  for (const member of run.world.members) {
    unskip(member, undefined, run.history.tick());
    member.cache.enable();
  }
  await run.world.quiet?.();
  await readAll(run);
  await restart(run);
  await readAll(run);
  await close(run);
}
