import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { LazyLayersCache, ObservabilityCollector, metrics, renderPrometheus } from '../../index.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';
import { check } from './exposition.mjs';

const read = (name) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

/** The metrics that a text names. */
const named = (text) => new Set(text.match(/\blazycache_\w+/g));

let cache;
let known;
let text;

before(() => {
  const l2 = { get: async () => {}, set: async () => {}, has: async () => false, delete: async () => {} };
  cache = new LazyLayersCache({ name: 'all', l2, eventBus: new MemoryHub().bus(), levels: { L1: { maxBytes: 1e6 } } });
  text = metrics();
  known = new Set([...check(text), ...check(renderPrometheus(new ObservabilityCollector(1), 'lazycache'))]);
});

after(() => cache.close());

for (const file of ['grafana.json', 'alerts.yml']) {
  test(`every metric that docs/${file} names exists, with the labels and values asked of it`, () => {
    const asked = read(file).replaceAll('\\"', '"');
    const names = [...named(asked)];
    assert.ok(names.length > 5);
    // Histograms are asked by the names of their parts.
    const exists = (name) => known.has(name) || known.has(name.replace(/_(?:bucket|sum|count)$/, ''));
    assert.deepEqual(
      names.filter((name) => !exists(name)),
      [],
    );
    for (const [, name, labels] of asked.matchAll(/(lazycache_\w+)\{([^}]*)\}/g)) {
      for (const [, label, values] of labels.matchAll(/(layer|result)=~?"([^"$]*)"/g)) {
        for (const value of values.split('|')) {
          const there = new RegExp(`^${name}\\{[^}]*${label}="${value}"`, 'm');
          assert.match(text, there, `${name} ${label} ${value}`);
        }
      }
    }
  });
}

test('the board of Grafana is whole: panels have queries, and none lies on another', () => {
  const { panels, templating } = JSON.parse(read('grafana.json'));
  assert.deepEqual(
    templating.list.map(({ name }) => name),
    ['datasource', 'job', 'cache'],
  );
  const places = new Set();
  for (const { id, targets, gridPos } of panels) {
    assert.ok(targets.length > 0 && targets.every(({ expr }) => expr.length > 0), String(id));
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        assert.ok(x < 24 && !places.has(`${x} ${y}`), `panel ${id} lies on another`);
        places.add(`${x} ${y}`);
      }
    }
  }
});
