// The page over a real cache, in Redis and on a bus, with a second instance: the page shows the answers of the server.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { axeFindings, newPage, until } from './support/browser.mjs';
import { startFleet } from './support/fleet.mjs';
import { startProxy } from './support/stripping-proxy.mjs';

const LOGIN = { username: 'reader', password: 'a: b' };
const fleet = await startFleet({ actions: true, auth: LOGIN });
const { first, second } = fleet;
after(() => fleet.end());

/** A page that has logged in. */
async function opened(hash = '', { base = `${first.url}/`, ...options } = {}) {
  const { page, faults, close } = await newPage({ httpCredentials: LOGIN, ...options });
  await page.goto(`${base}${hash}`);
  return { page, faults, close };
}

const keyView = (key) => `#/key?${new URLSearchParams({ key })}`;

test('each view is shown, without a fault, and axe finds nothing wrong', async () => {
  await first.tell('load', 'user:1:profile', { name: 'Ada' });
  await first.tell('fail', 'user:2:profile', 'connect ECONNREFUSED');
  await first.tell('hang', 'user:3:profile');
  await second.tell('load', 'user:4:profile', { name: 'Grace' });
  const views = {
    '#/overview': 'of reads answered by L1 or L2',
    '#/l1': 'user:',
    '#/l1?mode=list': 'user:1:profile',
    '#/l2?look=1': 'user:',
    '#/l2?look=1&mode=list&sizes=1': 'user:1:profile',
    [keyView('user:1:profile')]: '"Ada"',
    '#/loads': 'connect ECONNREFUSED',
    '#/bus': 'Other instances',
    '#/events': 'of the last',
    '#/config': 'levels.L1',
    '#/advice': 'Advice',
  };
  const { page, faults, close } = await opened();
  for (const [hash, text] of Object.entries(views)) {
    await page.goto(`${first.url}/${hash}`);
    await page.locator('main').getByText(text).first().waitFor();
    assert.deepEqual(await axeFindings(page), [], hash);
  }
  assert.deepEqual(faults, []);
  await close();
});

test('without a login there is no page, and a login is asked for', async () => {
  const { page, close } = await newPage();
  const answer = await page.goto(`${first.url}/`).catch((error) => error);
  // A browser that nobody can answer gives up on the question.
  assert.match(String(answer.message ?? answer.status()), /401|ERR_INVALID_AUTH_CREDENTIALS/);
  await close();
});

test('the address without its last slash has the page too', async () => {
  const { page, faults, close } = await opened('', { base: first.url });
  await page.getByText('of reads answered by L1 or L2').waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('the page works under a prefix that a proxy strips', async (t) => {
  const proxy = await startProxy('/tools/cache', new URL(first.url));
  t.after(() => proxy.close());
  const { page, faults, close } = await opened('#/l1', { base: proxy.url });
  await page.locator('.row', { hasText: 'user:' }).first().waitFor();
  await page.goto(`${proxy.url}#/events`);
  await page.locator('.row').first().waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('the page is there by the handler in a server of one’s own', async () => {
  const { page, faults, close } = await opened('', { base: `${first.mountedUrl}/observelazyily` });
  await page.getByText('of reads answered by L1 or L2').waitFor();
  await page.goto(`${first.mountedUrl}/observelazyily#/events`);
  await page.locator('.row').first().waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('numbers move as the cache is used', async () => {
  const { page, close } = await opened();
  await page.getByText('of reads answered by L1 or L2').waitFor();
  const sets = page.locator('.tile', { hasText: 'Sets' }).locator('.value');
  await page.getByRole('button', { name: 'Since start' }).click();
  const legend = page.locator('.legend li').first();
  const before = await legend.textContent();
  for (let turn = 0; turn < 50; turn += 1) await first.tell('get', 'user:1:profile');
  await until(page, (text) => document.querySelector('.legend li')?.textContent !== text, before);
  assert.match(await sets.textContent(), /\/s$/);
  await close();
});

test('a key that another instance deleted says which', async () => {
  await first.tell('set', 'user:7:cart', { items: 3 });
  const { page, close } = await opened(keyView('user:7:cart'));
  await page.getByText('held by both layers').waitFor();
  await second.tell('delete', 'user:7:cart');
  await page.getByText('held by no layer').waitFor();
  await page
    .getByRole('region', { name: 'L1' })
    .getByText(/deleted by the instance second/i)
    .waitFor();
  await close();
});

test('the bus view names the other instance', async () => {
  await second.tell('load', 'user:8:cart', { items: 1 });
  const { page, close } = await opened('#/bus');
  await page.getByRole('row', { name: /^second/ }).waitFor();
  await page.locator('.facts > div', { hasText: 'Queued' }).getByText(/^\d+$/).waitFor();
  await close();
});

test('a value with markup is text', async () => {
  const markup = '<script>document.title="taken"</script><img src=x onerror="document.title=1">';
  await first.tell('set', `note:${markup}`, { markup, nested: new Array(3).fill(markup) });
  for (const form of ['', 'json']) {
    const { page, faults, close } = await opened(`${keyView(`note:${markup}`)}&form=${form}`);
    await page.getByText('held by both layers').waitFor();
    await page.getByRole('heading', { name: markup }).waitFor();
    assert.equal(await page.locator('main script, main img').count(), 0);
    assert.equal(await page.title(), 'Key · lazy-layers-cache · observability');
    assert.deepEqual(faults, []);
    await close();
  }
});

test('the bytes of a value are shown as a shared layer has them, gzipped when they are large', async () => {
  await first.tell('set', 'small', { name: 'Ada' });
  await first.tell('set', 'large', 'a'.repeat(100_000));
  const { page, close } = await opened(`${keyView('small')}&form=msgpack`);
  await page.getByRole('row', { name: 'fixstr "Ada"' }).waitFor();
  await page.goto(`${first.url}/${keyView('large')}&form=hex&of=l2`);
  await page.getByText(/HC1G · .* stored · 100\skB packed, gzip saves \d+/).waitFor();
  assert.match(await page.locator('pre').textContent(), /^000000 {2}48 43 31 47 1f 8b/);
  await close();
});

test('a deletion from the page reaches both layers and the other instance', async () => {
  await first.tell('set', 'user:9:cart', { items: 3 });
  const { page, close } = await opened(keyView('user:9:cart'));
  await page.getByText('held by both layers').waitFor();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('group', { name: 'Delete?' }).getByRole('button', { name: 'Delete' }).click();
  await page.getByText('held by no layer').waitFor();
  const redis = fleet.redis.client();
  assert.equal(await redis.exists('catalogue:user:9:cart'), 0);
  redis.disconnect();
  await close();
});

test('100,000 keys are listed to the last, and the tree counts them', async () => {
  await first.tell('fill', 100_000);
  const { page, close } = await opened('#/l1?mode=list&match=item:*');
  await page.locator('.row').first().waitFor();
  const scroller = page.locator('.grid .scroll');
  await until(page, () => {
    const element = document.querySelector('.grid .scroll');
    element?.scrollTo(0, element.scrollHeight);
    return document.querySelector('.below-grid')?.textContent?.includes('that is all');
  });
  assert.match(await page.locator('.below-grid').textContent(), /^100,000 match/);
  assert.ok((await page.locator('.row').count()) < 60);
  await scroller.focus();
  await page.goto(`${first.url}/#/l1`);
  await page.locator('.row', { hasText: '100,000' }).waitFor();
  await close();
});

test('a storm of 1,000 events a second is shown', async () => {
  const { page, faults, close } = await opened('#/events');
  await first.tell('storm', 1000);
  await until(page, () => {
    const [, number] = /^([\d,]+) a second/.exec(document.querySelector('.head p')?.textContent ?? '') ?? [];
    return number !== undefined && Number(number.replace(',', '')) > 700;
  });
  await first.tell('storm', 0);
  assert.ok((await page.locator('.row').count()) < 60);
  assert.deepEqual(faults, []);
  await close();
});

test('while the event loop is stuck the page opens, and says so', async () => {
  await first.tell('block', 10_000);
  const { page, close } = await opened();
  await page.getByText('The event loop of the main thread has not turned for').waitFor();
  await page.getByText('of reads answered by L1 or L2').waitFor();
  await until(page, () => !document.body.textContent?.includes('has not turned for'));
  await close();
});
