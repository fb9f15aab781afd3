// The problem of N + 1 queries, as in resolvers of GraphQL: each of 100 posts asks for its author by itself. `wrap`
// with `loadMany` makes one query of the authors that are not cached, and the resolvers stay as they are.
//
//     node examples/n-plus-one.mjs
import { setTimeout as sleep } from 'node:timers/promises';
import { LazyLayersCache } from 'lazy-layers-cache';

const ROUND_TRIP_MS = 2;

/** A database that counts its queries. */
const db = {
  queries: 0,
  async run(answer) {
    db.queries += 1;
    await sleep(ROUND_TRIP_MS);
    return answer();
  },
  posts: () => db.run(() => Array.from({ length: 100 }, (_, id) => ({ id, authorId: id % 25 }))),
  author: (id) => db.run(() => ({ id, name: `Author ${id}` })),
  authors: (ids) => db.run(() => ids.map((id) => ({ id, name: `Author ${id}` }))),
};

/** Resolves the posts with their authors. A resolver knows of its own post alone. */
async function resolve(authorOf) {
  const posts = await db.posts();
  return Promise.all(posts.map(async (post) => ({ ...post, author: await authorOf(post.authorId) })));
}

async function measure(title, authorOf) {
  db.queries = 0;
  const posts = await resolve(authorOf);
  const isRight = posts.every(({ authorId, author }) => author.id === authorId);
  const count = db.queries === 1 ? '1 query' : `${db.queries} queries`;
  console.log(`${title}: ${count}${isRight ? '' : ', and wrong authors'}`);
}

const cache = new LazyLayersCache({ ttlMs: 60_000 });
const key = (id) => `author:${id}`;

await measure('each author by itself', db.author);
await measure('cached, each author by itself', cache.wrap(db.author, { key: (id) => `single:${id}` }));
const author = cache.wrap(db.author, { key, loadMany: (calls) => db.authors(calls.map(([id]) => id)) });
await measure('cached, misses together', author);
await measure('the same again', author);
await author.delete(7);
await measure('after one author was deleted', author);
await cache.close();
