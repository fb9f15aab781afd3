// Types of the calls between JavaScript and Rust.
// Generated from src/contract by `npm run contract`.

import type { Bridge } from '../bridge.js';
import type { MessageFields } from './crossing.js';

/** Names something of the addon, or of a request there. */
export type Id = number;

/** The outcome of a request: a code and its argument. */
export type Answer = number;

/** The functions of the addon. */
export interface Raw {
  bridge(addon: unknown): Bridge;
  setUp(bridge: unknown, functions: unknown, arrays: unknown): void;
  createStorage(hasMemory: boolean): Id;
  attachStorage(storage: Id, words: Float64Array, journal: Uint32Array, lengths: Uint8Array, uses: Uint8Array, text: unknown): void;
  releaseStorage(storage: number): void;
  drainJournal(storage: Id, victims: number): void;
  reportFreed(storage: Id): void;
  scan(storage: Id, cursor: number, limit: number, pattern: string, visit: unknown): number;
  createCache(adapter: number, storage: Id, layers: number, redisStore: Id | undefined, bus: Id | undefined, counted: Float64Array, isListed: boolean): Id;
  derived(cache: Id, which: number): number;
  observe(cache: Id, interest: number): void;
  skip(cache: Id, layers: number): void;
  hears(cache: Id): boolean;
  restore(cache: Id, key: string, slot: number, weight: number, left: number, tags: unknown): boolean;
  closeCache(cache: Id, clearMemory: boolean): void;
  releaseCache(cache: number): void;
  stats(cache: Id, numbers: Float64Array): void;
  shareMirror(cache: Id, wasAlone: boolean): void;
  processStats(numbers: Float64Array, visit: unknown): void;
  processTotals(numbers: Float64Array, visit: unknown): void;
  watchTurns(canBeTold: boolean): void;
  look(hits: number): number;
  follow(shows: number, wouldShow: number, isWall: boolean): number;
  fakeTimers(start: unknown | undefined): void;
  timerFired(timer: number): void;
  get(call: Id, key: string): Answer;
  getMany(call: Id, keys: unknown, lengths: Uint32Array): Answer;
  takeValues(values: number, slots: Uint32Array): void;
  getOrSet(call: Id, key: string): Answer;
  takeRefreshed(call: Id, request: number): number;
  set(call: Id, key: string, slot: number, weight: number): Answer;
  broadcastLoaded(call: Id, key: string, slot: number): Answer;
  takeTicket(call: Id, key: string): Id;
  returnTicket(call: Id, ticket: number): boolean;
  unset(call: Id, key: string): Answer;
  has(call: Id, key: string): Answer;
  delete(call: Id, key: string): Answer;
  deleteMany(call: Id, keys: unknown, lengths: Uint32Array): Answer;
  expire(call: Id, key: string): Answer;
  deleteByPattern(call: Id, pattern: string): Answer;
  expireByPattern(call: Id, pattern: string): Answer;
  deleteByTag(call: Id, tags: unknown): Answer;
  expireByTag(call: Id, tags: unknown): Answer;
  tags(call: Id, visit: unknown): void;
  tagsOf(call: Id, key: string, visit: unknown): void;
  size(call: Id): Answer;
  sizeByPattern(call: Id, pattern: string): Answer;
  peek(call: Id, key: string, times: Float64Array): number;
  staleOf(call: Id, key: string, times: Float64Array, visit: unknown): number;
  askSource(): Id;
  takeSource(source: number, times: Float64Array): number;
  matches(pattern: string, key: string): boolean;
  loaded(call: Id, request: number, slot: number, weight: number): Answer;
  absent(call: Id, request: number): Answer;
  failed(call: Id, request: number, slot: number): Answer;
  refused(call: Id, request: number, slot: number): Answer;
  loadLimited(call: Id, key: string, hasRoom: boolean): boolean;
  abandoned(call: Id, request: number): Answer;
  directed(call: Id, request: number, cameTo: number, slot: number, weight: number, verdict: number): Answer;
  finishLoad(call: Id, key: string, started: number, cameTo: number, slot: number, overtaken: boolean, verdict: number): Answer;
  markAbsent(call: Id, key: string, slot: number): boolean;
  stayAlive(stays: boolean): void;
  reported(storage: Id, jsCall: number, report: number, argument: number, weight: number): void;
  settle(): void;
  submit(): void;
  takeMessage(message: number): string;
  apply(call: Id, kind: number, keysOrPattern: unknown, id: string | undefined, source: string, cache: string | undefined, ts: number, generation: number, ttlMs: number, slot: number, weight: number, publisher: string | undefined, sequence: number, seen: string | undefined, expires: boolean, about: unknown): Answer;
  busTried(call: Id, what: number): number;
  createRedisStore(description: string, owner: number): Id;
  renewRedisStore(store: Id): void;
  redisAnswer(question: number, answer: Uint8Array): void;
  closeRedisStore(store: Id): void;
  reopenRedisStore(store: Id): void;
  releaseRedisStore(store: number): void;
  storeGet(call: Id, key: string): Answer;
  storeSet(call: Id, key: string, slot: number): Answer;
  storeHas(call: Id, key: string): Answer;
  storeDelete(call: Id, key: string): Answer;
  storeDeleteByPattern(call: Id, pattern: string): Answer;
  storeSize(call: Id): Answer;
  storeAcquireLock(call: Id, key: string, token: string, ttlMs: number): Answer;
  storeReleaseLock(call: Id, key: string, token: string): Answer;
  storeInspect(call: Id, cursor: string, limit: number, pattern: string, visitor: number, values: boolean): Answer;
  storeLook(call: Id, key: string, visitor: number): Answer;
  createBus(description: string, owner: number): Id | string;
  releaseBus(bus: number): void;
  leaveBuses(): void;
  busConnect(call: Id, bus: Id): Answer;
  busDisconnect(call: Id, bus: Id): Answer;
  busPublish(call: Id, bus: Id, bytes: Uint8Array, isJson: boolean, mustArrive: boolean): Answer;
  busHealth(call: Id, bus: Id): Answer;
  busSubscribed(call: Id, bus: Id): Answer;
  busListen(bus: Id, owner: number, subscription: number): void;
  busAttach(call: Id, bus: Id, adapter: number): void;
  busHandled(delivery: number, well: boolean): void;
  sessionDone(step: number, count: number, place: string | undefined): void;
  sessionFailed(step: number, count: number, reason: string, isRefused: boolean): void;
  sessionReceived(session: number, bytes: Uint8Array, arrival: number, delivery: number): void;
  sessionNews(session: number, news: number, text: string): void;
  seal(bytes: Uint8Array): Buffer<ArrayBuffer>;
  open(payload: Uint8Array, maxDepth: number, maxBytes: number): Buffer | number | string;
  createBreaker(enabled: boolean | undefined, failureThreshold: number | undefined, cooldownMs: number | undefined): Id;
  releaseBreaker(breaker: number): void;
  breakerState(breaker: number): number;
  breakerCanCall(breaker: number): boolean;
  breakerRecord(breaker: number, success: boolean): number;
  logStart(filter: string): boolean;
  logFlush(): void;
  obsCreateRouter(options: string): Id;
  obsReleaseRouter(router: number): void;
  obsDecide(router: number, ask: string): string;
  obsHtml(prefix: string): string;
  obsFile(file: number, brotli: boolean): Buffer<ArrayBuffer>;
  obsExposition(prefix: string, numbers: Float64Array): string;
  obsProcessMetrics(prefix: string): string;
  obsTree(storage: Id, prefix: string, delimiter: string, limit: number): string;
  obsExplain(cache: Id, key: string, visit: unknown): string;
  obsCacheId(cache: Id): string;
  obsDescribe(cache: Id): string;
  obsSource(cache: Id): string;
  obsCircuits(cache: Id): string;
  obsLookUp(what: string, seat: number | undefined, cache: string | undefined, node: string): string;
  obsAsk(call: Id, cache: string, what: string, params: string): Answer;
  obsAttach(cache: Id, about: string, answers: unknown, durations: Float64Array): Id;
  obsDetach(seat: number): void;
  obsAnswer(question: number, status: number, body: string): void;
  obsListen(seat: number, wanted: string): string;
  obsStop(server: number): void;
  obsDisconnect(server: number): void;
  obsConnections(server: number): Id;
}

/** The methods of custom stores and buses that Rust calls; `T` has the object and the values. */
export interface Methods<T> {
  /** Reads an entry. */
  get(on: T, key: string): unknown;
  /** Stores an entry; without a lifetime (NaN) the store uses its default. */
  set(on: T, key: string, slot: number, ttlMs: number, options: number): unknown;
  /** Looks for an entry. */
  has(on: T, key: string): unknown;
  /** Deletes an entry. */
  delete(on: T, key: string): unknown;
  /** Deletes entries. */
  deleteByPattern(on: T, pattern: string): unknown;
  /** Counts entries. */
  size(on: T): unknown;
  /** Takes a lock. */
  acquireLock(on: T, key: string, token: string, ttlMs: number): unknown;
  /** Returns a lock. */
  releaseLock(on: T, key: string, token: string): unknown;
  /** Publishes a message. */
  publish(on: T, ...message: MessageFields): unknown;
}
