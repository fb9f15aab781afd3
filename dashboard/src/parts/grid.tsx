/**
 * Rows of one height, of which only those in sight are made: 100,000 cost as much as 40. The focus stays on the grid,
 * which names the row that is meant, so that it survives rows that come and go.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useWidth } from './chart';

export interface Column<Row> {
  name: string;
  /** As a track of a CSS grid. Default: the rest of the width. */
  width?: string;
  isRight?: boolean;
  cell: (row: Row) => ComponentChildren;
}

export interface Nesting<Row> {
  level: (row: Row) => number;
  /** undefined: nothing is beneath. */
  isOpen: (row: Row) => boolean | undefined;
  onToggle: (row: Row) => void;
}

export interface GridProps<Row> {
  id: string;
  label: string;
  columns: Column<Row>[];
  /** With rows that are not there yet. */
  count: number;
  row: (index: number) => Row | undefined;
  /** The one column of narrow screens, if that is not the first. */
  narrowColumn?: Column<Row>;
  /** Its second line, in place of the other columns. */
  narrow: (row: Row) => ComponentChildren;
  onOpen?: (row: Row) => void;
  /** Where the rows in sight end, also beyond those that are there. */
  onSee?: (last: number) => void;
  nesting?: Nesting<Row>;
}

/** The most that browsers can scroll over, with room: 17 million pixels. */
export const MOST_ROWS = 300_000;

const AROUND = 8;
const NARROW = 640;

interface Sight {
  top: number;
  height: number;
}

function useSight() {
  const ref = useRef<HTMLDivElement>(null);
  const [sight, see] = useState<Sight>({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const look = () => see({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  return { ref, sight };
}

/** How far a key moves, in rows; undefined: it does not. */
function stepOf(key: string, page: number): number | undefined {
  if (key === 'ArrowDown') return 1;
  if (key === 'ArrowUp') return -1;
  if (key === 'PageDown') return page;
  if (key === 'PageUp') return -page;
  if (key === 'Home') return Number.NEGATIVE_INFINITY;
  return key === 'End' ? Number.POSITIVE_INFINITY : undefined;
}

/** Left closes, right opens; true when that was so. */
function toggledBy<Row>(key: string, row: Row, nesting: Nesting<Row> | undefined): boolean {
  const isOpen = nesting?.isOpen(row);
  if (nesting === undefined || isOpen === undefined) return false;
  if ((key === 'ArrowRight' && !isOpen) || (key === 'ArrowLeft' && isOpen)) {
    nesting.onToggle(row);
    return true;
  }
  return false;
}

interface RowProps<Row> {
  grid: GridProps<Row>;
  index: number;
  height: number;
  isActive: boolean;
  isNarrow: boolean;
  onPress: (index: number) => void;
}

const tracksOf = <Row,>(columns: Column<Row>[]) => columns.map(({ width }) => width ?? 'minmax(0, 1fr)').join(' ');

const columnsOf = <Row,>({ columns, narrowColumn }: GridProps<Row>, isNarrow: boolean): Column<Row>[] =>
  isNarrow ? [narrowColumn ?? (columns[0] as Column<Row>)] : columns;

function GridRow<Row>({ grid, index, height, isActive, isNarrow, onPress }: RowProps<Row>) {
  const { id, nesting } = grid;
  const row = grid.row(index);
  const level = row !== undefined && nesting !== undefined ? nesting.level(row) : undefined;
  return (
    <div
      role="row"
      id={`${id}-${index}`}
      class={`row ${isActive ? 'active' : ''} level-${Math.min(level ?? 1, 8)}`}
      aria-rowindex={index + 2}
      aria-level={level}
      aria-expanded={row === undefined ? undefined : nesting?.isOpen(row)}
      aria-selected={nesting === undefined ? undefined : isActive}
      style={{ top: `${index * height}px` }}
      onClick={() => onPress(index)}
    >
      {columnsOf(grid, isNarrow).map((column) => (
        <div role="gridcell" key={column.name} class={column.isRight ? 'right number' : ''}>
          {row === undefined ? <span class="muted">…</span> : column.cell(row)}
          {isNarrow && row !== undefined && <span class="second">{grid.narrow(row)}</span>}
        </div>
      ))}
    </div>
  );
}

function Heads<Row>({ columns }: { columns: Column<Row>[] }) {
  return (
    <div role="rowgroup" class="heads">
      <div role="row" class="heads-row" aria-rowindex={1}>
        {columns.map(({ name, isRight }) => (
          <div role="columnheader" key={name} class={isRight ? 'right' : ''}>
            {name}
          </div>
        ))}
      </div>
    </div>
  );
}

/** Keeps the row that is meant, and moves with it. */
function useActive<Row>(grid: GridProps<Row>, height: number, box: { current: HTMLDivElement | null }) {
  const [active, setActive] = useState(-1);
  const show = (index: number) => {
    const element = box.current;
    const head = 30;
    if (element === null) return;
    const top = index * height;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height + head > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + height + head - element.clientHeight;
    }
  };
  const press = (index: number) => {
    setActive(index);
    const row = grid.row(index);
    if (row === undefined) return;
    if (grid.nesting?.isOpen(row) !== undefined) grid.nesting.onToggle(row);
    else grid.onOpen?.(row);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = stepOf(event.key, Math.floor((box.current?.clientHeight ?? 300) / height) - 2);
    const row = grid.row(active);
    if (step !== undefined) {
      const next = Math.min(Math.max(active + step, 0), grid.count - 1);
      setActive(next);
      show(next);
    } else if (row !== undefined && (event.key === 'Enter' || event.key === ' ')) press(active);
    else if (row === undefined || !toggledBy(event.key, row, grid.nesting)) return;
    event.preventDefault();
  };
  return { active, press, onKeyDown };
}

export function Grid<Row>(grid: GridProps<Row>) {
  const { ref: box, sight } = useSight();
  const { ref: outer, width } = useWidth();
  const isNarrow = width > 0 && width < NARROW;
  const height = isNarrow ? 54 : 34;
  const { active, press, onKeyDown } = useActive(grid, height, box);
  const first = Math.max(0, Math.floor(sight.top / height) - AROUND);
  const end = Math.ceil((sight.top + sight.height) / height) + AROUND;
  const last = Math.min(grid.count, end);
  const { onSee } = grid;
  useEffect(() => onSee?.(end), [end, onSee]);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, offset) => first + offset);
  return (
    <div ref={outer} class={`grid ${isNarrow ? 'narrow' : ''}`} style={{ '--columns': tracksOf(grid.columns) }}>
      <div
        ref={box}
        class="scroll"
        role={grid.nesting === undefined ? 'grid' : 'treegrid'}
        aria-label={grid.label}
        aria-rowcount={grid.count + 1}
        aria-colcount={isNarrow ? 1 : grid.columns.length}
        aria-activedescendant={active >= first && active < last ? `${grid.id}-${active}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <Heads columns={columnsOf(grid, isNarrow)} />
        <div role="rowgroup" class="rows" style={{ height: `${grid.count * height}px` }}>
          {shown.map((index) => (
            <GridRow key={index} {...{ grid, index, height, isNarrow }} isActive={index === active} onPress={press} />
          ))}
        </div>
      </div>
    </div>
  );
}
