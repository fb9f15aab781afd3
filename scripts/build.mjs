/**
 * Builds the addon in release mode and puts it in the root of the package. Does nothing when the sources are those of
 * the addon that is there.
 *
 *     node scripts/build.mjs                       for this machine
 *     node scripts/build.mjs --target <triple>     for another target of package.json
 *     node scripts/build.mjs --target <triple> --zig    with cargo-zigbuild, for a Linux of any age
 */
import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, addonFile, hostTargetName, isMain, publishedTargets } from './parts/project.mjs';
import { capture } from './parts/run.mjs';
import { digestOf, isStamped, writeStamp } from './parts/stamp.mjs';

const SOURCES = [
  'Cargo.toml',
  'Cargo.lock',
  'build.rs',
  'dashboard/dist',
  'src',
  'engine/Cargo.toml',
  'engine/src',
  'drivers/Cargo.toml',
  'drivers/src',
];

/** The glibc that Rust itself asks for: nothing older would do, and nothing newer is needed. */
export const GLIBC_FLOOR = '2.17';

export const buildStamp = (name) => join(ROOT, `.build-stamp-${name}`);

/** Of the sources and of the addon made from them: another file in its place is replaced. */
const digestOfBuild = (name, triple) =>
  digestOf(ROOT, [...SOURCES, addonFile(name)], [triple, process.env.RUSTFLAGS ?? '']);

/** An addon is a shared library, so musl has to be linked dynamically; on Windows no C runtime is asked for. */
function flagsFor(triple) {
  const flag = triple.endsWith('-musl') ? '-crt-static' : triple.endsWith('-msvc') ? '+crt-static' : undefined;
  if (!flag) return {};
  const variable = `CARGO_TARGET_${triple.toUpperCase().replaceAll('-', '_')}_RUSTFLAGS`;
  return { [variable]: `-C target-feature=${flag}` };
}

/** The shared library that the messages of cargo name. */
function libraryIn(messages) {
  for (const line of messages.split('\n')) {
    if (!line.startsWith('{')) continue;
    const { reason, target, filenames } = JSON.parse(line);
    if (reason !== 'compiler-artifact' || !target.kind.includes('cdylib')) continue;
    return filenames.find((file) => /\.(so|dylib|dll)$/.test(file));
  }
  throw new Error('cargo built no shared library');
}

function compile({ triple, zig }) {
  const verb = zig ? 'zigbuild' : 'build';
  const args = [
    verb,
    '--release',
    '--locked',
    '--package',
    'lazy-layers-cache',
    '--message-format=json-render-diagnostics',
  ];
  if (triple) args.push('--target', zig && triple.endsWith('-gnu') ? `${triple}.${GLIBC_FLOOR}` : triple);
  return libraryIn(capture('cargo', args, { env: triple ? flagsFor(triple) : {} }));
}

/** A process that has the old addon open keeps it, and none sees half a file. */
function put(library, file) {
  const draft = `${file}.${process.pid}.draft.node`;
  copyFileSync(library, draft);
  renameSync(draft, file);
}

function targetOf(triple) {
  if (!triple) return hostTargetName();
  const target = publishedTargets().find((known) => known.triple === triple);
  if (target) return target.name;
  const allowed = publishedTargets().map((known) => known.triple);
  throw new Error(`--target must be one of ${allowed.join(', ')}, got ${triple}`);
}

/**
 * @param {{ triple?: string, zig?: boolean }} [options]
 */
export function build({ triple, zig = false } = {}) {
  const name = targetOf(triple);
  const file = join(ROOT, addonFile(name));
  const how = `${triple ?? 'host'}${zig ? ' zig' : ''}`;
  if (existsSync(file) && isStamped(buildStamp(name), digestOfBuild(name, how))) {
    console.log(`addon: ${addonFile(name)} is up to date`);
    return;
  }
  console.log(`addon: building ${addonFile(name)} (release) …`);
  put(compile({ triple, zig }), file);
  writeStamp(buildStamp(name), digestOfBuild(name, how));
}

if (isMain(import.meta.url)) {
  try {
    const { values } = parseArgs({ options: { target: { type: 'string' }, zig: { type: 'boolean' } } });
    build({ triple: values.target, zig: values.zig });
  } catch (error) {
    console.error(`build: ${error.message}`);
    process.exitCode = 1;
  }
}
