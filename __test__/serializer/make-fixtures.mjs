// Writes fixtures.json: the bytes of each value as each line of `msgpackr` packs it, in base64. Values that take more
// than 4 KB are left out; the tests pack those themselves.
import { writeFileSync } from 'node:fs';
import { LINES } from './lines.mjs';
import { packable } from './packable.mjs';

const fixtures = {};
for (const [line, { pack }] of Object.entries(LINES)) {
  fixtures[line] = {};
  for (const [name, value] of Object.entries(packable())) {
    const packed = pack(value);
    if (packed.length <= 4096) fixtures[line][name] = packed.toString('base64');
  }
}
writeFileSync(new URL('fixtures.json', import.meta.url), `${JSON.stringify(fixtures, null, 1)}\n`);
