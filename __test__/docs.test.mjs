// The pages of the documentation: their links, and that everything which users may name has its line.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../scripts/parts/project.mjs';
import { PAGES, USER_PAGES, anchorsOf, linksOf, namesIn, textOf } from './support/pages.mjs';

/** Links of a page that lead nowhere: to a file that is not there, or to a heading that a page does not have. */
function deadLinks(page) {
  return linksOf(textOf(page)).filter((to) => {
    if (/^https?:/.test(to)) return false;
    const [path, anchor] = to.split('#');
    const file = path === '' ? page : posix.join(posix.dirname(page), path);
    if (!existsSync(join(ROOT, file))) return true;
    return anchor !== undefined && file.endsWith('.md') && !anchorsOf(textOf(file)).has(anchor);
  });
}

for (const page of PAGES) {
  test(`every link of ${page} leads to a file and a heading that are there`, () => {
    assert.deepEqual(deadLinks(page), []);
  });
}

test('the README names every page of docs', () => {
  const named = new Set(linksOf(textOf('README.md')).map((to) => to.split('#')[0]));
  assert.deepEqual(
    USER_PAGES.filter((page) => page !== 'README.md' && !named.has(page)),
    [],
  );
});

test('every section of the README that an error names is there', () => {
  const advice = textOf('lib/native-advice.js');
  const named = [...advice.matchAll(/the section "([^"]+)" of the README/g)].map(([, heading]) => heading);
  assert.ok(named.length > 0, 'nothing would be checked');
  const headings = new Set([...textOf('README.md').matchAll(/^## (.*)$/gm)].map(([, heading]) => heading));
  assert.deepEqual(
    named.filter((heading) => !headings.has(heading)),
    [],
  );
});

test('a new reader gets through the README in ten minutes', () => {
  const lines = textOf('README.md').split('\n').length;
  assert.ok(lines <= 610, `${lines} lines`);
});

/** The paths of tests that a page names: in full, or as `bus/faults`. */
function testsNamedIn(page) {
  const names = namesIn(textOf(page));
  const inFull = names.filter((name) => /^(?:__test__|engine\/tests)\/[\w/.-]+$/.test(name));
  const inShort = names.filter((name) => /^(?:bus|redis)\/[\w-]+$/.test(name));
  return [...inFull, ...inShort.map((name) => `__test__/${name}.test.mjs`)];
}

for (const page of ['docs/guarantees.md', 'docs/servers.md']) {
  test(`the tests that ${page} names are there`, () => {
    const tests = testsNamedIn(page);
    assert.ok(tests.length > 5, 'nothing would be checked');
    assert.deepEqual(
      tests.filter((path) => !existsSync(join(ROOT, path))),
      [],
    );
  });
}
