'use strict';
// Sessions over an object with the methods of an `ioredis` client, for a bus on Redis.

const { ARRIVAL } = require('../contract/codes.js');

/** How Redis says that a user has no right to a channel. */
const NO_RIGHT = /NOPERM/;

/**
 * @param {Foreign} client
 * @param {string} channel
 * @param {import('../logger.js').Logger} logger
 * @returns {import('./session.js').Transport}
 */
function redisTransport(client, channel, logger) {
  const heartbeats = `${channel}:heartbeat`;
  // An object with no more than the methods that a bus needs may count their calls.
  const hasHeartbeats = typeof client.status === 'string';
  return {
    async connect(handlers) {
      await client.ping?.();
      if (!hasHeartbeats) handlers.onNoHeartbeats();
      /** @type {Foreign | undefined} */
      let subscriber;
      const publish = (/** @type {Buffer} */ bytes, /** @type {boolean} */ isHeartbeat) =>
        isHeartbeat ? unlessForbidden(client.publish(heartbeats, bytes), handlers) : client.publish(channel, bytes);
      return {
        publish,
        async subscribe() {
          // A client of its own: one that is subscribed can do nothing else.
          const own = client.duplicate();
          subscriber = own;
          const followed = follow(own, { channel, heartbeats, logger }, handlers);
          await own.subscribe(channel);
          followed.wasReady = true;
          if (hasHeartbeats) await unlessForbidden(own.subscribe(heartbeats), handlers);
        },
        close() {
          // Not waited for: there may be no server to answer.
          Promise.resolve(subscriber?.unsubscribe?.(channel)).catch(() => {});
          subscriber?.disconnect();
        },
      };
    },
  };
}

/**
 * @param {Foreign} subscriber
 * @param {{ channel: string, heartbeats: string, logger: import('../logger.js').Logger }} names
 * @param {import('./session.js').Handlers} handlers
 */
function follow(subscriber, { channel, heartbeats, logger }, { onMessage, onLost }) {
  const followed = { wasReady: subscriber.status === 'ready' };
  subscriber.on('messageBuffer', (/** @type {unknown} */ from, /** @type {Buffer} */ payload) => {
    const name = String(from);
    if (name === channel) onMessage(payload, ARRIVAL.EVENT);
    else if (name === heartbeats) onMessage(payload, ARRIVAL.HEARTBEAT);
  });
  subscriber.on('ready', () => {
    // The client has subscribed again by itself: events that were sent meanwhile are lost.
    if (followed.wasReady) onLost('the client has connected again');
    followed.wasReady = true;
  });
  subscriber.on('error', (/** @type {unknown} */ error) => {
    logger.warn('the event bus', error);
    if (followed.wasReady && subscriber.status !== 'ready') onLost(error);
  });
  for (const ended of ['close', 'end']) subscriber.on(ended, () => onLost('the connection of the client has ended'));
  return followed;
}

/**
 * @param {Promise<unknown>} asked something for heartbeats
 * @param {import('./session.js').Handlers} handlers
 */
async function unlessForbidden(asked, { onNoHeartbeats }) {
  try {
    await asked;
  } catch (error) {
    if (!NO_RIGHT.test(`${error}`)) throw error;
    onNoHeartbeats();
  }
}

module.exports = { redisTransport };
