'use strict';
// The contract that caches rely on in an event bus, as cases that any test runner can run.

const assert = require('node:assert/strict');
const { randomBytes, randomUUID } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');
const { LazyLayersCache } = require('../cache.js');
const { argument, optionRange, optionType } = require('../errors.js');
const { yes } = require('../options/checks.js');
const { mustBeObject } = require('../options/read.js');

const STORM = 500;
const LARGE_BYTES = 100_000;
const WAIT_MS = 15_000;
const QUIET = Object.freeze({ logging: { enabled: false } });

/**
 * @typedef {import('../../types/bus.js').EventBus} EventBus
 * @typedef {import('../../types/testing.js').BusContractOptions} Options
 * @typedef {{ make: () => Promise<EventBus>, options: Options }} World
 */

/**
 * The cases of a bus. See types/testing.d.ts.
 * @param {() => EventBus | Promise<EventBus>} factory
 * @param {Options | null} [given]
 */
function busContract(factory, given = undefined) {
  if (typeof factory !== 'function') throw argument('factory', 'a function that returns a bus', factory);
  const options = readOptions(given);
  const cases = Object.entries(options.interrupt === undefined ? CASES : { ...CASES, ...INTERRUPTED });
  return cases.map(([name, holds]) => ({ name, run: () => run(holds, factory, options) }));
}

/**
 * Unknown names are refused, and not told as elsewhere: a misspelt `interrupt` would leave out a case.
 * @param {Options | null} [given]
 * @returns {Options}
 */
function readOptions(given) {
  mustBeObject('options', given);
  const { interrupt: givenInterrupt, isDurable: givenIsDurable, ...others } = given ?? {};
  for (const [name, value] of Object.entries(others)) {
    throw optionRange(name, 'left out: busContract takes interrupt, isDurable', value);
  }
  const [interrupt, isDurable] = [givenInterrupt ?? undefined, givenIsDurable ?? false];
  if (interrupt !== undefined && typeof interrupt !== 'function') {
    throw optionType('interrupt', 'a function that breaks the connections of all buses', interrupt);
  }
  return { interrupt, isDurable: yes('isDurable', isDurable) };
}

/**
 * @param {(world: World) => Promise<void>} holds
 * @param {() => EventBus | Promise<EventBus>} factory
 * @param {Options} options
 */
async function run(holds, factory, options) {
  /** @type {EventBus[]} */
  const made = [];
  const make = async () => {
    const bus = await factory();
    if (bus === null || typeof bus !== 'object') throw argument('the answer of factory', 'a bus', bus);
    assert.ok(!made.includes(bus), 'the factory makes another bus each time');
    made.push(bus);
    await bus.connect?.();
    return bus;
  };
  try {
    await holds({ make, options });
  } finally {
    await Promise.all(made.map((bus) => bus.disconnect?.()));
  }
}

/** @type {Record<string, (world: World) => Promise<void>>} */
const CASES = {
  async 'an event reaches every other bus, unchanged'({ make }) {
    const [sender, one, other] = [await make(), await listening(make), await listening(make)];
    const event = deleteOf('k', 'clé', '7');
    await sender.publish(event);
    for (const { heard } of [one, other]) {
      await until(() => heard.length > 0, 'the event arrives');
      assert.deepEqual(shown(heard[0]), event);
    }
  },

  async 'values arrive as they were sent'({ make }) {
    const [sender, { heard }] = [await make(), await listening(make)];
    const value = { text: 'ü', none: null, list: [1, -0.5], bytes: Buffer.from([0, 128, 255]) };
    await sender.publish({ ...base(), type: 'set', keys: ['k'], value, ttlMs: 1000 });
    await until(() => heard.length > 0, 'the value arrives');
    const { bytes, ...rest } = heard[0].value;
    assert.deepEqual([rest, [...bytes]], [{ text: 'ü', none: null, list: [1, -0.5] }, [0, 128, 255]]);
  },

  async 'events of one bus arrive in their order, and all of them'({ make }) {
    const [sender, { heard }] = [await make(), await listening(make)];
    const sent = Array.from({ length: STORM }, (_, at) => deleteOf(`k${at}`));
    await Promise.all(sent.map((event) => sender.publish(event)));
    await until(() => heard.length >= STORM, 'all arrive');
    assert.deepEqual(
      heard.map(({ keys }) => keys[0]),
      sent.map(({ keys }) => keys[0]),
    );
  },

  async 'a handler that fails disturbs no other'({ make }) {
    const bus = await make();
    await bus.subscribe(() => Promise.reject(new Error('of the contract')));
    const { heard } = await listening(make, bus);
    const sender = await make();
    await sender.publish(deleteOf('first'));
    await sender.publish(deleteOf('second'));
    await until(() => heard.length >= 2, 'the other is given both');
  },

  async 'a large event arrives or is refused, and the next one arrives'({ make }) {
    const [sender, { heard }] = [await make(), await listening(make)];
    const text = randomBytes(LARGE_BYTES).toString('base64');
    const refused = await sender.publish({ ...base(), type: 'del', keys: [text] }).then(
      () => false,
      () => true,
    );
    await sender.publish(deleteOf('next'));
    await until(() => heard.some(({ keys }) => keys[0] === 'next'), 'the next one arrives');
    assert.equal(heard.length, refused ? 1 : 2);
  },

  async 'it tells how it is, and can be disconnected and connected again'({ make }) {
    const { bus, all } = await listening(make);
    const sender = await make();
    if (bus.healthCheck !== undefined) assert.equal((await bus.healthCheck()).ok, true);
    if (bus.disconnect === undefined || bus.connect === undefined) return;
    await bus.disconnect();
    await bus.connect();
    await reaches(sender, all);
  },

  async 'a delete of one cache reaches the other, and so does a value that it loads'({ make }) {
    await withCaches(make, async ([one, other]) => {
      await other.cache.set('k', 'old');
      await one.cache.delete('k');
      await until(async () => (await other.cache.get('k')) === undefined, 'the delete arrives');
      await one.cache.getOrSet('loaded', async () => 'value');
      await until(async () => (await other.cache.get('loaded')) === 'value', 'the value arrives');
      await one.cache.clear();
      await until(async () => (await other.cache.get('loaded')) === undefined, 'the pattern arrives');
    });
  },
};

/** @type {typeof CASES} */
const INTERRUPTED = {
  async 'after an interruption nothing is served that was deleted meanwhile'({ make, options }) {
    await withCaches(make, async ([one, other]) => {
      await other.cache.set('meanwhile', 'stale');
      let isCalled = false;
      await options.interrupt?.(async () => {
        isCalled = true;
        await one.cache.delete('meanwhile');
      });
      assert.ok(isCalled, 'interrupt calls what it is given, while the buses are away');
      await until(async () => (await other.cache.get('meanwhile')) === undefined, 'it is not served any more');
      // The sender may be back before the receiver, and a broker that keeps nothing then delivers the event to nobody.
      if (!options.isDurable) await until(() => other.gaps.length > 0, 'the gap is noticed ("bus:gap")');
      await meets(one, other);
      await meets(other, one);
    });
  },
};

/**
 * @param {World['make']} make
 * @param {EventBus} [given] the bus, if there is one
 */
async function listening(make, given) {
  const bus = given ?? (await make());
  /** @type {any[]} */
  const all = [];
  /** Without those that only show that it listens. @type {any[]} */
  const heard = [];
  await bus.subscribe((/** @type {Foreign} */ event) => {
    all.push(event);
    if (!isProbe(event)) heard.push(event);
  });
  await reaches(bus === given ? await make() : await make(), all);
  return { bus, all, heard };
}

/**
 * Sends until an event of one bus is heard.
 * @param {EventBus} sender
 * @param {any[]} heard
 */
async function reaches(sender, heard) {
  const before = heard.length;
  await until(async () => {
    await sender.publish(deleteOf(PROBE));
    await sleep(20);
    return heard.length > before;
  }, 'events arrive');
}

const PROBE = 'lazy-layers-cache:probe';

/** @param {Foreign} event */
function isProbe(event) {
  return event.keys?.[0] === PROBE;
}

/**
 * @param {World['make']} make
 * @param {(nodes: { cache: any, gaps: unknown[] }[]) => Promise<void>} act
 */
async function withCaches(make, act) {
  const nodes = [];
  for (const source of ['one', 'other']) {
    const options = { name: 'contract', source: `${source}-${randomUUID()}`, broadcastSet: true, ...QUIET };
    const cache = new LazyLayersCache({ eventBus: await make(), ...options });
    /** @type {unknown[]} */
    const gaps = [];
    cache.on((event) => void gaps.push(event), { types: ['bus:gap'] });
    nodes.push({ cache, gaps });
  }
  try {
    for (const [from, to] of [nodes, nodes.toReversed()]) await meets(from, to);
    await act(nodes);
  } finally {
    await Promise.all(nodes.map(({ cache }) => cache.close()));
  }
}

/**
 * @param {{ cache: any }} from
 * @param {{ cache: any }} to
 */
async function meets(from, to) {
  await until(async () => {
    await to.cache.set(PROBE, true);
    await from.cache.delete(PROBE);
    await sleep(20);
    return (await to.cache.get(PROBE)) === undefined;
  }, 'the caches hear each other');
}

function base() {
  return { id: randomUUID(), source: 'contract', ts: Date.now() };
}

/** @param {string[]} keys */
function deleteOf(...keys) {
  return { ...base(), type: /** @type {const} */ ('del'), keys };
}

/**
 * An event without the fields that caches write for each other.
 * @param {Foreign} event
 */
function shown({ publisher: _publisher, sequence: _sequence, seen: _seen, ...event }) {
  return event;
}

/**
 * @param {() => unknown} holds
 * @param {string} what
 */
async function until(holds, what) {
  const end = Date.now() + WAIT_MS;
  while (!(await holds())) {
    if (Date.now() > end) throw new assert.AssertionError({ message: `within ${WAIT_MS} ms: ${what}` });
    await sleep(5);
  }
}

module.exports = { busContract };
