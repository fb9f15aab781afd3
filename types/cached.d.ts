import type { CachedOptions, Wrapping } from './many.js';
import type { CacheKey } from './options.js';

/**
 * A decorator of methods that read through a cache, each object with its own `this`: `cache.wrap` of the method. For
 * the decorators of the language, without `experimentalDecorators`.
 *
 * @param cache the cache, or a function that returns that of an object
 * @throws TypeError with code `INVALID_ARGUMENT` or `INVALID_OPTION` if the cache or `key` is not allowed, or the
 * decorated element is not a method
 */
export declare function cached<This, A extends unknown[], R extends V, K extends CacheKey | bigint = string, V = any>(
  cache: Wrapping<V> | ((self: This) => Wrapping<V>),
  // The arguments are those of the method: `key` need not name all of them.
  options: CachedOptions<This, [A][A extends unknown ? 0 : never], R, K>,
): (
  method: (this: This, ...args: A) => Promise<R>,
  context: ClassMethodDecoratorContext<This, (this: This, ...args: A) => Promise<R>>,
) => (this: This, ...args: A) => Promise<R>;
