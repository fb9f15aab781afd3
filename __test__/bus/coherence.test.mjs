// A checker over the log of all operations of several processes, while their broker is hurt: no instance serves a value
// older than the last acknowledged invalidation for longer than the stated bound.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/deferred.mjs';
import { freshName, TRANSPORTS } from './transports.mjs';

/** How long entries are served while the bus is down. */
const CAP_MS = 500;
/**
 * Milliseconds from an acknowledged invalidation until no instance serves an older value: the time until a hanging
 * connection is noticed, the cap, and the delays of a busy machine. docs/buses.md, "When the bus is down", says the
 * same.
 */
const BOUND_MS = { redis: 5000, nats: 8000, jetstream: 8000, rabbitmq: 13_000, 'rabbitmq, durable': 13_000 };
const KEYS = ['a', 'b', 'c', 'd'];
const INSTANCE = new URL('instance.mjs', import.meta.url);

class Instance {
  #replies = new Map();
  #ids = 0;

  constructor(truth, args) {
    this.process = fork(INSTANCE, args, { stdio: 'inherit' });
    this.process.on('message', (message) => {
      if (message.question !== undefined) {
        this.process.send({ answer: message.question, version: truth.get(message.key) });
      } else if (message.reply !== undefined) this.#replies.get(message.reply)(message.value);
    });
  }

  ask(action, more) {
    return new Promise((resolve) => {
      this.#replies.set(++this.#ids, resolve);
      this.process.send({ id: this.#ids, action, ...more });
    });
  }
}

/** Instances that read and invalidate all the time, and the log of it. */
class World {
  truth = new Map(KEYS.map((key) => [key, 0]));
  /** Acknowledged invalidations: { key, version, at }. */
  invalidations = [];
  /** Reads: { key, version, started, who }. */
  reads = [];
  isOver = false;
  #workers = [];

  async start(transport, url, count) {
    const channel = freshName('world');
    this.instances = Array.from(
      { length: count },
      (_, at) => new Instance(this.truth, [transport, url, channel, `i${at}`, String(CAP_MS)]),
    );
    await Promise.all(this.instances.map((instance) => once(instance.process, 'message')));
    for (const instance of this.instances) {
      await until(async () => (await instance.ask('health')).subscribed, 'subscribed', 20_000);
    }
    this.#workers = [...this.instances.map((instance, who) => this.#read(instance, who)), this.#invalidate()];
  }

  async #read(instance, who) {
    for (let at = 0; !this.isOver; at += 1) {
      const key = KEYS[at % KEYS.length];
      const { started, version } = await instance.ask('read', { key });
      this.reads.push({ key, version, started, who });
      await sleep(2);
    }
  }

  async #invalidate() {
    for (let at = 0; !this.isOver; at += 1) {
      const key = KEYS[at % KEYS.length];
      const version = this.truth.get(key) + 1;
      this.truth.set(key, version);
      const instance = this.instances[at % this.instances.length];
      const { acknowledged, at: when } = await instance.ask('invalidate', { key });
      if (acknowledged) this.invalidations.push({ key, version, at: when });
      await sleep(15);
    }
  }

  async stop() {
    this.isOver = true;
    await Promise.all(this.#workers);
  }

  /** Reads that were answered with a value older than they may. */
  violations(boundMs) {
    const latest = new Map(KEYS.map((key) => [key, this.invalidations.filter((one) => one.key === key)]));
    return this.reads.filter(({ key, version, started }) => {
      const binding = latest.get(key).findLast(({ at }) => at < started - boundMs);
      return binding !== undefined && version < binding.version;
    });
  }

  /** For how long a value older than an acknowledged invalidation was served, at most. */
  worstMs() {
    let worst = 0;
    for (const { key, version, started } of this.reads) {
      const overtaken = this.invalidations.find((one) => one.key === key && one.version > version);
      if (overtaken !== undefined) worst = Math.max(worst, started - overtaken.at);
    }
    return worst;
  }
}

/** In the end all instances agree with the truth. */
async function agree(world) {
  for (const key of KEYS) {
    for (const instance of world.instances) {
      const knows = async () => (await instance.ask('read', { key })).version === world.truth.get(key);
      await until(knows, 'all agree', 10_000);
    }
  }
}

for (const transport of Object.keys(TRANSPORTS)) {
  describe(transport, () => {
    test('three processes, a broker that crashes, hangs and comes back', async (t) => {
      const server = await TRANSPORTS[transport].server(t);
      const world = new World();
      t.after(() => world.instances.forEach(({ process: child }) => child.kill('SIGKILL')));
      await world.start(transport, server.url, 3);
      await sleep(1500);
      const calm = world.worstMs();
      await server.kill();
      await sleep(1500);
      await server.start();
      await sleep(2500);
      server.pause();
      await sleep(5000);
      server.resume();
      await sleep(3000);
      const before = world.invalidations.length;
      await until(() => world.invalidations.length > before + 20, 'invalidations are acknowledged again', 30_000);
      await sleep(500);
      await world.stop();
      const violations = world.violations(BOUND_MS[transport]);
      const events = await world.instances[0].ask('events');
      const counts = `${world.reads.length} reads, ${world.invalidations.length} acknowledged invalidations`;
      const oldest = `${Math.round(calm)} ms before in calm, ${Math.round(world.worstMs())} ms in all`;
      t.diagnostic(`${counts}; the oldest value served was overtaken ${oldest}; ${JSON.stringify(events)}`);
      assert.deepEqual(violations.slice(0, 3), []);
      assert.ok(world.reads.length > 500 && world.invalidations.length > 50, counts);
      assert.ok(events['bus:status'] >= 3 && events.hit > 50, JSON.stringify(events));
      await agree(world);
    });
  });
}
