// Spans and metrics by OpenTelemetry, with its own SDK.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { instrument } from '../../entry/otel.mjs';
import { LazyLayersCache } from '../../index.mjs';

const QUIET = { logging: { enabled: false } };

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const spansOf = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spansOf)] });
afterEach(() => spansOf.reset());

/** Instruments for as long as a test runs. */
function instrumented(t, options) {
  t.after(instrument({ tracerProvider, metrics: false, ...options }));
}

const finished = () => spansOf.getFinishedSpans();
const named = (name) => finished().filter((span) => span.name === name);

test('a call is a span with its operation, layer and outcome', async (t) => {
  instrumented(t);
  const cache = new LazyLayersCache({ name: 'users' });
  await cache.set('k', 'value');
  await cache.get('k');
  assert.deepEqual(
    finished().map(({ name, attributes }) => [name, attributes]),
    [
      ['cache.set', { 'cache.operation': 'set', 'cache.name': 'users' }],
      [
        'cache.get',
        {
          'cache.operation': 'get',
          'cache.name': 'users',
          'cache.hit': true,
          'cache.outcome': 'hit',
          'cache.layer': 'L1',
          'cache.item_size': 5,
        },
      ],
    ],
  );
});

test('keys are named only if that is asked for', async (t) => {
  instrumented(t, { keys: true });
  await new LazyLayersCache().get(42);
  assert.equal(named('cache.get')[0].attributes['cache.key'], '42');
});

test('the loader is a child of its call, and its own calls are within', async (t) => {
  instrumented(t);
  const cache = new LazyLayersCache();
  const tracer = tracerProvider.getTracer('user');
  const around = tracer.startSpan('request');
  await context.with(trace.setSpan(context.active(), around), () =>
    cache.getOrSet('k', async () => {
      tracer.startSpan('query').end();
      return 'v';
    }),
  );
  around.end();
  const idOf = (name) => named(name)[0].spanContext().spanId;
  const parentOf = (name) => named(name)[0].parentSpanContext?.spanId;
  assert.equal(parentOf('cache.getOrSet'), idOf('request'));
  assert.equal(parentOf('cache.loader'), idOf('cache.getOrSet'));
  assert.equal(parentOf('query'), idOf('cache.loader'));
  assert.equal(named('cache.getOrSet')[0].attributes['cache.hit'], false);
});

test('the loader of getOrSetEntry has a span too', async (t) => {
  instrumented(t);
  await new LazyLayersCache().getOrSetEntry('k', () => 'v');
  const [call] = named('cache.getOrSetEntry');
  assert.equal(named('cache.loader')[0].parentSpanContext?.spanId, call.spanContext().spanId);
  assert.equal(call.attributes['cache.outcome'], 'loaded');
});

test('a hit has no span of a loader', async (t) => {
  const cache = new LazyLayersCache();
  await cache.set('k', 'v');
  instrumented(t);
  await cache.getOrSet('k', () => 'other');
  assert.deepEqual(
    finished().map(({ name }) => name),
    ['cache.getOrSet'],
  );
});

for (const [name, loader] of [
  ['rejects', () => Promise.reject(new Error('down'))],
  [
    'throws',
    () => {
      throw new Error('down');
    },
  ],
]) {
  test(`a loader that ${name} marks its span and that of the call`, async (t) => {
    instrumented(t);
    await assert.rejects(new LazyLayersCache(QUIET).getOrSet('k', loader), /down/);
    for (const { status, events } of [...named('cache.getOrSet'), ...named('cache.loader')]) {
      assert.deepEqual(status, { code: SpanStatusCode.ERROR, message: 'down' });
      assert.equal(events[0].name, 'exception');
    }
    assert.equal(finished().length, 2);
  });
}

test('nothing is traced once it is ended', async (t) => {
  const stop = instrument({ tracerProvider, metrics: false });
  t.after(stop);
  stop();
  stop();
  await new LazyLayersCache().get('k');
  assert.deepEqual(finished(), []);
});

test('spans of the last call of instrument are made, and those of an earlier one after its end', async (t) => {
  const cache = new LazyLayersCache();
  const namesAfter = async () => {
    spansOf.reset();
    others.reset();
    await cache.get('k');
    return [finished().length, others.getFinishedSpans().length];
  };
  const others = new InMemorySpanExporter();
  const ofOthers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(others)] });
  const first = instrument({ tracerProvider, metrics: false });
  const second = instrument({ tracerProvider: ofOthers, metrics: false });
  const third = instrument({ tracerProvider, metrics: false });
  t.after(() => [first, second, third].forEach((stop) => stop()));
  assert.deepEqual(await namesAfter(), [1, 0]);
  third();
  assert.deepEqual(await namesAfter(), [0, 1]);
  first();
  first();
  assert.deepEqual(await namesAfter(), [0, 1]);
  second();
  third();
  assert.deepEqual(await namesAfter(), [0, 0]);
});

test('the documentation names each metric and its attributes', async (t) => {
  const cache = new LazyLayersCache({ name: 'documented' });
  await cache.set('k', 1);
  const metrics = await collected(t, async () => {});
  const page = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8');
  for (const { descriptor, dataPoints } of metrics) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${descriptor.name}\` |`));
    const attributes = dataPoints.flatMap(({ attributes }) => Object.entries(attributes));
    const words = attributes.filter(([name]) => name !== 'cache.name').flat();
    for (const word of words) assert.ok(row?.includes(`\`${word}\``), `${descriptor.name}: ${word}`);
    assert.ok(row !== undefined, descriptor.name);
  }
  await cache.close();
});

test('metrics of two calls of instrument are counted once, and go on when one has ended', async (t) => {
  const cache = new LazyLayersCache({ name: 'instrumented twice' });
  await cache.set('k', 1);
  const metrics = await collected(t, async () => {});
  const before = pointsOf(metrics, 'cache.sets', 'instrumented twice');
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  t.after(() => meterProvider.shutdown());
  const stops = [instrument({ meterProvider, spans: false }), instrument({ meterProvider, spans: false })];
  for (const stop of stops) {
    await meterProvider.forceFlush();
    const { metrics: last } = exporter.getMetrics().at(-1).scopeMetrics[0];
    assert.deepEqual(pointsOf(last, 'cache.sets', 'instrumented twice'), before);
    stop();
  }
  await cache.close();
});

for (const [name, key] of [
  ['without a prototype', Object.create(null)],
  [
    'that cannot be text',
    {
      toString() {
        throw new Error('no text');
      },
    },
  ],
]) {
  test(`a key ${name} is refused as without spans`, async (t) => {
    instrumented(t, { keys: true });
    const cache = new LazyLayersCache(QUIET);
    await assert.rejects(cache.get(key), { code: 'INVALID_ARGUMENT' });
    assert.equal(named('cache.get')[0].status.code, SpanStatusCode.ERROR);
  });
}

/** The metrics of a meter while a test runs, which `act` may have collected in between. */
async function collected(t, act) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  t.after(() => meterProvider.shutdown());
  const stop = instrument({ meterProvider, spans: false });
  await act(() => meterProvider.forceFlush());
  await meterProvider.forceFlush();
  stop();
  const { scopeMetrics } = exporter.getMetrics().at(-1);
  return scopeMetrics[0].metrics;
}

const pointsOf = (metrics, name, cache) =>
  metrics
    .find(({ descriptor }) => descriptor.name === name)
    .dataPoints.filter(({ attributes }) => attributes['cache.name'] === cache)
    .map(({ attributes, value }) => {
      const { 'cache.name': _name, ...rest } = attributes;
      return [...Object.values(rest), value];
    });

test('the statistics of caches are metrics, those of one name added up', async (t) => {
  const caches = [1, 2].map(() => new LazyLayersCache({ name: 'measured' }));
  const metrics = await collected(t, async () => {
    for (const cache of caches) {
      await cache.getOrSet('k', () => 'v');
      await cache.get('k');
    }
    await caches[0].get('k');
  });
  assert.deepEqual(pointsOf(metrics, 'cache.hits', 'measured'), [
    ['L1', 3],
    ['L2', 0],
    ['negative', 0],
    ['stale', 0],
  ]);
  assert.deepEqual(pointsOf(metrics, 'cache.loads', 'measured'), [
    ['success', 2],
    ['error', 0],
  ]);
  assert.deepEqual(pointsOf(metrics, 'cache.l1.entries', 'measured'), [[2]]);
  await Promise.all(caches.map((cache) => cache.close()));
});

test('counters go on when a cache is closed, and numbers of the present fall', async (t) => {
  const caches = [1, 2].map(() => new LazyLayersCache({ name: 'closing' }));
  const metrics = await collected(t, async (collect) => {
    for (const cache of caches) await cache.getOrSet('k', () => 'v');
    await collect();
    await Promise.all(caches.map((cache) => cache.close()));
  });
  assert.deepEqual(pointsOf(metrics, 'cache.loads', 'closing'), [
    ['success', 2],
    ['error', 0],
  ]);
  assert.deepEqual(pointsOf(metrics, 'cache.l1.entries', 'closing'), [[0]]);
});

for (const [options, message] of [
  [{ keys: 'yes' }, /option "keys" must be true or false/],
  [{ tracerProvider: {} }, /option "tracerProvider" must be an object with the method getTracer/],
  [{ meterProvider: 1 }, /option "meterProvider" must be an object with the method getMeter/],
]) {
  test(`options that cannot be are refused: ${Object.keys(options)[0]}`, () => {
    assert.throws(() => instrument(options), { code: 'INVALID_OPTION', message });
  });
}
