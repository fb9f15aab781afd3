// A Redis of three primaries, each with a replica that takes over, between which slots move.
import { until } from '../support/deferred.mjs';
import { redisCluster } from '../support/servers/redis-groups.mjs';

const TAKEN_OVER_MS = 60_000;
/** Slots that are moved at a time. */
const MOVED = 20;
const SLOTS = 16_384;

/** What a node says of all: `{ id, port, flags, masterId, ranges }`. */
function nodesOf(text) {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [id, address, flags, masterId, , , , , ...ranges] = line.split(' ');
      return { id, port: Number(address.split('@')[0].split(':').at(-1)), flags: flags.split(','), masterId, ranges };
    });
}

const isPrimary = ({ flags, ranges }) => flags.includes('master') && ranges.length > 0;

export class Cluster {
  #ends = [];
  #moves = 0;

  async start() {
    const group = await redisCluster({ after: (end) => this.#ends.push(end) }, { replicas: true });
    this.servers = group.servers;
    this.address = { nodes: group.nodes };
    return this;
  }

  /** What the first node that answers says of all. */
  async #nodes() {
    for (const server of this.servers.filter(({ isDown }) => !isDown)) {
      const client = server.client({ maxRetriesPerRequest: 0, retryStrategy: () => null, commandTimeout: 1000 });
      const told = await client.cluster('NODES').catch(() => undefined);
      client.disconnect();
      if (told !== undefined) return nodesOf(told);
    }
    throw new Error('no node of the cluster answers');
  }

  async #ask(port, act) {
    const client = this.servers.find((server) => server.port === port).client();
    try {
      return await act(client);
    } finally {
      client.disconnect();
    }
  }

  /** A primary whose replica is well, and that replica. */
  async #pair() {
    return until(
      async () => {
        const nodes = (await this.#nodes()).filter(({ flags }) => !flags.some((flag) => flag.startsWith('fail')));
        const replicas = nodes.filter(({ flags }) => flags.includes('slave'));
        for (const replica of replicas.sort(() => Math.random() - 0.5)) {
          const primary = nodes.find(({ id, ranges }) => id === replica.masterId && ranges.length > 0);
          const isLinked = await this.#ask(replica.port, (client) => client.info('replication')).catch(() => '');
          if (primary !== undefined && isLinked.includes('master_link_status:up')) return { primary, replica };
        }
        return undefined;
      },
      'a primary has a replica',
      TAKEN_OVER_MS,
    );
  }

  #tookOver(replica) {
    return until(
      async () => {
        const nodes = await this.#nodes();
        return nodes.some((node) => node.id === replica.id && isPrimary(node));
      },
      'a replica takes over',
      TAKEN_OVER_MS,
    );
  }

  /** Has a replica take over at once, whatever it has heard of. */
  async failOver() {
    const { replica } = await this.#pair();
    await this.#ask(replica.port, (client) => client.cluster('FAILOVER', 'TAKEOVER'));
    await this.#tookOver(replica);
  }

  /** Kills a primary, and waits until its replica has taken over. Gives what brings it back, as a replica. */
  async killMaster() {
    const { primary, replica } = await this.#pair();
    const server = this.servers.find(({ port }) => port === primary.port);
    server.isDown = true;
    await server.kill();
    await this.#tookOver(replica);
    return async () => {
      await server.start();
      server.isDown = false;
    };
  }

  /** Freezes a primary for as long as it takes: back again, it does not know yet that it is none any more. */
  async pauseMaster() {
    const { primary, replica } = await this.#pair();
    const server = this.servers.find(({ port }) => port === primary.port);
    server.isDown = true;
    server.pause();
    await this.#tookOver(replica);
    return () => {
      server.resume();
      server.isDown = false;
    };
  }

  /** Moves slots with what is in them from one primary to another, one after the other. */
  async moveSlots() {
    const primaries = (await this.#nodes()).filter(isPrimary);
    const from = primaries[this.#moves % primaries.length];
    const to = primaries[(this.#moves + 1) % primaries.length];
    this.#moves += 1;
    const [first, last] = from.ranges
      .find((range) => !range.startsWith('['))
      .split('-')
      .map(Number);
    for (let slot = first; slot <= Math.min(last ?? first, first + MOVED, SLOTS); slot += 1) {
      await this.#ask(to.port, (client) => client.cluster('SETSLOT', slot, 'IMPORTING', from.id));
      await this.#ask(from.port, async (client) => {
        await client.cluster('SETSLOT', slot, 'MIGRATING', to.id);
        for (;;) {
          const keys = await client.cluster('GETKEYSINSLOT', slot, 10);
          if (keys.length === 0) break;
          await client.migrate('127.0.0.1', to.port, '', 0, 1000, 'REPLACE', 'KEYS', ...keys);
        }
      });
      for (const { port } of [to, from]) {
        await this.#ask(port, (client) => client.cluster('SETSLOT', slot, 'NODE', to.id));
      }
    }
  }

  async end() {
    for (const server of this.servers) server.resume();
    for (const end of this.#ends) await end();
  }
}
