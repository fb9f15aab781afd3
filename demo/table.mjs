/** Lines of a table: the first column to the left, the others to the right, a rule under the headings. */
export function formatTable([headings, ...rows]) {
  const widths = headings.map((_, column) => Math.max(...[headings, ...rows].map((cells) => cells[column].length)));
  const line = (cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('   ');
  const rule = widths.map((width) => '─'.repeat(width)).join('───');
  return [line(headings), rule, ...rows.map(line)].join('\n');
}

/** A duration in the unit that suits it. */
export function formatMs(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 1) return `${ms.toFixed(1)} ms`;
  return `${(ms * 1000).toFixed(1)} µs`;
}

export const formatCount = (count) => count.toLocaleString('en');

export const formatBytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

export const formatKilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} kB`;

/** The value that a share `q` (0 to 1) of the values does not exceed. */
export function percentile(values, q) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * q) - 1))];
}
