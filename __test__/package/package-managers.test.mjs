// The package, added to a fresh project by the package managers of the field.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hostTargetName } from '../../scripts/parts/project.mjs';
import { MANAGERS, manifestsBelow, run } from './managers.mjs';
import { packCopy } from './packed.mjs';
import { serve } from './registry.mjs';

const CONSUMER = fileURLToPath(new URL('consumers/commonjs.cjs', import.meta.url));
const SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];

const folder = mkdtempSync(join(tmpdir(), 'managers-test-'));
let registry;

before(async () => {
  const out = join(folder, 'packed');
  packCopy(join(folder, 'sources'), out);
  registry = await serve(readdirSync(out).map((name) => join(out, name)));
});

after(async () => {
  await registry?.close();
  rmSync(folder, { recursive: true });
});

/** A fresh project, and the environment of a user who has installed nothing yet. */
function freshProject(name) {
  const cwd = join(folder, name.replace(' ', '-'));
  mkdirSync(join(cwd, 'home'), { recursive: true });
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'consumer', version: '1.0.0', private: true }));
  writeFileSync(join(cwd, '.npmrc'), `registry=${registry.address}/\n`);
  cpSync(CONSUMER, join(cwd, 'consumer.cjs'));
  const home = join(cwd, 'home');
  const places = {
    HOME: home,
    XDG_DATA_HOME: home,
    XDG_CACHE_HOME: home,
    XDG_STATE_HOME: home,
    npm_config_cache: join(home, 'npm'),
  };
  // Not interactive; and nothing of the npm that may run this test.
  return {
    cwd,
    env: { ...places, CI: '1', npm_config_registry: `${registry.address}/`, npm_config_user_agent: undefined },
  };
}

for (const [name, adding] of Object.entries(MANAGERS)) {
  test(`${name} adds the package: exit code 0, nothing of an ignored script, and it works`, async () => {
    const tool = mkdtempSync(join(folder, 'tool-'));
    const [command, args, shell] = await adding(tool);
    const project = freshProject(name);
    const { status, output } = await run(command, args, { ...project, shell });
    assert.equal(status, 0, output);
    assert.doesNotMatch(output, /ignored build|approve-builds|install.?scripts|allowScripts|ERR_PNPM/i);
    const used = await run(process.execPath, ['consumer.cjs'], project);
    assert.equal(used.status, 0, used.output);
    assert.match(used.output, /^CommonJS: \d/);
    const installed = [...manifestsBelow(join(project.cwd, 'node_modules'))].filter(
      ({ manifest }) => manifest.name !== undefined,
    );
    const names = new Set(installed.map(({ manifest }) => manifest.name));
    assert.deepEqual([...names].sort(), ['lazy-layers-cache', `lazy-layers-cache-${hostTargetName()}`]);
    for (const { folder: where, manifest } of installed) {
      const scripts = SCRIPTS.filter((script) => manifest.scripts?.[script] !== undefined);
      assert.deepEqual(scripts, [], manifest.name);
      // npm builds what has one, script or not.
      assert.equal(existsSync(join(where, 'binding.gyp')), false, manifest.name);
    }
  });
}
