/**
 * The stream of events. It is open while a view shows it and somebody looks; the view changes four times a second
 * at most, however many events come.
 */
import { effect, signal } from '@preact/signals';
import { address } from './api';
import { isHidden } from './clock';
import type { Recorded } from './shapes';

const MOST_KEPT = 5000;
const SHOWN_EVERY_MS = 250;
/** After a refusal, which a browser does not get over by itself. */
const AGAIN_MS = 5000;

export interface FeedState {
  /** Oldest first. */
  events: readonly Recorded[];
  perSecond: number;
  /** Events that the server left out, as they were too many. */
  leftOut: number;
  isOpen: boolean;
  /** Events that came while the list stood still. */
  waiting: number;
}

const NOTHING: FeedState = { events: [], perSecond: 0, leftOut: 0, isOpen: false, waiting: 0 };

export class Feed {
  readonly state = signal<FeedState>(NOTHING);
  readonly isPaused = signal(false);
  #kept: Recorded[] = [];
  #last = 0;
  #leftOut = 0;
  #came: number[] = [];
  #since = 0;

  constructor(readonly cache: string | undefined) {}

  /** @returns a function that ends it */
  start(): () => void {
    const stopStream = effect(() => (isHidden.value ? undefined : this.#listen()));
    const timer = setInterval(() => this.#show(), SHOWN_EVERY_MS);
    return () => {
      stopStream();
      clearInterval(timer);
    };
  }

  clear(): void {
    this.#kept = [];
    this.#leftOut = 0;
    this.#since = 0;
    this.#show(true);
  }

  #listen(): () => void {
    let source: EventSource;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const connect = () => {
      const from = this.#last === 0 ? undefined : this.#last;
      source = new EventSource(address('stream', { cache: this.cache, from }));
      source.addEventListener('message', ({ data }) => this.#take(JSON.parse(data) as Recorded));
      source.addEventListener('open', () => this.#open(true));
      source.addEventListener('error', () => {
        this.#open(false);
        if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, AGAIN_MS);
      });
    };
    connect();
    return () => {
      clearTimeout(timer);
      source.close();
      this.#open(false);
    };
  }

  #open(isOpen: boolean): void {
    this.state.value = { ...this.state.peek(), isOpen };
  }

  /** After a reconnect the server begins with its kept events: those known here are dropped. */
  #take(event: Recorded): void {
    const newest = this.#kept.at(-1);
    const isAnew = newest !== undefined && event.seq <= this.#last && event.ts > newest.ts + 1000;
    if (event.seq <= this.#last && !isAnew) return;
    if (this.#last > 0 && !isAnew) this.#leftOut += event.seq - this.#last - 1;
    this.#last = event.seq;
    this.#kept.push(event);
    this.#since += 1;
    if (this.#kept.length > MOST_KEPT * 1.2) this.#kept = this.#kept.slice(-MOST_KEPT);
    this.#came.push(Date.now());
  }

  #show(isForced = false): void {
    const now = Date.now();
    const old = this.#came.findIndex((at) => at > now - 2000);
    this.#came = old < 0 ? [] : this.#came.slice(old);
    const before = this.state.peek();
    const perSecond = this.#came.length / 2;
    const rest = { perSecond, leftOut: this.#leftOut, isOpen: before.isOpen };
    if (this.isPaused.peek() && !isForced) {
      if (before.waiting !== this.#since || before.perSecond !== perSecond) {
        this.state.value = { ...before, ...rest, waiting: this.#since };
      }
      return;
    }
    if (this.#since === 0 && before.perSecond === perSecond && !isForced) return;
    this.#since = 0;
    this.state.value = { ...rest, events: this.#kept.slice(-MOST_KEPT), waiting: 0 };
  }
}
