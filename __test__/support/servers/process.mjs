// A server of the test's own: a program that is started, hurt and ended.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../deferred.mjs';

/** Servers that run: those left when the process ends are ended with it. */
const running = new Set();
process.setMaxListeners(100);
process.on('exit', () => {
  for (const end of running) end();
});

/** The program of a guard: it waits for a word, and kills the process, or the group, if it gets none. */
const GUARD = 'read -r word; [ "$word" = over ] || kill -s KILL -- "$1"';

/**
 * Has a process, or a group of them by its number below 0, end with this one, however this one ends: the pipe to the
 * guard closes then. Returns a function that ends the guard.
 * @param {number} pid
 */
function guard(pid) {
  if (process.platform === 'win32') return () => {};
  // Detached: a signal to this group of processes, as of Ctrl-C, must not end the guard.
  const waiting = spawn('/bin/sh', ['-c', GUARD, 'guard', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  waiting.on('error', () => {});
  waiting.stdin.on('error', () => {});
  waiting.unref();
  waiting.stdin.unref();
  return () => waiting.stdin.end('over\n');
}

/** Different ports that nobody listens on. */
export async function freePorts(count) {
  const listeners = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(listeners.map((listener) => once(listener, 'listening')));
  const ports = listeners.map((listener) => listener.address().port);
  await Promise.all(
    listeners.map((listener) => {
      listener.close();
      return once(listener, 'close');
    }),
  );
  return ports;
}

/** A port that nobody listens on. */
export const freePort = async () => (await freePorts(1))[0];

/** A folder that is removed with the process. */
export function temporaryFolder(prefix) {
  const path = mkdtempSync(join(tmpdir(), `${prefix}-`));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

export class ServerProcess {
  /**
   * @param {string} program
   * @param {string[]} args
   * @param {object} how
   * @param {string} how.cwd
   * @param {NodeJS.ProcessEnv} [how.env]
   * @param {() => Promise<boolean>} how.isReady
   * @param {string} how.install what to do when the program is missing
   * @param {boolean} [how.isGroup] whether the program starts others that are the server too
   * @param {number} [how.startMs] how long starting may take
   */
  constructor(program, args, { cwd, env = process.env, isReady, install, isGroup = false, startMs = 20_000 }) {
    Object.assign(this, { program, args, cwd, env, isReady, install, isGroup, startMs });
  }

  /** Starts it and waits until it answers. */
  async start() {
    this.output = '';
    const { cwd, env, isGroup: detached } = this;
    const child = spawn(this.program, this.args, { cwd, env, detached, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    const end = () => this.#signal('SIGKILL');
    running.add(end);
    const over = child.pid === undefined ? () => {} : guard(detached ? -child.pid : child.pid);
    this.ended = new Promise((resolve) => child.once('close', resolve)).finally(() => {
      running.delete(end);
      over();
    });
    let failure;
    child.once(
      'error',
      (error) => (failure = new Error(`${this.program} cannot be started: ${this.install}`, { cause: error })),
    );
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (this.output += chunk));
    const isReady = async () => {
      if (failure) throw failure;
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      if (hasEnded) throw new Error(`${this.program} ended at once:\n${this.output}`);
      return this.isReady();
    };
    try {
      await until(isReady, `${this.program} answers`, this.startMs);
    } catch (error) {
      // It would keep this process from ending.
      end();
      throw error;
    }
    return this;
  }

  #signal(name) {
    if (!this.isGroup) {
      this.child.kill(name);
      return;
    }
    try {
      process.kill(-this.child.pid, name);
    } catch {
      // It has ended already.
    }
  }

  /** Ends it as an operator would. */
  async stop() {
    this.#signal('SIGTERM');
    await this.ended;
  }

  /** Ends it as a crash would. */
  async kill() {
    this.#signal('SIGKILL');
    await this.ended;
  }

  /** Freezes it: connections stay open, and nothing answers. */
  pause() {
    this.#signal('SIGSTOP');
  }

  resume() {
    this.#signal('SIGCONT');
  }
}
