import { cache, eventLoop, process, rates, samples } from '../state/live';
import { CopyJson } from '../parts/copy';
import { Empty, Head, Panel, Segments } from '../parts/panel';
import { Lines, Spark, Stacked } from '../parts/chart';
import { mark, percent, rate, span } from '../format/numbers';
import { Answers, answersOf, ratiosOf } from './overview-answers';
import { Caches } from './overview-caches';
import { LatencyPanel } from './overview-latency';
import { Health, Memory, Running } from './overview-state';
import { choose, param } from '../state/route';
import { nameOf } from '../shell/names';
import type { Rate } from '../state/live';

const TILES: { name: string; field: keyof Rate; tone?: string }[] = [
  { name: 'Loads', field: 'loads', tone: 'load' },
  { name: 'Joined a load', field: 'joins' },
  { name: 'Sets', field: 'sets' },
  { name: 'Deletes', field: 'deletes' },
  { name: 'Evicted for room', field: 'evicted' },
  { name: 'Expired', field: 'expired' },
];

/** A number that can be read: the mean of the last five seconds. */
const recent = (values: number[]): number => {
  const last = values.slice(-5);
  return last.length === 0 ? 0 : last.reduce((sum, value) => sum + value, 0) / last.length;
};

function Tiles() {
  const all = rates.value;
  return (
    <div class="tiles" role="group" aria-label="Rates">
      {TILES.map(({ name, field, tone }) => {
        const values = all.map((each) => each[field]);
        return (
          <div class="tile" key={name}>
            <span class="name">{name}</span>
            <span class="value">
              {all.length === 0 ? '–' : rate(recent(values))}
              <small>/s</small>
            </span>
            <Spark values={values} {...(tone === undefined ? {} : { tone })} />
          </div>
        );
      })}
    </div>
  );
}

const CHARTS = [
  ['', 'Rates'],
  ['ratio', 'Hit ratio'],
] as const;

function Reads() {
  const all = rates.value;
  const chart = param('chart') === 'ratio' ? 'ratio' : '';
  const total = recent(all.map((each) => each.l1 + each.l2 + each.negative + each.missed));
  const at = all.map((each) => each.at);
  return (
    <Panel
      title="Reads by answer"
      note={<Segments label="Chart" options={CHARTS} value={chart} onChoose={(name) => choose({ chart: name })} />}
    >
      <div class="hero">
        <Answers perSecond={rate(total)} />
        {chart === '' ? (
          <Stacked
            label="Reads a second by what answered them, over the last five minutes"
            at={at}
            layers={answersOf(all)}
            format={mark}
          />
        ) : (
          <Lines
            label="Share of reads answered by L1, and by L1 or L2, over the last five minutes"
            at={at}
            layers={ratiosOf(all)}
            format={(share) => percent(share, 0)}
          />
        )}
      </div>
    </Panel>
  );
}

export function Overview() {
  const state = cache.value;
  const { data } = process.value;
  if (state === undefined || data === undefined) return <Empty>Waiting for the first numbers …</Empty>;
  const copied = () => ({ cache: state, eventLoop: eventLoop.value, memory: data.memory, samples: samples.value });
  return (
    <>
      <Head
        title={nameOf(state)}
        text={`Node.js ${data.node.replace(/^v/, '')}, process ${data.pid}, up ${span(data.uptimeMs)}`}
      >
        <CopyJson of={copied} />
      </Head>
      <div class="stack">
        <Reads />
        <Tiles />
        <LatencyPanel />
        <div class="columns">
          <Running state={state} />
          <Health state={state} />
          <Memory state={state} />
        </div>
        <Caches />
      </div>
    </>
  );
}
