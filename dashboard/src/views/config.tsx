/** How the cache is made: every option, and which of them were set. */
import { CopyJson } from '../parts/copy';
import { Facts, Head, Panel, Segments } from '../parts/panel';
import { bytes, integer, span } from '../format/numbers';
import { cacheId } from '../state/live';
import { usePoll } from '../state/poll';
import { choose, param } from '../state/route';
import type { Config as ConfigShape, Resolved } from '../state/shapes';

/** The part of an option's path that it is listed under. */
function groupOf(path: string): string {
  const parts = path.split('.');
  if (parts.length === 1) return 'Cache';
  return parts.slice(0, parts[0] === 'levels' || parts.length > 2 ? 2 : 1).join('.');
}

function grouped(resolved: Resolved[]): [string, Resolved[]][] {
  const groups = new Map<string, Resolved[]>();
  for (const option of resolved) {
    const name = groupOf(option.path);
    groups.set(name, [...(groups.get(name) ?? []), option]);
  }
  return [...groups];
}

/** The number as it is written in code, and how much that is. */
function textOf({ value, unit }: Resolved): string {
  if (value === null) return 'none';
  if (typeof value !== 'number') return String(value);
  if (unit === 'ms' && value >= 1000) return `${integer(value)} ms · ${span(value)}`;
  if (unit === 'bytes' && value >= 1000) return `${integer(value)} · ${bytes(value)}`;
  return unit === undefined ? integer(value) : `${integer(value)} ${unit}`;
}

function Option({ option, group }: { option: Resolved; group: string }) {
  const name = group === 'Cache' ? option.path : option.path.slice(group.length + 1);
  return (
    <div class={option.isDefault ? 'default' : 'set'}>
      <dt class="mono">{name}</dt>
      <dd>
        {textOf(option)}
        <span class={`badge ${option.isDefault ? '' : 'set'}`}>{option.isDefault ? 'default' : 'set'}</span>
      </dd>
    </div>
  );
}

const FILTERS = [
  ['', 'All options'],
  ['set', 'Only those set'],
] as const;

/** The facts of the contract beside the options. */
function Rest({ data }: { data: ConfigShape }) {
  const { source, route, telemetry, prometheus, observability = {} } = data;
  const extra = Object.entries(observability).map(([name, value]) => ({ name, value: String(value) }));
  return (
    <Panel title="Dashboard and metrics">
      <Facts
        facts={[
          { name: 'Instance', value: <span class="mono">{source}</span> },
          { name: 'Route', value: <span class="mono">{route}</span> },
          { name: 'Prometheus', value: prometheus ? <span class="mono">{prometheus.endpoint}</span> : 'off' },
          { name: 'Channel of events', value: <span class="mono">{telemetry.channel}</span> },
          ...extra,
        ]}
      />
    </Panel>
  );
}

export function Config() {
  const polled = usePoll<ConfigShape>('api/config', { cache: cacheId.value }, 0);
  const { data, error } = polled.value;
  const filter = param('only') === 'set' ? 'set' : '';
  const options = (data?.resolved ?? []).filter(({ isDefault }) => filter === '' || !isDefault);
  const set = (data?.resolved ?? []).filter(({ isDefault }) => !isDefault).length;
  return (
    <>
      <Head title="Config" text={data && `${integer(set)} of ${integer(data.resolved?.length ?? 0)} options were set`}>
        <Segments label="Options" options={FILTERS} value={filter} onChoose={(only) => choose({ only })} />
        {data && <CopyJson of={() => polled.value.data} />}
      </Head>
      {error !== undefined && <p class="panel empty">{error.message}</p>}
      {data && (
        <div class="masonry">
          {grouped(options).map(([name, group]) => (
            <Panel key={name} title={name}>
              <dl class="facts options">
                {group.map((option) => (
                  <Option key={option.path} option={option} group={name} />
                ))}
              </dl>
            </Panel>
          ))}
          <Rest data={data} />
        </div>
      )}
    </>
  );
}
