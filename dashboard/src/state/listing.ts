/** The keys of a layer, page after page, as far as somebody has scrolled. */
import { signal } from '@preact/signals';
import { Refused, get } from './api';
import type { Entry, Page } from './shapes';

export interface Listed extends Omit<Entry, 'value'> {
  /** When it was listed, by this machine's clock: times left are counted from there. */
  at: number;
}

interface Progress {
  rows: number;
  /** Entries in the layer, listed or not. */
  size: number;
  seen: number;
  isDone: boolean;
  isBusy: boolean;
  error: string | undefined;
}

export interface Asked {
  layer: 'l1' | 'l2';
  cache: string | undefined;
  match: string;
  /** Reads values, for their sizes: a shared layer has none otherwise. */
  withSizes: boolean;
}

const FIRST = 200;
const NEXT = 5000;
/** The number of entries that a shared layer is asked for at a time. */
const SHARED = 500;

export class Listing {
  readonly rows: Listed[] = [];
  readonly progress = signal<Progress>({ rows: 0, size: 0, seen: 0, isDone: false, isBusy: false, error: undefined });
  /** `null`: there is no such layer, or it cannot be looked into. */
  readonly isThere = signal(true);
  #cursor: string | undefined;
  #wanted = 0;
  readonly #controller = new AbortController();

  constructor(readonly asked: Asked) {}

  /** Lists until there are so many rows; pages follow each other, never two at a time. */
  readonly want = (rows: number): void => {
    this.#wanted = Math.max(this.#wanted, rows);
    if (!this.progress.peek().isBusy) void this.#list();
  };

  end(): void {
    this.#controller.abort();
  }

  async #list(): Promise<void> {
    const { signal: aborted } = this.#controller;
    while (!aborted.aborted && !this.progress.peek().isDone && this.rows.length < this.#wanted) {
      this.#say({ isBusy: true });
      try {
        this.#take(await this.#ask(aborted));
      } catch (error) {
        if (aborted.aborted) return;
        this.#say({ error: error instanceof Refused ? error.message : String(error), isDone: true });
      }
    }
    this.#say({ isBusy: false });
  }

  #ask(aborted: AbortSignal): Promise<Page | null> {
    const { layer, cache, match, withSizes } = this.asked;
    const large = layer === 'l1' ? NEXT : SHARED;
    const limit = this.rows.length === 0 ? FIRST : large;
    const query = { cache, match, limit, cursor: this.#cursor, values: layer === 'l2' && withSizes };
    return get<Page | null>(`api/${layer}`, query, aborted);
  }

  #take(page: Page | null): void {
    if (page === null) {
      this.isThere.value = false;
      this.#say({ isDone: true });
      return;
    }
    const at = Date.now();
    for (const { value: _, ...entry } of page.keys) this.rows.push({ ...entry, at });
    this.#cursor = page.cursor;
    const { seen } = this.progress.peek();
    const isDone = page.cursor === undefined;
    this.#say({ size: page.size, seen: seen + (page.seen ?? page.keys.length), isDone, error: undefined });
  }

  #say(changes: Partial<Progress>): void {
    this.progress.value = { ...this.progress.peek(), ...changes, rows: this.rows.length };
  }
}
