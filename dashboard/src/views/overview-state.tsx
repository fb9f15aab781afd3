/** The three panels at the foot of the overview: loads under way, circuits and bus, memory. */
import type { ComponentChildren } from 'preact';
import { Facts, Panel } from '../parts/panel';
import { Meter } from '../parts/chart';
import { bytes, duration, integer, percent } from '../format/numbers';
import { cacheId, eventLoop, isObserved, process } from '../state/live';
import { usePoll } from '../state/poll';
import { linkTo } from '../state/route';
import type { Breaker, Bus, CacheState } from '../state/shapes';

export function Running({ state }: { state: CacheState }) {
  const { loads } = state.stats;
  const over = loads.succeeded + loads.failed;
  return (
    <Panel title="Loads under way" note={<a href={linkTo('loads')}>All loads</a>}>
      <Facts
        facts={[
          { name: 'Running', value: integer(loads.running) },
          {
            name: 'Oldest',
            value: loads.running === 0 ? '–' : duration(loads.oldestMs),
            tone: loads.oldestMs > 10_000 ? 'warn' : undefined,
          },
          { name: 'Mean', value: duration(over === 0 ? null : loads.totalMs / over) },
          {
            name: 'Failed',
            value: `${integer(loads.failed)} · ${percent(over === 0 ? null : loads.failed / over)}`,
            tone: over > 0 && loads.failed / over > 0.05 ? 'warn' : undefined,
          },
          { name: 'Past a limit', value: integer(loads.timeouts) },
          { name: 'Calls that joined', value: integer(state.stats.joins) },
        ]}
      />
    </Panel>
  );
}

const TONES = { closed: 'good', 'half-open': 'warn', open: 'bad' } as const;

function circuit(name: string, breaker: Breaker | null, isThere: boolean) {
  if (!isThere || breaker === null) return { name, value: 'none' as ComponentChildren };
  return { name, value: breaker as ComponentChildren, tone: TONES[breaker] };
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

export function Health({ state }: { state: CacheState }) {
  const bus = usePoll<Bus>(isObserved.value ? 'api/bus' : undefined, { cache: cacheId.value }, 2000).value.data;
  const status = state.bus?.state ?? bus?.state;
  const queued = state.bus?.queued ?? numberOf(bus?.health?.queued);
  return (
    <Panel title="Circuits and bus" note={<a href={linkTo('bus')}>The bus</a>}>
      <Facts
        facts={[
          circuit('Circuit of L2', state.breakers.l2, state.layers.l2),
          circuit('Circuit of the bus', state.breakers.bus, state.layers.bus),
          {
            name: 'Bus',
            value: state.layers.bus ? `${bus?.transport ?? ''} ${status ?? ''}`.trim() || '–' : 'none',
            tone: status === 'connected' ? 'good' : status === 'disconnected' ? 'bad' : undefined,
          },
          { name: 'Queue', value: integer(queued) },
          { name: 'Gaps', value: integer(state.stats.bus.gaps), tone: state.stats.bus.gaps > 0 ? 'warn' : undefined },
          { name: 'Errors of L2', value: integer(state.stats.L2.errors + state.stats.L2.skipped) },
        ]}
      />
    </Panel>
  );
}

interface BoundProps {
  name: string;
  value: number | null;
  most: number | null;
  format: (value: number | null) => string;
}

function Bound({ name, value, most, format }: BoundProps) {
  // Of a cache that was made without a dashboard nobody knows.
  const text = most !== null ? `of ${format(most)}` : isObserved.value ? 'no bound' : '';
  return (
    <div class="bound">
      <div>
        <span class="muted">{name}</span>
        <span class="number">
          {format(value)} <span class="muted">{text}</span>
        </span>
      </div>
      {most !== null && value !== null && <Meter value={value} most={most} label={`${format(value)} ${text}`} />}
    </div>
  );
}

export function Memory({ state }: { state: CacheState }) {
  const loop = eventLoop.value;
  const { stats, bounds } = state;
  const stalled = loop?.stalledMs ?? 0;
  return (
    <Panel title="Memory and process">
      <Bound name="Entries in L1" value={stats.L1.entries} most={bounds.maxEntries} format={integer} />
      <Bound name="Bytes in L1" value={stats.L1.bytes} most={bounds.maxBytes} format={bytes} />
      <Facts
        facts={[
          { name: 'Process (RSS)', value: bytes(process.value.data?.memory.rssBytes) },
          {
            name: 'Event loop, last delay',
            value: duration(stalled > 1000 ? stalled : loop?.delayMs),
            tone: stalled > 1000 ? 'bad' : undefined,
          },
          { name: 'Event loop, longest in a minute', value: duration(loop?.maxDelayMs) },
        ]}
      />
    </Panel>
  );
}
