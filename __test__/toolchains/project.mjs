// Projects that use the package as it is published, in folders of their own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { readManifest } from '../../scripts/parts/project.mjs';
import { npm } from '../../scripts/parts/run.mjs';
import { packCopy } from '../package/packed.mjs';
import { serve } from '../package/registry.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Where tools are: those of every test, and those of the long run. */
const FOLDERS = [here('../tools/node_modules'), here('node_modules')];

/** The path of a file of a tool. */
export function tool(...path) {
  const found = FOLDERS.map((folder) => join(folder, ...path)).find((file) => existsSync(file));
  assert.ok(found, `${path.join('/')} is not installed`);
  return found;
}

export const isThere = (...path) => FOLDERS.some((folder) => existsSync(join(folder, ...path)));
export const versionOf = (name) => readManifest(tool(name)).version;

/** The program of each project. It says `works 42` when it could use the package. */
const PROGRAM = `
async function main() {
  const cache = new LazyLayersCache({ l1: new MemoryStore() });
  const { answer } = await cache.getOrSet('k', async () => ({ answer: 42 }));
  deserialize(serialize({ answer }));
  await cache.close();
  console.log(typeof RedisEventBus === 'function' ? 'works' : 'fails', answer);
}
`;
const NAMES = '{ LazyLayersCache, RedisEventBus, deserialize, serialize }';
const FILES = {
  'app.mjs': `import ${NAMES} from 'lazy-layers-cache';
import { MemoryStore } from 'lazy-layers-cache/cache';
${PROGRAM}
await main();
`,
  'app.cjs': `const ${NAMES} = require('lazy-layers-cache');
const { MemoryStore } = require('lazy-layers-cache/cache');
${PROGRAM}
main();
`,
  'handler.js': `const ${NAMES} = require('lazy-layers-cache');
const { MemoryStore } = require('lazy-layers-cache/cache');
${PROGRAM}
exports.handler = main;
`,
};

/** Runs a program; resolves to its exit code and all that it wrote. Not in sync: the registry is in this process. */
export function run(command, args, { cwd, env = {}, shell = false, deadlineMs = 300_000 } = {}) {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...inherited } = process.env;
  const child = spawn(command, args, { cwd, shell, env: { ...inherited, NO_COLOR: '1', ...env } });
  const deadline = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(deadline);
      resolve({ status: status ?? signal, output: stripVTControlCharacters(output) });
    });
  });
}

export async function succeeds(command, args, options) {
  const { status, output } = await run(command, args, options);
  assert.equal(status, 0, output);
  return output;
}

/**
 * Runs a server while `use` runs, which is called with what its output matches of `ready` once that is there.
 * @template T
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env?: Record<string, string> }} options
 * @param {RegExp} ready
 * @param {(match: RegExpExecArray) => Promise<T>} use
 */
export async function whileServing(command, args, { cwd, env = {} }, ready, use) {
  const server = spawn(command, args, { cwd, env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env } });
  let said = '';
  /** @type {Promise<RegExpExecArray>} */
  const isReady = new Promise((resolve, reject) => {
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk;
        const match = ready.exec(said);
        if (match) resolve(match);
      });
    }
    server.on('error', reject);
    server.on('exit', () => reject(new Error(said)));
  });
  try {
    return await use(await isReady);
  } catch (error) {
    error.message += `\n${said}`;
    throw error;
  } finally {
    server.kill('SIGKILL');
  }
}

/** Runs a command that must fail, and say so. */
export async function fails(expected, command, args, options) {
  const { status, output } = await run(command, args, options);
  assert.notEqual(status, 0, output);
  assert.match(output, expected);
}

/** The folder of this run, with the package in its registry. */
export class Toolchains {
  #count = 0;

  static async open() {
    const folder = mkdtempSync(join(tmpdir(), 'toolchains-'));
    const made = new Toolchains(folder);
    const packed = join(folder, 'packed');
    packCopy(join(folder, 'sources'), packed);
    made.tarballs = readdirSync(packed).map((name) => join(packed, name));
    made.registry = await serve(made.tarballs);
    await made.#install();
    return made;
  }

  constructor(folder) {
    this.folder = folder;
  }

  async close() {
    await this.registry.close();
    rmSync(this.folder, { recursive: true, maxRetries: 5 });
  }

  program(name) {
    return FILES[name];
  }

  /** The project from which the others are copied, as npm installs it. */
  async #install() {
    this.base = join(this.folder, 'base');
    mkdirSync(this.base);
    const npmrc = `registry=${this.registry.address}/\n`;
    this.write(this.base, { 'package.json': '{"private":true}', '.npmrc': npmrc, ...FILES });
    const { command, args, shell } = npm('install', '--no-audit', '--no-fund', 'lazy-layers-cache');
    const env = { npm_config_registry: `${this.registry.address}/`, npm_config_cache: join(this.folder, 'npm') };
    await succeeds(command, args, { cwd: this.base, env, shell });
  }

  write(folder, files) {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  }

  empty() {
    const folder = join(this.folder, `project-${(this.#count += 1)}`);
    mkdirSync(folder);
    return folder;
  }

  /** A fresh project with the package installed, and these files. */
  project(files = {}) {
    const folder = this.empty();
    cpSync(this.base, folder, { recursive: true });
    this.write(folder, files);
    return folder;
  }

  /** Runs a program where it is, and expects it to work. */
  async works(path, { node = process.execPath, args = [], ...options } = {}) {
    const output = await succeeds(node, [...args, path], { cwd: dirname(path), ...options });
    assert.match(output, /^works 42$/m);
  }

  /** Runs a program of a folder that was moved to where nothing else is, and expects it to work. */
  async worksAlone(folder, file, options = {}) {
    await this.works(join(this.moved(folder), file), options);
  }

  moved(folder) {
    const to = this.empty();
    cpSync(folder, to, { recursive: true, verbatimSymlinks: true });
    rmSync(folder, { recursive: true });
    return to;
  }

  /** An environment of a user who has installed nothing yet. */
  freshEnvironment(folder) {
    const home = join(folder, 'home');
    mkdirSync(home, { recursive: true });
    const places = { HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: home, XDG_STATE_HOME: home };
    const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
    return { ...places, PATH: path, npm_config_cache: join(home, 'npm'), CI: '1' };
  }
}
