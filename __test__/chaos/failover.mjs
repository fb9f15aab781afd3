// A Redis of several servers, of which another one takes over.
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/deferred.mjs';
import { redisSentinels } from '../support/servers/redis-groups.mjs';

/** Sentinels that have just had another take over wait twice their `failover-timeout` before they do so again. */
const TAKEN_OVER_MS = 60_000;

/** Before a failover that did not come about is asked for again. */
const AGAIN_MS = 200;

/** A master and its replica, watched by sentinels. */
export class Sentinels {
  #ends = [];

  async start() {
    const { master, replica, sentinels, addresses } = await redisSentinels({ after: (end) => this.#ends.push(end) });
    this.servers = [master, replica];
    this.client = sentinels[0].client();
    this.address = { sentinels: addresses, name: 'main' };
    return this;
  }

  /** The server that the sentinels name. */
  async master() {
    const [, port] = await this.client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main');
    return this.servers.find((server) => server.port === Number(port));
  }

  #tookOver(before) {
    return until(async () => (await this.master()) !== before, 'another takes over', TAKEN_OVER_MS);
  }

  /** Has the replica take over, as an operator does. */
  async failOver() {
    const before = await this.master();
    await until(
      async () => {
        if ((await this.master()) !== before) return true;
        // Refused while the last time goes on, and given up where the replica has not caught up: asked for again.
        await this.client.call('SENTINEL', 'FAILOVER', 'main').catch(() => {});
        await sleep(AGAIN_MS);
        return false;
      },
      'another takes over',
      TAKEN_OVER_MS,
    );
  }

  /** Kills the master, and waits until the replica has taken over. Gives what brings it back, as a replica. */
  async killMaster() {
    const before = await this.master();
    await before.kill();
    await this.#tookOver(before);
    const { port } = await this.master();
    const at = before.args.indexOf('--replicaof');
    if (at >= 0) before.args.splice(at, 3);
    before.args.push('--replicaof', '127.0.0.1', String(port));
    return () => before.start();
  }

  /** Freezes the master for as long as it takes: back again, it does not know yet that it is none any more. */
  async pauseMaster() {
    const before = await this.master();
    before.pause();
    await this.#tookOver(before);
    return () => before.resume();
  }

  async end() {
    this.client.disconnect();
    for (const server of this.servers) server.resume();
    for (const end of this.#ends) await end();
  }
}
