// An event bus over LISTEN and NOTIFY of PostgreSQL, for applications that use PostgreSQL already:
//
//   const eventBus = new PostgresEventBus({ connectionString: 'postgres://…', channel: 'invalidations' });
//   const users = new LazyLayersCache({ name: 'users', eventBus });
//
// A notification is a text of less than 8000 bytes, so events are sent in Base64, and none has more than 5997 bytes. A
// value that is larger is not sent: the others load it themselves. A larger delete is refused: the others notice that
// one is missing, and empty their L1.
import { defineTransport } from 'lazy-layers-cache/event-bus';
import { Client } from 'pg';

const MOST_BYTES = Math.floor(7999 / 4) * 3;

export const PostgresEventBus = defineTransport({
  name: 'postgres',
  maxEventBytes: MOST_BYTES,
  async connect({ options, onMessage, onLost, signal }) {
    const { channel = 'lazy_layers_cache', connectionString } = options;
    const client = new Client({ connectionString, keepAlive: true });
    client.on('error', onLost);
    client.on('end', () => onLost());
    client.on('notification', ({ payload }) => onMessage(Buffer.from(payload, 'base64')));
    // A server that cannot be reached is waited for no longer than the bus waits.
    signal.addEventListener('abort', () => void client.end().catch(() => {}));
    await client.connect();
    await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    return {
      publish: (bytes) => client.query('SELECT pg_notify($1, $2)', [channel, bytes.toString('base64')]),
      close: () => client.end(),
    };
  },
});
