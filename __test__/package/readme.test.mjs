import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { publishedReadme } from '../../scripts/parts/readme.mjs';
import { ROOT } from '../../scripts/parts/project.mjs';

const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
const linksOf = (readme) => [...readme.matchAll(/\]\(((?!#)[^)]+)\)/g)].map(([, path]) => path);

test('every file that the README of the sources links to is there', () => {
  for (const path of linksOf(text)) {
    const [file] = path.split('#');
    assert.ok(/^https?:/.test(path) || existsSync(join(ROOT, file)), path);
  }
});

test('the published README links to no file that is not published, and has no script of the sources', () => {
  const published = publishedReadme(text);
  assert.deepEqual(
    linksOf(published).filter((path) => !path.startsWith('https://')),
    [],
  );
  assert.doesNotMatch(published, /npm run (?!build`)|Working on it|!\[/);
  assert.match(published, /^## License$/m);
});

test('where the sources are hosted is known to a release: then links and pictures lead there', () => {
  const published = publishedReadme(text, 'https://git.example/a/b/blob/v1');
  assert.match(published, /\]\(https:\/\/git\.example\/a\/b\/blob\/v1\/docs\/toolchains\.md\)/);
  assert.match(published, /!\[[^\]]+\]\(https:\/\/git\.example\/a\/b\/blob\/v1\/docs\/[a-z/-]+\.png\?raw=true\)/);
});

test('every heading that a link of the README names is there', () => {
  for (const readme of [text, publishedReadme(text)]) {
    const anchors = new Set(
      [...readme.matchAll(/^#{1,4} (.*)$/gm)].map(([, words]) =>
        words
          .toLowerCase()
          .replaceAll(/[^\p{Letter}\p{Number}_ -]/gu, '')
          .replaceAll(' ', '-'),
      ),
    );
    for (const [, anchor] of readme.matchAll(/\]\(#([^)]+)\)/g)) assert.ok(anchors.has(anchor), anchor);
  }
});
