import { createRequire } from 'node:module';

const api = createRequire(import.meta.url)('./event-bus.js');

export const { RedisEventBus, RabbitMQEventBus, NatsEventBus, encodeInvalidationEvent, decodeInvalidationEvent } = api;
