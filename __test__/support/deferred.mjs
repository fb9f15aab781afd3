import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { MemoryStore } from '../../index.mjs';

/** A promise settled by hand, to hold a race open at a chosen point. */
export function deferred() {
  let resolve;
  let reject;
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** A loader that stops until the test answers it. `called` resolves at its first call. */
export function heldLoader() {
  const answer = deferred();
  const called = deferred();
  const loader = (context) => {
    loader.calls += 1;
    loader.context = context;
    called.resolve(context);
    return answer.promise;
  };
  return Object.assign(loader, {
    calls: 0,
    context: undefined,
    called: called.promise,
    resolve: answer.resolve,
    reject: answer.reject,
  });
}

/** Lets the event loop turn, so that whatever could happen by now has happened. */
export async function turns(count = 5) {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}

/** How long a look at a condition may take after the deadline. */
const LAST_LOOK_MS = 20_000;

/** Waits until `condition()` is truthy and returns its value; the deadline only ends a failing test. */
export async function until(condition, what = String(condition), deadlineMs = 20_000) {
  const end = Date.now() + deadlineMs;
  const stuck = deferred();
  const failure = () => stuck.reject(new Error(`never settled: the look whether ${what}`));
  const timer = setTimeout(failure, deadlineMs + LAST_LOOK_MS);
  try {
    for (;;) {
      const value = await Promise.race([condition(), stuck.promise]);
      if (value) return value;
      if (Date.now() > end) throw new Error(`never came true: ${what}`);
      await sleep(2);
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits until a lifetime of `ms` is certainly over. Timers may be a little early, and the clock by which hits are
 * answered lags on a busy machine: so this waits until an entry that was stored now is gone.
 */
export async function pass(ms) {
  const probe = new MemoryStore();
  await probe.set('k', true, { ttlMs: ms + 10 });
  await sleep(ms + 10);
  await until(async () => !(await probe.has('k')), `${ms} ms pass`);
}

/** Tells whether a promise has settled once the event loop has turned a few times. */
export async function isPending(promise) {
  let pending = true;
  const done = () => {
    pending = false;
  };
  promise.then(done, done);
  await turns();
  return pending;
}
