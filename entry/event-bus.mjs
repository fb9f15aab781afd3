import api from './event-bus.js';

export const { RedisEventBus, RabbitMQEventBus, NatsEventBus } = api;
