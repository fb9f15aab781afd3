/** `del`: keys were deleted. `pattern`: all keys that match were. `set`: a loader gave a value. */
export type InvalidationType = 'del' | 'pattern' | 'set';

/** What all events between caches have. They hold plain data: any encoding that keeps the value will do. */
export interface BaseInvalidationEvent {
  /**
   * Names the event: one delivered twice is applied once. An event that arrives without an id is told from others by
   * `source`, `ts`, `type` and keys.
   */
  id?: string;
  /** What happened. */
  type: InvalidationType;
  /** The `source` of the cache that sent it. A cache ignores its own. */
  source: string;
  /** When it was sent, in milliseconds since the epoch. */
  ts: number;
  /**
   * The `name` of the cache that sent it. A cache with a name applies what is of its own or of none. One without
   * applies deletes and patterns of all, and values of those without.
   */
  cache?: string;
  /** How often the sender knows the key to have been deleted. A value older than what a cache knows is ignored. */
  generation?: number;
  /**
   * Names the run of the cache that sent a `del` or `pattern`, for caches to tell the order of events. On a bus of your
   * own it has to arrive with the event, as have `sequence` and `seen`; the buses of this package hide them from
   * handlers.
   */
  publisher?: string;
  /** The place of a `del` or `pattern` among those of its `publisher`, from 1 on. */
  sequence?: number;
}

/** Keys were deleted. */
export interface DeleteEvent extends BaseInvalidationEvent {
  type: 'del';
  /** The keys, numbers as their decimal strings. */
  keys: string[];
  /** They expired: receivers keep their stale copies. Versions that do not know this field delete them. */
  expires?: true;
  /** Entries with one of these tags were deleted as well; there are no keys then. */
  tags?: string[];
}

/** All keys that match were deleted; `*` comes from `clear()`. */
export interface PatternEvent extends BaseInvalidationEvent {
  type: 'pattern';
  /** `*` is any run of characters, `?` is one. */
  pattern: string;
  /** They expired, as for a `del`. */
  expires?: true;
}

/** A loader gave a value, which receivers put into their L1. */
export interface SetEvent<V = unknown> extends BaseInvalidationEvent {
  type: 'set';
  /** The keys, numbers as their decimal strings. */
  keys: string[];
  /** The value. `null` is a value. */
  value: V;
  /**
   * Its lifetime in milliseconds, counted from `ts`; 0: no expiry. A receiver keeps it no longer than its own entries,
   * which is also how long it keeps one without.
   */
  ttlMs?: number;
  /** The tags of the value, by which it is invalidated later. */
  tags?: string[];
  /**
   * What the load had seen of each `publisher` when it began. A cache that knows of an invalidation of the key which is
   * not among it ignores the value.
   */
  seen?: string;
}

/** What caches tell each other. */
export type InvalidationEvent = DeleteEvent | PatternEvent | SetEvent;

/** How a bus is. */
export interface EventBusHealth {
  /** Whether it can send and receive. */
  ok: boolean;
  /** What it stands on. */
  transport: string;
  /** What is wrong, when something is; buses of this package tell it in words. */
  error?: unknown;
}

/** Whether and how much waits while the transport is away. */
export interface EventBusRetryQueueOptions {
  /**
   * `true`: an event that cannot be sent waits in memory, and is sent, in order, as soon as the transport is back.
   * `false`: it is lost. Default: `true`.
   */
  enabled?: boolean | undefined;
  /** How many events wait at most; the oldest make room, with a warning. 0: none waits. Default: 10 000. */
  maxSize?: number | undefined;
}

/**
 * Carries events between caches. A cache calls `publish` and, once at construction, `subscribe`; to connect and
 * disconnect is its owner's part. A failing bus never fails a call of the cache.
 */
export interface EventBus {
  /** Connects. For the owner of the bus: a cache does not call it. */
  connect?(): Promise<void>;
  /** How the bus is. Should not reject. */
  healthCheck?(): Promise<EventBusHealth>;
  /**
   * Sends an event to the other instances; it may come back to the sender. A rejection, or no answer within a second,
   * is told as `event-bus:publish-error` and counts for `resilience.eventBusCircuitBreaker`.
   */
  publish(event: InvalidationEvent): Promise<void>;
  /** Has every event that arrives given to `handler`, whose promise resolves when the event is applied. */
  subscribe(handler: (event: InvalidationEvent) => void | Promise<void>): Promise<void>;
  /** Disconnects. For the owner of the bus: closing a cache does not call it. */
  disconnect?(): Promise<void>;
}
