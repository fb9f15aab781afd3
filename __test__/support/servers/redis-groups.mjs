// Servers that belong together: a cluster of three primaries, and a master that three sentinels watch.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../deferred.mjs';
import { freePort, freePorts } from './process.mjs';
import { RedisServer, redisServer } from './redis.mjs';

const SLOTS = 16_384;

/** A node of a cluster. It has two ports; another process may take one of them before it listens. */
async function clusterNode(attempts = 5) {
  const [port, busPort] = await freePorts(2);
  const options = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-node-timeout', '2000'];
  try {
    return await redisServer(undefined, [...options, '--cluster-require-full-coverage', 'no'], port);
  } catch (error) {
    if (attempts === 1 || !error.message.includes('already in use')) throw error;
    return clusterNode(attempts - 1);
  }
}

/** Has each of the last three nodes replicate one of the first three, and waits until it does. */
async function replicate(clients) {
  const primaries = await Promise.all(clients.slice(0, 3).map((client) => client.cluster('MYID')));
  for (const [at, client] of clients.slice(3).entries()) {
    await until(
      () =>
        client.cluster('REPLICATE', primaries[at]).then(
          () => true,
          () => false,
        ),
      'a node knows its primary',
    );
    const isLinked = async () => (await client.info('replication')).includes('master_link_status:up');
    await until(isLinked, 'a replica has caught up', 30_000);
  }
}

/** A cluster of three primaries; `replicas`: and a replica of each. Closed with the test. */
export async function redisCluster(t, { replicas = false } = {}) {
  const servers = await Promise.all(Array.from({ length: replicas ? 6 : 3 }, () => clusterNode()));
  const clients = servers.map((server) => server.client());
  t.after(async () => {
    for (const client of clients) client.disconnect();
    await Promise.all(servers.map((server) => server.kill()));
  });
  const share = Math.ceil(SLOTS / 3);
  for (const [at, client] of clients.slice(0, 3).entries()) {
    await client.cluster('ADDSLOTSRANGE', at * share, Math.min(SLOTS, (at + 1) * share) - 1);
  }
  const busPorts = servers.map((server) => Number(server.args[server.args.indexOf('--cluster-port') + 1]));
  for (const [at, server] of servers.entries()) {
    await clients[0].cluster('MEET', '127.0.0.1', server.port, busPorts[at]);
  }
  const whole = new RegExp(`cluster_state:ok[\\s\\S]*cluster_known_nodes:${servers.length}`);
  const isWhole = async (client) => whole.test(await client.cluster('INFO'));
  await until(async () => (await Promise.all(clients.map(isWhole))).every(Boolean), 'the cluster is whole', 20_000);
  if (replicas) await replicate(clients);
  return { servers, clients, nodes: servers.map(({ port }) => ({ host: '127.0.0.1', port })) };
}

async function sentinel(masterPort) {
  const port = await freePort();
  const server = new RedisServer(port, ['sentinel.conf', '--sentinel']);
  const config = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor main 127.0.0.1 ${masterPort} 2`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 5000',
  ];
  writeFileSync(join(server.cwd, 'sentinel.conf'), `${config.join('\n')}\n`);
  return server.start();
}

/** Options of a master that no sentinel can make a replica: it goes on as if nothing had happened. */
export const STUBBORN = ['--rename-command', 'SLAVEOF', 'NOSLAVEOF'];

/** A master named `main`, its replica, and three sentinels. Closed with the test. */
export async function redisSentinels(t, masterOptions = []) {
  const master = await redisServer(undefined, masterOptions);
  const replica = await redisServer(undefined, [
    '--replicaof',
    '127.0.0.1',
    String(master.port),
    '--repl-diskless-sync-delay',
    '0',
  ]);
  const sentinels = await Promise.all([sentinel(master.port), sentinel(master.port), sentinel(master.port)]);
  const client = sentinels[0].client();
  t.after(async () => {
    client.disconnect();
    await Promise.all([master, replica, ...sentinels].map((server) => server.kill()));
  });
  const seen = async () => {
    const facts = await client.call('SENTINEL', 'MASTER', 'main');
    const fact = (name) => Number(facts[facts.indexOf(name) + 1] ?? facts[name]);
    return fact('num-slaves') === 1 && fact('num-other-sentinels') === 2;
  };
  await until(seen, 'the sentinels know each other and the replica', 20_000);
  /** Has the replica take over; ends once it has, and all sentinels say so. */
  const failOver = async () => {
    await client.call('SENTINEL', 'FAILOVER', 'main');
    for (const one of sentinels) {
      const asked = one.client();
      await until(async () => {
        const [, port] = await asked.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main');
        return Number(port) === replica.port;
      }, 'a sentinel names the replica');
      asked.disconnect();
    }
  };
  const addresses = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  return { master, replica, sentinels, failOver, addresses };
}
