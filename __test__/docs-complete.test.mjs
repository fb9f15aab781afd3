// Everything that users may name has its line in the documentation.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../scripts/parts/project.mjs';
import { events, membersOf, optionsOf } from './support/declared.mjs';
import { USER_PAGES, namesIn, rowsOf, textOf } from './support/pages.mjs';
import { snippetsOf } from './types/support/snippets.mjs';

const { statsOf } = createRequire(import.meta.url)('../lib/contract/stats.js');

/** The names in the first cell of a row. One that begins with a dot belongs to the one before. */
function firstNames([cell]) {
  let parent = '';
  return namesIn(cell).map((name) => {
    if (!name.startsWith('.')) parent = name.split('.').slice(0, -1).join('.');
    return name.startsWith('.') ? `${parent}${name}` : name;
  });
}

/** The rows of the tables of a page by the names in their first cells. The first row with a name counts. */
const rowsByName = (page) =>
  new Map(
    rowsOf(textOf(page))
      .reverse()
      .flatMap((row) => firstNames(row).map((name) => [name, row])),
  );
const missing = (names, known) => names.filter((name) => !known.has(name));

function flat(object, prefix = '') {
  return Object.entries(object).flatMap(([name, value]) =>
    value !== null && typeof value === 'object' && !ArrayBuffer.isView(value)
      ? flat(value, `${prefix}${name}.`)
      : [[`${prefix}${name}`, value]],
  );
}

const optionPathsOf = (type) => optionsOf(type).map(({ path }) => path);
const optionsOfCaches = optionPathsOf('LazyLayersCacheOptions').filter((path) => !path.startsWith('observability.'));

test('every option of a cache has its row in docs/options.md', () => {
  assert.ok(optionsOfCaches.length > 50, 'nothing would be checked');
  assert.deepEqual(missing(optionsOfCaches, rowsByName('docs/options.md')), []);
});

test('docs/options.md has no option that there is not', () => {
  const known = new Set([...optionsOfCaches, 'observability']);
  assert.deepEqual(missing([...rowsByName('docs/options.md').keys()], known), []);
});

test('the README has the same options, with the same defaults', () => {
  const { code } = snippetsOf('README.md', textOf('README.md')).find(({ heading }) => heading === 'Options');
  const [object] = /\{\n[^]*\n\}(?=\);)/.exec(code);
  const shown = new Map(flat(new Function(`return ${object}`)()));
  const rows = rowsByName('docs/options.md');
  // Said there in a comment.
  for (const level of ['L1', 'L2']) shown.set(`levels.${level}.ttlMs`, undefined);
  assert.deepEqual([...shown.keys()].sort(), [...rows.keys()].sort());
  for (const [name, value] of shown) {
    assert.equal(value, literal(rows.get(name)[1]), name);
  }
});

for (const [page, types] of [
  ['docs/redis.md', ['RedisStoreOptions']],
  [
    'docs/buses.md',
    ['RedisEventBusOptions', 'RabbitMQEventBusOptions', 'NatsEventBusOptions', 'DefinedEventBusOptions'],
  ],
  ['docs/dashboard.md', ['ObservabilityOptions']],
]) {
  test(`every option of ${types.join(', ')} has its row in ${page}`, () => {
    const rows = rowsByName(page);
    const known = new Set([...rows.keys(), ...[...rows.keys()].map((name) => name.split('.')[0])]);
    // Options of any cache are in docs/options.md, those of the package nats in its own documentation.
    const ofAll = new Set(page === 'docs/redis.md' ? optionsOfCaches : ['logging.env', 'logging.enabled']);
    const own = types
      .flatMap((type) => optionPathsOf(type))
      .map((path) => (path.startsWith('connectionOptions.') ? 'connectionOptions' : path))
      .filter((path) => !ofAll.has(path));
    assert.ok(own.length > 5, 'nothing would be checked');
    assert.deepEqual(missing(own, known), []);
  });
}

/** The value of a text that begins with a literal: with `10_000`, `10,000`, `true`; undefined for any other. */
function literal(text = '') {
  const [found] =
    /^(?:-?\d{1,3}(?:[_, ]\d{3})*|-?\d+|true|false|"[^"]*")(?=$|[ ,])/.exec(text.replaceAll('`', '')) ?? [];
  return found && JSON.parse(/\d/.test(found) ? found.replaceAll(/[_, ]/g, '') : found);
}

/** The default of an option by its row: of several options in a row that at the same place, if there are as many. */
function defaultIn(row, name) {
  const names = firstNames(row);
  const shown = namesIn(row.length > 3 ? row[2] : row[1]);
  return shown[shown.length === names.length ? names.indexOf(name) : 0];
}

for (const [page, type] of [
  ['docs/options.md', 'LazyLayersCacheOptions'],
  ['docs/redis.md', 'RedisStoreOptions'],
  ['docs/buses.md', 'RedisEventBusOptions'],
  ['docs/buses.md', 'RabbitMQEventBusOptions'],
  ['docs/buses.md', 'NatsEventBusOptions'],
  ['docs/dashboard.md', 'ObservabilityOptions'],
]) {
  test(`the defaults of ${type} in ${page} are those that the types state`, () => {
    const rows = rowsByName(page);
    // Options of any cache are in docs/options.md. One comment is about the bounds of both layers.
    const isElsewhere = (path) => page === 'docs/redis.md' && optionsOfCaches.includes(path);
    const both = optionsOf(type)
      .filter(({ path }) => path !== 'levels.L2.maxEntries' && !isElsewhere(path))
      .map(({ path, stated }) => ({ path, stated: literal(stated), row: rows.get(path) }))
      .filter(({ stated, row }) => stated !== undefined && row !== undefined)
      .map(({ path, stated, row }) => ({ path, stated, shown: literal(defaultIn(row, path)) }));
    assert.ok(both.length >= 5, 'nothing would be checked');
    assert.deepEqual(
      both.filter(({ stated, shown }) => stated !== shown),
      [],
    );
  });
}

test('every event has its row in docs/observability.md, with its fields', () => {
  const rows = rowsByName('docs/observability.md');
  const all = events();
  assert.deepEqual(
    missing(
      all.map(({ type }) => type),
      rows,
    ),
    [],
  );
  for (const { type, fields } of all) {
    const named = new Set(namesIn(rows.get(type)[1]).map((name) => /^[\w]+/.exec(name)?.[0]));
    assert.deepEqual(missing(fields, named), [], type);
  }
});

test('every counter has its row in docs/observability.md', () => {
  const numbers = flat(statsOf(new Float64Array(100))).map(([path]) => path);
  const rest = membersOf('CacheStats').filter((name) => !numbers.some((path) => path.split('.')[0] === name));
  assert.deepEqual(missing([...numbers, ...rest], rowsByName('docs/observability.md')), []);
});

for (const [type, page] of [
  ['LazyLayersCache', 'README.md'],
  ['LoaderContext', 'docs/loading.md'],
  ['EntryResult', 'docs/keys.md'],
  ['NatsEventBusHealth', 'docs/buses.md'],
  ['RabbitMQEventBusHealth', 'docs/buses.md'],
  ['RedisEventBusHealth', 'docs/buses.md'],
  ['DeleteEvent', 'docs/buses.md'],
  ['PatternEvent', 'docs/buses.md'],
  ['SetEvent', 'docs/buses.md'],
]) {
  test(`every member of ${type} has its row in ${page}`, () => {
    const names = [...rowsByName(page).keys()].map((name) => /^\w+/.exec(name)?.[0]);
    // The methods of the dashboard are on its page.
    const own = membersOf(type).filter((name) => !/Observability/.test(name));
    assert.deepEqual(missing(own, new Set(names)), []);
  });
}

/** The texts of the sources that run, of one folder. */
const sourcesOf = (folder, extension) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .filter((name) => name.endsWith(extension))
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'));

test('every code of an error has its row in docs/errors.md', () => {
  const codes = sourcesOf('lib', '.js').flatMap((text) =>
    [...text.matchAll(/coded\([^]*?, '([A-Z_]+)'\)|code: '([A-Z_]+)'/g)].map(([, one, other]) => one ?? other),
  );
  // Of Node.js, and of a transport of a user.
  const foreign = ['ERR_SERVER_NOT_RUNNING', 'MODULE_NOT_FOUND', 'EVENT_REFUSED'];
  const own = new Set(codes.filter((code) => !foreign.includes(code)));
  assert.ok(own.size > 8, 'nothing would be checked');
  assert.deepEqual(missing([...own], rowsByName('docs/errors.md')), []);
});

test('every environment variable of the package is in a page', () => {
  const sources = [...sourcesOf('lib', '.js'), ...sourcesOf('src', '.rs')].join('\n');
  const variables = new Set(sources.match(/\b(?:LAZY_[A-Z_]+|CACHE_FORMAT|CACHE_DEBUG_SERIALIZATION)\b/g));
  assert.ok(variables.size > 10, 'nothing would be checked');
  const pages = USER_PAGES.map(textOf).join('\n');
  // In a row of three variables the others stand without the common part.
  const isThere = (name) => pages.includes(name) || pages.includes(`…_${name.split('_').at(-1)}`);
  assert.deepEqual(
    [...variables].filter((name) => !isThere(name)),
    [],
  );
});

test('every exported name is in a page', async () => {
  const names = ['lazy-layers-cache', 'lazy-layers-cache/otel', 'lazy-layers-cache/testing'].map(
    (entry) => import(entry),
  );
  const exported = (await Promise.all(names)).flatMap((entry) => Object.keys(entry));
  const pages = new Set(USER_PAGES.map(textOf).join('\n').match(/\w+/g));
  assert.deepEqual(
    exported.filter((name) => !['default', 'module.exports'].includes(name) && !pages.has(name)),
    [],
  );
});
