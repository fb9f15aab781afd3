// Every view: it shows its contents, wide and narrow, light and dark, and has no faults.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { start } from '../../dashboard/dev/server.mjs';
import { NARROW, WIDE, axeFindings, newPage, until } from './support/browser.mjs';

const served = await start({ keys: 2000, events: 40 });
after(() => served.close());

/** By address, a text that is there once the view has its data. */
const VIEWS = {
  '#/overview': 'of reads answered by L1 or L2',
  '#/overview?chart=ratio&window=ever': 'of reads answered by L1 or L2',
  '#/l1?open=user:': '2,000 keys',
  '#/l1?mode=list': 'user:1:profile',
  '#/l2': 'Nothing is read until you ask',
  '#/l2?look=1&mode=list': 'listed',
  '#/key': 'Explain a key',
  '#/key?key=user%3A7%3Aplan': 'held by both layers',
  '#/key?key=user%3A7%3Aplan&form=msgpack': 'fixmap',
  '#/key?key=user%3A7%3Aplan&form=hex': '000000',
  '#/key?key=user%3A7%3Aplan&of=difference': 'Another name',
  '#/key?key=user%3A7%3Acart': 'Deleted by instance b7c01d 12 s ago',
  '#/loads': 'Errors by message',
  '#/bus': 'Other instances',
  '#/events': 'of the last',
  '#/config': 'levels.L1',
  '#/advice': 'levels.L1.maxEntries',
  '#/advice?simulate=1': '(now)',
};

/** No part of a view may be so wide that the page scrolls sideways. */
const overflows = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

for (const colorScheme of ['light', 'dark']) {
  for (const [name, viewport] of Object.entries({ wide: WIDE, 'of 360 pixels': NARROW })) {
    test(`every view, ${name}, ${colorScheme}, is whole, and axe finds nothing wrong`, async () => {
      const { page, faults, close } = await newPage({ viewport, colorScheme, reducedMotion: 'reduce' });
      const findings = [];
      for (const [hash, text] of Object.entries(VIEWS)) {
        await page.goto(`${served.url}${hash}`);
        await page.getByText(text, { exact: false }).first().waitFor();
        assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), colorScheme);
        if ((await overflows(page)) > 0) findings.push(`${hash} is ${await overflows(page)} pixels too wide`);
        findings.push(...(await axeFindings(page)).map((finding) => `${hash} ${finding}`));
      }
      assert.deepEqual(findings, []);
      assert.deepEqual(faults, []);
      await close();
    });
  }
}

test('the numbers of the overview move while one looks', async () => {
  const { page, close } = await newPage();
  await page.goto(served.url);
  const count = page.locator('.latency tbody tr').first().locator('td').first();
  const before = await count.textContent();
  await until(page, (text) => document.querySelector('.latency tbody td')?.textContent !== text, before);
  await close();
});

test('another cache is chosen by the list, which the address holds', async () => {
  const { page, close } = await newPage();
  await page.goto(served.url);
  await page.getByRole('combobox').selectOption({ label: 'sessions' });
  await page.getByRole('heading', { name: 'sessions', level: 1 }).waitFor();
  assert.match(page.url(), /#\/overview\?cache=0-2$/);
  await page.reload();
  await page.getByRole('heading', { name: 'sessions', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'Bus none' }).click();
  await page.getByText('This cache has no event bus').waitFor();
  await close();
});

test('a cache without a dashboard of its own says that there are counters alone', async () => {
  const { page, close } = await newPage();
  await page.goto(`${served.url}#/overview?cache=1-1`);
  await page.getByText('This cache was made without observability').waitFor();
  await close();
});

test('light and dark are chosen, and stay so', async () => {
  const { page, close } = await newPage({ colorScheme: 'light' });
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.goto(served.url);
  await page.getByRole('button', { name: 'Dark' }).click();
  assert.equal(await theme(), 'dark');
  await page.reload();
  assert.equal(await theme(), 'dark');
  await page.getByRole('button', { name: 'Auto' }).click();
  assert.equal(await theme(), 'light');
  await close();
});

test('a server that is gone is said, and found again', async () => {
  const other = await start({ keys: 100 });
  const { page, close } = await newPage();
  await page.goto(other.url);
  await page.getByText('live', { exact: true }).waitFor();
  await other.close();
  await page.getByText('The process does not answer').waitFor();
  const again = await start({ keys: 100, port: other.port });
  await page.getByText('live', { exact: true }).waitFor();
  await again.close();
  await close();
});

test('an event loop that is stuck is said on every view', async () => {
  const other = await start({ keys: 100, stalled: true });
  const { page, close } = await newPage();
  await page.goto(`${other.url}#/config`);
  await page.getByText('The event loop of the main thread has not turned for').waitFor();
  await close();
  await other.close();
});

test('copy as JSON puts the shown value into the clipboard', async () => {
  const { page, close } = await newPage({ permissions: ['clipboard-read', 'clipboard-write'] });
  await page.goto(`${served.url}#/config`);
  await page.getByRole('button', { name: 'Copy JSON' }).click();
  await page.getByText('Copied').waitFor();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  assert.equal(copied.source, 'a3f9e2');
  await close();
});
