/** Loads: those that run, the slowest, and those that failed. */
import { CopyJson } from '../parts/copy';
import { Empty, Head, Panel } from '../parts/panel';
import { Spark } from '../parts/chart';
import { Rows } from '../parts/rows';
import { ago, clockTime, duration, integer, percent, plural, rate } from '../format/numbers';
import { now } from '../state/clock';
import { cache, cacheId, rates } from '../state/live';
import { usePoll } from '../state/poll';
import { linkTo } from '../state/route';
import type { Loads as LoadsShape } from '../state/shapes';

const KeyLink = ({ name }: { name: string }) => (
  <a class="mono wrap" href={linkTo('key', { key: name })}>
    {name}
  </a>
);

function Running({ data, at }: { data: LoadsShape; at: number }) {
  const note = data.running === 0 ? undefined : `oldest ${duration(data.oldestMs)}`;
  const passed = Math.max(0, now.value - at);
  return (
    <Panel title="Running now" note={note}>
      {data.loads.length === 0 ? (
        <Empty>{data.running === 0 ? 'None.' : `${plural(data.running, 'load')}; their keys are not known.`}</Empty>
      ) : (
        <Rows
          label="Running loads"
          heads={[['Key'], ['Running for', true], ['Callers that joined', true]]}
          rows={data.loads.map(({ key, ageMs, joined }) => [
            <KeyLink name={key} />,
            duration(ageMs + passed),
            integer(joined),
          ])}
        />
      )}
    </Panel>
  );
}

function Slowest({ data }: { data: LoadsShape }) {
  return (
    <Panel title="Slowest">
      {data.slowest.length === 0 ? (
        <Empty>No load is over yet.</Empty>
      ) : (
        <Rows
          label="Slowest loads"
          heads={[['Key'], ['Took', true], ['At', true], ['Result']]}
          rows={data.slowest.map(({ key, durationMs, at, ok }) => [
            <KeyLink name={key} />,
            duration(durationMs),
            clockTime(at),
            ok ? 'a value' : <span class="bad">failed</span>,
          ])}
        />
      )}
    </Panel>
  );
}

function Errors({ data }: { data: LoadsShape }) {
  return (
    <Panel title="Errors by message" note={data.errors.length === 0 ? undefined : 'most recent first'}>
      {data.errors.length === 0 ? (
        <Empty>No load failed.</Empty>
      ) : (
        <Rows
          label="Errors of loads"
          heads={[['Message'], ['Times', true], ['Last', true], ['Keys']]}
          rows={data.errors.map(({ message, count, lastAt, keys }) => [
            <span class="wrap">{message}</span>,
            integer(count),
            ago(now.value - lastAt),
            <span class="inline-list">
              {keys.map((key) => (
                <KeyLink key={key} name={key} />
              ))}
            </span>,
          ])}
        />
      )}
    </Panel>
  );
}

function Tiles({ data }: { data: LoadsShape }) {
  const loads = cache.value?.stats.loads;
  const over = (loads?.succeeded ?? 0) + (loads?.failed ?? 0);
  const perSecond = rates.value.map(({ loads: each }) => each);
  const failures = rates.value.map(({ failed }) => failed);
  const tiles: [name: string, value: string, spark?: number[]][] = [
    ['Started a second', rate(perSecond.at(-1)), perSecond],
    ['Failed', percent(over === 0 ? null : (loads?.failed ?? 0) / over), failures],
    ['Mean', duration(over === 0 ? null : (loads?.totalMs ?? 0) / over)],
    ['Running', integer(data.running)],
    ['Callers that joined these', integer(data.joined)],
    ['Past a limit', integer(loads?.timeouts)],
  ];
  return (
    <div class="tiles" role="group" aria-label="Loads in numbers">
      {tiles.map(([name, value, spark]) => (
        <div class="tile" key={name}>
          <span class="name">{name}</span>
          <span class="value">{value}</span>
          {spark && <Spark values={spark} tone="load" />}
        </div>
      ))}
    </div>
  );
}

export function Loads() {
  const polled = usePoll<LoadsShape>('api/loads', { cache: cacheId.value }, 1000);
  const { data, error, at } = polled.value;
  return (
    <>
      <Head title="Loads" text="Calls of loaders: a value that no layer had">
        {data && <CopyJson of={() => polled.value.data} />}
      </Head>
      {error !== undefined && <p class="panel empty">{error.message}</p>}
      {data && (
        <div class="stack">
          <Tiles data={data} />
          <Running data={data} at={at} />
          <Slowest data={data} />
          <Errors data={data} />
        </div>
      )}
    </>
  );
}
