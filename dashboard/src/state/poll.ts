/** Asks again and again, while the page is looked at. */
import { type Signal, effect, signal, untracked } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { type Query, Refused, get } from './api';
import { isHidden } from './clock';

export interface Polled<T> {
  data: T | undefined;
  error: Refused | undefined;
  /** When `data` came, by this machine's clock. */
  at: number;
}

/**
 * The next question waits for the answer to the one before: a server that is slow is not asked more.
 * @returns a function that ends it
 */
export function poll<T>(
  into: Signal<Polled<T>>,
  everyMs: number,
  ask: (signal: AbortSignal) => Promise<T>,
): () => void {
  return effect(() => {
    if (isHidden.value) return undefined;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async (): Promise<void> => {
      const before = into.peek();
      try {
        const data = await ask(controller.signal);
        if (controller.signal.aborted) return;
        into.value = { data, error: undefined, at: Date.now() };
      } catch (error) {
        if (controller.signal.aborted) return;
        into.value = { ...before, error: error instanceof Refused ? error : new Refused(0, String(error)) };
      }
      if (everyMs > 0) timer = setTimeout(turn, everyMs);
    };
    untracked(() => void turn());
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  });
}

export const nothing = <T>(): Polled<T> => ({ data: undefined, error: undefined, at: 0 });

/** A component's own question: asked again when path or query change; `everyMs` 0: once; no path: not at all. */
export function usePoll<T>(path: string | undefined, query: Query, everyMs: number): Signal<Polled<T>> {
  const id = JSON.stringify([path, query, everyMs]);
  const into = useMemo(() => signal(nothing<T>()), [id]);
  useEffect(
    () => (path === undefined ? undefined : poll(into, everyMs, (aborted) => get<T>(path, query, aborted))),
    [id],
  );
  return into;
}
