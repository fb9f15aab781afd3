'use strict';
// Custom event buses: messages that one does not take wait for it, as with builtin buses.

const { RETRY } = require('../contract/codes.js');
const { RETRY_QUEUE } = require('../contract/described.js');
const { bridge } = require('../raw.js');
const { TransportEventBus } = require('./event-bus.js');
const { RetryQueue } = require('./retry-queue.js');

const { raw } = bridge;

/**
 * The objects through which the addon publishes, by target, see src/js_calls.rs: the bus, one for messages that failed,
 * and one for messages that were not tried. The core of the cache is known once it is made.
 * @param {Foreign} bus
 * @param {import('../logger.js').Logger} logger
 * @param {() => (import('../core.js').Core | undefined)} coreOf
 * @returns {{ publish: (event: any) => any }[]}
 */
function customBusTargets(bus, logger, coreOf) {
  const send = async (/** @type {Given} */ event) => {
    await bus.publish(event);
  };
  if (bus instanceof TransportEventBus) {
    // A builtin bus that is driven through its methods keeps its failed events itself.
    return [bus, { publish() {} }, { publish: (event) => void send(event).catch(() => {}) }];
  }
  const report = (/** @type {number} */ what) => {
    const core = coreOf();
    return core === undefined || core.closed ? -1 : raw.busTried(core.id, what);
  };
  const queue = new RetryQueue(send, RETRY_QUEUE.maxSize, logger, {
    wait: () => report(RETRY.ASK),
    tried: (sent) => report(sent ? RETRY.SENT : RETRY.FAILED),
  });
  const kept = { publish: (/** @type {Given} */ event) => queue.keep(event) };
  return [{ publish: (event) => queue.pass(event) }, kept, kept];
}

module.exports = { customBusTargets };
