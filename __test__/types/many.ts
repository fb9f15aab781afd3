// Compiled, never run: the types of the verbs of several keys, of `wrap` and of `@cached`.

import { cached, LazyLayersCache, type LayerStore, type LoadsFailedError, type Wrapped } from 'lazy-layers-cache';
import { same } from './support/assertions.js';

interface User {
  id: number;
  name: string;
}

declare const users: LazyLayersCache<string, User>;
declare const mixed: LazyLayersCache<string | number>;
declare function find(ids: string[], signal?: AbortSignal): Promise<User[]>;

export async function severalKeys() {
  const read = await users.getMany(['a', 'b']);
  same<typeof read, Map<string, User>>();
  await users.getMany(new Set(['a']));
  const loaded = await users.getMany(['a'], (missing, { signal }) => find(missing, signal), {
    partial: true,
    ttlMs: 1,
  });
  same<typeof loaded, Map<string, User>>();
  await users.getMany(['a'], async (missing) => new Map((await find(missing)).map((user) => [user.name, user])));
  await users.getMany(['a'], async () => [undefined, new Error('gone')]);
  await mixed.getMany([1, 'b'], (missing) => missing.map(String));
  await users.setMany({ a: { id: 1, name: 'Ada' } }, { ttlMs: 1000 });
  await users.setMany(new Map([['a', { id: 1, name: 'Ada' }]]));
  await users.setMany([['a', { id: 1, name: 'Ada' }]]);
  const held = await users.hasMany(['a']);
  same<typeof held, Map<string, boolean>>();
  await users.deleteMany(['a']);

  // @ts-expect-error keys are strings here
  await users.getMany([1]);
  // @ts-expect-error no user
  await users.setMany({ a: 1 });
  // @ts-expect-error no users
  await users.getMany(['a'], () => [1]);
  // @ts-expect-error no keys
  await users.deleteMany(5);
}

export function failures(error: LoadsFailedError<string, User>) {
  same<typeof error.partial, Map<string, User>>();
  same<typeof error.code, 'LOADS_FAILED'>();
}

export async function wrapped() {
  const user = users.wrap(async (id: number, _detail?: boolean) => (await find([String(id)]))[0]!, {
    key: (id, _detail) => `user:${id}`,
    loadMany: (calls) => find(calls.map(([id]) => String(id))),
    batch: { windowMs: 2, max: 100 },
    ttlMs: 1000,
  });
  same<typeof user, Wrapped<[id: number, _detail?: boolean], User, string>>();
  const found = await user(1);
  same<typeof found, User>();
  const key = user.key(1, true);
  same<typeof key, string>();
  await user.delete(1);
  await user.refresh(1);

  // What is in the cache may be a wider `User` than the function returns, as of the cache itself.
  type Named = User & { named: true };
  const load = async (_id: number) => found as Named | undefined;
  const ofCache = users.wrap(load, { key: String });
  const ofPart = users.namespace<User>('part').wrap(load, { key: String });
  same<Awaited<ReturnType<typeof ofCache>>, User | undefined>();
  same<Awaited<ReturnType<typeof ofPart>>, User | undefined>();

  // @ts-expect-error no number
  await user('1');
  // @ts-expect-error no key
  users.wrap(async (_id: number) => found, {});
  // @ts-expect-error not a key of this cache
  users.wrap(async (_id: number) => found, { key: (id) => id });
}

export class Users {
  readonly table: string = 'users';

  @cached(users, { key: (id: number) => `user:${id}` })
  async one(id: number): Promise<User> {
    return { id, name: this.table };
  }

  @cached((self: Users) => (self.table === '' ? users : mixed), {
    key(this: Users, id: number) {
      return `${this.table}:${id}`;
    },
    loadMany: (calls) => calls.map(([id]) => ({ id, name: '' })),
  })
  async many(id: number): Promise<User> {
    return { id, name: this.table };
  }

  // `key` names the arguments that it needs, with or without their types.
  @cached(users, { key: (id) => `user:${id}` })
  async within(id: number, _transaction: { id: string }, _detail = false): Promise<User | undefined> {
    return { id, name: this.table };
  }

  @cached(users.namespace('n'), { key: (...ids: number[]) => ids.join() })
  async all(...ids: number[]): Promise<User> {
    return { id: ids.length, name: this.table };
  }

  // @ts-expect-error the cache holds other values
  @cached(users, { key: (id: number) => `name:${id}` })
  async name(id: number): Promise<string> {
    return `${this.table}:${id}`;
  }

  // @ts-expect-error the method has another argument
  @cached(mixed, { key: (id: number) => `user:${id}` })
  async byName(name: string): Promise<string> {
    return `${this.table}:${name}`;
  }
}

export const store: LayerStore<string, User> = {
  get: () => undefined,
  set: () => {},
  has: () => false,
  delete: () => {},
  deleteByPattern: () => {},
  size: () => 0,
  getMany: async (keys) => new Map(keys.map((key) => [key, undefined])),
  setMany: (entries) => entries.length,
  deleteMany: () => {},
};
