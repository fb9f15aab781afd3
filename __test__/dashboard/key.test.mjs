// A key, explained: its value in every form, its actions, and that no value becomes part of the page.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { start } from '../../dashboard/dev/server.mjs';
import { newPage } from './support/browser.mjs';

const served = await start({ keys: 1000 });
after(() => served.close());

const HOSTILE = 'note:<script>document.title="taken"</script>';

async function explained(key, { url = served.url, ...params } = {}) {
  const { page, faults, close } = await newPage();
  const query = new URLSearchParams({ key, ...params });
  await page.goto(`${url}#/key?${query}`);
  await page.getByText(/held by/).waitFor();
  return { page, faults, close };
}

test('markup in keys, values, events and errors is text', async () => {
  for (const form of ['', 'json', 'msgpack', 'hex']) {
    const { page, faults, close } = await explained(HOSTILE, { form });
    await page.getByRole('heading', { name: HOSTILE }).waitFor();
    await page.locator('.split').waitFor();
    assert.equal(await page.locator('main script, main img').count(), 0);
    assert.equal(await page.title(), 'Key · lazy-layers-cache · observability');
    assert.deepEqual(faults, []);
    await close();
  }
  const { page, close } = await newPage();
  await page.goto(`${served.url}#/loads`);
  await page.getByText('<script>document.title="taken"</script>').waitFor();
  assert.equal(await page.title(), 'Loads · lazy-layers-cache · observability');
  await close();
});

test('each layer says whether it holds the key, and why it does not', async () => {
  const { page, close } = await explained('user:3:cart');
  await page.getByRole('region', { name: 'L1' }).getByText('Deleted by instance b7c01d 12 s ago').waitFor();
  await page.getByRole('region', { name: 'L2' }).getByText('held').waitFor();
  await page.getByRole('region', { name: 'Known absent' }).getByText('none').waitFor();
  await close();
});

test('a key that nobody holds has no value, and says so', async () => {
  const { page, close } = await explained('nobody');
  await page.getByText('held by no layer').waitFor();
  await page.getByText('No layer holds a value.').waitFor();
  await close();
});

test('a value is shown as tree, JSON, MessagePack and bytes', async () => {
  const { page, close } = await explained('user:3:profile');
  await page.getByText('city:').waitFor();
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  assert.equal(JSON.parse(await page.locator('pre').textContent()).address.city, 'Lyon');
  await page.getByRole('button', { name: 'MessagePack' }).click();
  await page.getByRole('row', { name: 'fixstr "city"' }).waitFor();
  await page.getByRole('button', { name: 'Hex' }).click();
  assert.match(await page.locator('pre').textContent(), /^000000 {2}48 43 31 4d/);
  assert.match(page.url(), /form=hex/);
  await close();
});

test('where L1 and L2 differ, both are shown', async () => {
  const { page, close } = await explained('user:3:plan');
  await page.getByRole('button', { name: '2 differences' }).click();
  await page.getByRole('row', { name: '.name "Name 34" "Another name"' }).waitFor();
  await close();
});

test('an action asks, says how far it reaches, and is sent with the header of the page', async () => {
  const { page, close } = await explained('user:3:profile');
  const sent = page.waitForRequest((request) => request.method() === 'POST');
  await page.getByRole('button', { name: 'Delete' }).click();
  await page
    .getByText('It leaves L1 and L2, here and in all instances. No stale copy stays. This cannot be undone.')
    .waitFor();
  await page.getByRole('group', { name: 'Delete?' }).getByRole('button', { name: 'Delete' }).click();
  const request = await sent;
  assert.match(request.url(), /\/api\/actions\/delete\?key=user%3A3%3Aprofile$/);
  assert.equal(request.headers()['x-lazy-layers-action'], '1');
  await page.getByText('delete: done').waitFor();
  await page.getByText('held by no layer').waitFor();
  await close();
});

test('an action that is cancelled sends nothing', async () => {
  const before = served.acts.length;
  const { page, close } = await explained('user:4:profile');
  await page.getByRole('button', { name: 'Expire' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Expire' }).waitFor();
  assert.equal(served.acts.length, before);
  await close();
});

test('without actions there are no buttons for them', async () => {
  const other = await start({ keys: 100, readOnly: true });
  const { page, close } = await explained('user:3:profile', { url: other.url });
  await page.getByText('live', { exact: true }).waitFor();
  assert.equal(await page.getByRole('button', { name: /^(?:Delete|Expire|Reload at next read)$/ }).count(), 0);
  await close();
  await other.close();
});
