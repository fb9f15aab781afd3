// A cluster of NATS servers, of which a bus is given one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NatsEventBus } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { natsServer } from '../support/servers/nats.mjs';
import { freePorts } from '../support/servers/process.mjs';

const QUIET = { logging: { enabled: false } };
const event = { id: '1', type: 'del', source: 'a', ts: 1, keys: ['k'] };

/** Two servers of a cluster that have found each other. */
async function cluster(t) {
  const ports = await freePorts(2);
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const starting = ports.map((port) =>
    natsServer(t, `server_name: s${port}\ncluster { name: c, listen: "127.0.0.1:${port}", routes: [ ${routes} ] }`),
  );
  const servers = await Promise.all(starting);
  await until(() => servers.every(({ output }) => /Route connection created/.test(output)), 'they know each other');
  return servers;
}

function busOn(t, connectionOptions) {
  const bus = new NatsEventBus({ connectionOptions, ...QUIET });
  t.after(() => bus.disconnect());
  return bus;
}

test('a bus goes on with the servers of the cluster that it was told of', async (t) => {
  const [first, second] = await cluster(t);
  const bus = busOn(t, { servers: first.url });
  const far = busOn(t, { servers: second.url });
  const heard = [];
  await far.subscribe(({ id }) => void heard.push(id));
  await bus.connect();
  await first.kill();
  const isUp = async () => {
    const { ok, connects } = await bus.healthCheck();
    return ok && connects > 1;
  };
  await until(isUp, 'it is up again');
  await bus.publish(event);
  await until(() => heard.length === 1, 'the other one hears it');
});

test('a bus leaves a server that is about to end if there is another one', async (t) => {
  const [first] = await cluster(t);
  const bus = busOn(t, { servers: first.url });
  await bus.connect();
  first.child.kill('SIGUSR2');
  await until(async () => (await bus.healthCheck()).connects > 1, 'it is connected to the other one');
  await bus.publish(event);
});

test('a bus keeps a server that is about to end if there is no other one', async (t) => {
  const server = await natsServer(t);
  const bus = busOn(t, { servers: server.url });
  await bus.connect();
  server.child.kill('SIGUSR2');
  await until(() => /Entering lame duck mode/.test(server.output), 'it is about to end');
  await bus.publish(event);
  const { ok, connects } = await bus.healthCheck();
  assert.deepEqual({ ok, connects }, { ok: true, connects: 1 });
});
