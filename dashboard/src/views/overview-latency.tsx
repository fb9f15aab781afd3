/** How long things take, on one logarithmic scale for all rows. */
import { Panel } from '../parts/panel';
import { ago, duration, integer } from '../format/numbers';
import { now } from '../state/clock';
import { cacheId, isObserved } from '../state/live';
import { usePoll } from '../state/poll';
import type { Histogram, Latency } from '../state/shapes';

const ROWS = [
  ['l1', 'L1 call, each 64th', 'l1'],
  ['l2', 'L2 call', 'l2'],
  ['loader', 'Loader', 'load'],
  ['publish', 'Publish', 'negative'],
] as const;

const LEAST_MS = 0.0001;
const MOST_MS = 10_000;
const place = (ms: number): number => {
  const within = Math.min(Math.max(ms, LEAST_MS), MOST_MS);
  return (Math.log10(within / LEAST_MS) / Math.log10(MOST_MS / LEAST_MS)) * 1000;
};

/** From p50 to p99.9: a bar; the darker part ends at p90. */
function Range({ histogram, tone }: { histogram: Histogram; tone: string }) {
  const [p50, p90, p99, p999] = [histogram.p50, histogram.p90, histogram.p99, histogram.p999].map(place) as [
    number,
    number,
    number,
    number,
  ];
  const from = (a: number, b: number) => ({ x: a, width: Math.max(b - a, 4) });
  return (
    <svg class={`range ${tone}`} viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" x="0" y="6" width="1000" height="2" />
      <rect {...from(p50, p999)} y="5" height="4" fill-opacity="0.35" />
      <rect {...from(p50, p99)} y="4" height="6" fill-opacity="0.5" />
      <rect {...from(p50, p90)} y="3" height="8" />
    </svg>
  );
}

function Row({ name, tone, histogram }: { name: string; tone: string; histogram: Histogram | null | undefined }) {
  const value = (of: keyof Histogram) => (histogram ? duration(histogram[of] as number) : '–');
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="right">{integer(histogram?.count)}</td>
      <td class="right">{value('p50')}</td>
      <td class="right">{value('p90')}</td>
      <td class="right">{value('p99')}</td>
      <td class="right">{value('p999')}</td>
      <td class="right">{value('max')}</td>
      <td class="range-cell">{histogram && <Range histogram={histogram} tone={tone} />}</td>
    </tr>
  );
}

export function LatencyPanel() {
  const answer = usePoll<Latency>(isObserved.value ? 'api/latency' : undefined, { cache: cacheId.value }, 2000).value;
  const { data } = answer;
  if (data === undefined) return null;
  const rows = ROWS.filter(([kind]) => data.histograms[kind]);
  if (rows.length === 0) return null;
  return (
    <Panel title="Latency" note={`measured since ${ago(now.value - data.since)}`}>
      <div class="table" tabIndex={0} role="region" aria-label="Latency, table">
        <table class="latency">
          <thead>
            <tr>
              <th scope="col">
                <span class="unseen">Kind</span>
              </th>
              {['Count', 'p50', 'p90', 'p99', 'p99.9', 'Longest'].map((name) => (
                <th key={name} scope="col" class="right">
                  {name}
                </th>
              ))}
              <td class="scale" aria-hidden="true">
                <span>100 ns</span>
                <span>10 µs</span>
                <span>1 ms</span>
                <span>100 ms</span>
                <span>10 s</span>
              </td>
            </tr>
          </thead>
          <tbody>
            {rows.map(([kind, name, tone]) => (
              <Row key={kind} name={name} tone={tone} histogram={data.histograms[kind]} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
