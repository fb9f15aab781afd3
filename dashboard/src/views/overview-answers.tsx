/** Who answered the reads: since the cache was made, or lately. */
import { Segments } from '../parts/panel';
import { Shares, type Layer } from '../parts/chart';
import { compact, percent } from '../format/numbers';
import { type Rate, cache, samples } from '../state/live';
import { choose, param } from '../state/route';

export interface Answered {
  l1: number;
  l2: number;
  negative: number;
  stale: number;
  missed: number;
}

/** A stale copy is served after a miss, so it is among the misses too. */
const PARTS: { name: string; tone: string; of: (answered: Answered) => number }[] = [
  { name: 'L1', tone: 'l1', of: ({ l1 }) => l1 },
  { name: 'L2', tone: 'l2', of: ({ l2 }) => l2 },
  { name: 'Known absent', tone: 'negative', of: ({ negative }) => negative },
  { name: 'Stale copy', tone: 'stale', of: ({ stale }) => stale },
  { name: 'Missed', tone: 'load', of: ({ missed, stale }) => Math.max(0, missed - stale) },
];

export const answersOf = (all: Rate[]): Layer[] =>
  PARTS.map(({ name, tone, of }) => ({ name, tone, values: all.map(of) }));

/** Smoothed over five samples: single seconds say little. */
function smooth(all: Rate[], of: (rate: Rate) => number): number[] {
  return all.map((_, index) => {
    const near = all.slice(Math.max(0, index - 4), index + 1);
    const sum = (each: (rate: Rate) => number) => near.reduce((total, one) => total + each(one), 0);
    return sum(of) / sum(({ l1, l2, negative, missed }) => l1 + l2 + negative + missed);
  });
}

/** Two lines: the area between them is L2's part. */
export const ratiosOf = (all: Rate[]): Layer[] => [
  { name: 'L1 or L2', tone: 'l2', values: smooth(all, ({ l1, l2 }) => l1 + l2) },
  { name: 'L1', tone: 'l1', values: smooth(all, ({ l1 }) => l1) },
];

/** The counts between the first and the last of the samples. */
function lately(): Answered | undefined {
  const first = samples.value[0];
  const last = samples.value.at(-1);
  if (first === undefined || last === undefined || first === last) return undefined;
  const since = (name: keyof Answered) => Math.max(0, last[name] - first[name]);
  return {
    l1: since('l1'),
    l2: since('l2'),
    negative: since('negative'),
    stale: since('stale'),
    missed: since('missed'),
  };
}

function ever(): Answered | undefined {
  const state = cache.value;
  if (state === undefined) return undefined;
  const { hits, misses } = state.stats;
  const missed = state.layers.l2 ? misses.L2 : misses.L1;
  return { l1: hits.L1, l2: hits.L2, negative: hits.negative, stale: hits.stale, missed };
}

const WINDOWS = [
  ['', 'Last 5 min'],
  ['ever', 'Since start'],
] as const;

export function Answers({ perSecond }: { perSecond: string }) {
  const chosen = param('window') === 'ever' ? 'ever' : '';
  const answered = (chosen === 'ever' ? ever() : lately()) ?? { l1: 0, l2: 0, negative: 0, stale: 0, missed: 0 };
  const parts = PARTS.map(({ name, tone, of }) => ({ name, tone, value: of(answered) }));
  const reads = parts.reduce((sum, { value }) => sum + value, 0);
  const ratio = reads === 0 ? null : (answered.l1 + answered.l2) / reads;
  const words = parts.map(({ name, value }) => `${name} ${percent(reads === 0 ? 0 : value / reads)}`).join(', ');
  return (
    <div>
      <p class="big">{percent(ratio)}</p>
      <p class="what">of reads answered by L1 or L2 · {perSecond}/s now</p>
      <Shares parts={parts} label={words} />
      <ul class="legend">
        {parts.map(({ name, tone, value }) => (
          <li key={name}>
            <span class={`swatch ${tone}`} />
            <span>{name}</span>
            <span class="muted">{compact(value)}</span>
            <span>{percent(reads === 0 ? null : value / reads)}</span>
          </li>
        ))}
      </ul>
      <div class="below">
        <Segments label="Time" options={WINDOWS} value={chosen} onChoose={(window) => choose({ window })} />
      </div>
    </div>
  );
}
