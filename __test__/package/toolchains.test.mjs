// The quick part of `npm run test:toolchains`, which see.
import { after, before, test } from 'node:test';
import { CASES } from '../toolchains/cases.mjs';
import { Toolchains } from '../toolchains/project.mjs';

let at;

before(async () => {
  at = await Toolchains.open();
});

after(() => at?.close());

for (const [heading, cases] of Object.entries(CASES)) {
  for (const { tool, needs, what, quick = false, only = true, run } of cases) {
    if (quick && only) test(`${heading}: ${tool}, needs ${needs}: ${what}`, () => run(at));
  }
}
