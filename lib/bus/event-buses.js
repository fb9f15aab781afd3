'use strict';
// The event buses of this package. Their options and backends are in files that are loaded with the first bus.

const { TransportEventBus, backendOf, partsOf } = require('./event-bus.js');

class RedisEventBus extends TransportEventBus {
  /**
   * @param {unknown} redis
   * @param {unknown} channel
   * @param {Given} [options]
   */
  constructor(redis, channel, options) {
    super(require('./redis-event-bus.js').redisBus(redis, channel, options));
  }

  healthCheck() {
    return require('./health.js').healthOf(this, 'redis');
  }
}

class RabbitMQEventBus extends TransportEventBus {
  /**
   * @param {unknown} exchange
   * @param {Given} [options]
   */
  constructor(exchange, options) {
    super(require('./rabbitmq-event-bus.js').rabbitBus(exchange, options));
  }

  /**
   * Connects to a URL that was not known before.
   * @param {unknown} [url]
   */
  async init(url) {
    if (url !== undefined && url !== null) partsOf(this)?.setUrl?.(url);
    await backendOf(this).connect();
  }

  healthCheck() {
    return require('./health.js').healthOf(this, 'rabbitmq');
  }
}

class NatsEventBus extends TransportEventBus {
  /** @param {Given} [options] */
  constructor(options = {}) {
    super(require('./nats-event-bus.js').natsBus(options));
  }

  healthCheck() {
    return require('./health.js').healthOf(this, 'nats');
  }
}

/**
 * A class of event buses over a transport.
 * @param {Given} transport
 * @returns {any} see types/transport.d.ts
 */
function defineTransport(transport) {
  return require('./define-transport.js').defineTransport(transport);
}

module.exports = { NatsEventBus, RabbitMQEventBus, RedisEventBus, defineTransport };
