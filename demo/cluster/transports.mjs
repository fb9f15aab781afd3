// The transports of the demo: where their broker is, or how one is started.
import { NatsEventBus, RabbitMQEventBus, RedisEventBus } from '../../index.mjs';
import { natsServer } from '../../__test__/support/servers/nats.mjs';
import { rabbitServer } from '../../__test__/support/servers/rabbitmq.mjs';
import { redisServer } from '../../__test__/support/servers/redis.mjs';

const CHANNEL = `lazy-layers-demo-${process.ppid}`;

/** By name: the variable that says where its broker is, and how to start one if none does. */
export const TRANSPORTS = {
  'Redis Pub/Sub': { variable: 'REDIS_URL', program: 'redis-server', start: redisServer },
  RabbitMQ: { variable: 'RABBITMQ_URL', program: 'rabbitmq-server', start: rabbitServer },
  'NATS core': { variable: 'NATS_URL', program: 'nats-server', start: natsServer },
  'NATS JetStream': { variable: 'NATS_URL', program: 'nats-server', start: natsServer },
};

/** The bus of one instance. */
export function busOf(transport, url, name) {
  switch (transport) {
    case 'Redis Pub/Sub':
      return new RedisEventBus(url, CHANNEL);
    case 'RabbitMQ':
      return new RabbitMQEventBus(CHANNEL, { url });
    case 'NATS core':
      return new NatsEventBus({ connectionOptions: { servers: url, name }, subject: CHANNEL });
    default:
      return new NatsEventBus({
        mode: 'jetstream',
        connectionOptions: { servers: url, name },
        subject: `${CHANNEL}-stream`,
        jetstream: { stream: `${CHANNEL}-stream`, durableName: name, storage: 'memory', maxAgeMs: 60_000 },
      });
  }
}
