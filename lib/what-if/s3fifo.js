'use strict';
// A cache of hashes without values, with the queues of S3-FIFO: those of `engine/src/bounded/s3fifo.rs`, where entries
// are removed only to make room.

const { HashTable, lengthFor } = require('./hashes.js');

const NONE = 0xffff;
const MOST_USES = 3;
/** An entry on trial that was used more often than this moves to the main queue. */
const PROVEN = 1;
/** The share of the small queue is one in this; below `FEW` entries one in `SHARE_OF_FEW`. */
const SHARE = 10;
const SHARE_OF_FEW = 2;
const FEW = 100;

class Queue {
  /** @param {Uint16Array} newer by node */
  constructor(newer) {
    this.newer = newer;
    this.oldest = NONE;
    this.newest = NONE;
    this.length = 0;
  }

  /** @param {number} node */
  push(node) {
    this.newer[node] = NONE;
    if (this.length++ === 0) this.oldest = node;
    else this.newer[this.newest] = node;
    this.newest = node;
  }

  shift() {
    const node = this.oldest;
    this.oldest = this.newer[node];
    this.length--;
    return node;
  }
}

class SimulatedS3Fifo {
  /** @param {number} entries at most 2^15 */
  constructor(entries) {
    const ghosts = entries - Math.floor(entries / SHARE);
    const places = lengthFor(entries);
    const ghostPlaces = lengthFor(ghosts);
    const words = 4 * (entries + ghosts);
    const halves = 2 * (entries + places + ghostPlaces);
    const buffer = new ArrayBuffer(words + halves + entries);
    const halvesOf = (/** @type {number} */ from, /** @type {number} */ length) =>
      new Uint16Array(buffer, words + 2 * from, length);
    this.entries = entries;
    this.held = 0;
    this.trial = Math.max(1, Math.floor(entries / (entries < FEW ? SHARE_OF_FEW : SHARE)));
    this.hashes = new Uint32Array(buffer, 0, entries);
    this.uses = new Uint8Array(buffer, words + halves, entries);
    const newer = halvesOf(0, entries);
    this.small = new Queue(newer);
    this.main = new Queue(newer);
    this.table = new HashTable(this.hashes, halvesOf(entries, places));
    /** A ring of the hashes that failed their trial. */
    this.ghosts = new Uint32Array(buffer, 4 * entries, ghosts);
    this.ghostTable = new HashTable(this.ghosts, halvesOf(entries + places, ghostPlaces));
    this.failed = 0;
  }

  /** Whether a read finds the key; if not, it is stored. @param {number} hash */
  read(hash) {
    const found = this.table.find(hash);
    if (found !== -1) {
      if (this.uses[found] < MOST_USES) this.uses[found]++;
      return true;
    }
    const node = this.held < this.entries ? this.held++ : this.evict();
    this.hashes[node] = hash;
    this.uses[node] = 0;
    this.table.add(node);
    const ghost = this.ghostTable.find(hash);
    if (ghost === -1) {
      this.small.push(node);
    } else {
      this.ghostTable.remove(ghost);
      this.main.push(node);
    }
    return false;
  }

  evict() {
    const { small, main, uses } = this;
    for (;;) {
      if (main.length === 0 || small.length >= this.trial) {
        const node = small.shift();
        if (uses[node] <= PROVEN) {
          this.remember(this.hashes[node]);
          this.table.remove(node);
          return node;
        }
        uses[node] = 0;
        main.push(node);
        continue;
      }
      const node = main.shift();
      if (uses[node] === 0) {
        this.table.remove(node);
        return node;
      }
      uses[node]--;
      main.push(node);
    }
  }

  /** @param {number} hash not in the ghost, which lost it when the key came back */
  remember(hash) {
    const at = this.failed;
    this.ghostTable.remove(at);
    this.ghosts[at] = hash;
    this.ghostTable.add(at);
    this.failed = (at + 1) % this.ghosts.length;
  }
}

module.exports = { SimulatedS3Fifo };
