'use strict';
// The loads of a cache, by its events: running, slow, failed and repeated ones.

const { reasonOf } = require('../errors.js');

/** Keys whose last load is remembered. */
const KEYS = 10_000;
const SLOWEST = 20;
const ERRORS = 50;
const KEYS_OF_ERROR = 5;
/** The types of events that it takes. */
const LOAD_TYPES = Object.freeze([
  'loader:start',
  'loader:success',
  'loader:error',
  'inflight:reuse',
  'load:limited',
  'delete',
  'delete-pattern',
  'delete-tag',
]);

/** Running loads that are told apart. */
const RUNNING = 10_000;

/** The first key of a map that is not empty. */
const firstOf = (/** @type {Map<string, unknown>} */ map) => /** @type {string} */ (map.keys().next().value);

/**
 * The values that were set last, by key: at most `most` of them, and at least half as many. A single map would have to
 * find and delete its oldest key for each new one, which takes time in proportion to the deleted keys.
 * @template T
 */
class Recent {
  /** @param {number} most */
  constructor(most) {
    this.half = most / 2;
    /** @type {Map<string, T>} */
    this.young = new Map();
    /** @type {Map<string, T>} */
    this.old = new Map();
  }

  /** @param {string} key @returns {T | undefined} */
  get(key) {
    return this.young.get(key) ?? this.old.get(key);
  }

  /** @param {string} key @param {T} value */
  set(key, value) {
    if (this.young.size >= this.half) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, value);
  }

  /** @param {string} key */
  delete(key) {
    this.young.delete(key);
    this.old.delete(key);
  }

  clear() {
    this.young.clear();
    this.old.clear();
  }
}

class LoadLog {
  /**
   * @param {number} lifetimeMs how long entries live
   * @param {import('./durations.js').Durations} durations take how long loads took
   */
  constructor(lifetimeMs, durations) {
    this.lifetimeMs = lifetimeMs;
    this.durations = durations;
    /** By key. @type {Map<string, { started: number, joined: number }>} */
    this.running = new Map();
    /** @type {{ key: string, durationMs: number, at: number, ok: boolean }[]} */
    this.slowest = [];
    /** By message. @type {Map<string, { message: string, count: number, lastAt: number, keys: string[] }>} */
    this.errors = new Map();
    /** The last load of each key. @type {Recent<{ at: number, count: number, totalMs: number, maxMs: number }>} */
    this.last = new Recent(KEYS);
    /** Loads of keys that had been loaded before: while that should still have lived, and after it. */
    this.again = { early: 0, late: 0, all: 0 };
    this.handle = this.handle.bind(this);
  }

  /** @param {Foreign} event */
  handle({ type, key: given, durationMs, error, outcome }) {
    const key = String(given);
    switch (type) {
      case 'loader:start':
        this.start(key);
        break;
      case 'inflight:reuse':
        this.join(key);
        break;
      case 'loader:success':
        this.end(key, durationMs, true);
        break;
      case 'loader:error':
        this.end(key, durationMs, false);
        this.fail(key, reasonOf(error));
        break;
      case 'load:limited':
        // No end of that load is told.
        if (outcome === 'refused') this.running.delete(key);
        break;
      case 'delete':
        // Loading that again is as it should be.
        this.last.delete(key);
        break;
      case 'delete-pattern':
      case 'delete-tag':
        this.last.clear();
        break;
      default:
    }
  }

  /** @param {string} key */
  start(key) {
    const now = Date.now();
    const last = this.last.get(key);
    this.again.all++;
    if (last !== undefined) {
      const isEarly = now - last.at < this.lifetimeMs;
      this.again[isEarly ? 'early' : 'late']++;
    }
    if (this.running.size < RUNNING) this.running.set(key, { started: now, joined: 0 });
  }

  /** @param {string} key */
  join(key) {
    const load = this.running.get(key);
    if (load !== undefined) load.joined++;
  }

  /**
   * @param {string} key
   * @param {number} durationMs
   * @param {boolean} isOk
   */
  end(key, durationMs, isOk) {
    const at = Date.now();
    this.durations.measure(durationMs * 1000);
    this.running.delete(key);
    this.rank({ key, durationMs, at, ok: isOk });
    const { count, totalMs, maxMs } = this.last.get(key) ?? { count: 0, totalMs: 0, maxMs: 0 };
    this.last.set(key, { at, count: count + 1, totalMs: totalMs + durationMs, maxMs: Math.max(maxMs, durationMs) });
  }

  /** @param {{ key: string, durationMs: number, at: number, ok: boolean }} load */
  rank(load) {
    const { slowest } = this;
    if (slowest.length >= SLOWEST && load.durationMs <= slowest[slowest.length - 1].durationMs) return;
    const at = slowest.findIndex(({ durationMs }) => durationMs < load.durationMs);
    slowest.splice(at < 0 ? slowest.length : at, 0, load);
    slowest.length = Math.min(slowest.length, SLOWEST);
  }

  /**
   * @param {string} key
   * @param {string} message
   */
  fail(key, message) {
    const known = this.errors.get(message) ?? { message, count: 0, lastAt: 0, keys: [] };
    known.count++;
    known.lastAt = Date.now();
    known.keys = [key, ...known.keys.filter((other) => other !== key)].slice(0, KEYS_OF_ERROR);
    // The last to come are the last to go.
    this.errors.delete(message);
    this.errors.set(message, known);
    if (this.errors.size > ERRORS) this.errors.delete(firstOf(this.errors));
  }

  /**
   * Those that run, oldest first.
   * @param {number} most
   */
  list(most) {
    const now = Date.now();
    const all = [...this.running].map(([key, { started, joined }]) => ({ key, ageMs: now - started, joined }));
    return all.sort((one, other) => other.ageMs - one.ageMs).slice(0, most);
  }
}

module.exports = { LOAD_TYPES, LoadLog };
