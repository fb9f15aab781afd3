'use strict';

const { defineTransport } = require('../lib/bus/define-transport.js');
const { NatsEventBus } = require('../lib/bus/nats-event-bus.js');
const { RabbitMQEventBus } = require('../lib/bus/rabbitmq-event-bus.js');
const { RedisEventBus } = require('../lib/bus/redis-event-bus.js');

const { decodeInvalidationEvent, encodeInvalidationEvent } = require('../lib/bus/codec.js');

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
