// All calls of the caches of a run, and their outcomes, in one order of steps.
import { matches } from './keys.mjs';
import { idOf, makeValue } from './values.mjs';

export const now = () => performance.now();

/**
 * One call of a verb. `inv` and `ack` are the steps at which it was made and answered, `invAt` and `ackAt` the times;
 * what is not over yet has its end at Infinity.
 */
export class Op {
  inv = 0;
  invAt = 0;
  ack = Number.POSITIVE_INFINITY;
  ackAt = Number.POSITIVE_INFINITY;
  /** The loads that this call ran. */
  loads = [];
  error = undefined;
  result = undefined;

  constructor(fields) {
    Object.assign(this, fields);
  }

  /** The step after which it changes nothing any more. */
  get settled() {
    return Math.max(this.ack, ...this.loads.map(({ end }) => end));
  }
}

/** One run of a loader. */
export class Load {
  end = Number.POSITIVE_INFINITY;
  endAt = Number.POSITIVE_INFINITY;
  outcome = undefined;
  error = undefined;
  origin = undefined;
  signal = undefined;

  constructor(op, key, start) {
    Object.assign(this, { op, key, start, startAt: now(), by: op.by, eff: op.eff });
  }

  /**
   * The step by which what it found is stored, if it is: a call that was answered early leaves it running, and a layer
   * of the user's that is given the value takes its time.
   */
  get settled() {
    const stored = this.origin?.windows.map(({ answered }) => answered) ?? [];
    return Math.max(this.end, this.op.ack, ...stored);
  }

  get settledAt() {
    return Math.max(this.endAt, this.op.ackAt);
  }
}

/** All of one key. */
class Track {
  constructor(key) {
    this.key = key;
    /** Values by id. */
    this.origins = new Map();
    /** Deletes, patterns and writes. @type {Op[]} */
    this.writes = [];
    /** @type {Load[]} */
    this.loads = [];
    /** Calls that may count as use. @type {Op[]} */
    this.uses = [];
  }
}

export class History {
  step = 0;
  ops = [];
  #ids = 0;
  #trail = [];

  constructor(keys) {
    this.tracks = new Map(keys.map((key) => [key, new Track(key)]));
    /** The longest that a stale copy may live by any options seen. */
    this.mostStaleMs = 0;
  }

  tick() {
    this.step += 1;
    return this.step;
  }

  of(key) {
    return this.tracks.get(key);
  }

  note(text) {
    this.#trail.push(`${String(this.step).padStart(5)} ${now().toFixed(1).padStart(9)} ms  ${text}`);
  }

  /** How the run began, what was noted of a key, and the last steps, oldest first. */
  trail(count = 60, key = undefined) {
    const begins = this.#trail.filter((line) => line.includes('ms  cache '));
    if (key === undefined) return [...begins, ...this.#trail.slice(-count)];
    const numbers = new Set(
      this.ops.filter((op) => op.key === key || matches(op.pattern ?? '', key)).map(({ n }) => n),
    );
    const isOfKey = (line) => numbers.has(Number(/#(\d+)/.exec(line)?.[1] ?? -1));
    return [...begins, ...this.#trail.filter(isOfKey).slice(-count)];
  }

  begin(fields) {
    const op = new Op({ ...fields, n: this.ops.length, inv: this.tick(), invAt: now() });
    this.ops.push(op);
    if (op.eff?.isFailSafe) this.mostStaleMs = Math.max(this.mostStaleMs, op.eff.staleMs);
    return op;
  }

  end(op, outcome) {
    Object.assign(op, outcome, { ack: this.tick(), ackAt: now() });
  }

  /** A value of a key that `maker`, a set or a load, is about to store. */
  origin(kind, key, maker) {
    this.#ids += 1;
    const origin = { id: this.#ids, kind, key, maker, usedAt: 0, extraUntil: 0, readers: [], windows: [] };
    origin.value = makeValue(kind, key, origin.id);
    this.of(key).origins.set(origin.id, origin);
    return origin;
  }

  /** A load of a key has found a value still true: from here on it is as new as the load. */
  revive(origin, load) {
    const { id, kind, key, value } = origin;
    const again = { id, kind, key, value, maker: load, usedAt: 0, extraUntil: 0, readers: [], windows: [] };
    this.of(key).origins.set(`${id} by the load of #${load.op.n}`, again);
    return again;
  }

  /** The origins that a value of a key may be of; none when nobody made it for that key. */
  candidates(key, value) {
    const isIts = value === null ? ({ kind }) => kind === 'null' : ({ id }) => id === idOf(value);
    return [...this.of(key).origins.values()].filter(isIts);
  }
}

/** Whether a write is about values with these tags: one that is not about a tag is about all. */
export const concerns = (write, tags) => write.tag === undefined || tags?.includes(write.tag) === true;

/** Whether a value was made by a load. */
export const isLoaded = (origin) => origin.maker instanceof Load;

/** The step before which a value was new: that of the answer of a set, that of the start of a load. */
export const newAt = (origin) => (isLoaded(origin) ? origin.maker.start : origin.maker.ack);

/** The tags of a value. */
export const tagsOf = ({ maker }) => maker.tags ?? maker.op?.tags;

/** The instance that made a value. */
export const madeBy = (origin) => origin.maker.by;

/** Since when a value is stored for certain, and until when it cannot be yet. */
export const storedAt = ({ maker }) => (maker instanceof Load ? maker.settledAt : maker.ackAt);
