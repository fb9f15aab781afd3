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
const TAGS: Column<Listed> = { name: 'Tags', width: '140px', cell: ({ tags }) => (tags ?? []).join(', ') };
const LEFT: Column<Listed> = { name: 'Time left', width: '108px', isRight: true, cell: (row) => <Ttl row={row} /> };
const AGE: Column<Listed> = { name: 'Age', width: '108px', isRight: true, cell: (row) => <Age row={row} /> };
const STORED: Column<Listed> = {
  name: 'Stored',
  width: '84px',
  isRight: true,
  cell: ({ serializedBytes }) => known(serializedBytes),
};
const ENCODING: Column<Listed> = {
  name: 'Encoding',
  width: '112px',
  cell: ({ encoding, serializedBytes }) => (serializedBytes === 0 ? '–' : encoding),
};

/** The size of a value: in L1 in memory, in a shared layer as text once it is read. */
const unpacked = (layer: 'l1' | 'l2'): Column<Listed> => ({
  name: layer === 'l1' ? 'In memory' : 'Unpacked',
  width: '84px',
  isRight: true,
  cell: ({ memoryBytes, deserializedBytes }) => known(memoryBytes ?? deserializedBytes),
});

/** A field that is unknown for every entry has no column. */
function columnsOf(layer: 'l1' | 'l2', rows: Listed[], withSizes: boolean): Column<Listed>[] {
  const isAged = rows.some(({ ageMs }) => ageMs !== undefined && ageMs !== null);
  const isTagged = rows.some(({ tags }) => tags !== undefined && tags.length > 0);
  const sizes = withSizes ? [STORED, unpacked(layer), ENCODING] : [];
  return [KEY, ...(isTagged ? [TAGS] : []), LEFT, ...(isAged ? [AGE] : []), ...sizes];
}

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
  const columns = useMemo(() => columnsOf(layer, listing.rows, withSizes), [listing, rows]);
  // Without a pattern all rows are known to come: the list is as long as the layer from the beginning.
  const count = match === '' && !isDone ? Math.max(size, rows) : rows;
  return (
    <div>
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
