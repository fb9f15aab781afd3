/**
 * Packs the package and those of platforms, as they are published.
 *
 *     node scripts/pack.mjs [--out <folder>] [all | <target> …]      default: this machine's target, into dist/
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from './parts/bundle.mjs';
import { packerText } from './parts/msgpackr.cjs';
import { ROOT, hostTargetName, isMain, publishedTargets, readManifest } from './parts/project.mjs';
import { publishedPage, publishedReadme } from './parts/readme.mjs';
import { capture, npm, run } from './parts/run.mjs';
import { addressOf, complete } from './published-manifest.mjs';

async function packFolder(folder, out, ...options) {
  const { name, version } = readManifest(folder);
  const { command, args, shell } = npm('pack', folder, '--pack-destination', out, '--silent', ...options);
  if ((await run(command, args, { shell })) !== 0) throw new Error(`npm pack failed for ${name}`);
  return join(out, `${name}-${version}.tgz`);
}

/** The files of the package, as they are published, in a folder. */
export function stage(folder) {
  const { command, args, shell } = npm('pack', '--dry-run', '--json', '--ignore-scripts');
  const [{ files }] = JSON.parse(capture(command, args, { shell }));
  for (const { path } of files) cpSync(join(ROOT, path), join(folder, path));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(complete(readManifest(), process.env), null, 2)}\n`);
  const address = addressOf(process.env);
  const sources = address && `${address}/blob/v${readManifest().version}`;
  const published = new Set(files.map(({ path }) => path));
  for (const page of [...published].filter((path) => path.endsWith('.md'))) {
    const asPublished = page === 'README.md' ? publishedReadme : publishedPage;
    const text = asPublished(readFileSync(join(ROOT, page), 'utf8'), { page, published, files: sources });
    writeFileSync(join(folder, page), text);
  }
  writeFileSync(join(folder, 'lib', 'serializer', 'msgpackr.js'), packerText());
  bundle(folder);
}

async function packPackage(out) {
  const folder = mkdtempSync(join(tmpdir(), 'lazy-layers-pack-'));
  try {
    stage(folder);
    // The scripts belong to the sources, and `stage` has made their changes of package.json.
    return await packFolder(folder, out, '--ignore-scripts');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Packs and resolves to the paths of the files, in the order in which they may be published: the package last. */
export async function pack({ out, targets = [hostTargetName()] }) {
  mkdirSync(out, { recursive: true });
  const files = [];
  for (const target of targets) files.push(await packFolder(join(ROOT, 'npm', target), out));
  return [...files, await packPackage(out)];
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
