/** `del`: keys were deleted. `pattern`: all keys that match were. `set`: a loader returned a value. */
export type InvalidationType = 'del' | 'pattern' | 'set';

/** The fields of all events between caches. They hold plain data: any encoding that preserves the value is suitable. */
export interface BaseInvalidationEvent {
  /**
   * Names the event: one delivered twice is applied once. Events without an id are distinguished by `source`, `ts`,
   * `type` and keys.
   */
  id?: string;
  /** The kind of the event. */
  type: InvalidationType;
  /** The `source` of the cache that sent it. A cache ignores its own. */
  source: string;
  /** When it was sent, in milliseconds since the epoch. */
  ts: number;
  /**
   * The `name` of the cache that sent it. A cache with a name applies events of its own name, and of caches without a
   * name. A cache without a name applies deletes and patterns of all caches, and values of those without a name.
   */
  cache?: string;
  /** How many deletes of the key the sender knows of. A cache that knows of more deletes ignores a value. */
  generation?: number;
  /**
   * Names the run of the cache that sent a `del` or `pattern`, by which caches know the order of events. A bus of your
   * own has to deliver it with the event, and also `sequence` and `seen`; the buses of this package hide them from
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
  /**
   * Nothing was deleted, and there are no keys: a loader found the value of these keys still true. A cache whose value
   * is of that `version` gives it the lifetime `ttlMs`, under the conditions of a `set`. Versions that do not know this
   * field find nothing to delete.
   */
  extends?: string[];
  /** Names the version of the value that is extended: that of its etag, or of the event that brought it. */
  version?: string;
  /** The new lifetime of a value that is extended, as in a `set`. */
  ttlMs?: number;
  /** The etag of a value that is extended. */
  etag?: string;
  /** As in a `set`. */
  seen?: string;
}

/** All keys that match were deleted; `*` comes from `clear()`. */
export interface PatternEvent extends BaseInvalidationEvent {
  type: 'pattern';
  /** `*` is any run of characters, `?` is one. */
  pattern: string;
  /** They expired, as for a `del`. */
  expires?: true;
}

/** A loader returned a value, which receivers put into their L1. */
export interface SetEvent<V = unknown> extends BaseInvalidationEvent {
  type: 'set';
  /** The keys, numbers as their decimal strings. */
  keys: string[];
  /** The value. `null` is a value. */
  value: V;
  /**
   * Its lifetime in milliseconds, counted from `ts`; 0: no expiry. A receiver keeps the value no longer than its own
   * entries; without a lifetime, exactly as long.
   */
  ttlMs?: number;
  /** The tags of the value, by which it is invalidated later. */
  tags?: string[];
  /** The etag that its loader gave. */
  etag?: string;
  /**
   * The last number of each `publisher` that the load had seen when it began. A cache ignores the value if it knows of
   * an invalidation of the key that the load had not seen.
   */
  seen?: string;
}

/** The events that caches send each other. */
export type InvalidationEvent = DeleteEvent | PatternEvent | SetEvent;

/** How a bus is. */
export interface EventBusHealth {
  /** Whether it can send and receive. */
  ok: boolean;
  /** The name of the transport. */
  transport: string;
  /** The fault, if there is one; buses of this package describe it by a text. */
  error?: unknown;
}

/** Whether events wait while the transport is away, and how many. */
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
 * Carries events between caches. A cache calls `publish` and, once at construction, `subscribe`; its owner connects and
 * disconnects it. A failing bus never fails a call of the cache.
 */
export interface EventBus {
  /** Connects. For the owner of the bus: a cache does not call it. */
  connect?(): Promise<void>;
  /** How the bus is. Should not reject. */
  healthCheck?(): Promise<EventBusHealth>;
  /**
   * Sends an event to the other instances; it may come back to the sender. A rejection, or no answer within a second,
   * is reported by `event-bus:publish-error` and counts for `resilience.eventBusCircuitBreaker`.
   */
  publish(event: InvalidationEvent): Promise<void>;
  /** Calls `handler` with every event that arrives. The promise of the handler resolves when the event is applied. */
  subscribe(handler: (event: InvalidationEvent) => void | Promise<void>): Promise<void>;
  /** Disconnects. For the owner of the bus: closing a cache does not call it. */
  disconnect?(): Promise<void>;
}
