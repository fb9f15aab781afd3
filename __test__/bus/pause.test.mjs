// A bus that its owner disconnects and connects again: nobody has heard what was sent in between.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '../support/deferred.mjs';
import { freshName, instanceOn, sharedServers, TRANSPORTS } from './transports.mjs';

const servers = sharedServers();
after(() => servers.end());

for (const transport of Object.keys(TRANSPORTS)) {
  test(`${transport}: a value that was deleted meanwhile by an unknown instance is not served afterwards`, async (t) => {
    const { url } = await servers.of(transport);
    const channel = freshName('pause');
    const paused = await instanceOn(t, transport, url, channel, 'paused', {});
    await paused.cache.set('k', 'old');
    await paused.bus.disconnect();
    const other = await instanceOn(t, transport, url, channel, 'other', {});
    await other.cache.delete('k');
    // It leaves with a goodbye, so that nobody misses it.
    await other.cache.close();
    await other.bus.disconnect();
    await paused.bus.connect();
    await until(async () => (await paused.bus.healthCheck()).subscribed, 'subscribed');
    await until(async () => (await paused.cache.get('k')) === undefined, 'the old value is gone');
    assert.equal(paused.cache.peek('k'), undefined);
  });
}
