// A Chromium that tests drive, and the things that a page must never do.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after } from 'node:test';
import { findBrowser } from '../../../scripts/parts/browser.mjs';
import { TOOLS } from '../../../scripts/install.mjs';

const tools = createRequire(join(TOOLS, 'package.json'));

/** How long a page may take for anything; the machine may be busy. */
const DEADLINE_MS = 30_000;

const AXE = readFileSync(tools.resolve('axe-core/axe.min.js'), 'utf8');

let running;

async function browser() {
  const executablePath = findBrowser();
  assert.ok(executablePath, 'no Chromium was found: run node scripts/servers.mjs, or set CHROMIUM to the path of one');
  running ??= tools('playwright-core').chromium.launch({ executablePath });
  return running;
}

after(async () => {
  await (await running)?.close();
});

export const WIDE = { width: 1280, height: 860 };
export const NARROW = { width: 360, height: 740 };

/**
 * A page whose faults are collected: errors, refusals of the policy, and requests that leave its server.
 * @param {{ viewport?: object, colorScheme?: 'light' | 'dark', httpCredentials?: object, reducedMotion?: string }}
 *   [options] of the browser's context
 */
export async function newPage(options = {}) {
  const context = await (await browser()).newContext({ viewport: WIDE, permissions: ['clipboard-read'], ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  const faults = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== 'data:' && hostname !== '127.0.0.1') faults.push(`request: ${request.url()}`);
  });
  return { page, faults, close: () => context.close() };
}

/** The faults that axe finds, in a line each. It is run beside the page, which its policy does not stop. */
export async function axeFindings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(globalThis.document));
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

/** Resolves when the function, run in the page, returns something. */
export const until = (page, condition, argument) =>
  page.waitForFunction(condition, argument, { timeout: DEADLINE_MS, polling: 50 });
