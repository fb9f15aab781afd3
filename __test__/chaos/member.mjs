// One process under chaos, as the coordinator sees it: its proxies, its log, and questions to it.
import { fork } from 'node:child_process';
import { TcpProxy } from '../support/tcp-proxy.mjs';

const INSTANCE = new URL('instance.mjs', import.meta.url);

export class Member {
  /** Its log, with that of its predecessors. */
  log = [];
  open = [];
  /** Ends that nobody asked for. */
  crashes = [];
  /** By what is behind them: `bus`, `redis`. @type {Record<string, TcpProxy>} */
  proxies = {};
  #addresses = {};
  #replies = new Map();
  #questions = 0;
  #isEnding = false;

  /** @param {import('./truth.mjs').Truth} truth */
  constructor(name, setup, truth) {
    Object.assign(this, { name, setup, truth });
  }

  /** Puts a proxy of its own before each server, other than those whose place is told by others. */
  async prepare(servers) {
    for (const [kind, { port, url, address }] of Object.entries(servers)) {
      if (address === undefined) this.proxies[kind] = await new TcpProxy(port).start();
      this.#addresses[kind] = address ?? url.replace(`:${port}`, `:${this.proxies[kind].port}`);
    }
    await this.spawn();
  }

  async spawn() {
    const setup = { ...this.setup, name: this.name, addresses: this.#addresses };
    this.#isEnding = false;
    const child = fork(INSTANCE, [JSON.stringify(setup)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.child = child;
    this.ended = new Promise((resolve) => child.once('exit', resolve));
    child.once('exit', (code, signal) => {
      if (!this.#isEnding) this.crashes.push(`${this.name} ended with ${signal ?? code}`);
      for (const resolve of this.#replies.values()) resolve(undefined);
      this.#replies.clear();
    });
    child.on('error', () => {});
    await new Promise((resolve) =>
      child.on('message', (message) => (message === 'ready' ? resolve() : this.#hear(child, message))),
    );
  }

  #hear(child, message) {
    if (message.reply !== undefined) {
      this.#replies.get(message.reply)?.(message.value);
      this.#replies.delete(message.reply);
      return;
    }
    const answer = message.bump
      ? { versions: this.truth.bump(message.bump) }
      : { version: this.truth.versions[message.load] };
    if (child.connected) child.send({ answer: message.question, ...answer }, () => {});
  }

  /** Asks it to do something; undefined when it ends before. */
  ask(action) {
    this.#questions += 1;
    const id = this.#questions;
    return new Promise((resolve) => {
      this.#replies.set(id, resolve);
      if (this.child.connected) this.child.send({ id, action }, () => {});
      else resolve(undefined);
    });
  }

  async take() {
    const taken = await this.ask('take');
    if (taken === undefined) return;
    this.log.push(...taken.entries);
    this.open = taken.open;
  }

  pause() {
    this.child.kill('SIGSTOP');
  }

  resume() {
    this.child.kill('SIGCONT');
  }

  async kill() {
    this.#isEnding = true;
    this.child.kill('SIGKILL');
    await this.ended;
  }

  async end() {
    await this.kill();
    for (const proxy of Object.values(this.proxies)) proxy.close();
  }
}
