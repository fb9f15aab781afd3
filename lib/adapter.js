'use strict';
// The calls of the addon to JavaScript on behalf of a cache: custom layers and buses, values, events.

const { KeptContext } = require('./context.js');
const { REPORT, TARGET } = require('./contract/codes.js');
const { FORM_BITS } = require('./contract/numbers.js');
const { METHODS } = require('./contract/words.js');
const { reasonOf } = require('./errors.js');
const { lazy } = require('./lazy.js');
const { bridge, settle } = require('./raw.js');
const { writesJson } = require('./serializer/format.js');
const { OF_SEVERAL_KEYS } = require('./memory/slots.js');
const { storeOptions } = require('./store-options.js');
const { attune } = require('./time.js');
const { admit, adopt } = require('./values/sharing.js');

const events = lazy(() => require('./events.js'));
const made = lazy(() => require('./contract/events.js'));
const messages = lazy(() => require('./messages.js'));
const busEvents = lazy(() => require('./bus-events.js'));
const packing = lazy(() => require('./serializer/pack.js'));
const unpacking = lazy(() => require('./serializer/unpack.js'));

const { raw, scratch, transfer } = bridge;

const { SEVERAL_KEYS } = FORM_BITS;
/** Bytes before the values of an array. */
const ARRAY_HEAD = 5;

/** @type {import('./contract/raw.js').Methods<{ object: any, values: any[] }>} */
const CALLS = {
  get: ({ object }, key) => object.get(key),
  set: ({ object, values }, key, slot, ttlMs, options) =>
    object.set(key, values[slot], storeOptions(values[options], ttlMs)),
  has: ({ object }, key) => object.has(key),
  delete: ({ object }, key) => object.delete(key),
  deleteByPattern: ({ object }, pattern) => object.deleteByPattern(pattern),
  size: ({ object }) => object.size(),
  acquireLock: ({ object }, key, token, ttlMs) => object.acquireLock(key, token, ttlMs),
  releaseLock: ({ object }, key, token) => object.releaseLock(key, token),
  publish: ({ object, values }, ...message) => object.publish(messages().messageOf(message, values)),
};

class Adapter {
  /**
   * @param {object} objects custom layers and bus
   * @param {unknown} [objects.l1]
   * @param {unknown} [objects.l2]
   * @param {any[]} [objects.bus] the targets of events, see lib/bus/custom-bus.js
   * @param {import('./emitter.js').Emitter} objects.emitter takes the events
   */
  constructor({ l1, l2, bus = [], emitter }) {
    this.id = bridge.nextAdapter++;
    this.targets = [l1, l2, ...bus];
    this.emitter = emitter;
    /** @type {import('./memory/slots.js').SlotTable} */
    this.table = /** @type {any} `attach` comes before it is used */ (undefined);
    /** Takes calls of custom stores that go together. @type {import('./many/gathered.js').Gathered | undefined} */
    this.gathered = undefined;
    /** How many calls of custom objects have not ended, also where nobody waits for them any more. */
    this.calling = 0;
    /** Whether more results are about to be reported. */
    this.isHeld = false;
    /** The message being applied, for the events about it. @type {import('../types/bus.js').InvalidationEvent | undefined} */
    this.message = undefined;
    /**
     * The async context of work without a caller, such as the events of a bus: that in which the cache was made.
     */
    this.context = new KeptContext('LazyLayersCache', { requireManualDestroy: true });
  }

  /**
   * The cache of this adapter. The reference is weak: a handler, store or bus of a user may hold the cache, and must
   * not keep it alive by way of the addon.
   * @param {import('./core.js').Core} core
   */
  attach(core) {
    this.core = new WeakRef(core);
    this.table = core.table;
    bridge.addAdapter(this);
    // Messages of a bus may arrive after the module registry of a test runner has ended, when no file can be loaded.
    if (this.targets[TARGET.BUS] !== undefined) {
      for (const load of [events, made, messages, busEvents, packing, unpacking]) load();
    }
  }

  /**
   * @param {number} event its number
   * @param {unknown[]} fields
   */
  emit(event, fields) {
    this.emitter.emit(events().eventOf(event, fields, this.table.values, this.message));
  }

  /**
   * Takes a message that only this side can read.
   * @param {number} _subscription
   * @param {number} delivery its number, for the report of its outcome; -1 when none is wanted
   * @param {number} form
   * @param {Buffer | number} bytes
   */
  receive(_subscription, delivery, form, bytes) {
    const done = () => delivery >= 0 && raw.busHandled(delivery, true);
    const core = this.core?.deref();
    if (core === undefined || core.closed) {
      done();
      return;
    }
    /** @type {Promise<any>} */
    let applied;
    try {
      const event = unpacking().unpack(form, bytes);
      applied = this.context.runInAsyncScope(() => busEvents().applyEvent(core, event));
    } catch {
      // An event that cannot be read counts as absent: another delivery does not help.
      done();
      return;
    }
    applied.then(done, done);
  }

  /**
   * Events were dropped, as this thread was busy for too long.
   * @param {number} count
   */
  dropped(count) {
    this.emitter.logger.warn(
      `${count} events of a cache were dropped before they reached its handlers: the thread was busy`,
    );
  }

  /**
   * Calls a method of a custom store or bus. Its result is reported, now or later.
   * @param {import('./request.js').Request | null | undefined} caller the request that asks; null if none does,
   * undefined while the call is under way that makes it
   * @param {number} _adapter
   * @param {number} call
   * @param {number} target
   * @param {number} method
   * @param {any[]} args
   */
  call(caller, _adapter, call, target, method, ...args) {
    const name = METHODS[method];
    if (this.gathered?.takes(caller, { call, target, name, args })) return;
    let result;
    let comesLater;
    try {
      const on = { object: this.targets[target], values: this.table.values };
      result = /** @type {Foreign} */ (CALLS)[name](on, ...args);
      comesLater = typeof result?.then === 'function';
    } catch (error) {
      this.fail(call, error);
      return;
    }
    if (comesLater) {
      this.calling++;
      Promise.resolve(result).then(
        (value) => this.ended(() => this.settle(call, name, value)),
        (error) => this.ended(() => this.fail(call, error)),
      );
    } else {
      this.settle(call, name, result);
    }
  }

  /**
   * A call of a custom object has ended.
   * @param {() => void} report
   */
  ended(report) {
    this.calling--;
    report();
    this.core?.deref()?.wakeWaiting();
  }

  /**
   * Runs a verb of several keys, whose calls of a custom store go together.
   * @template T
   * @param {() => Promise<T>} run
   * @returns {Promise<T>}
   */
  gathering(run) {
    this.gathered ??= new (require('./many/gathered.js').Gathered)(this);
    return this.gathered.during(run);
  }

  /**
   * @param {number} call
   * @param {string} method
   * @param {unknown} value
   */
  settle(call, method, value) {
    switch (method) {
      case 'get':
        if (value === undefined) this.report(call, REPORT.NOTHING, 0);
        else this.report(call, REPORT.VALUE, value);
        return;
      case 'has':
      case 'acquireLock':
        this.report(call, REPORT.FLAG, value ? 1 : 0);
        return;
      case 'size':
        this.report(call, REPORT.NUMBER, Number(value) || 0);
        return;
      default:
        this.report(call, REPORT.NOTHING, 0);
    }
  }

  /**
   * @param {number} call
   * @param {unknown} error
   */
  fail(call, error) {
    this.report(call, REPORT.THROWN, error);
  }

  /**
   * @param {number} call
   * @param {number} code
   * @param {unknown} value
   */
  report(call, code, value) {
    const inSlot = code !== REPORT.NOTHING && code !== REPORT.FLAG && code !== REPORT.NUMBER;
    const core = code === REPORT.VALUE ? this.core?.deref() : undefined;
    let taken = value;
    let weight = 0;
    try {
      if (core !== undefined) {
        taken = admit(core.table, value);
        weight = core.weigh(taken);
      }
    } catch (error) {
      this.report(call, REPORT.THROWN, error);
      return;
    }
    attune();
    const argument = inSlot ? this.table.put(undefined, taken) : /** @type {number} */ (value);
    raw.reported(this.table.id, call, code, argument, weight);
    if (!this.isHeld) this.settleReports();
  }

  settleReports() {
    settle();
    this.table.sweep();
  }

  /**
   * Reports the results of several calls. Whatever waits for them goes on when all are there.
   * @param {() => void} report
   */
  together(report) {
    this.isHeld = true;
    try {
      report();
    } finally {
      this.isHeld = false;
      this.settleReports();
    }
  }

  /**
   * The bytes of the value in a slot; why it cannot be packed, as a text.
   * @param {number} slot
   * @returns {Buffer | string}
   */
  pack(slot) {
    try {
      const value = this.table.values[slot];
      if (!writesJson()) return packing().packShortly(value);
      const payload = packing().jsonPayload(value);
      transfer[0] = 1;
      return payload;
    } catch (error) {
      return `a value cannot be packed: ${reasonOf(error)}`;
    }
  }

  /**
   * The slot of a value that the addon hands over; why it cannot be read, as a text.
   * @param {number} form
   * @param {number | Buffer} source
   * @returns {number | string}
   */
  unpack(form, source) {
    try {
      const core = this.core?.deref();
      const unpacked = unpacking().unpack(form & ~SEVERAL_KEYS, source);
      const value = core === undefined ? unpacked : adopt(core.table, unpacked);
      transfer[0] = core?.weigh(value) ?? 0;
      return this.table.put((form & SEVERAL_KEYS) === 0 ? undefined : OF_SEVERAL_KEYS, value);
    } catch (error) {
      return `a value cannot be read: ${reasonOf(error)}`;
    }
  }

  /**
   * Puts several values that the addon hands over into slots.
   * @param {number | Buffer} source their number and 1 if all are records; of each its form and its length; then all as
   * an array of MessagePack
   * @returns {Uint32Array} of each its slot plus one, 0 if it cannot be read, and its weight
   */
  unpackMany(source) {
    const bytes = typeof source === 'number' ? scratch : source;
    const { unpackAll, unpackPart } = unpacking();
    const core = this.core?.deref();
    const count = bytes.readUInt32LE(0);
    const slots = bridge.uint32(count * 2);
    const array = 8 + count * 8;
    const ends = typeof source === 'number' ? source : source.length;
    const all = bytes.readUInt32LE(4) === 1 ? unpackAll(bytes, array, ends) : undefined;
    let start = array + ARRAY_HEAD;
    for (let at = 0; at < count; at++) {
      const end = all === undefined ? start + bytes.readUInt32LE(12 + at * 8) : start;
      try {
        const read = all === undefined ? unpackPart(bytes.readUInt32LE(8 + at * 8), bytes, start, end) : all[at];
        const value = core === undefined ? read : adopt(core.table, read);
        slots[at * 2 + 1] = core?.weigh(value) ?? 0;
        slots[at * 2] = this.table.put(undefined, value) + 1;
      } catch {
        // The addon asks for it alone, to learn the reason.
      }
      start = end;
    }
    return slots;
  }

  /**
   * Shows an entry of a store to the function in a slot.
   * @param {any[]} args
   */
  visit(...args) {
    const [, visitor, ...entry] = args;
    this.table.values[visitor](...entry);
  }

  /**
   * The size of an event on the bus.
   * @param {number} _adapter
   * @param {import('./contract/crossing.js').MessageFields} message
   * @returns {number}
   */
  measure(_adapter, ...message) {
    return busEvents().encodedBytes(messages().messageOf(message, this.table.values));
  }
}

module.exports = { Adapter };
