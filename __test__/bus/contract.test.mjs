// Each transport does all that caches rely on: those of the package, that of the example, and one of this process.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { busContract } from '../../entry/testing.mjs';
import { PostgresEventBus } from '../../examples/postgres-transport.mjs';
import { MemoryBroker } from '../support/memory-broker.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';
import { postgresServer } from '../support/servers/postgres.mjs';
import { TRANSPORTS, freshName, sharedServers } from './transports.mjs';

const QUIET = { logging: { enabled: false } };
const servers = sharedServers();
after(() => servers.end());

for (const [transport, { bus, durable = false }] of Object.entries(TRANSPORTS)) {
  describe(transport, () => {
    // Each case has a channel of its own.
    let [channel, url] = ['', ''];
    for (const { name, run } of busContract(() => bus(url, channel, QUIET), { isDurable: durable })) {
      test(name, async () => {
        channel = freshName('contract');
        ({ url } = await servers.of(transport));
        await run();
      });
    }
  });
}

describe('a transport in memory', () => {
  let broker = new MemoryBroker();
  const interrupt = (meanwhile) => broker.interrupted(meanwhile);
  for (const { name, run } of busContract(() => new broker.Bus(QUIET), { interrupt })) {
    test(name, () => {
      broker = new MemoryBroker();
      return run();
    });
  }
});

describe('an object with the methods of a bus', () => {
  let hub = new MemoryHub();
  for (const { name, run } of busContract(() => hub.bus()).filter(
    ({ name: it }) => !it.includes('handler that fails'),
  )) {
    test(name, () => {
      hub = new MemoryHub();
      return run();
    });
  }
});

describe('the example on PostgreSQL', () => {
  let server;
  let channel = '';
  const make = () => new PostgresEventBus({ connectionString: server.url, channel, ...QUIET });
  const interrupt = async (meanwhile) => {
    await server.stop();
    await meanwhile();
    await server.start();
  };
  test('it', async (t) => {
    server = await postgresServer(t);
    for (const { name, run } of busContract(make, { interrupt })) {
      await t.test(name, () => {
        channel = freshName('contract');
        return run();
      });
    }
  });
});

test('a contract refuses objects that it cannot test', () => {
  assert.throws(() => busContract(/** @type {any} */ ({})), /factory must be a function that returns a bus/);
  const odd = /** @type {any} */ ({ interrupt: true });
  assert.throws(() => busContract(() => new MemoryHub().bus(), odd), /option "interrupt" must be a function/);
});

test('a factory that hands out one bus twice fails each case that needs two', async () => {
  const bus = new MemoryHub().bus();
  const [first] = busContract(() => bus);
  await assert.rejects(first.run(), /another bus each time/);
});
