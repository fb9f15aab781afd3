// Runs programs.
import { spawn, spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from './project.mjs';

const NEEDED = {
  cargo: 'Rust is needed to build the addon: https://rustup.rs',
  rustfmt: 'run: rustup component add rustfmt',
};

function explain(command, error) {
  if (error.code !== 'ENOENT') return error;
  return new Error(`${basename(command)} was not found. ${NEEDED[command] ?? 'Install it and try again.'}`);
}

/** Whether a program is there and answers. */
export const answers = (command, args) => spawnSync(command, args, { stdio: 'ignore', cwd: ROOT }).status === 0;

/**
 * Runs a program to its end and returns its stdout; stderr is passed on. Throws an Error if it cannot be run or fails.
 */
export function capture(command, args, { env = {}, cwd = ROOT, shell = false } = {}) {
  const options = {
    cwd,
    shell,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  };
  const { status, signal, stdout, error } = spawnSync(command, args, { ...options, maxBuffer: 2 ** 28 });
  if (error) throw explain(command, error);
  if (status !== 0) throw new Error(`${command} ${args[0]} failed (${signal ?? `exit code ${status}`})`);
  return stdout;
}

/**
 * Runs a program and resolves to its exit code. With `onLine` its output is passed on line by line and shown to it too.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, onLine?: (line: string) => void, shell?: boolean, cwd?: string }} [options]
 * @returns {Promise<number>}
 */
export function run(command, args, { env = {}, onLine, shell = false, cwd = ROOT } = {}) {
  const stdio = onLine ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'];
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio, shell });
  if (onLine) {
    for (const stream of ['stdout', 'stderr']) {
      createInterface({ input: child[stream] }).on('line', (line) => {
        process[stream].write(`${line}\n`);
        onLine(line);
      });
    }
  }
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(explain(command, error)));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** Command and arguments that run npm: the npm that runs this script, else the one on the path. */
export function npm(...args) {
  const path = process.env.npm_execpath;
  if (path?.endsWith('npm-cli.js')) return { command: process.execPath, args: [path, ...args], shell: false };
  return { command: 'npm', args, shell: process.platform === 'win32' };
}
