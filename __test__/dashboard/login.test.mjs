// Logins and their limits: tokens, hidden values, and a dashboard without actions.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { newPage, until } from './support/browser.mjs';
import { startFleet } from './support/fleet.mjs';

const fleet = await startFleet({
  values: 'hidden',
  auth: { token: 'a token+', username: 'reader', password: 'secret' },
});
const { first } = fleet;
after(() => fleet.end());

test('a token in the address opens all of the page, also when it is loaded again', async () => {
  await first.tell('set', 'user:1', { secret: 'never shown' });
  const { page, faults, close } = await newPage();
  await page.goto(`${first.url}/?token=a%20token%2B#/events`);
  await page.locator('.row').first().waitFor();
  await page.getByRole('link', { name: 'L1' }).click();
  await page.locator('.row', { hasText: 'user:' }).first().waitFor();
  await page.reload();
  await page.locator('.row', { hasText: 'user:' }).first().waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('values that are hidden are nowhere, and the page says why', async () => {
  const { page, close } = await newPage();
  const bodies = [];
  page.on('response', async (response) => bodies.push(await response.text().catch(() => '')));
  await page.goto(`${first.url}/?token=a%20token%2B#/key?key=user%3A1`);
  await page.getByText('Values are hidden: the option values is "hidden".').waitFor();
  await until(page, () => document.querySelector('.state')?.textContent?.includes('live'));
  assert.deepEqual(
    bodies.filter((body) => body.includes('never shown')),
    [],
  );
  await close();
});

test('without actions there are no buttons for them', async () => {
  const { page, close } = await newPage();
  await page.goto(`${first.url}/?token=a%20token%2B#/key?key=user%3A1`);
  await page.getByText(/held by/).waitFor();
  assert.equal(await page.getByRole('button', { name: /^(?:Delete|Expire|Refresh)$/ }).count(), 0);
  await close();
});
