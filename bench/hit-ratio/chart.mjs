const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [760, 320, 48, 36, 170, 36];

/** Colours on light and on dark pages, and how a line is dashed. */
export const LINE_STYLES = {
  'ours, lru': ['#57606a', '#9ea7b3', ''],
  'ours, s3fifo': ['#0a7d55', '#3fb98a', ''],
  'ours, tinylfu': ['#8250df', '#b392f0', ''],
  'lru-cache': ['#57606a', '#9ea7b3', '2 4'],
  '@neophi/sieve-cache': ['#bc4c00', '#f0883e', '6 3'],
  transitory: ['#0969da', '#58a6ff', '6 3'],
};

/** Hit ratios over entries, whose axis is logarithmic, as SVG. */
export function lineChart({ name, rows }, styles) {
  const [first, last] = [rows[0].entries, rows.at(-1).entries];
  const top = Math.max(10, Math.ceil(Math.max(...rows.flatMap(({ ratios }) => Object.values(ratios))) / 10) * 10);
  const spread = Math.log(last / first) || 1;
  const x = (entries) => LEFT + (Math.log(entries / first) / spread) * (WIDTH - LEFT - RIGHT);
  const y = (ratio) => TOP + (1 - ratio / top) * (HEIGHT - TOP - BOTTOM);
  const caches = Object.keys(rows[0].ratios);
  const className = (at) => `c${at}`;
  const css = (dark) => caches.map((cache, at) => `.${className(at)}{stroke:${styles[cache][dark]}}`).join('');
  const grid = Array.from({ length: 6 }, (_, at) => (top / 5) * at);
  // Names that would overlap are moved apart.
  const ends = caches.map((cache, at) => ({ cache, at, y: y(rows.at(-1).ratios[cache]) })).sort((a, b) => a.y - b.y);
  ends.forEach((end, at) => (end.y = Math.max(end.y, (ends[at - 1]?.y ?? 0) + 15)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12">`,
    `<style>text{fill:#1f2328}path{fill:none;stroke-width:2}.grid{stroke:#d0d7de;stroke-width:1}${css(0)}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#3d444d}${css(1)}}</style>`,
    `<text x="8" y="20" font-weight="600" font-size="13">${name}: hits in % of all requests, over entries</text>`,
    ...grid.map((ratio) => `<path class="grid" d="M${LEFT} ${y(ratio)}H${WIDTH - RIGHT}"/>`),
    ...grid.map((ratio) => `<text x="${LEFT - 6}" y="${y(ratio) + 4}" text-anchor="end">${Math.round(ratio)}</text>`),
    ...rows.map(
      ({ entries }) =>
        `<text x="${x(entries)}" y="${HEIGHT - 12}" text-anchor="middle">${entries.toLocaleString('en')}</text>`,
    ),
    ...caches.map((cache, at) => {
      const points = rows.map(({ entries, ratios }) => `${x(entries).toFixed(1)} ${y(ratios[cache]).toFixed(1)}`);
      return `<path class="${className(at)}" stroke-dasharray="${styles[cache][2]}" d="M${points.join('L')}"/>`;
    }),
    ...ends.map(({ cache, at, y: height }) => {
      const start = WIDTH - RIGHT + 8;
      const line = `<path class="${className(at)}" stroke-dasharray="${styles[cache][2]}" d="M${start} ${height}h22"/>`;
      return `${line}<text x="${start + 28}" y="${height + 4}">${cache}</text>`;
    }),
    '</svg>\n',
  ].join('\n');
}
