// A server of the test's own: a program that is started, hurt and ended.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../deferred.mjs";

/** Servers that run: those left when the process ends are ended with it. */
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A port that nobody listens on. */
export async function freePort() {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  listener.close();
  await once(listener, "close");
  return port;
}

/** A folder that is removed with the process. */
export function temporaryFolder(prefix) {
  const path = mkdtempSync(join(tmpdir(), `${prefix}-`));
  process.on("exit", () => rmSync(path, { recursive: true, force: true }));
  return path;
}

export class ServerProcess {
  /**
   * @param {string} program
   * @param {string[]} args
   * @param {{ cwd: string, isReady: () => Promise<boolean>, install: string }} options
   */
  constructor(program, args, { cwd, isReady, install }) {
    Object.assign(this, { program, args, cwd, isReady, install });
  }

  /** Starts it and waits until it answers. */
  async start() {
    this.output = "";
    const child = spawn(this.program, this.args, { cwd: this.cwd, stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    running.add(child);
    this.ended = new Promise((resolve) => child.once("close", resolve)).finally(() => running.delete(child));
    let failure;
    child.once("error", (error) => (failure = new Error(`${this.program} cannot be started: ${this.install}`, { cause: error })));
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (this.output += chunk));
    await until(async () => {
      if (failure) throw failure;
      if (child.exitCode !== null) throw new Error(`${this.program} ended at once:\n${this.output}`);
      return this.isReady();
    }, `${this.program} answers`, 20_000);
    return this;
  }

  /** Ends it as an operator would. */
  async stop() {
    this.child.kill("SIGTERM");
    await this.ended;
  }

  /** Ends it as a crash would. */
  async kill() {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  /** Freezes it: connections stay open, and nothing answers. */
  pause() {
    this.child.kill("SIGSTOP");
  }

  resume() {
    this.child.kill("SIGCONT");
  }
}
