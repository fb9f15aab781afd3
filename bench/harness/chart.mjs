import { formatNumber } from './report.mjs';

const WIDTH = 760;
const NAME_WIDTH = 190;
const BAR_WIDTH = 470;
const BAR_HEIGHT = 16;
const STEP = 24;
const TOP = 40;
/** The longest bar, as a multiple of ours. Longer ones are cut: the others would be too short to compare. */
const LONGEST = 6;

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * A bar chart as SVG, the shortest bar first. Bars: `{ name, value, isOurs, isFloor }`. Readable on light and dark
 * pages.
 */
export function barChart({ title, bars }) {
  const sorted = [...bars].sort((a, b) => a.value - b.value);
  const ours = sorted.find(({ isOurs }) => isOurs)?.value ?? Infinity;
  const end = Math.min(sorted.at(-1)?.value ?? 1, ours * LONGEST);
  const height = TOP + sorted.length * STEP + 8;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">`,
    '<style>text{fill:#1f2328}.bar{fill:#8c959f}.ours{fill:#0a7d55}.floor{fill:#57606a}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bar{fill:#6e7681}.ours{fill:#3fb98a}.floor{fill:#9ea7b3}}</style>',
    `<text x="8" y="20" font-weight="600">${escape(title)}</text>`,
    ...sorted.map((bar, at) => drawBar(bar, TOP + at * STEP, end)),
    '</svg>\n',
  ].join('\n');
}

function drawBar({ name, value, isOurs, isFloor }, y, end) {
  const isCut = value > end;
  const width = Math.max(1, (Math.min(value, end) / end) * BAR_WIDTH);
  const kind = isOurs ? 'ours' : isFloor ? 'floor' : 'bar';
  const weight = isOurs ? ' font-weight="600"' : '';
  const [x, middle] = [NAME_WIDTH, y + BAR_HEIGHT - 4];
  // A gap near the end says that the bar goes on.
  const parts = isCut
    ? [
        [x, width - 24],
        [x + width - 18, 18],
      ]
    : [[x, width]];
  const rectangles = parts.map(
    ([from, length]) =>
      `<rect class="${kind}" x="${from}" y="${y}" width="${length.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>`,
  );
  return [
    `<text x="${x - 8}" y="${middle}" text-anchor="end"${weight}>${escape(name)}</text>`,
    ...rectangles,
    `<text x="${(x + width + 6).toFixed(1)}" y="${middle}"${weight}>${formatNumber(value)}</text>`,
  ].join('');
}
