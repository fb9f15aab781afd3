/** The bus: its instances, how late their events are, and gaps. */
import { CopyJson } from '../parts/copy';
import { type Fact, Facts, Head, Panel, Empty } from '../parts/panel';
import { Rows } from '../parts/rows';
import { ago, clockTime, duration, integer, plural } from '../format/numbers';
import { now } from '../state/clock';
import { cacheId } from '../state/live';
import { usePoll } from '../state/poll';
import type { Bus as BusShape } from '../state/shapes';

const TONES: Record<string, 'good' | 'bad' | 'warn'> = {
  connected: 'good',
  closed: 'good',
  'half-open': 'warn',
  disconnected: 'bad',
  open: 'bad',
};

const fact = (name: string, value: string | null | undefined): Fact => ({
  name,
  value: value ?? '–',
  tone: TONES[value ?? ''],
});

/** `lastErrorAt` is: Last error at. */
const words = (name: string) =>
  name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/^./, (letter) => letter.toUpperCase());

const shown = (value: unknown) => (typeof value === 'number' ? integer(value) : String(value));

/** The short fields of the health of the transport. */
function healthFacts(health: BusShape['health']): Fact[] {
  return Object.entries(health ?? {})
    .filter(([name, value]) => !['ok', 'transport'].includes(name) && typeof value !== 'object' && value !== undefined)
    .map(([name, value]) => ({ name: words(name), value: shown(value), tone: name === 'error' ? 'bad' : undefined }));
}

function Counters({ counters }: { counters: NonNullable<BusShape['counters']> }) {
  const lost = (value: number, tone: 'warn' | 'bad') => (value > 0 ? tone : undefined);
  return (
    <Panel title="Counted since the start">
      <Facts
        facts={[
          { name: 'Invalidations received', value: integer(counters.received) },
          { name: 'Values received', value: integer(counters.valuesReceived) },
          { name: 'Values sent', value: integer(counters.valuesSent) },
          { name: 'Values too large to send', value: integer(counters.valuesTooLarge) },
          { name: 'Seen before', value: integer(counters.duplicates) },
          { name: 'Older than what is known', value: integer(counters.stale) },
          { name: 'Not published', value: integer(counters.publishErrors), tone: lost(counters.publishErrors, 'bad') },
          {
            name: 'Left out, circuit open',
            value: integer(counters.publishSkipped),
            tone: lost(counters.publishSkipped, 'bad'),
          },
          { name: 'Gaps', value: integer(counters.gaps), tone: lost(counters.gaps, 'warn') },
        ]}
      />
    </Panel>
  );
}

function Instances({ data }: { data: BusShape }) {
  const instances = data.instances ?? [];
  return (
    <Panel title="Other instances" note={plural(instances.length, 'instance')}>
      {instances.length === 0 ? (
        <Empty>None was heard of yet.</Empty>
      ) : (
        <Rows
          label="Other instances"
          heads={[['Instance'], ['Events', true], ['Last heard', true], ['Last lag', true], ['Longest lag', true]]}
          rows={instances.map(({ source, received, lastSeenAt, lastLagMs, maxLagMs }) => [
            <span class="mono wrap">{source}</span>,
            integer(received),
            ago(now.value - lastSeenAt),
            duration(lastLagMs),
            duration(maxLagMs),
          ])}
        />
      )}
      <p class="foot">Lag is this machine's clock minus that of the sender.</p>
    </Panel>
  );
}

/** Gaps and connections in one line of time, newest first. */
function Story({ data }: { data: BusShape }) {
  const gaps = (data.gaps ?? []).map(({ at, reason, missed }) => {
    const count = missed > 0 ? `${plural(missed, 'event')} missed` : 'how many events were missed is not known';
    return { at, kind: 'gap', tone: 'warn', text: `${reason}, ${count}; L1 was emptied` };
  });
  const statuses = (data.statuses ?? []).map(({ at, status, error }) => {
    const tone = TONES[status] ?? '';
    return { at, kind: status, tone: String(tone), text: error ?? '' };
  });
  const all = [...gaps, ...statuses].sort((a, b) => b.at - a.at);
  return (
    <Panel title="Connections and gaps">
      {all.length === 0 ? (
        <Empty>Nothing happened since the dashboard began to look.</Empty>
      ) : (
        <Rows
          label="Connections and gaps"
          heads={[['At'], ['What'], ['Why']]}
          rows={all.map(({ at, kind, tone, text }) => [
            <span class="nowrap number">{clockTime(at)}</span>,
            <span class="kind nowrap">
              <span class={`dot ${tone}`} />
              {kind}
            </span>,
            <span class="wrap">{text}</span>,
          ])}
        />
      )}
    </Panel>
  );
}

export function Bus() {
  const polled = usePoll<BusShape>('api/bus', { cache: cacheId.value }, 2000);
  const { data, error } = polled.value;
  const name = data?.configured ? `${data.transport ?? 'custom'}, ${data.state ?? 'state not known'}` : undefined;
  return (
    <>
      <Head title="Bus" text={name}>
        {data?.configured && <CopyJson of={() => polled.value.data} />}
      </Head>
      {error !== undefined && <p class="panel empty">{error.message}</p>}
      {data?.configured === false && (
        <p class="panel empty">This cache has no event bus: no other instance hears of it.</p>
      )}
      {data?.configured && (
        <div class="stack">
          <div class="columns wide">
            <Panel title="State">
              <Facts
                facts={[
                  fact('Transport', data.transport),
                  fact('Connection', data.state),
                  fact('Circuit of publish', data.breaker),
                  { name: 'This instance', value: <span class="mono">{data.source ?? '–'}</span> },
                  ...healthFacts(data.health),
                ]}
              />
            </Panel>
            {data.counters && <Counters counters={data.counters} />}
          </div>
          <Instances data={data} />
          <Story data={data} />
        </div>
      )}
    </>
  );
}
