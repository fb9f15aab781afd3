// The page under a prefix that a proxy strips: every request stays below it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { start } from '../../dashboard/dev/server.mjs';
import { newPage } from './support/browser.mjs';
import { startProxy } from './support/stripping-proxy.mjs';

const PREFIX = '/tools/cache';
const served = await start({ keys: 500 });
const proxy = await startProxy(PREFIX, new URL(served.url));
after(async () => {
  await proxy.close();
  await served.close();
});

const VIEWS = {
  overview: 'of reads answered by L1 or L2',
  l1: '500 keys',
  loads: 'Errors by message',
  bus: 'Other instances',
  events: 'of the last',
  config: 'levels.L1',
};

test('every request of the page stays below the prefix, and is answered', async () => {
  const { page, faults, close } = await newPage();
  const outside = [];
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (!pathname.startsWith(`${PREFIX}/`) || response.status() >= 400)
      outside.push(`${response.status()} ${pathname}`);
  });
  for (const [view, text] of Object.entries(VIEWS)) {
    await page.goto(`${proxy.url}#/${view}`);
    await page.getByText(text).first().waitFor();
  }
  assert.deepEqual(outside, []);
  assert.deepEqual(faults, []);
  await close();
});
