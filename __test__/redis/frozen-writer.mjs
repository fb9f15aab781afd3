// Writes a key when it is told to, and tells how that went: node frozen-writer.mjs options-of-the-connection
import { RedisStore } from '../../index.mjs';

const store = new RedisStore(JSON.parse(process.argv[2]));
process.on('message', async (value) => {
  const failure = await store.set('k', value).then(
    () => null,
    (error) => error.message,
  );
  process.send({ failure });
});
await store.set('k', 'first');
process.send({ failure: null });
