/** The pictures of the README and of docs/dashboard.md, over caches that do not exist: needs `pngquant`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findBrowser } from '../../scripts/parts/browser.mjs';
import { start } from './server.mjs';

const ROOT = join(import.meta.dirname, '../..');
const { chromium } = createRequire(join(ROOT, '__test__/tools/package.json'))('playwright-core');

const PICTURES = [
  { name: 'overview-light', hash: '#/overview', colorScheme: 'light' },
  { name: 'overview-dark', hash: '#/overview?chart=ratio', colorScheme: 'dark' },
  { name: 'keys', hash: '#/l1?mode=list&match=user:*', colorScheme: 'light' },
  { name: 'key-explained', hash: '#/key?key=user%3A0%3Acart', colorScheme: 'light' },
];

const folder = join(ROOT, 'docs/images');
mkdirSync(folder, { recursive: true });
const served = await start({ keys: 100_000, events: 60 });
const browser = await chromium.launch({ executablePath: findBrowser() });
try {
  for (const { name, hash, colorScheme } of PICTURES) {
    const viewport = { width: 1280, height: 860 };
    const page = await browser.newPage({ colorScheme, viewport, deviceScaleFactor: 1.5 });
    await page.goto(`${served.url}${hash}`);
    await page.waitForTimeout(2500);
    const path = join(folder, `${name}.png`);
    await page.screenshot({ path });
    execFileSync('pngquant', ['--force', '--speed', '1', '--quality', '60-95', '--output', path, '128', path]);
    await page.close();
  }
} finally {
  await browser.close();
  await served.close();
}
