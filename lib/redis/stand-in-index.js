'use strict';
// The index of a store that is driven through a client: the sorted set that 0.4.0 keeps.
//
// A pipeline is no transaction: commands of others may come between. An entry is listed, written, and listed again; it
// is removed, taken out, and removed again. In whatever order those of two callers come, what is there in the end is
// listed.

/** The writes between two looks at some members: so at most a quarter of them are of entries that are gone. */
const WRITES = 16;
const LOOKS = 64;
/** How many are looked at together. */
const BATCH = 500;

/** Beyond this number of members a size is their number: looking at each would take too long. */
const COUNTED = 10_000;

/** Takes members out whose entries are gone. */
const FORGET = `for at = 2, #KEYS do
if redis.call('EXISTS', KEYS[at]) == 0 then redis.call('ZREM', KEYS[1], ARGV[at - 1]) end
end
return 1`;

/** @typedef {import('./stand-in.js').Command} Command */

class StandInIndex {
  /** @param {import('./stand-in.js').StandIn} standIn */
  constructor(standIn) {
    this.standIn = standIn;
    this.key = standIn.settings.indexKey;
    this.writes = 0;
    /** Whether members are being looked at in the background. */
    this.busy = false;
    /** Writes until all members are looked at again before entries are removed for a bound. */
    this.untilSweep = 0;
  }

  /**
   * @param {string} name
   * @returns {Command}
   */
  list(name) {
    return ['zadd', this.key, Date.now(), name];
  }

  /**
   * @param {string} name
   * @param {Command[]} writes
   * @returns {Command[]}
   */
  around(name, writes) {
    return [this.list(name), ...writes, this.list(name)];
  }

  /**
   * @param {string[]} names
   * @returns {Command}
   */
  unlist(names) {
    return ['zrem', this.key, ...names];
  }

  /**
   * After a write: looks at a few members now and then, and keeps the bound.
   * @param {number | undefined} most
   */
  async tidy(most) {
    this.writes++;
    if (this.writes % WRITES === 0 && !this.busy) {
      this.busy = true;
      // In the background: its failure is no failure of the write.
      this.look().then(
        () => (this.busy = false),
        () => (this.busy = false),
      );
    }
    if (most !== undefined && most !== Infinity) await this.trim(most);
  }

  /**
   * Takes members out whose entries are gone at that moment. Returns whether that can be done.
   * @param {string[]} names
   */
  async forget(names) {
    const { standIn } = this;
    if (standIn.isCluster || !(await standIn.runsScripts())) return false;
    await standIn.ask('eval', FORGET, names.length + 1, this.key, ...names, ...names);
    return true;
  }

  /** Looks at some members, anywhere. */
  async look() {
    const count = await this.standIn.ask('zcard', this.key);
    const from = Math.floor(Math.random() * Math.max(1, count - LOOKS + 1));
    await this.sweep(await this.standIn.ask('zrange', this.key, from, from + LOOKS - 1));
  }

  /**
   * Takes members out whose entries are gone. Returns how many are not.
   * @param {string[]} names
   */
  async sweep(names) {
    let live = 0;
    for (let at = 0; at < names.length; at += BATCH) {
      const batch = names.slice(at, at + BATCH);
      const there = await Promise.all(batch.map((name) => this.standIn.ask('exists', name)));
      const gone = batch.filter((_, place) => !(there[place] > 0));
      // Where that takes more than one step they are removed as well: an entry that was written since is a miss then,
      // and not one that no pattern finds.
      if (gone.length > 0 && !(await this.forget(gone))) await this.standIn.remove(gone);
      live += batch.length - gone.length;
    }
    return live;
  }

  /**
   * Removes the oldest live entries beyond a bound.
   * @param {number} most
   */
  async trim(most) {
    this.untilSweep--;
    let count = await this.standIn.ask('zcard', this.key);
    if (count <= most) return;
    if (this.untilSweep <= 0) {
      this.untilSweep = Math.max(WRITES, Math.floor(most / 8));
      count = await this.sweep(await this.standIn.ask('zrange', this.key, 0, -1));
    }
    if (count > most) await this.standIn.remove(await this.standIn.ask('zrange', this.key, 0, count - most - 1));
  }

  /** The number of live entries. */
  async size() {
    const count = await this.standIn.ask('zcard', this.key);
    if (count > COUNTED) return count;
    return this.sweep(await this.standIn.ask('zrange', this.key, 0, -1));
  }
}

module.exports = { StandInIndex };
