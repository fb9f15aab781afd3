import type { MeterProvider, TracerProvider } from '@opentelemetry/api';

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** Where spans go. Default: the global provider. */
  tracerProvider?: TracerProvider | undefined;
  /** Where metrics go. Default: the global provider. */
  meterProvider?: MeterProvider | undefined;
  /** Whether calls and loaders are spans. Default: true. */
  spans?: boolean | undefined;
  /** Whether statistics are metrics. Default: true. */
  metrics?: boolean | undefined;
  /** Whether spans name keys, as `cache.key`. Keys may be personal data. Default: false. */
  keys?: boolean | undefined;
}

/**
 * Makes a span of each call of the caches of this thread, with the loader as a span within, and metrics of the
 * statistics of all caches of the process. Needs the package `@opentelemetry/api`.
 *
 * Spans are named `cache.<verb>` and `cache.loader`. Their attributes: `cache.operation`, `cache.name` (the option
 * `name`), `cache.hit`, `cache.layer`, `cache.outcome` (of `TracedCall`), `cache.item_size` (bytes of texts and binary
 * data), and `cache.key` if asked for.
 *
 * While the spans of a second call are made, those of the first are not; they are again when the second has ended.
 * @returns a function that ends it; calling it again does nothing
 * @throws TypeError with code `INVALID_OPTION` for an option with a value that is not allowed
 */
export declare function instrument(options?: InstrumentOptions): () => void;
