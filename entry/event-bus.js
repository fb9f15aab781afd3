'use strict';

const { decodeInvalidationEvent, encodeInvalidationEvent } = require('../lib/bus/codec.js');
const { NatsEventBus, RabbitMQEventBus, RedisEventBus, defineTransport } = require('../lib/bus/event-buses.js');
// The addon is loaded at once: where it cannot be, the import says so.
void require('../lib/raw.js');

/** What the declarations promise. @satisfies {typeof import('../types/event-bus.js')} */
const entry = {
  RedisEventBus,
  RabbitMQEventBus,
  NatsEventBus,
  defineTransport,
  encodeInvalidationEvent,
  decodeInvalidationEvent,
};

module.exports = Object.defineProperty(entry, 'default', { value: entry, writable: true });
