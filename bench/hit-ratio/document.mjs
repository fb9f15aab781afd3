import { LINE_STYLES, lineChart } from './chart.mjs';

const percent = (ratio) => ratio.toFixed(1);
const integer = (number) => number.toLocaleString('en');

/** A table of a trace: a row for each size, the best in bold. */
function table({ name, about, requests, distinct, rows }) {
  const caches = Object.keys(rows[0].ratios);
  const lines = rows.map(({ entries, ratios }) => {
    const best = Math.max(...Object.values(ratios));
    const cells = caches.map((cache) =>
      best - ratios[cache] < 0.05 ? `**${percent(ratios[cache])}**` : percent(ratios[cache]),
    );
    return `| ${[integer(entries), ...cells].join(' | ')} |`;
  });
  return [
    `## ${name}`,
    `${integer(requests)} requests of ${integer(distinct)} keys: ${about}.`,
    `![Hit ratio over entries, ${name}](hit-ratio/${name}.svg)`,
    [`| entries | ${caches.join(' | ')} |`, `|${'---|'.repeat(caches.length + 1)}`, ...lines].join('\n'),
  ].join('\n\n');
}

/** How much a cache is above another, over all cells: mean, worst, best. */
function comparison(traces, cache, base) {
  const gains = traces.flatMap(({ rows }) => rows.map(({ ratios }) => ratios[cache] - ratios[base]));
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const signed = (gain) => `${gain < 0 ? '−' : '+'}${percent(Math.abs(gain))}`;
  return `| ${[cache, signed(mean), signed(Math.min(...gains)), signed(Math.max(...gains))].join(' | ')} |`;
}

/** The page, and its charts by file name. */
export function documentOf(traces, { node, versions, sources }) {
  const caches = Object.keys(traces[0].rows[0].ratios);
  const base = 'ours, lru';
  const cells = traces.reduce((sum, { rows }) => sum + rows.length, 0);
  const page = [
    '# Hit ratios',
    'Made by `npm run bench:hit-ratio -- --out docs`: do not edit.',
    'The share of requests that a cache in memory answers, in percent. What it does not have is put there. Each trace',
    `runs through each cache alone, at several sizes.\n\nNode.js ${node}; ${versions}.`,
    `\n## All traces\n\nPoints above \`lru\` over ${cells} cells.\n`,
    '| | mean | worst | best |\n|---|---|---|---|',
    ...caches.filter((cache) => cache !== base).map((cache) => comparison(traces, cache, base)),
    `\n${traces.map(table).join('\n\n')}`,
    ...(sources === undefined ? [] : [`\n## Sources\n\n${sources}`]),
  ];
  const charts = Object.fromEntries(traces.map((trace) => [`${trace.name}.svg`, lineChart(trace, LINE_STYLES)]));
  return { page: `${page.join('\n')}\n`, charts };
}
