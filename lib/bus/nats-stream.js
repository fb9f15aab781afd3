'use strict';
// Streams and consumers of JetStream, over a connection of the package `nats`.

const { performance } = require('node:perf_hooks');
const timers = require('node:timers');
const { failure } = require('../errors.js');

/** Of Node.js, also where a test has fake timers. */
const { setTimeout } = timers;
const now = performance.now.bind(performance);
const NANOS_PER_MILLI = 1_000_000;
/** How often, in milliseconds, the server reports that it has no new messages. */
const IDLE_MS = 2000;
/** How often, in milliseconds, messages are asked for again: the least that the server allows with such reports. */
const EXPIRES_MS = 2 * IDLE_MS;
/** How often, in milliseconds, to check whether other sessions have asked for events. */
const ALONE_MS = 50;
/**
 * So many reports have to be missing. At the second the client asks again, and a busy thread may have reports yet to
 * read; by the third it has read them.
 */
const MISSED = 3;
const NO_SUBSCRIBE = 'the connection that NatsEventBus was given has no subscribe(): nothing is heard by it';

/**
 * The messages of a consumer of this instance, made if that is wanted.
 * @param {Foreign} connection
 * @param {import('./nats-session.js').How} how
 */
async function openStream(connection, how) {
  await ensureStream(connection, how);
  const { stream, durableName, ackWaitMs, maxDeliver, ensureConsumer } = /** @type {Foreign} */ (how.jetstream);
  const { consumers } = await jetstreamOf(connection, 'jetstreamManager');
  const config = {
    durable_name: durableName,
    deliver_policy: 'all',
    ack_policy: 'explicit',
    ack_wait: ackWaitMs * NANOS_PER_MILLI,
    max_deliver: maxDeliver,
    filter_subject: how.subject,
  };
  const wasThere = ensureConsumer
    ? await ensure(
        () => consumers.info(stream, durableName),
        () => consumers.add(stream, config),
      )
    : true;
  const info = await whenAlone(() => consumers.info(stream, durableName)).catch(() => undefined);
  // Messages that were under way when a connection ended come again only after their acknowledgement time.
  const continues = wasThere && info !== undefined && !(info.num_waiting > 0) && info.num_ack_pending === 0;
  const wait = info?.config?.ack_wait;
  const consumer = await jetstreamOf(connection, 'jetstream').consumers.get(stream, durableName);
  // Without the first option it asks for ever, also when the consumer is gone.
  const asked = { abort_on_missing_resource: true, idle_heartbeat: IDLE_MS, expires: EXPIRES_MS };
  const messages = await consumer.consume(asked);
  const statuses = await messages.status?.();
  return {
    messages,
    statuses,
    end: () => messages.close?.() ?? messages.stop?.(),
    continues,
    ackWaitMs: wait > 0 ? wait / NANOS_PER_MILLI : ackWaitMs,
  };
}

/**
 * Waits until the requests of all other sessions have expired, in vain if another instance has the same durable name.
 * The server may take the connection of an earlier session for open, and hand it the next event.
 * @param {() => Promise<any>} ask how the consumer is
 */
async function whenAlone(ask) {
  const until = now() + EXPIRES_MS;
  for (;;) {
    const info = await ask();
    if (!(info.num_waiting > 0) || now() > until) return info;
    await new Promise((resolve) => void setTimeout(resolve, ALONE_MS));
  }
}

/**
 * Whether a status of the messages tells that the server does not hand them out any more.
 * @param {Foreign} status
 */
function isSilent({ type, data }) {
  return type === 'heartbeats_missed' && data >= MISSED;
}

/**
 * Makes the stream, if that is wanted and it is not there.
 * @param {Foreign} connection
 * @param {import('./nats-session.js').How} how
 */
async function ensureStream(connection, how) {
  const { stream, storage, maxAgeMs, maxMsgs, ensureStream: isWanted } = /** @type {Foreign} */ (how.jetstream);
  if (!isWanted) return;
  const { streams } = await jetstreamOf(connection, 'jetstreamManager');
  const limits = { max_msgs: maxMsgs, max_age: maxAgeMs * NANOS_PER_MILLI };
  const config = { name: stream, subjects: [how.subject], storage, ...limits };
  await ensure(
    () => streams.info(stream),
    () => streams.add(config),
  );
}

/**
 * Makes a stream or consumer if it is missing, and returns whether it was there. Another instance may make it at the
 * same time: the second one is refused then.
 * @param {() => any} find
 * @param {() => any} make
 */
async function ensure(find, make) {
  const isThere = async () => {
    try {
      return Boolean(await find());
    } catch {
      return false;
    }
  };
  if (await isThere()) return true;
  try {
    await make();
  } catch (error) {
    if (!(await isThere())) throw error;
  }
  return false;
}

/**
 * @param {Foreign} connection
 * @param {'jetstream' | 'jetstreamManager'} method
 */
function jetstreamOf(connection, method) {
  if (typeof connection[method] !== 'function') {
    throw failure(`the connection that NatsEventBus was given has no ${method}(): give "connectionOptions" instead`);
  }
  return connection[method]();
}

module.exports = { NO_SUBSCRIBE, openStream, isSilent, ensureStream, jetstreamOf };
