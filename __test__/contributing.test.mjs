import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../scripts/parts/project.mjs';

const text = (path) => readFileSync(join(ROOT, path), 'utf8');

/** The lists of CONTRIBUTING.md: of each its heading, and of each step the file and the place in it. */
function listsOf(contributing) {
  const sections = contributing.split(/^### /m).slice(1);
  return sections.map((section) => {
    const steps = section.matchAll(/^\d+\. `([^`]+)`[^]*?\(`([^`]+)`\)/gm);
    return {
      heading: section.slice(0, section.indexOf('\n')),
      numbered: section.match(/^\d+\. /gm).length,
      steps: [...steps].map(([, file, place]) => ({ file, place })),
    };
  });
}

const lists = listsOf(text('CONTRIBUTING.md'));

test('there is a list for each kind of change', () => {
  const kinds = ['an option', 'an event', 'a counter', 'a verb', 'a transport'];
  assert.deepEqual(
    lists.map(({ heading }) => heading),
    kinds.map((kind) => `Add ${kind}`),
  );
});

for (const { heading, numbered, steps } of lists) {
  test(`"${heading}" names files that are there, and a place in each`, () => {
    assert.equal(steps.length, numbered, 'a step without a file or a place');
    const wrong = steps.filter(({ file, place }) => !existsSync(join(ROOT, file)) || !text(file).includes(place));
    assert.deepEqual(wrong, []);
  });
}
