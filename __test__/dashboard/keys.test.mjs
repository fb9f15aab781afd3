// 100,000 keys: the tree, the list, and a key of them.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { start } from '../../dashboard/dev/server.mjs';
import { newPage, until } from './support/browser.mjs';

const KEYS = 100_000;
const served = await start({ keys: KEYS });
after(() => served.close());

const rows = (page) => page.locator('.grid .row');
const scroller = (page) => page.locator('.grid .scroll');

async function opened(hash, options) {
  const { page, faults, close } = await newPage(options);
  await page.goto(`${served.url}${hash}`);
  return { page, faults, close };
}

test('a list of 100,000 keys has as many rows as are in sight, and the last of them when scrolled there', async () => {
  const { page, close } = await opened('#/l1?mode=list');
  await rows(page).first().waitFor();
  await until(page, (keys) => document.querySelector('.grid .scroll')?.ariaRowCount === String(keys + 1), KEYS);
  await scroller(page).evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await page.getByText('100,000 of 100,000 listed, that is all').waitFor();
  const last = served.caches[0].entries.at(-1).key;
  await page.getByText(last, { exact: true }).waitFor();
  assert.ok((await rows(page).count()) < 60, `${await rows(page).count()} rows`);
  await close();
});

test('scrolling over 100,000 keys never holds the page up for long', async () => {
  const { page, close } = await opened('#/l1?mode=list');
  await scroller(page).evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await page.getByText('that is all').waitFor();
  const longest = await scroller(page).evaluate(async (element) => {
    let longest = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
    });
    observer.observe({ type: 'longtask' });
    for (let step = 0; step < 100; step += 1) {
      element.scrollTop = (element.scrollHeight * step) / 100;
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    observer.disconnect();
    return longest;
  });
  // A second is far from what it takes (some milliseconds), and near to what a list of all rows would.
  assert.ok(longest < 1000, `${longest} ms`);
  await close();
});

test('the time left of a key in sight runs down', async () => {
  const { page, close } = await opened('#/l1?mode=list&match=user:1:profile');
  const left = rows(page).first().locator('[role=gridcell]').nth(1);
  const before = await left.textContent();
  await until(page, (text) => document.querySelector('.grid .row')?.children[1]?.textContent !== text, before);
  await close();
});

test('a pattern that is typed lists the keys that match, and the address holds it', async () => {
  const { page, close } = await opened('#/l1');
  await page.getByRole('searchbox').fill('user:42:*');
  await page.getByText('5 match, 100,000 of 100,000 looked at, that is all').waitFor();
  assert.equal(await rows(page).count(), 5);
  assert.match(page.url(), /match=user%3A42%3A\*&mode=list/);
  await page.reload();
  await page.getByText('5 match').waitFor();
  await close();
});

test('typing asks a shared layer for nothing, pressing Enter does', async () => {
  const { page, close } = await opened('#/l2?look=1');
  await rows(page).first().waitFor();
  const asked = [];
  page.on('request', (request) => /api\/(?:l2|tree)/.test(request.url()) && asked.push(request.url()));
  await page.getByRole('searchbox').pressSequentially('user:42:*', { delay: 60 });
  assert.deepEqual(asked, []);
  await page.getByRole('searchbox').press('Enter');
  await page.getByText('5 match').waitFor();
  assert.ok(asked.length > 0);
  await close();
});

test('the tree opens by the keyboard, names the row that is meant, and explains a key', async () => {
  const { page, close } = await opened('#/l1');
  await rows(page).first().waitFor();
  const tree = page.getByRole('treegrid');
  const active = () => tree.getAttribute('aria-activedescendant');
  await tree.focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await active(), 'tree-l1-0');
  assert.equal(await page.locator('#tree-l1-0').getAttribute('aria-expanded'), 'false');
  await page.keyboard.press('ArrowRight');
  // Not the row that stands for entries that are still loaded.
  await page.locator('#tree-l1-1[aria-level="2"][aria-expanded="false"]').waitFor();
  assert.match(page.url(), /open=user%3A/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.locator('#tree-l1-2[aria-level="3"]', { hasNotText: '…' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByText(/held by (?:one|both)/).waitFor();
  assert.match(page.url(), /#\/key\?key=user%3A\d+%3A/);
  await close();
});

test('branches that were open in the tree are open when the address is opened again', async () => {
  const { page, close } = await opened('#/l1?open=user%3A%1Fuser%3A2%3A');
  await page.locator('.row', { hasText: 'profile' }).first().waitFor();
  await page.getByRole('treegrid').focus();
  await page.locator('.row', { hasText: 'user:' }).first().click();
  await until(page, () => !location.hash.includes('open'));
  assert.equal(await page.locator('.row[aria-level="2"]').count(), 0);
  await close();
});

test('looking again lists the present entries', async () => {
  const { page, close } = await opened('#/l1?mode=list&match=user:42:*');
  await page.getByText('5 match').waitFor();
  const { entries } = served.caches[0];
  const at = entries.findIndex(({ key }) => key === 'user:42:plan');
  const [removed] = entries.splice(at, 1);
  await page.getByRole('button', { name: 'Look again' }).click();
  await page.getByText('4 match').waitFor();
  entries.splice(at, 0, removed);
  await close();
});

test('a tree can be split elsewhere', async () => {
  const { page, close } = await opened('#/l1');
  await page.getByLabel('Split at').fill('e');
  await page.getByLabel('Split at').press('Enter');
  await page.locator('.row', { hasText: 'use' }).first().waitFor();
  assert.match(page.url(), /by=e/);
  await close();
});

test('children that were left out are asked for', async () => {
  const { page, close } = await opened('#/l1?open=user%3A');
  const tree = page.getByRole('treegrid');
  await page.locator('.row[aria-level="2"]').first().waitFor();
  await tree.focus();
  await tree.evaluate((element) => element.scrollTo(0, 202 * 34 - 300));
  await page.getByText(/more children of user:/).click();
  await until(page, () => Number(document.querySelector('.grid .scroll')?.ariaRowCount) > 2000);
  await close();
});
