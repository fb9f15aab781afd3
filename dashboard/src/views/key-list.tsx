import { useEffect, useMemo } from 'preact/hooks';
import { CopyJson } from '../parts/copy';
import { type Column, Grid, MOST_ROWS } from '../parts/grid';
import { Empty } from '../parts/panel';
import { bytes, integer, span, ttl } from '../format/numbers';
import { now } from '../state/clock';
import { type Listed, Listing } from '../state/listing';
import { cacheId } from '../state/live';
import { go, param } from '../state/route';

/** Reads the clock itself, so that a second that passes renders these texts and nothing around them. */
const Ttl = ({ row }: { row: Listed }) => {
  const passed = now.value - row.at;
  const text = ttl(row.ttlRemainingMs, passed);
  const isOver = row.ttlRemainingMs >= 0 && row.ttlRemainingMs <= passed;
  return <span class={isOver ? 'muted' : ''}>{text}</span>;
};

const Age = ({ row }: { row: Listed }) => (
  <>{row.ageMs === undefined || row.ageMs === null ? '–' : span(row.ageMs + (now.value - row.at))}</>
);

const known = (size: number) => (size === 0 ? '–' : bytes(size));

const KEY: Column<Listed> = { name: 'Key', cell: ({ key }) => <span class="mono">{key}</span> };
const TIMES: Column<Listed>[] = [
  { name: 'Time left', isRight: true, cell: (row) => <Ttl row={row} /> },
  { name: 'Age', isRight: true, cell: (row) => <Age row={row} /> },
];
const SIZES: Column<Listed>[] = [
  { name: 'Stored', isRight: true, cell: ({ serializedBytes }) => known(serializedBytes) },
  {
    name: 'In memory',
    isRight: true,
    cell: ({ memoryBytes, deserializedBytes }) => known(memoryBytes ?? deserializedBytes),
  },
  { name: 'Encoding', cell: ({ encoding, serializedBytes }) => (serializedBytes === 0 ? '–' : encoding) },
];
const TAGS: Column<Listed> = { name: 'Tags', cell: ({ tags }) => (tags ?? []).join(', ') };

const Narrow = ({ row }: { row: Listed }) => (
  <>
    <Ttl row={row} /> left · {known(row.serializedBytes)} stored · {known(row.memoryBytes ?? row.deserializedBytes)}
  </>
);

function Progress({ listing }: { listing: Listing }) {
  const { rows, size, seen, isDone, isBusy, error } = listing.progress.value;
  const isFiltered = listing.asked.match !== '';
  const text = isFiltered
    ? `${integer(rows)} match, ${integer(seen)} of ${integer(size)} looked at`
    : `${integer(rows)} of ${integer(size)} listed`;
  return (
    <div class="below-grid">
      <span role="status">
        {error ?? text}
        {isBusy ? ' …' : isDone && !error ? ', that is all' : ''}
        {size > MOST_ROWS && `; the list shows the first ${integer(MOST_ROWS)}: search to narrow it down`}
      </span>
      {!isDone && !isBusy && isFiltered && (
        <button type="button" onClick={() => listing.want(rows + 1)}>
          Go on
        </button>
      )}
      <CopyJson of={() => listing.rows.map(({ at: _, ...entry }) => entry)}>Copy the listed as JSON</CopyJson>
    </div>
  );
}

export function KeyList({ layer }: { layer: 'l1' | 'l2' }) {
  const match = param('match');
  const cache = cacheId.value;
  const withSizes = layer === 'l1' || param('sizes') === '1';
  const listing = useMemo(() => new Listing({ layer, cache, match, withSizes }), [layer, cache, match, withSizes]);
  useEffect(() => () => listing.end(), [listing]);
  const { rows, size, isDone, error } = listing.progress.value;
  if (!listing.isThere.value) return <Empty>This layer cannot be looked into.</Empty>;
  const isTagged = listing.rows.some(({ tags }) => tags !== undefined && tags.length > 0);
  const columns = [KEY, ...(isTagged ? [TAGS] : []), ...TIMES, ...(withSizes ? SIZES : [])];
  // Without a pattern all rows are known to come: the list is as long as the layer from the beginning.
  const count = match === '' && !isDone ? Math.max(size, rows) : rows;
  return (
    <div class={`keys ${withSizes ? '' : 'bare'} ${isTagged ? 'tagged' : ''}`}>
      <Grid
        id={`keys-${layer}`}
        label={`Keys of ${layer.toUpperCase()}`}
        columns={columns}
        count={Math.min(count, MOST_ROWS)}
        row={(index) => listing.rows[index]}
        narrow={(row) => <Narrow row={row} />}
        onOpen={({ key }) => go('key', { key })}
        onSee={listing.want}
      />
      {rows === 0 && isDone && !error && <Empty>{match === '' ? 'No entries.' : 'No key matches.'}</Empty>}
      <Progress listing={listing} />
    </div>
  );
}
