import { performance } from 'node:perf_hooks';
import { turnOfTheLoop } from './fixtures.mjs';

/** The longest turn of the event loop while `act` runs, and how long that took, in milliseconds. */
export async function watched(act) {
  let last = performance.now();
  let longest = 0;
  let running = true;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(look);
  };
  setImmediate(look);
  // The first turn is not part of it.
  await turnOfTheLoop();
  longest = 0;
  const started = performance.now();
  last = started;
  await act();
  const tookMs = performance.now() - started;
  running = false;
  await turnOfTheLoop();
  return { longest, tookMs };
}
