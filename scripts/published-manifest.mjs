/**
 * Changes the package.json of the current folder to its published form while npm packs the folder. npm runs this before
 * and after.
 *
 * The packages of the platforms are named here and not in the sources: they appear together with a release, so a
 * checkout that asked for its own could not be installed before, and would run a published addon instead of its own.
 *
 *     complete   adds the packages of all targets, at this very version, and on a runner where its sources are
 *     restore    takes them out again
 *     refuse     stops `npm publish` of the folder: npm would tell the registry of package.json as restored
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain, readManifest, targetName } from './parts/project.mjs';

/** The address of the sources. They do not know where they are hosted; the runner that publishes does. */
export function addressOf({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name }) {
  return server && name ? `${server}/${name}` : undefined;
}

/** The repository, which npm compares with the provenance, and addresses for readers and reports. */
function placesOf(env) {
  const address = addressOf(env);
  if (address === undefined) return {};
  const repository = { type: 'git', url: `git+${address}.git` };
  return { repository, homepage: `${address}#readme`, bugs: { url: `${address}/issues` } };
}

/** Packages of platforms have no targets of their own, and get the repository alone. */
function packagesOf({ name, version, napi }) {
  if (!napi) return {};
  const packages = napi.targets.map((triple) => [`${name}-${targetName(triple)}`, version]);
  return { optionalDependencies: Object.fromEntries(packages) };
}

export const complete = (manifest, env = {}) => ({ ...manifest, ...placesOf(env), ...packagesOf(manifest) });

export function restore({ optionalDependencies: _packages, ...manifest }) {
  const { repository: _repository, homepage: _homepage, bugs: _bugs, ...restored } = manifest;
  return restored;
}

/** Written to another file and moved: a reader meanwhile sees either the old package.json or the new one. */
function rewrite(folder, change) {
  const file = join(folder, 'package.json');
  writeFileSync(`${file}.draft`, `${JSON.stringify(change(readManifest(folder)), null, 2)}\n`);
  renameSync(`${file}.draft`, file);
}

function main([verb]) {
  if (verb === 'complete') return rewrite(process.cwd(), (manifest) => complete(manifest, process.env));
  if (verb === 'restore') return rewrite(process.cwd(), restore);
  console.error(
    'Publish the packed files instead: node scripts/pack.mjs all, then npm publish of each file, this one last.',
  );
  process.exitCode = 1;
}

if (isMain(import.meta.url)) main(process.argv.slice(2));
