'use strict';
// The parts of an event bus on an exchange of RabbitMQ.

const { RABBITMQ_BUS } = require('../contract/described.js');
const { argument, failure, optionRange, optionType, withoutLogin } = require('../errors.js');
const { pathsOf } = require('../options/defaults.js');
const { integer, oneOf, read, readShared, text, yes } = require('./options.js');

const URL_ALLOWED = 'a URL such as amqp://user:password@host:5672/vhost or amqps://…';

const { exchange: _exchange, ...DEFAULTS } = RABBITMQ_BUS;
const OPTIONS = ['url', 'durableInvalidationMode', ...pathsOf(DEFAULTS)];

const EXCHANGE = oneOf('fanout', 'topic', 'direct', 'headers');

/**
 * @param {unknown} exchange
 * @param {Given} options
 * @returns {import('./event-bus.js').Parts}
 */
function rabbitBus(exchange, options) {
  if (typeof exchange !== 'string' || exchange === '') {
    throw argument('exchange', 'a string that is not empty', exchange);
  }
  text('exchange', exchange);
  const { retryQueue, logger } = readShared(options, OPTIONS);
  const rabbit = { exchange, retryQueue, ...readOptions(options, logger) };
  let url = read(options, 'url', checkUrl, '');
  const about = (/** @type {Foreign} */ { connected, place }) => ({
    exchange,
    queueName: place ?? null,
    durable: rabbit.durable,
    initialized: connected === true,
  });
  const make = () => {
    if (url === '') throw failure('RabbitMQEventBus needs a URL: give the option "url" or call init(url)');
    const { NativeBusBackend } = require('./native-backend.js');
    return new NativeBusBackend({ rabbitmq: { url, options: rabbit } }, { logger });
  };
  const setUrl = (/** @type {unknown} */ given) => void (url = checkUrl('url', given));
  return { make, about, setUrl };
}

/**
 * @param {Given} options
 * @param {import('../logger.js').Logger} logger
 */
function readOptions(options, logger) {
  const isDurable = read(options, 'durableInvalidationMode', yes, false);
  const durable = read(options, 'durable', yes, isDurable || RABBITMQ_BUS.durable);
  const prefetch = read(options, 'prefetch', integer(0, 65_535), -1);
  const queueName = read(options, 'queueName', text, RABBITMQ_BUS.queueName);
  const kept = { durable, persistent: read(options, 'persistent', yes, durable) };
  // A queue without a name is never found again: kept, it would fill for ever.
  const keepsQueue = isDurable && queueName !== '';
  if (isDurable && !keepsQueue) {
    logger.warn(
      'RabbitMQEventBus: "durableInvalidationMode" without a "queueName" keeps no events while this instance is away',
    );
  }
  return {
    ...kept,
    queueName,
    exclusiveQueue: read(options, 'exclusiveQueue', yes, !keepsQueue),
    autoDeleteQueue: read(options, 'autoDeleteQueue', yes, !keepsQueue),
    exchangeType: read(options, 'exchangeType', EXCHANGE, RABBITMQ_BUS.exchangeType),
    routingKey: read(options, 'routingKey', text, RABBITMQ_BUS.routingKey),
    ...(prefetch < 0 ? {} : { prefetch }),
  };
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {string}
 */
function checkUrl(path, value) {
  if (typeof value !== 'string') throw optionType(path, URL_ALLOWED, value);
  text(path, value);
  if (!URL.canParse(value) || !/^amqps?:$/.test(new URL(value).protocol)) {
    throw optionRange(path, URL_ALLOWED, withoutLogin(value));
  }
  return value;
}

module.exports = { rabbitBus };
