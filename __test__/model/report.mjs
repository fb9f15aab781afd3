// The output of a run of the model.

/** How to see a finding again. */
export function replayOf({ world, seed, steps, strict }) {
  return `npm run model -- --world "${world}" --seed ${seed} --steps ${steps}${strict ? ' --strict' : ''}`;
}

export function printFinding(found, place = '') {
  console.log(`\n✗ ${found.world}${place}, seed ${found.seed}: ${found.text}`);
  console.log(found.trail.map((line) => `    ${line.slice(0, 220)}`).join('\n'));
  console.log(`  replay: ${replayOf(found)}`);
}

export function printTable(rows) {
  const line = (cells) =>
    console.log(cells.map((cell, at) => (at === 0 ? String(cell).padEnd(36) : String(cell).padStart(9))).join(''));
  line(['configuration', 'runs', 'calls', 'failed', 'known']);
  for (const { world, runs, calls, failed, known } of rows) {
    line([world, runs, calls, failed, Object.values(known).reduce((sum, count) => sum + count, 0)]);
  }
  const reasons = new Set(rows.flatMap(({ known }) => Object.keys(known)));
  if (reasons.size > 0) console.log(`known not to hold, and not counted as failures: ${[...reasons].join('; ')}`);
}

/** Rows of several batches as one. */
export function merge(rows) {
  const merged = new Map();
  for (const row of rows) {
    const into = merged.get(row.world);
    if (into === undefined) {
      merged.set(row.world, { ...row, known: { ...row.known } });
      continue;
    }
    for (const name of ['runs', 'calls', 'failed']) into[name] += row[name];
    for (const [reason, count] of Object.entries(row.known)) into.known[reason] = (into.known[reason] ?? 0) + count;
  }
  return [...merged.values()];
}
