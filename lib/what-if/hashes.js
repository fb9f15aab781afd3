'use strict';
// Keys as 32 bits, and a table that finds small numbers by them.

const HASHES = 2 ** 32;

/**
 * The hash of a key. All of its bits are random: murmur3's end of a hash.
 * @param {string} key
 * @param {number} seed
 */
function hashOf(key, seed) {
  let hash = seed;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The length of a table that is at most two thirds full. @param {number} most */
const lengthFor = (most) => Math.ceil(1.5 * most) + 1;

/** Nodes by their hashes: open addressing, in which a removal leaves no gap. */
class HashTable {
  /**
   * @param {Uint32Array} hashes by node
   * @param {Uint16Array} places as many as `lengthFor` says; a node plus one, 0 for none
   */
  constructor(hashes, places) {
    this.hashes = hashes;
    this.places = places;
  }

  /** @param {number} hash */
  home(hash) {
    return Math.floor((Math.imul(hash, 0x9e3779b1) >>> 0) * (this.places.length / HASHES));
  }

  /** @param {number} at */
  after(at) {
    return at + 1 === this.places.length ? 0 : at + 1;
  }

  /** The node of a hash, or -1. @param {number} hash */
  find(hash) {
    const { hashes, places } = this;
    for (let at = this.home(hash); ; at = this.after(at)) {
      const node = places[at] - 1;
      if (node === -1 || hashes[node] === hash) return node;
    }
  }

  /** Adds a node whose hash is not there. @param {number} node */
  add(node) {
    const { places } = this;
    let at = this.home(this.hashes[node]);
    while (places[at] !== 0) at = this.after(at);
    places[at] = node + 1;
  }

  /** Removes a node, if it is there. @param {number} node */
  remove(node) {
    const { hashes, places } = this;
    let gap = this.home(hashes[node]);
    while (places[gap] !== node + 1) {
      if (places[gap] === 0) return;
      gap = this.after(gap);
    }
    // Those that follow move up, unless the gap is before their home.
    for (let at = this.after(gap); places[at] !== 0; at = this.after(at)) {
      const home = this.home(hashes[places[at] - 1]);
      if (this.distance(home, at) < this.distance(gap, at)) continue;
      places[gap] = places[at];
      gap = at;
    }
    places[gap] = 0;
  }

  /** @param {number} from @param {number} to */
  distance(from, to) {
    return to >= from ? to - from : to - from + this.places.length;
  }
}

module.exports = { HASHES, HashTable, hashOf, lengthFor };
