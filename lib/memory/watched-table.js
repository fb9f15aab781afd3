'use strict';
// The values of a storage that finds those that were changed while they were shared: by a checksum as an entry comes
// and as it goes.

const { lazy } = require('../lazy.js');
const { checksum } = require('./checksum.js');
const { SlotTable } = require('./slots.js');

const made = lazy(() => require('../contract/events.js'));
const RESOLVED = Promise.resolve();
/**
 * Slots are linked and cleared amid calls. A checksum runs code of the value, which may make others: so it is made
 * after this job.
 * @param {() => void} act
 */
const afterJob = (act) => void RESOLVED.then(act);

class WatchedTable extends SlotTable {
  /**
   * @param {import('../options/read.js').OptionRecord} memory
   * @param {import('../options/values.js').Sharing} sharing
   */
  constructor(memory, sharing) {
    super(memory, sharing, true);
    /** Fingerprints of the values as they were stored, by slot. @type {Map<number, { key: string, sum: string | undefined }>} */
    this.sums = new Map();
    /** The caches over the layer. @type {WeakRef<import('../core.js').Core>[]} */
    this.cores = [];
  }

  /** @param {import('../core.js').Core} core */
  joinedBy(core) {
    this.cores = this.cores.filter((known) => known.deref() !== undefined);
    this.cores.push(new WeakRef(core));
  }

  /**
   * @param {string} key
   * @param {number} slot
   */
  link(key, slot) {
    super.link(key, slot);
    if (this.words[slot] <= 0 || this.sums.has(slot)) return;
    /** @type {{ key: string, sum: string | undefined }} */
    const known = { key, sum: undefined };
    this.sums.set(slot, known);
    const value = this.values[slot];
    afterJob(() => {
      known.sum = checksum(value);
    });
  }

  /** @param {number} slot */
  clear(slot) {
    const known = this.sums.get(slot);
    const value = this.values[slot];
    super.clear(slot);
    if (known === undefined) return;
    this.sums.delete(slot);
    afterJob(() => {
      if (known.sum !== undefined && checksum(value) !== known.sum) this.tell(known.key);
    });
  }

  /** @param {string} key */
  tell(key) {
    for (const core of this.cores) core.deref()?.emitter.emit(made().EVENT.mutation(key));
  }
}

module.exports = { WatchedTable };
