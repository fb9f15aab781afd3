import { FLOOR, OURS, layerOf } from '../adapters/index.mjs';
import { median, pairedRatio, summarise } from './statistics.mjs';

/**
 * The results of each adapter on one row, with its ratios to the floor and to this package where both were measured.
 */
export function summariseRow(outcomesByAdapter, scenario = {}) {
  const layer = layerOf(scenario);
  const roundsOf = (name) => okRounds(outcomesByAdapter.get(name) ?? []);
  return [...outcomesByAdapter].map(([adapter, outcomes]) => {
    const bad = outcomes.find(({ status }) => status !== 'ok');
    if (bad !== undefined) return { adapter, status: bad.status, reason: bad.reason };
    const rounds = okRounds(outcomes);
    return {
      adapter,
      status: 'ok',
      ...summarise(rounds),
      ratioToFloor: pairedRatio(rounds, roundsOf(FLOOR[layer])),
      ratioToOurs: pairedRatio(rounds, roundsOf(OURS[layer])),
      outcomes,
    };
  });
}

const okRounds = (outcomes) => outcomes.filter(({ status }) => status === 'ok').map(({ value }) => value);

const HEADINGS = [
  '',
  'median',
  'spread',
  '× floor',
  '× ours',
  'JS-thread CPU',
  'process CPU',
  'loads',
  'loads per call',
  'p50 µs',
  'p99 µs',
  'p99.9 µs',
  'latency ms',
  'heap B',
];

/** One row of the comparison as text, the fastest adapter first. */
export function formatRow(row, results) {
  const measured = results.filter(({ status }) => status === 'ok').sort((a, b) => a.median - b.median);
  const lines = [HEADINGS, ...measured.map((result) => formatResult(result, row.scenario.unit))];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  // Columns that no adapter has a figure for are left out.
  const isFilled = (_, column) => column === 0 || lines.slice(1).some((cells) => cells[column] !== '');
  const table = lines.map((cells) =>
    cells
      .map((cell, column) => pad(cell, widths[column], column))
      .filter(isFilled)
      .join('  ')
      .trimEnd(),
  );
  const notes = busyNote(row, measured);
  const others = results
    .filter(({ status }) => status !== 'ok')
    .map(({ adapter, status, reason }) => `${adapter}: ${status} (${status === 'n/a' ? reason : firstLine(reason)})`);
  return [`${row.title} [${row.scenario.unit}]`, ...[...table, ...others, ...notes].map((line) => `  ${line}`)].join(
    '\n',
  );
}

function formatResult(result, unit) {
  const { adapter, ratioToFloor, ratioToOurs, outcomes } = result;
  const over = (field) =>
    formatNumber(median(outcomes.map((outcome) => outcome[field]).filter((value) => value !== undefined)));
  const [low, high] = spread(result);
  return [
    adapter,
    formatNumber(result.median),
    `${formatNumber(low)} – ${formatNumber(high)}`,
    formatRatio(ratioToFloor),
    formatRatio(ratioToOurs),
    over(unit === 'ns' ? 'threadCpuNs' : 'threadCpuMs'),
    over(unit === 'ns' ? 'processCpuNs' : 'processCpuMs'),
    over('loaderCalls'),
    over('loadShare'),
    over('p50Us'),
    over('p99Us'),
    over('p999Us'),
    over('latencyMs'),
    over('heapBytes'),
  ];
}

/** The lowest and the highest round; of a single round, its 10th and 90th percentile. */
function spread({ min, max, outcomes }) {
  return outcomes.length > 1 ? [min, max] : [outcomes[0].p10, outcomes[0].p90];
}

/** Nothing in these rows waits, so wall time beyond the thread's CPU time is time that other processes took. */
const BUSY = 1.2;

function busyNote({ scenario }, measured) {
  if (scenario.unit !== 'ns' || scenario.waits) return [];
  const ratios = measured.flatMap(({ outcomes }) => outcomes.map(({ value, threadCpuNs }) => value / threadCpuNs));
  const worst = Math.max(0, ...ratios.filter(Number.isFinite));
  if (worst <= BUSY) return [];
  return [
    `the machine was busy: up to ${worst.toFixed(1)} × as much time as CPU time; compare the CPU columns or repeat`,
  ];
}

const pad = (cell, width, column) => (column === 0 ? cell.padEnd(width) : cell.padStart(width));

const firstLine = (text) => String(text).split('\n', 1)[0];

const formatRatio = (ratio) => (ratio === undefined ? '' : ratio.toFixed(2));

/** Three significant digits, or whole numbers above that. */
export function formatNumber(value) {
  if (!Number.isFinite(value)) return '';
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}
