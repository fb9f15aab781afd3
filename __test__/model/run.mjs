// One run: random calls beside the model, from one seed.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Held } from './held.mjs';
import { History, now } from './history.mjs';
import { TEXTS } from './keys.mjs';
import { finish } from './ending.mjs';
import { TODAY } from './not-yet.mjs';
import { Random } from './random.mjs';
import { shown, VERBS } from './verbs.mjs';

/** Within this time of its call a refresh looks into the second layer. */
const REFRESHED_MS = 50;
const WEIGHTS = { verb: 70, release: 14, turn: 10, sleep: 4, listener: 2 };

export class Run {
  violations = [];
  /** Known faults, by reason: how often each was seen. */
  known = new Map();
  open = new Set();
  listeners = new Map();

  /**
   * @param {number} seed
   * @param {import('./not-yet.mjs').Extent} extent
   */
  constructor(seed, extent) {
    this.extent = extent;
    this.random = new Random(seed);
    this.held = new Held(this.random);
    this.history = new History(TEXTS);
  }

  fail(op, finding) {
    if (finding === undefined) return;
    if (finding.known !== undefined) {
      this.known.set(finding.known, (this.known.get(finding.known) ?? 0) + 1);
      return;
    }
    const text = `${op === undefined ? '' : `#${op.n} ${op.title}: `}${finding.text}`;
    this.history.note(`WRONG ${text}`);
    this.violations.push({ text, trail: this.history.trail(60, op?.key) });
  }

  /**
   * A second layer returned a value: it may be in the layer before it from now on, for as long as the life that a call
   * under way asks for, or one whose refresh goes on.
   */
  wasServed(key, value) {
    const mayRead = ({ ack, ackAt, eff }) =>
      ack === Number.POSITIVE_INFINITY || (eff.refreshes && now() - ackAt < REFRESHED_MS);
    const readers = this.history.of(key).uses.filter(mayRead);
    for (const origin of this.history.candidates(key, value)) origin.readers.push(...readers);
  }

  wasStored(key, value, until) {
    for (const origin of this.history.candidates(key, value)) origin.extraUntil = Math.max(origin.extraUntil, until);
  }

  /**
   * An own layer is given a value: until it has answered, and been told to delete it again, it may have it too late.
   */
  isStoring(key, value) {
    const windows = this.history.candidates(key, value).map((origin) => {
      const window = {
        began: this.history.tick(),
        answered: Number.POSITIVE_INFINITY,
        deleted: Number.POSITIVE_INFINITY,
      };
      origin.windows.push(window);
      return window;
    });
    return () => {
      for (const window of windows) window.answered = this.history.tick();
    };
  }

  wasDeleted(key) {
    const step = this.history.tick();
    for (const { windows } of this.history.of(key).origins.values()) {
      for (const window of windows) if (window.answered < step && window.deleted > step) window.deleted = step;
    }
  }

  async step() {
    const { random, world } = this;
    const action = random.weighted({
      ...WEIGHTS,
      ...Object.fromEntries(Object.keys(world.actions).map((name) => [name, 1])),
    });
    if (action === 'verb') return this.verb();
    if (action === 'release') return void this.noteIf('released', this.held.release());
    if (action === 'turn') return nextTurn();
    if (action === 'sleep') return sleep(random.between(1, 20));
    if (action === 'listener') return this.listener();
    this.history.note(`action ${action}`);
    return world.actions[action]();
  }

  noteIf(what, label) {
    if (label !== undefined) this.history.note(`${what} ${label}`);
  }

  async verb() {
    const { random, world } = this;
    const name = random.weighted(world.verbs ?? VERBS.weights);
    const by = random.below(world.members.length);
    const settled = VERBS[name](this, by);
    if (random.chance(45)) await Promise.race([settled, sleep(world.patienceMs ?? 2)]);
  }

  /** Adds or removes a handler: observed calls take other ways. */
  listener() {
    const { random, world } = this;
    const by = random.below(world.members.length);
    const off = this.listeners.get(by);
    this.history.note(`${off ? 'off' : 'on'} ${by}`);
    if (off) {
      off();
      this.listeners.delete(by);
      return;
    }
    const throws = random.chance(20);
    this.listeners.set(
      by,
      world.members[by].cache.on((event) => {
        if (typeof event.type !== 'string') this.fail(undefined, { text: 'an event without a type' });
        if (throws) throw new Error('a handler that throws');
      }),
    );
  }

  async go(steps) {
    for (let at = 0; at < steps && this.violations.length === 0; at += 1) await this.step();
    await finish(this);
  }
}

/**
 * @typedef {object} RunOptions
 * @property {number} seed
 * @property {number} [steps]
 * @property {import('./not-yet.mjs').Extent} [extent]
 * @property {number} [settleMs]
 * @property {(cache: any, run: Run) => any} [distort] a cache that lies, for tests of the model
 */

/**
 * Runs one seed in one configuration, and tells what was found.
 * @param {(run: Run) => any} makeWorld
 * @param {RunOptions} options
 */
export async function runSeed(
  makeWorld,
  { seed, steps = 250, extent = TODAY, settleMs = undefined, distort = undefined },
) {
  const run = new Run(seed, extent);
  run.settleMs = settleMs;
  const onRejection = (error) => run.fail(undefined, { text: `unhandled rejection: ${String(error?.stack ?? error)}` });
  process.on('unhandledRejection', onRejection);
  try {
    run.world = await makeWorld(run);
    if (distort) for (const member of run.world.members) member.cache = distort(member.cache, run);
    run.world.members.forEach(({ config }, by) => run.history.note(`cache ${by}:${shown(config)}`));
    await run.go(steps);
  } finally {
    await run.world?.stop();
    process.off('unhandledRejection', onRejection);
  }
  return { violations: run.violations, known: Object.fromEntries(run.known), calls: run.history.ops.length };
}
