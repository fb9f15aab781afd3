/**
 * Pictures of every view, light and dark, wide and narrow, over caches that do not exist:
 * `node dashboard/dev/screenshots.mjs folder [view …]`.
 */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findBrowser } from '../../scripts/parts/browser.mjs';
import { start } from './server.mjs';

const { chromium } = createRequire(join(import.meta.dirname, '../../__test__/tools/package.json'))('playwright-core');

const VIEWS = {
  overview: '#/overview',
  ratio: '#/overview?chart=ratio&window=ever',
  l1: '#/l1?open=user:&by=:',
  list: '#/l1?mode=list&match=user:*',
  l2: '#/l2?look=1&mode=list',
  key: '#/key?key=user%3A7%3Aplan',
  json: '#/key?key=user%3A7%3Aplan&form=json',
  hex: '#/key?key=user%3A7%3Aplan&form=hex',
  packed: '#/key?key=user%3A7%3Aplan&form=msgpack',
  difference: '#/key?key=user%3A7%3Aplan&of=difference',
  absent: '#/key?key=user%3A7%3Aseen',
  hostile: `#/key?key=${encodeURIComponent('note:<script>document.title="taken"</script>')}`,
  loads: '#/loads',
  bus: '#/bus',
  events: '#/events',
  config: '#/config',
  advice: '#/advice',
  sizes: '#/advice?simulate=1',
};

const SIZES = { wide: { width: 1280, height: 860 }, narrow: { width: 360, height: 740 } };

const [folder = 'screenshots', ...views] = process.argv.slice(2);
const chosen = views.length > 0 ? views : Object.keys(VIEWS);
mkdirSync(folder, { recursive: true });

const served = await start({ keys: 100_000, events: 60 });
const browser = await chromium.launch({ executablePath: findBrowser() });
try {
  for (const colorScheme of ['light', 'dark']) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await browser.newPage({ colorScheme, viewport, deviceScaleFactor: 1 });
      page.on('console', (message) => console.log(message.type(), message.text()));
      page.on('pageerror', (error) => console.log(error.stack));
      for (const view of chosen) {
        await page.goto(`${served.url}${VIEWS[view]}`);
        await page.waitForTimeout(view === 'events' ? 2500 : 1200);
        await page.screenshot({ path: join(folder, `${view}-${size}-${colorScheme}.png`), fullPage: true });
      }
      await page.close();
    }
  }
} finally {
  await browser.close();
  await served.close();
}
