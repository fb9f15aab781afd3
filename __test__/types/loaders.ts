// Compiled, never run: the values that the contexts of loaders have, and loaders in generic code.

import {
  type CallOptions,
  createCache,
  type EntryResult,
  LazyLayersCache,
  type Loaded,
  type LoaderContext,
  type LoaderFunction,
  type Namespace,
} from 'lazy-layers-cache';
import { same } from './support/assertions.js';

interface User {
  id: string;
  name: string;
}

declare function load<T>(id: string, signal?: AbortSignal): Promise<T>;
declare const anything: any;
declare const users: LazyLayersCache<string, User>;
declare const mixed: LazyLayersCache;

export async function staleValues() {
  const renewed = await users.getOrSet('user:1', async ({ stale, notModified, signal }) => {
    if (stale?.value.name === 'Ada') return notModified();
    // @ts-expect-error the stale value is one of the cache
    void stale?.value.age;
    return load<User>('1', signal);
  });
  same<typeof renewed, User>();
  const perhaps = await users.getOrSet('user:1', ({ stale, notModified }) =>
    stale ? notModified() : load<User | undefined>('1'),
  );
  same<typeof perhaps, User | undefined>();
  // @ts-expect-error the function in the place of its result is no value
  await users.getOrSet('user:1', ({ stale, notModified }) => (stale ? notModified() : load<User>));

  // In a cache of any values `notModified()` adds nothing to the type of the loader.
  const counted = await mixed.getOrSet('n', async ({ stale, notModified }) => (stale ? notModified() : 1));
  same<typeof counted, number>();
  const named = async (context: LoaderContext) => (context.stale ? context.notModified() : load<User>('1'));
  same<Awaited<ReturnType<typeof named>>, User>();
  const each = await mixed.getMany(['1'], (missing, context) =>
    missing.map((key) => context.of(key)?.notModified() ?? key.length),
  );
  same<typeof each, Map<string, number>>();
}

declare function inOtherHands(id: string, context: LoaderContext<User>): Promise<User>;

export async function handedOn() {
  const user = await users.getOrSet('user:1', (context: LoaderContext<User>) => inOtherHands('1', context));
  same<typeof user, User>();
}

/** What a program may ask of a cache, without a word of this package. */
interface Cached<V> {
  get(key: string): Promise<V | undefined>;
  getOrSet(key: string, loader: () => Promise<V>, options?: { ttlMs?: number }): Promise<V>;
}

export function inOtherWords(): Cached<User>[] {
  return [users, mixed.namespace<User>('users')];
}

/** Values of one kind, whatever it is. */
export class Repository<T> {
  constructor(
    private readonly cache: LazyLayersCache<string, T>,
    private readonly part: Namespace<T>,
  ) {}

  byId(id: string): Promise<T> {
    return this.cache.getOrSet(id, ({ signal }) => load<T>(id, signal));
  }

  inPart(id: string): Promise<T | undefined> {
    return this.part.getOrSet(id, () => load<T | undefined>(id));
  }

  entry(id: string): Promise<EntryResult<T>> {
    return this.cache.getOrSetEntry(id, () => load<T>(id));
  }

  renewed(id: string): Promise<T> {
    return this.cache.getOrSet(id, ({ stale, notModified }) => (stale ? notModified() : load<T>(id)));
  }

  wrapped(): (id: string) => Promise<T> {
    return this.cache.wrap((id: string) => load<T>(id), { key: (id) => id });
  }
}

/** A cache that looks at each call. */
export class Observed extends LazyLayersCache<string, User> {
  override getOrSet<R extends User | undefined>(
    key: string,
    loader: LoaderFunction<R>,
    options?: CallOptions,
  ): Promise<Loaded<User, R>> {
    return super.getOrSet(key, loader, options);
  }
}

export async function untyped() {
  const wrapped = users.wrap(async (_id: string) => anything, { key: (id) => id });
  same<Awaited<ReturnType<typeof wrapped>>, User>();
  const inPart = await mixed.namespace<User>('users').getOrSet('1', () => anything);
  same<typeof inPart, User | undefined>();
  const found: number = await createCache<string, any>().getOrSet('k', async () => 1);
  return found;
}
