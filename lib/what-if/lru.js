'use strict';
// A cache of hashes without values, which evicts the least recently used one.

const { HashTable, lengthFor } = require('./hashes.js');

class SimulatedLru {
  /** @param {number} entries at most 2^15 */
  constructor(entries) {
    const places = lengthFor(entries);
    const buffer = new ArrayBuffer(8 * entries + 4 + 2 * places);
    this.entries = entries;
    this.held = 0;
    const hashes = new Uint32Array(buffer, 0, entries);
    this.hashes = hashes;
    /** A ring over all nodes and the number after the last, which stands between the newest and the oldest. */
    this.newer = new Uint16Array(buffer, 4 * entries, entries + 1);
    this.older = new Uint16Array(buffer, 6 * entries + 2, entries + 1);
    this.newer[entries] = entries;
    this.older[entries] = entries;
    this.table = new HashTable(hashes, new Uint16Array(buffer, 8 * entries + 4, places));
  }

  /** Whether a read finds the key; if not, it is stored. @param {number} hash */
  read(hash) {
    let node = this.table.find(hash);
    const isHit = node !== -1;
    if (isHit) {
      this.unlink(node);
    } else {
      node = this.held < this.entries ? this.held++ : this.evict();
      this.hashes[node] = hash;
      this.table.add(node);
    }
    this.link(node);
    return isHit;
  }

  evict() {
    const oldest = this.newer[this.entries];
    this.table.remove(oldest);
    this.unlink(oldest);
    return oldest;
  }

  /** @param {number} node that becomes the newest */
  link(node) {
    const { newer, older, entries } = this;
    const newest = older[entries];
    newer[newest] = node;
    older[node] = newest;
    newer[node] = entries;
    older[entries] = node;
  }

  /** @param {number} node */
  unlink(node) {
    const { newer, older } = this;
    newer[older[node]] = newer[node];
    older[newer[node]] = older[node];
  }
}

module.exports = { SimulatedLru };
