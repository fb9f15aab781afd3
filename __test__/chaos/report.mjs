// The output of a run of chaos.

const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

const told = ({ by, key, version, missed, deleter }) =>
  `${by} served version ${version} of ${key}; ${deleter} had invalidated before ${missed}`;

function printFigures(name, { count, p50, p99, max }) {
  console.log(
    `  ${name.padEnd(34)} ${String(count).padStart(7)}  p50 ${ms(p50).padStart(9)}  p99 ${ms(p99).padStart(9)}  max ${ms(max).padStart(9)}`,
  );
}

/** What was older than an own invalidation, and what was served the longest after any. */
function printOldest(own, worst) {
  const done = ({ during }) => during.join(', ');
  for (const found of own.slice(0, 20)) console.log(`    own: ${told(found)} ${ms(found.forMs)} ago (${done(found)})`);
  if (worst !== undefined) console.log(`  the oldest: ${told(worst)} ${ms(worst.forMs)} ago (${done(worst)})`);
}

export function printReport({
  transport,
  seed,
  group,
  instances,
  options,
  deeds,
  turns,
  reads,
  writes,
  faults,
  took,
  staleness,
  byFault,
  afterQuiet,
  own,
  worst,
}) {
  console.log(
    `\n${transport}${group === undefined ? '' : `, Redis with ${group}`}, seed ${seed}, ${instances} processes, ${JSON.stringify(options)}`,
  );
  console.log(`  ${reads} reads, ${writes} invalidations, ${turns} turns, ${deeds.length} deeds`);
  printFigures('calls', took);
  printFigures('older than an own invalidation', staleness.own);
  printFigures("older than another's", staleness.others);
  for (const fault of Object.keys(byFault).sort()) printFigures(`  ${fault}`, byFault[fault]);
  console.log(`  old after everything was quiet: ${afterQuiet.length}`);
  for (const found of afterQuiet.slice(0, 5)) console.log(`    ${told(found)}`);
  printOldest(own, worst);
  console.log(`  faults: ${faults.length}`);
  for (const fault of faults.slice(0, 10)) console.log(`    ✗ ${fault}`);
  if (faults.length + afterQuiet.length > 0) {
    console.log(
      `  replay: npm run chaos -- --transport "${transport}" --seed ${seed} --instances ${instances}${group === undefined ? '' : ` --${group === 'sentinels' ? 'failover' : group}`}`,
    );
  }
}
