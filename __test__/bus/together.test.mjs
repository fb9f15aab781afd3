// Processes that start at the same time find no exchange, queue or stream on the broker, and all of them make it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { connect } from 'nats';
import { NatsEventBus } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const servers = sharedServers();
after(() => servers.end());

const ROUNDS = 10;
const BUSES = 8;
const QUIET = { logging: { enabled: false } };
const times = (count, make) => Array.from({ length: count }, (_, at) => make(at));

/** All of them connect and listen at once; each is heard by all, with the session that it opened first. */
async function startTogether(buses) {
  const heard = buses.map(() => new Set());
  await Promise.all(
    buses.map(async (bus, at) => {
      await bus.connect();
      await bus.subscribe((event) => void heard[at].add(event.source));
    }),
  );
  await until(
    async () => (await Promise.all(buses.map((bus) => bus.healthCheck()))).every(({ subscribed }) => subscribed),
    'all listen',
  );
  return heard;
}

async function publishFromEach(buses) {
  await Promise.all(
    buses.map((bus, at) => bus.publish({ id: `id${at}`, type: 'del', source: `i${at}`, ts: 1, keys: ['k'] })),
  );
}

async function rounds(make) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const channel = freshName('together');
    const buses = times(BUSES, (at) => make(channel, at));
    try {
      const heard = await startTogether(buses);
      await publishFromEach(buses);
      await until(() => heard.every((sources) => sources.size === BUSES), 'each hears all');
      const connects = await Promise.all(buses.map(async (bus) => (await bus.healthCheck()).connects ?? 1));
      assert.deepEqual(
        connects,
        times(BUSES, () => 1),
      );
    } finally {
      await Promise.all(buses.map((bus) => bus.disconnect()));
    }
  }
}

for (const transport of Object.keys(TRANSPORTS)) {
  test(`${transport}: ${BUSES} buses that connect at the same time to things that are not there yet`, async () => {
    const { url } = await servers.of(transport);
    await rounds((channel, at) => TRANSPORTS[transport].bus(url, channel, { ...QUIET, instance: `i${at}` }));
  });
}

const injected = (connection, subject, instance) =>
  new NatsEventBus({
    mode: 'jetstream',
    connection,
    subject,
    jetstream: { stream: `S_${subject}`, durableName: instance },
    ...QUIET,
  });

test(`jetstream by injected connections: ${BUSES} buses that connect at the same time`, async (t) => {
  const { url } = await servers.of('jetstream');
  const connections = await Promise.all(times(BUSES, () => connect({ servers: url })));
  t.after(() => Promise.all(connections.map((connection) => connection.close())));
  await rounds((subject, at) => injected(connections[at], subject, `i${at}`));
});

/** Makes a bus by way of a proxy. */
const WAYS = {
  jetstream: async (_t, url, subject) => TRANSPORTS.jetstream.bus(url, subject, { ...QUIET, instance: 'ours' }),
  'jetstream by an injected connection': async (t, url, subject) => {
    const connection = await connect({ servers: url });
    t.after(() => connection.close());
    return injected(connection, subject, 'ours');
  },
};

/** Things that another makes, in a way that excludes those of this package. */
const MADE = {
  stream: {
    request: /\$JS\.API\.STREAM\.CREATE\./,
    make: ({ streams }, subject) => streams.add({ name: `S_${subject}`, subjects: [subject], max_msgs: 1000 }),
  },
  consumer: {
    request: /\$JS\.API\.CONSUMER\.(DURABLE\.)?CREATE\./,
    make: ({ consumers }, subject) =>
      consumers.add(`S_${subject}`, {
        durable_name: 'ours',
        ack_policy: 'explicit',
        deliver_policy: 'new',
        filter_subject: subject,
      }),
  },
};

for (const [way, make] of Object.entries(WAYS)) {
  for (const [what, other] of Object.entries(MADE)) {
    test(`${way}: a ${what} that another makes after it was looked for is used`, async (t) => {
      const { port, url } = await servers.of('jetstream');
      const admin = await connect({ servers: url });
      t.after(() => admin.close());
      const manager = await admin.jetstreamManager();
      const subject = freshName('meanwhile');
      const proxy = await proxyTo(t, port);
      let made = 0;
      proxy.onRequest = async (chunk) => {
        if (made > 0 || String(chunk).search(other.request) < 0) return;
        made += 1;
        await other.make(manager, subject);
      };
      const bus = await make(t, `127.0.0.1:${proxy.port}`, subject);
      t.after(() => bus.disconnect());
      const heard = [];
      await bus.connect();
      await bus.subscribe((event) => void heard.push(event.id));
      await until(async () => (await bus.healthCheck()).subscribed, 'it listens');
      await bus.publish({ id: 'one', type: 'del', source: 'me', ts: 1, keys: ['k'] });
      await until(() => heard.length === 1, 'it hears what was published');
      assert.deepEqual([made, (await bus.healthCheck()).connects ?? 1], [1, 1]);
    });
  }
}
