import type { ComponentChildren } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { Meter } from '../parts/chart';
import { CopyJson } from '../parts/copy';
import { type Column, Grid, type Nesting } from '../parts/grid';
import { Empty } from '../parts/panel';
import { bytes, integer, percent, plural } from '../format/numbers';
import { type Branch, Branches } from '../state/branches';
import { cacheId } from '../state/live';
import { choose, go, param } from '../state/route';
import type { TreeNode } from '../state/shapes';

type Row =
  | { kind: 'node'; level: number; node: TreeNode; of: Branch }
  | { kind: 'more'; level: number; prefix: string; text: string };

const SEPARATOR = '\u001F';

/** The prefixes that are open, which the address holds. */
const opened = (): string[] => param('open').split(SEPARATOR).filter(Boolean);

function toggle(prefix: string): void {
  const open = opened();
  const rest = open.filter((each) => !each.startsWith(prefix));
  choose({ open: (rest.length < open.length ? rest : [...open, prefix]).join(SEPARATOR) });
}

/** The row after the children of a prefix, if not all of them are there. */
function rest(prefix: string, branch: Branch | undefined): string | undefined {
  if (branch === undefined || branch.isBusy) return 'Loading …';
  if (branch.error !== undefined) return branch.error;
  if (branch.cursor !== null) return `Looked at ${integer(branch.seen)} of ${integer(branch.size)} keys: look at more`;
  if (branch.more > 0) return `${plural(branch.more, 'more child', 'more children')} of ${prefix || 'the root'}`;
  return undefined;
}

function rowsOf(branches: ReadonlyMap<string, Branch>, prefix: string, level: number, open: Set<string>): Row[] {
  const branch = branches.get(prefix);
  const rows = (branch?.nodes ?? []).flatMap((node): Row[] => {
    const row: Row = { kind: 'node', level, node, of: branch as Branch };
    return !node.isKey && open.has(node.prefix) ? [row, ...rowsOf(branches, node.prefix, level + 1, open)] : [row];
  });
  const text = rest(prefix, branch);
  return text === undefined ? rows : [...rows, { kind: 'more', level, prefix, text }];
}

/** An empty name is a key that ends in the delimiter. */
const nameOf = ({ name, isKey }: TreeNode, delimiter: string) =>
  (name === '' ? '(empty)' : name) + (isKey ? '' : delimiter);

function Name({ row, delimiter }: { row: Row; delimiter: string }) {
  if (row.kind === 'more') {
    return (
      <span class="more">
        <span class="twig leaf" />
        {row.text}
      </span>
    );
  }
  return (
    <>
      <span class={`twig ${row.node.isKey ? 'leaf' : ''}`} aria-hidden="true" />
      <span class={`mono ${row.node.isKey ? '' : 'branch'}`}>{nameOf(row.node, delimiter)}</span>
    </>
  );
}

/** The rows that are nodes; the others are about missing ones. */
const ofNode = (row: Row, cell: (node: TreeNode, of: Branch) => ComponentChildren) =>
  row.kind === 'node' ? cell(row.node, row.of) : null;

const COUNT: Column<Row> = {
  name: 'Keys',
  width: '90px',
  isRight: true,
  cell: (row) => ofNode(row, ({ keys, isKey }) => (isKey ? '' : integer(keys))),
};

const WEIGHT: Column<Row> = {
  name: 'In memory',
  width: '90px',
  isRight: true,
  cell: (row) => ofNode(row, (node) => bytes(node.bytes)),
};

const SHARE: Column<Row> = {
  name: 'Share of keys',
  width: 'minmax(80px, 180px)',
  cell: (row) =>
    ofNode(
      row,
      ({ keys, isKey }, of) => !isKey && <Meter value={keys} most={of.keys} label={percent(keys / of.keys)} />,
    ),
};

const columnsOf = (delimiter: string, isWeighed: boolean): Column<Row>[] => [
  { name: 'Key', cell: (row) => <Name row={row} delimiter={delimiter} /> },
  COUNT,
  ...(isWeighed ? [WEIGHT] : []),
  SHARE,
];

function narrow(row: Row): string {
  if (row.kind === 'more') return '';
  const { keys, bytes: size, isKey } = row.node;
  return [isKey ? '' : plural(keys, 'key'), size === null ? '' : bytes(size)].filter(Boolean).join(' · ');
}

function Below({ branches, layer }: { branches: Branches; layer: string }) {
  const root = branches.all.value.get('');
  if (root === undefined) return null;
  const { keys, bytes: size, isComplete, seen, size: all } = root;
  const weight = size === null ? '' : `, ${bytes(size)}`;
  const sampled = isComplete ? '' : `: ${integer(seen)} of ${integer(all)} looked at, counts are of those`;
  return (
    <div class="below-grid">
      <span role="status">
        {plural(keys, 'key')}
        {weight} in {layer.toUpperCase()}
        {sampled}
      </span>
      <CopyJson of={() => Object.fromEntries([...branches.all.peek()].map(([prefix, { nodes }]) => [prefix, nodes]))}>
        Copy the opened as JSON
      </CopyJson>
    </div>
  );
}

export function KeyTree({ layer }: { layer: 'l1' | 'l2' }) {
  const delimiter = param('by') || ':';
  const cache = cacheId.value;
  const branches = useMemo(() => new Branches({ layer, cache, delimiter }), [layer, cache, delimiter]);
  const open = param('open');
  useEffect(() => {
    for (const prefix of ['', ...opened()]) branches.load(prefix);
  }, [branches, open]);
  useEffect(() => () => branches.end(), [branches]);
  const isWeighed = typeof branches.all.value.get('')?.bytes === 'number';
  const columns = useMemo(() => columnsOf(delimiter, isWeighed), [delimiter, isWeighed]);
  if (branches.isClosed.value) return <Empty>This layer cannot be looked into.</Empty>;
  const rows = rowsOf(branches.all.value, '', 1, new Set(opened()));
  const nesting: Nesting<Row> = {
    level: ({ level }) => level,
    isOpen: (row) => (row.kind === 'node' && !row.node.isKey ? opened().includes(row.node.prefix) : undefined),
    onToggle: (row) => row.kind === 'node' && toggle(row.node.prefix),
  };
  const press = (row: Row) => (row.kind === 'more' ? branches.more(row.prefix) : go('key', { key: row.node.prefix }));
  return (
    <div class="tree">
      <Grid
        id={`tree-${layer}`}
        label={`Keys of ${layer.toUpperCase()}, nested`}
        columns={columns}
        count={rows.length}
        row={(index) => rows[index]}
        narrow={narrow}
        onOpen={press}
        nesting={nesting}
      />
      <Below branches={branches} layer={layer} />
    </div>
  );
}
