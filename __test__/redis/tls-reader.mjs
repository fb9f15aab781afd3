// Asks a server with encryption for a key, by a URL with its port, and prints the answer.
import { RedisStore } from '../../index.mjs';

const store = new RedisStore(`rediss://localhost:${process.argv[2]}`);
const answer = await store.has('k').then(
  (has) => ({ has }),
  (error) => ({ error: error.message }),
);
console.log(JSON.stringify(answer));
await store.close();
