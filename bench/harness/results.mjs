import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedVersion } from './peers.mjs';

const FOLDER = fileURLToPath(new URL('../results/', import.meta.url));

/** Writes a run as JSON to `options.out`, or into bench/results/, and returns the path of the file. */
export function writeResults({ options, rows, startedAt }) {
  const packages = [...new Set(options.adapters.flatMap((adapter) => adapter.packages))];
  const run = {
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    machine: {
      node: process.version,
      v8: process.versions.v8,
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      memoryBytes: totalmem(),
    },
    settings: { quick: options.quick, rounds: options.rounds, nodeEnv: 'production' },
    adapters: options.adapters.map(({ name, about }) => ({ name, about })),
    versions: Object.fromEntries(packages.map((name) => [name, installedVersion(name)])),
    rows,
  };
  const path = resolve(options.out ?? join(FOLDER, `${run.startedAt.replaceAll(':', '-')}.json`));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(run, null, 2)}\n`);
  return relative(process.cwd(), path);
}
