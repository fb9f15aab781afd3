import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishedPage, publishedReadme } from '../../scripts/parts/readme.mjs';
import { linksOf, textOf } from '../support/pages.mjs';

const README = textOf('README.md');
const published = new Set(['docs/redis.md', 'docs/running.md', 'CHANGELOG.md']);
const filesOf = (page) => linksOf(page).filter((to) => !to.startsWith('#') && !to.startsWith('https://'));

test('the published README links to no file that is not published, and has no script of the sources', () => {
  const text = publishedReadme(README, { published });
  assert.deepEqual(
    filesOf(text).filter((to) => !published.has(to.split('#')[0])),
    [],
  );
  assert.ok(filesOf(text).includes('docs/redis.md'), 'links to published pages stay');
  assert.doesNotMatch(text, /npm run (?!build`)|Working on it|!\[/);
  assert.match(text, /^## License$/m);
});

test('where the sources are hosted is known to a release: then links and pictures lead there', () => {
  const text = publishedReadme(README, { published, files: 'https://git.example/a/b/blob/v1' });
  assert.match(text, /\]\(https:\/\/git\.example\/a\/b\/blob\/v1\/docs\/toolchains\.md\)/);
  assert.match(text, /!\[[^\]]+\]\(https:\/\/git\.example\/a\/b\/blob\/v1\/docs\/[a-z/-]+\.png\?raw=true\)/);
});

test('a page finds published pages beside it, and those above', () => {
  const options = { page: 'docs/running.md', published: new Set(['README.md', 'docs/redis.md']) };
  const page = '[one](redis.md#rights) [two](../README.md) [three](decisions/time.md#a) ![four](images/a.png)\n';
  assert.equal(publishedPage(page, options), '[one](redis.md#rights) [two](../README.md) three four\n');
  assert.equal(
    publishedPage(page, { ...options, files: 'https://git.example/b' }),
    '[one](redis.md#rights) [two](../README.md) [three](https://git.example/b/docs/decisions/time.md#a) ' +
      '![four](https://git.example/b/docs/images/a.png?raw=true)\n',
  );
});
