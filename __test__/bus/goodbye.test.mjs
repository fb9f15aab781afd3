// Processes that end without disconnecting their bus.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { unpack } from 'msgpackr';
import { until } from '../support/deferred.mjs';
import { runFixture } from '../support/run-node.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const PREFIX_BYTES = 4;
const DELETES = 100;
/** The name of the channel of heartbeats beside that of events. */
const heartbeatsOf = (transport, channel) => channel + (transport === 'redis' ? ':heartbeat' : '.heartbeat');

const servers = sharedServers();
after(() => servers.end());

/** What another program hears by a name, but for messages without content, by which a session of NATS hears itself. */
async function heard(t, transport, url, name) {
  const raw = await TRANSPORTS[transport].raw(url, name);
  t.after(() => raw.close());
  const messages = [];
  await raw.listen((payload) => {
    if (payload.length > PREFIX_BYTES) messages.push(unpack(payload.subarray(PREFIX_BYTES)));
  });
  return messages;
}

for (const transport of Object.keys(TRANSPORTS)) {
  describe(transport, () => {
    for (const [how, code, title] of [
      ['exit', 0, 'by process.exit()'],
      ['throw', 1, 'of an error that nobody catches'],
      ['disconnect', 0, 'by process.exit() while it disconnects'],
      ['end', 0, 'as there is nothing left to do'],
    ]) {
      test(`a process that ends ${title} sends what waits and says goodbye`, async (t) => {
        const { url } = await servers.of(transport);
        const channel = freshName('goodbye');
        const events = await heard(t, transport, url, channel);
        const heartbeats = await heard(t, transport, url, heartbeatsOf(transport, channel));
        const left = await runFixture('leaves-bus.mjs', [transport, url, channel, how]);
        assert.equal(left.code, code, left.stderr);
        await until(() => heartbeats.some(({ within }) => within === 0), 'the goodbye');
        assert.equal(heartbeats.at(-1).sequence, DELETES, 'it tells the number of the last delete');
        // A batch that was under way is sent again.
        await until(() => new Set(events.map(({ sequence }) => sequence)).size === DELETES, 'all deletes');
      });
    }
  });
}

test('a broker that hangs holds up the end of a process for a moment alone', async (t) => {
  const server = await TRANSPORTS.redis.server(undefined);
  const { pid } = server.child;
  t.after(() => {
    process.kill(pid, 'SIGCONT');
    return server.kill();
  });
  const left = await runFixture('leaves-bus.mjs', ['redis', server.url, freshName('goodbye'), 'hang', String(pid)]);
  assert.deepEqual([left.code, left.timedOut], [0, false], left.stderr);
});
