'use strict';

const { decodeInvalidationEvent, decodeInvalidationEvents, encodeInvalidationEvent } = require('../lib/bus/codec.js');
const { NatsEventBus, RabbitMQEventBus, RedisEventBus, defineTransport } = require('../lib/bus/event-buses.js');
void require('../lib/door.js');

/** What the declarations promise. @satisfies {typeof import('../types/event-bus.js')} */
const entry = {
  RedisEventBus,
  RabbitMQEventBus,
  NatsEventBus,
  defineTransport,
  encodeInvalidationEvent,
  decodeInvalidationEvent,
  decodeInvalidationEvents,
};

module.exports = Object.defineProperty(entry, 'default', { value: entry, writable: true });
