/**
 * Packs the package and those of platforms, as they are published.
 *
 *     node scripts/pack.mjs [--out <folder>] [all | <target> …]      default: this machine's target, into dist/
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, hostTargetName, isMain, publishedTargets, readManifest } from './parts/project.mjs';
import { npm, run } from './parts/run.mjs';

async function packFolder(folder, out) {
  const { name, version } = readManifest(folder);
  const { command, args, shell } = npm('pack', folder, '--pack-destination', out, '--silent');
  if ((await run(command, args, { shell })) !== 0) throw new Error(`npm pack failed for ${name}`);
  return join(out, `${name}-${version}.tgz`);
}

/** Packs and resolves to the paths of the files, in the order in which they may be published: the package last. */
export async function pack({ out, targets = [hostTargetName()] }) {
  mkdirSync(out, { recursive: true });
  const files = [];
  for (const target of targets) files.push(await packFolder(join(ROOT, 'npm', target), out));
  return [...files, await packFolder(ROOT, out)];
}

async function main(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { out: { type: 'string', default: 'dist' } },
    allowPositionals: true,
  });
  const known = publishedTargets().map(({ name }) => name);
  const unknown = positionals.find((name) => name !== 'all' && !known.includes(name));
  if (unknown) throw new Error(`a target must be "all" or one of ${known.join(', ')}, got ${unknown}`);
  const targets = positionals.includes('all') ? known : positionals.length > 0 ? positionals : undefined;
  await pack({ out: resolve(values.out), targets });
}

if (isMain(import.meta.url)) {
  main(process.argv.slice(2)).catch((error) => {
    console.error(`pack: ${error.message}`);
    process.exitCode = 1;
  });
}
