import { NatsEventBus, RabbitMQEventBus, RedisEventBus } from '../../index.mjs';

/** A bus of this package. */
export function ourBus(transport, url, channel, instance) {
  switch (transport) {
    case 'redis':
      return new RedisEventBus(url, channel);
    case 'rabbitmq':
      return new RabbitMQEventBus(channel, { url });
    case 'nats':
      return new NatsEventBus({ connectionOptions: { servers: url }, subject: channel });
    default: {
      const jetstream = { stream: `S_${channel}`, durableName: instance, storage: 'memory' };
      return new NatsEventBus({ mode: 'jetstream', connectionOptions: { servers: url }, subject: channel, jetstream });
    }
  }
}
