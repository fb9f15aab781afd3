import type { EventBus, InvalidationEvent } from './bus.js';
import type {
  NatsEventBusHealth,
  NatsEventBusOptions,
  RabbitMQEventBusHealth,
  RabbitMQEventBusOptions,
  RedisEventBusHealth,
  RedisEventBusOptions,
} from './bus-options.js';
import type { RedisConnection } from './redis.js';

/**
 * The methods of all buses of this package. A bus connects when it is first used, and connects again by itself; events
 * are sent in order. It does not keep the process alive; a call that is awaited does.
 */
declare abstract class TransportEventBus implements EventBus {
  /** Connects. Rejects when the first attempt fails; others follow by themselves. */
  connect(): Promise<void>;
  /**
   * Sends an event; resolves when the broker has it. Rejects when it cannot be sent now: then it waits in the retry
   * queue, unless it is too large for the broker.
   */
  publish(event: InvalidationEvent): Promise<void>;
  /**
   * Calls `handler` with every event, one at a time and in order. A handler that fails gets the event again, three
   * times in all; RabbitMQ then delivers it again, ten times within some minutes, and JetStream up to `maxDeliver`
   * times. Resolves once events arrive; while the broker is away, at once: they arrive when it is back. Handlers run in
   * the asynchronous context of this call.
   */
  subscribe(handler: (event: InvalidationEvent) => void | Promise<void>): Promise<void>;
  /** Sends the events that wait, for a second at most, and disconnects. `connect()` connects again. */
  disconnect(): Promise<void>;
}

/**
 * An event bus on Redis Pub/Sub. At most once: an event that is sent while an instance is not connected does not reach
 * it; it then stops serving the entries that its L1 held before.
 */
export declare class RedisEventBus extends TransportEventBus {
  /**
   * @param redis a `Redis` or `Cluster` of `ioredis`, or a client or cluster of `redis` (node-redis), whose options are
   *   read: the bus has connections of its own; or a URL, or options. An object that only has the methods of a client
   *   is driven itself.
   * @param channel the same for all instances
   */
  constructor(redis: RedisConnection, channel: string, options?: RedisEventBusOptions);
  /** How the bus is, once it is connected or cannot be; connects if it is not, and never rejects. */
  healthCheck(): Promise<RedisEventBusHealth>;
}

/** An event bus on an exchange of RabbitMQ, with confirms. An event is acknowledged once it is handled. */
export declare class RabbitMQEventBus extends TransportEventBus {
  /** @param exchange the same for all instances */
  constructor(exchange: string, options?: RabbitMQEventBusOptions);
  /** Connects to `url`, instead of the option of that name. */
  init(url?: string): Promise<void>;
  /** How the bus is, once it is connected or cannot be; connects if it is not, and never rejects. */
  healthCheck(): Promise<RabbitMQEventBusHealth>;
}

/** An event bus on NATS. */
export declare class NatsEventBus extends TransportEventBus {
  constructor(options?: NatsEventBusOptions);
  /** How the bus is, once it is connected or cannot be; connects if it is not, and never rejects. */
  healthCheck(): Promise<NatsEventBusHealth>;
}

// Declarations without `export` stay private.
export {};
