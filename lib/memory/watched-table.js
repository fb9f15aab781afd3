'use strict';
// The values of a storage that finds those that were changed while they were shared: by a checksum as an entry comes
// and as it goes.

const { lazy } = require('../lazy.js');
const { checksum } = require('./checksum.js');
const { SlotTable } = require('./slots.js');

const made = lazy(() => require('../contract/events.js'));
const RESOLVED = Promise.resolve();

class WatchedTable extends SlotTable {
  /**
   * @param {import('../options/read.js').OptionRecord} memory
   * @param {import('../options/values.js').Sharing} sharing
   */
  constructor(memory, sharing) {
    super(memory, sharing, true);
    /** Fingerprints of the values as they were stored, by slot. @type {Map<number, { key: string, sum: string | undefined }>} */
    this.sums = new Map();
  }

  /**
   * @param {string} key
   * @param {number} slot
   */
  link(key, slot) {
    super.link(key, slot);
    if (this.words[slot] > 0 && !this.sums.has(slot)) {
      this.sums.set(slot, { key, sum: checksum(this.values[slot]) });
    }
  }

  /** @param {number} slot */
  clear(slot) {
    const was = this.sums.get(slot);
    if (was !== undefined) {
      this.sums.delete(slot);
      if (was.sum !== undefined && checksum(this.values[slot]) !== was.sum) this.tell(was.key);
    }
    super.clear(slot);
  }

  /**
   * Slots are cleared amid calls, so the event is told after this job.
   * @param {string} key
   */
  tell(key) {
    const core = this.first?.deref();
    RESOLVED.then(() => core?.emitter.emit(made().EVENT.mutation(key)));
  }
}

module.exports = { WatchedTable };
