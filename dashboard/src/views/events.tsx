/** The events, as they happen. */
import { useEffect, useMemo } from 'preact/hooks';
import { CopyJson } from '../parts/copy';
import { Badge, describe, keyOf, sourceOf } from '../parts/event';
import { type Column, Grid } from '../parts/grid';
import { Empty, Head } from '../parts/panel';
import { clockMs, integer, rate } from '../format/numbers';
import { Feed } from '../state/feed';
import { isHidden } from '../state/clock';
import { cacheId } from '../state/live';
import { choose, go, param } from '../state/route';
import type { Recorded } from '../state/shapes';

const KINDS: Record<string, [text: string, pattern: RegExp]> = {
  hit: ['Hits', /^hit$/],
  miss: ['Misses', /^miss$/],
  load: ['Loads', /^(?:loader|inflight|stale|negative)/],
  write: ['Writes', /^(?:set$|delete)/],
  bus: ['Bus', /^(?:set:|invalidation|bus|event-bus)/],
  fault: ['Faults', /error|timeout|skipped|gap|bypass/],
};

const chosenKinds = () =>
  param('kinds')
    .split(',')
    .filter((name) => name in KINDS);

function filterOf(kinds: string[], text: string): (event: Recorded) => boolean {
  const patterns = kinds.map((name) => (KINDS[name] as [string, RegExp])[1]);
  return (event) =>
    (patterns.length === 0 || patterns.some((pattern) => pattern.test(event.type))) &&
    (text === '' || (keyOf(event) ?? '').includes(text));
}

function Filters() {
  const kinds = chosenKinds();
  const toggle = (name: string) =>
    choose({ kinds: (kinds.includes(name) ? kinds.filter((each) => each !== name) : [...kinds, name]).join(',') });
  return (
    <div class="bar">
      <div class="segments" role="group" aria-label="Kinds of events; none chosen shows all">
        {Object.entries(KINDS).map(([name, [text]]) => (
          <button key={name} type="button" aria-pressed={kinds.includes(name)} onClick={() => toggle(name)}>
            {text}
          </button>
        ))}
      </div>
      <div class="search" role="search">
        <input
          type="search"
          aria-label="Show events of keys that contain"
          placeholder="part of a key"
          value={param('text')}
          onInput={(event) => choose({ text: event.currentTarget.value })}
        />
      </div>
    </div>
  );
}

const COLUMNS: Column<Recorded>[] = [
  { name: 'Time', width: '104px', cell: ({ ts }) => <span class="number">{clockMs(ts)}</span> },
  { name: 'Event', width: '190px', cell: ({ type }) => <Badge type={type} /> },
  { name: 'Key', cell: (event) => <span class="mono">{keyOf(event) ?? ''}</span> },
  {
    name: 'What happened',
    width: 'minmax(0, 1.2fr)',
    cell: (event) => <span title={describe(event)}>{describe(event)}</span>,
  },
  { name: 'From', width: '110px', cell: (event) => sourceOf(event) },
];

const NARROW: Column<Recorded> = {
  name: 'Event',
  cell: (event) => (
    <>
      <Badge type={event.type} /> <span class="mono">{keyOf(event) ?? ''}</span>
    </>
  ),
};

const narrow = (event: Recorded) => (
  <>
    {clockMs(event.ts)} · {describe(event)}
  </>
);

function useFeed(): Feed {
  const cache = cacheId.value;
  const feed = useMemo(() => new Feed(cache), [cache]);
  useEffect(() => feed.start(), [feed]);
  return feed;
}

function Status({ feed, shown }: { feed: Feed; shown: number }) {
  const { events, leftOut, waiting } = feed.state.value;
  return (
    <div class="below-grid">
      <span>
        {integer(shown)} of the last {integer(events.length)} events
        {leftOut > 0 && `, ${integer(leftOut)} more were left out as they came too fast`}
        {feed.isPaused.value && `; paused, ${integer(waiting)} new`}
      </span>
    </div>
  );
}

function stateOf(perSecond: number, isOpen: boolean): string {
  if (isHidden.value) return 'paused while the tab is hidden';
  return isOpen ? `${rate(perSecond)} a second` : 'connecting';
}

function explain(event: Recorded): void {
  const key = keyOf(event);
  if (key !== undefined) go('key', { key });
}

export function Events() {
  const feed = useFeed();
  const { events, perSecond, isOpen } = feed.state.value;
  const [kinds, text] = [param('kinds'), param('text')];
  const shown = useMemo(() => events.filter(filterOf(chosenKinds(), text)).reverse(), [events, kinds, text]);
  const isPaused = feed.isPaused.value;
  return (
    <>
      <Head title="Events" text={stateOf(perSecond, isOpen)}>
        <button type="button" aria-pressed={isPaused} onClick={() => (feed.isPaused.value = !isPaused)}>
          {isPaused ? 'Go on' : 'Pause'}
        </button>
        <button type="button" onClick={() => feed.clear()}>
          Clear
        </button>
        <CopyJson of={() => shown} />
      </Head>
      <Filters />
      <div>
        <Grid
          id="events"
          label="Events, newest first"
          columns={COLUMNS}
          count={shown.length}
          row={(index) => shown[index]}
          narrowColumn={NARROW}
          narrow={narrow}
          onOpen={explain}
        />
        {shown.length === 0 && <Empty>{events.length === 0 ? 'No events yet.' : 'No event passes the filter.'}</Empty>}
        <Status feed={feed} shown={shown.length} />
      </div>
    </>
  );
}
