// The stream of events: a storm of 1,000 a second, pauses, filters, and tabs that nobody looks at.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { start } from '../../dashboard/dev/server.mjs';
import { newPage, until } from './support/browser.mjs';

const served = await start({ keys: 1000, events: 1000 });
after(() => served.close());

async function opened(hash = '#/events') {
  const { page, faults, close } = await newPage();
  await page.goto(`${served.url}${hash}`);
  await page.locator('.grid .row').first().waitFor();
  return { page, faults, close };
}

/** As a browser tells a page that its tab went behind another, or came back. */
const hide = (page, isHidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);

const listeners = () => served.feed.listeners.size;

/** The tests' own process serves: it looks at itself. */
async function untilListeners(count) {
  for (let turn = 0; turn < 600 && listeners() !== count; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.equal(listeners(), count);
}

test('a storm of 1,000 events a second is shown, and the page keeps up', async () => {
  const { page, faults, close } = await opened();
  await until(page, () => /(?:[89]\d\d|1,\d{3}) a second/.test(document.querySelector('.head p')?.textContent ?? ''));
  await page.getByText(/of the last 5,000 events/).waitFor();
  assert.ok((await page.locator('.grid .row').count()) < 60);
  const turn = await page.evaluate(async () => {
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve));
    return performance.now() - start;
  });
  assert.ok(turn < 1000, `${turn} ms until the page had time`);
  assert.deepEqual(faults, []);
  await close();
});

test('paused, the list stands still and says how many came; going on shows them', async () => {
  const { page, close } = await opened();
  await page.getByRole('button', { name: 'Pause' }).click();
  const first = page.locator('.grid .row').first();
  await page.getByText(/paused, [\d,]+ new/).waitFor();
  const before = await first.textContent();
  await until(page, () => /paused, \d,\d{3} new/.test(document.body.textContent ?? ''));
  assert.equal(await first.textContent(), before);
  await page.getByRole('button', { name: 'Go on' }).click();
  await until(page, (text) => document.querySelector('.grid .row')?.textContent !== text, before);
  await close();
});

test('events are filtered by kind and key, which the address holds', async () => {
  const { page, close } = await opened('#/events?kinds=load&text=user%3A1');
  await until(page, () => document.querySelectorAll('.grid .row').length > 3);
  const shown = await page.locator('.grid .row').allTextContents();
  for (const text of shown) assert.match(text, /(?:loader|inflight|stale|negative).*user:1/);
  await page.getByRole('button', { name: 'Loads', pressed: true }).click();
  await page.locator('.grid .row', { hasText: 'hit' }).first().waitFor();
  await close();
});

test('the stream is closed while the tab is hidden, and goes on where it was', async () => {
  await untilListeners(0);
  const { page, close } = await opened();
  await untilListeners(1);
  await hide(page, true);
  await untilListeners(0);
  await page.getByText('paused while the tab is hidden').waitFor();
  await hide(page, false);
  await untilListeners(1);
  await until(page, () => / a second/.test(document.querySelector('.head p')?.textContent ?? ''));
  await close();
});

test('no other view has a stream, and a hidden tab asks for nothing', async () => {
  await untilListeners(0);
  const { page, close } = await opened('#/l1?mode=list');
  await page.getByText('live', { exact: true }).waitFor();
  assert.equal(listeners(), 0);
  await hide(page, true);
  await page.getByText('paused', { exact: true }).waitFor();
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  // Three times as long as the page waits between two questions.
  await page.waitForTimeout(3000);
  assert.deepEqual(asked, []);
  await close();
});

test('a row of an event explains its key', async () => {
  const { page, close } = await opened('#/events?kinds=write');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.locator('.grid .row').first().click();
  await page.getByText(/held by/).waitFor();
  await close();
});
