import { parseArgs } from 'node:util';
import { adapters } from '../adapters/index.mjs';
import { scenarios } from '../scenarios/index.mjs';

export const USAGE = `usage: npm run bench -- [options]
  --quick            a few seconds: one round, short measurements, the small rows only
  --scenario a,b     these scenarios or rows only (${scenarios.map(({ name }) => name).join(', ')})
  --adapter a,b      these adapters only (${adapters.map(({ name }) => name).join(', ')})
  --rounds n         how often each adapter is measured on each row (5; 1 with --quick)
  --out file         where the JSON goes (a file in bench/results/ named after the time)
  --no-install       do not install missing packages; leave their adapters out
  --help             this text`;

/**
 * Turns the command line into `{ quick, rounds, install, out, adapters, rows }`. Throws an Error that names a bad
 * option.
 */
export function readOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    allowNegative: true,
    options: {
      quick: { type: 'boolean', default: false },
      scenario: { type: 'string' },
      adapter: { type: 'string' },
      rounds: { type: 'string' },
      out: { type: 'string' },
      install: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { help: true };
  return {
    quick: values.quick,
    install: values.install,
    out: values.out,
    rounds: readRounds(values.rounds, values.quick ? 1 : 5),
    adapters: pickAdapters(values.adapter),
    rows: pickRows(values.scenario, values.quick),
  };
}

function readRounds(text, byDefault) {
  if (text === undefined) return byDefault;
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds must be a positive integer, got ${text}`);
  return rounds;
}

function pickAdapters(text) {
  if (text === undefined) return adapters;
  return text.split(',').map((name) => {
    const found = adapters.find((adapter) => adapter.name === name);
    if (found === undefined)
      throw new Error(`--adapter: no adapter "${name}"; there are ${adapters.map((a) => a.name).join(', ')}`);
    return found;
  });
}

function pickRows(text, quick) {
  const all = scenarios.flatMap((scenario) => scenario.rows.map((row) => ({ ...row, scenario })));
  if (text === undefined) return all.filter((row) => !quick || row.quick);
  return text.split(',').flatMap((name) => {
    const found = all.filter((row) => row.id === name || (row.scenario.name === name && (!quick || row.quick)));
    if (found.length === 0)
      throw new Error(`--scenario: no scenario or row "${name}"; there are ${all.map((row) => row.id).join(', ')}`);
    return found;
  });
}
