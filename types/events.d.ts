import type { InvalidationEvent, InvalidationType } from './bus.js';
import type { CacheKey, CacheLevel, CircuitBreakerState } from './options.js';

/** The field of every event about one key. */
interface OfKey {
  /** The key as the caller passed it, a string or a number; a bigint as its decimal string. */
  key: CacheKey;
}

/** A layer had the value. */
export interface HitEvent extends OfKey {
  type: 'hit';
  /** The layer that answered. */
  level: CacheLevel;
}

/** A layer did not have the value; `negative`: a recent load found that there is none. */
export interface MissEvent extends OfKey {
  type: 'miss';
  /** The layer that was asked. */
  level: CacheLevel | 'negative';
}

/** A value was stored. */
export interface StoredEvent extends OfKey {
  type: 'set';
  /**
   * The active layers: none, one or both. `L2` also when it could not take the value; `l2:error` or `l2:skipped`
   * reports that.
   */
  levels: CacheLevel[];
}

/** A key was deleted or expired, here or by another instance. */
export interface DeletedEvent extends OfKey {
  type: 'delete';
  /** Set when another instance did. */
  remote?: true;
  /** Set when it expired: its stale copy stays, where fail-safe keeps one. */
  expired?: true;
}

/** All keys that match were deleted or expired, here or by another instance. */
export interface PatternDeletedEvent {
  type: 'delete-pattern';
  /** The pattern; `*` comes from `clear()`. */
  pattern: string;
  /** Set when another instance did. */
  remote?: true;
  /** Set when they expired: their stale copies stay, where fail-safe keeps one. */
  expired?: true;
}

/** All entries with a tag were deleted or expired, here or by another instance. */
export interface TagDeletedEvent {
  type: 'delete-tag';
  tag: string;
  /** Set when another instance did. */
  remote?: true;
  /** Set when they expired: their stale copies stay, where fail-safe keeps one. */
  expired?: true;
}

/** A loader is about to be called; with `loads.maxConcurrent`, perhaps in its turn only. */
export interface LoaderStartEvent extends OfKey {
  type: 'loader:start';
}

/** A loader returned a value, or `undefined`. */
export interface LoaderSuccessEvent extends OfKey {
  type: 'loader:success';
  /** How long it took, in milliseconds. */
  durationMs: number;
}

/** A loader threw or rejected, or ran into `timeouts.hardMs`. */
export interface LoaderErrorEvent extends OfKey {
  type: 'loader:error';
  /** The error that it threw; after a hard timeout, one with code `LOADER_HARD_TIMEOUT`. */
  error: unknown;
  /** How long it took, in milliseconds. */
  durationMs: number;
}

/** A loader took longer than a limit. */
export interface LoaderTimeoutEvent extends OfKey {
  type: 'loader:timeout';
  /** The limit, in milliseconds. */
  timeoutMs: number;
  /** `soft`: the loader goes on. `hard`: it was aborted. */
  kind: 'soft' | 'hard';
}

/**
 * A loaded value was neither stored in L2 nor kept in L1: another instance has invalidated its key since the load
 * began, or holds its lock. Its callers get the value.
 */
export interface LoadOvertakenEvent extends OfKey {
  type: 'load:overtaken';
}

/** A call joined a load that was running. */
export interface InflightReuseEvent extends OfKey {
  type: 'inflight:reuse';
}

/** A load runs that other calls cannot join. */
export interface InflightBypassEvent extends OfKey {
  type: 'inflight:bypass';
  /** `maxEntries`: as many loads as `inflight.maxEntries` allows are tracked already. */
  reason: 'maxEntries';
}

/** An entry left L1, and nobody deleted it. */
export interface EvictEvent extends OfKey {
  type: 'evict';
  /** `capacity`: it made room, or was not admitted. `expired`: its life was over. `replaced`: by a newer value. */
  reason: 'capacity' | 'expired' | 'replaced';
}

/** A value was changed while L1 shared it: `levels.L1.findMutations` has found that as its entry left. */
export interface MutationEvent extends OfKey {
  type: 'mutation';
}

/** An audit has found another value than the one that a hit had answered. */
export interface AuditStaleEvent extends OfKey {
  type: 'audit:stale';
  /** The layer that had answered. */
  level: CacheLevel;
  /** How old the value was as it was answered, in milliseconds; left out where nobody knows. */
  ageMs?: number;
}

/** A caller got a stale value instead of a fresh one. */
export interface StaleHitEvent extends OfKey {
  type: 'stale:hit';
  /** Why there was no fresh one. */
  reason: 'loader-error' | 'soft-timeout' | 'hard-timeout' | 'load-limit';
}

/** A load found as many loaders running as `loads.maxConcurrent` allows, and no stale copy. */
export interface LoadLimitedEvent extends OfKey {
  type: 'load:limited';
  /** `queued`: it waits for its turn. `refused`: as many wait as `loads.maxQueued` allows, so it failed. */
  outcome: 'queued' | 'refused';
}

/** A value is loaded anew before it expires: see `refreshAhead` and `xfetch`. Its loader is called next. */
export interface RefreshEvent extends OfKey {
  type: 'refresh';
}

/**
 * A loader found the stale value still true (`notModified`): it lives on, and no value is sent. Other instances with
 * the same value are told.
 */
export interface ExtendEvent extends OfKey {
  type: 'extend';
  /** The new lifetime, in milliseconds. */
  ttlMs: number;
}

/** The loader of another instance found the value that this one has still true: it lives on. */
export interface ExtendReceivedEvent extends OfKey {
  type: 'extend:received';
  /** The lifetime that it has from now on, in milliseconds. */
  ttlMs: number;
}

/** A loader returned `undefined`, and that is remembered. */
export interface NegativeSetEvent extends OfKey {
  type: 'negative:set';
  /** For how long, in milliseconds. */
  ttlMs: number;
}

/** The fields of events about a store. */
interface OfStore {
  /** The method that was called or would have been, such as `get`, `set`, `delete` or `deleteByPattern`. */
  operation: string;
  /**
   * The key of the call; the pattern of `deleteByPattern`, and `*` for `size`. Absent for late repairs of deletes that
   * L2 had missed.
   */
  key?: CacheKey;
}

/** A custom L1 threw or rejected. The call went on as if it held nothing. */
export interface L1ErrorEvent extends OfStore {
  type: 'l1:error';
  /** The error that it threw. */
  error: unknown;
}

/** L2 threw or rejected. The call went on as if it held nothing. */
export interface L2ErrorEvent extends OfStore {
  type: 'l2:error';
  /** The circuit breaker's state after it. */
  state: CircuitBreakerState;
  /** The error that it threw. */
  error: unknown;
}

/** L2 was not called, because its circuit breaker is open. */
export interface L2SkippedEvent extends OfStore {
  type: 'l2:skipped';
  /** The circuit breaker's state. */
  state: CircuitBreakerState;
}

/** The bus did not take an event. */
export interface PublishErrorEvent {
  type: 'event-bus:publish-error';
  /** The kind of event. */
  eventType: InvalidationType;
  /** The circuit breaker's state after it. */
  state: CircuitBreakerState;
  /** Why. */
  error: unknown;
}

/** An event was not published, because the circuit breaker of the bus is open. */
export interface PublishSkippedEvent {
  type: 'event-bus:publish-skipped';
  /** The kind of event. */
  eventType: InvalidationType;
  /** The circuit breaker's state. */
  state: CircuitBreakerState;
}

/** The fields of events about an event of the bus that arrived. */
interface OfArrival {
  /** The event's `id`; of one without, its source, time, type and keys. */
  eventId: string;
  /** The kind of event. */
  eventType: InvalidationType;
}

/** Another instance's event arrived and is being applied. */
export interface InvalidationReceivedEvent extends OfArrival {
  type: 'invalidation:received';
  /** The event. */
  event: InvalidationEvent;
}

/** An event arrived that had been seen before. It was ignored. */
export interface InvalidationDuplicateEvent extends OfArrival {
  type: 'invalidation:duplicate';
  /** The event. */
  event: InvalidationEvent;
}

/**
 * An event arrived that is older than an event of its key that is known here, or a value whose load had not seen an
 * invalidation of its key: a value was ignored, a delete found nothing to delete.
 */
export interface InvalidationStaleEvent extends OfKey, OfArrival {
  type: 'invalidation:stale';
  /** The event's generation of the key. */
  generation?: number;
  /** The generation known here. */
  localGeneration: number;
}

/** A value that another instance loaded was put into L1. */
export interface SetReceivedEvent extends OfKey {
  type: 'set:received';
  /** Where it went. */
  level: 'L1';
}

/**
 * A value loaded here was sent to the other instances, or waits for the circuit of the bus: `event-bus:publish-skipped`
 * follows then.
 */
export interface SetBroadcastEvent extends OfKey {
  type: 'set:broadcast';
}

/** A value loaded here was not sent to the other instances. */
export interface SetBroadcastSkippedEvent extends OfKey {
  type: 'set:broadcast-skipped';
  /** `max-bytes`: the encoded event is larger than `broadcastSetMaxBytes`. */
  reason: 'max-bytes';
  /** Size of the encoded event. */
  bytes: number;
  /** The limit. */
  maxBytes: number;
}

/** A bus of this package was connected, for the first time or again, or was lost. */
export interface BusStatusEvent {
  type: 'bus:status';
  /** The transport; for one of your own, its name. */
  transport: 'redis' | 'rabbitmq' | 'nats' | (string & {});
  status: 'connected' | 'disconnected';
  /** Why it is disconnected. */
  error?: Error;
}

/** Events of other instances may have been missed: entries that L1 held before are no longer served. */
export interface BusGapEvent {
  type: 'bus:gap';
  /**
   * `resubscribed`: the subscription was lost for a while. `sequence`: events of an instance were left out.
   * `silence`: an instance fell silent without a goodbye, and did not come back. `shared-source`: another instance
   * publishes under the `source` of this one, which is told once; its deletes are applied. `tracking`: a `RedisStore`
   * with `tracking` has lost a connection, its server was emptied, or slots of a cluster have moved.
   */
  reason: 'resubscribed' | 'sequence' | 'silence' | 'shared-source' | 'tracking';
  /** The number of missed events; 0: not known. */
  missed: number;
}

/** A `RedisStore` with `tracking` was told that another has changed or removed this key, or that it has expired. */
export interface L2ChangeEvent {
  type: 'l2:change';
  key: string;
}

/** The events of a cache, distinguished by `type`. */
export type CacheEvent =
  | HitEvent
  | MissEvent
  | StoredEvent
  | DeletedEvent
  | PatternDeletedEvent
  | TagDeletedEvent
  | LoaderStartEvent
  | LoaderSuccessEvent
  | LoaderErrorEvent
  | LoaderTimeoutEvent
  | LoadOvertakenEvent
  | InflightReuseEvent
  | InflightBypassEvent
  | LoadLimitedEvent
  | EvictEvent
  | MutationEvent
  | AuditStaleEvent
  | StaleHitEvent
  | RefreshEvent
  | ExtendEvent
  | ExtendReceivedEvent
  | NegativeSetEvent
  | L1ErrorEvent
  | L2ErrorEvent
  | L2SkippedEvent
  | PublishErrorEvent
  | PublishSkippedEvent
  | InvalidationReceivedEvent
  | InvalidationDuplicateEvent
  | InvalidationStaleEvent
  | SetReceivedEvent
  | SetBroadcastEvent
  | SetBroadcastSkippedEvent
  | BusStatusEvent
  | BusGapEvent
  | L2ChangeEvent;

/**
 * Called with each event, on the thread of the cache. Errors that it throws, or rejects with, go to the log and nowhere
 * else.
 */
export type CacheEventHandler = (event: CacheEvent) => void | Promise<void>;

export {};
