// Compiled, never run: what is made for values of one kind goes where those of a more general kind are expected.

import {
  type CacheLoader,
  type CacheStore,
  type HybridCache,
  type LayerStore,
  LazyLayersCache,
  type LoaderContext,
  type MemoryStore,
  type Namespace,
  type RedisStore,
} from 'lazy-layers-cache';

interface Named {
  name: string;
}

interface User extends Named {
  id: string;
}

declare const users: LazyLayersCache<string, User>;
declare const inMemory: MemoryStore<string, User>;
declare const inRedis: RedisStore<User>;
declare const part: Namespace<User>;
declare const custom: CacheStore<string, User>;
declare const layer: LayerStore<string, User>;
declare const loader: CacheLoader<User>;
declare const context: LoaderContext<User>;

export const caches: HybridCache<string, Named>[] = [users];
export const perhaps: HybridCache<string, User | undefined>[] = [users];
export const same: LazyLayersCache<string, Named>[] = [users];
export const ofAnything: [HybridCache, LazyLayersCache, HybridCache<any, any>] = [users, users, users];
export const namespaces: [Namespace<Named>, Namespace, Namespace<any>] = [part, part, part];
export const memories: [MemoryStore<string, Named>, MemoryStore, MemoryStore<any, any>] = [
  inMemory,
  inMemory,
  inMemory,
];
export const inRedises: [RedisStore<Named>, RedisStore, RedisStore<any, any>] = [inRedis, inRedis, inRedis];
export const stores: CacheStore<string, Named>[] = [custom, inMemory, inRedis];
export const storesOfAnything: [CacheStore, CacheStore<any, any>] = [custom, custom];
export const layers: [LayerStore<string, Named>, LayerStore] = [layer, layer];
export const loaders: [CacheLoader<Named>, CacheLoader<User | undefined>, CacheLoader, CacheLoader<any>] = [
  loader,
  loader,
  loader,
  loader,
];
export const contexts: [LoaderContext<Named>, LoaderContext] = [context, context];

// @ts-expect-error not every named thing is a user
export const narrower: LazyLayersCache<string, User> = new LazyLayersCache<string, Named>();
