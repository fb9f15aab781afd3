'use strict';
// The journal of a layer whose policy keeps no order of use: a hit leaves no record. It adds one to the uses of its
// slot, which the addon takes when it looks for an entry to evict.

const { bridge } = require('../raw.js');
const { Journal } = require('./journal.js');

/** The policy counts no more uses than these. */
const MOST_USES = 3;

class CountingJournal extends Journal {
  /**
   * @override
   * @param {number} slot that was answered
   */
  hit(slot) {
    const { uses } = this;
    const used = uses[slot];
    if (used < MOST_USES) uses[slot] = used + 1;
    this.repeat(slot);
  }

  /**
   * @override
   * @param {Uint32Array} slots
   * @param {number} count
   */
  hits(slots, count) {
    for (let at = 0; at < count; at++) this.hit(slots[at]);
  }

  /**
   * @override
   * @param {number} slots
   */
  makeRoom(slots) {
    if (this.uses.length >= slots) return;
    const uses = bridge.uint8(slots);
    uses.set(this.uses);
    this.uses = uses;
  }
}

module.exports = { CountingJournal };
