/** The state that all views share: that of the process, once a second, and the last minutes of the chosen cache. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { get } from './api';
import { type Polled, nothing, poll } from './poll';
import { param } from './route';
import type { CacheState, EventLoop, History, Process } from './shapes';

export const process = signal<Polled<Process>>(nothing());

poll(process, 1000, (aborted) => get<Process>('api/caches', {}, aborted));

/** The chosen cache: of the address, else the one whose dashboard this is. */
export const cache = computed<CacheState | undefined>(() => {
  const all = process.value.data?.caches ?? [];
  const wanted = param('cache') || process.value.data?.self;
  return all.find(({ id }) => id === wanted) ?? all[0];
});

/** For requests; undefined is the server's own. */
export const cacheId = computed(() => param('cache') || undefined);

/** Of other caches there are counters alone, and a question about more would be refused. */
export const isObserved = computed(() => cache.value?.observed ?? true);

export const eventLoop = computed<EventLoop | undefined>(() => {
  const loops = process.value.data?.eventLoops ?? [];
  return loops.find(({ environment }) => environment === cache.value?.environment) ?? loops[0];
});

/** A moment of a cache: totals since it was made. */
export interface Sample {
  at: number;
  l1: number;
  l2: number;
  negative: number;
  stale: number;
  missed: number;
  joins: number;
  loads: number;
  failed: number;
  sets: number;
  deletes: number;
  evicted: number;
  expired: number;
  entries: number | null;
}

const MOST_SAMPLES = 300;

/** Nearer samples say more of chance than of a rate. */
const LEAST_APART_MS = 600;

/** A read is answered by a layer, or it is not: then a load answers it. */
function sampleOf(at: number, { stats, layers }: CacheState): Sample {
  const { hits, misses, loads, evictions } = stats;
  return {
    at,
    l1: hits.L1,
    l2: hits.L2,
    negative: hits.negative,
    stale: hits.stale,
    missed: layers.l2 ? misses.L2 : misses.L1,
    joins: stats.joins,
    loads: loads.started,
    failed: loads.failed,
    sets: stats.sets,
    deletes: stats.deletes + stats.patternDeletes,
    evicted: evictions.capacity,
    expired: evictions.expired,
    entries: stats.L1.entries,
  };
}

const COLUMNS: Record<Exclude<keyof Sample, 'missed'>, string> = {
  at: 'at',
  l1: 'hits.L1',
  l2: 'hits.L2',
  negative: 'hits.negative',
  stale: 'hits.stale',
  joins: 'joins',
  loads: 'loads.started',
  failed: 'loads.failed',
  sets: 'sets',
  deletes: 'deletes',
  evicted: 'evictions.capacity',
  expired: 'evictions.expired',
  entries: 'L1.entries',
};

function samplesOf({ columns, samples }: History, hasL2: boolean): Sample[] {
  const at = (row: (number | null)[], name: string) => row[columns.indexOf(name)] ?? 0;
  return samples.map((row) => {
    const sample = { missed: at(row, hasL2 ? 'misses.L2' : 'misses.L1') } as Sample;
    for (const [name, column] of Object.entries(COLUMNS)) sample[name as 'at'] = at(row, column);
    return sample;
  });
}

export const samples = signal<Sample[]>([]);

/** Begins with the samples that the server has kept, and goes on with those seen here. */
const chosen = computed(() => cache.value?.id);

effect(() => {
  const id = chosen.value;
  samples.value = [];
  if (id === undefined) return undefined;
  const controller = new AbortController();
  void begin(id, controller.signal);
  return () => controller.abort();
});

async function begin(id: string, aborted: AbortSignal): Promise<void> {
  const hasL2 = cache.peek()?.layers.l2 ?? false;
  try {
    const before = samplesOf(await get<History>('api/history', { cache: id }, aborted), hasL2);
    const first = samples.peek()[0]?.at ?? Number.POSITIVE_INFINITY;
    samples.value = [...before.filter(({ at }) => at < first), ...samples.peek()].slice(-MOST_SAMPLES);
  } catch {
    // It is a beginning alone: without it the line starts here.
  }
}

effect(() => {
  const { data } = process.value;
  const state = cache.value;
  if (data === undefined || state === undefined) return;
  untracked(() => {
    const last = samples.peek().at(-1)?.at ?? 0;
    if (data.now >= last + LEAST_APART_MS)
      samples.value = [...samples.peek(), sampleOf(data.now, state)].slice(-MOST_SAMPLES);
  });
});

export interface Rate extends Record<Exclude<keyof Sample, 'at' | 'entries'>, number> {
  at: number;
}

const COUNTED = Object.keys(COLUMNS).filter((name) => name !== 'at' && name !== 'entries') as (keyof Rate)[];

/** Events a second between neighbours. A cache that began anew has fewer than before: that is no rate. */
export const rates = computed<Rate[]>(() => {
  const all = samples.value;
  return all.slice(1).map((sample, index) => {
    const before = all[index] as Sample;
    const seconds = Math.max((sample.at - before.at) / 1000, 0.05);
    const rate = { at: sample.at } as Rate;
    for (const name of [...COUNTED, 'missed' as const]) {
      rate[name] = Math.max(0, ((sample[name] ?? 0) - (before[name] ?? 0)) / seconds);
    }
    return rate;
  });
});
