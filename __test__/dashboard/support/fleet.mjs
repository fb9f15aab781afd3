// Services on one Redis, one of them with a dashboard.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { redisServer } from '../../support/servers/redis.mjs';

const SERVICE = new URL('service.mjs', import.meta.url);

class Service {
  #asked = 0;
  #waiting = new Map();

  /** @param {object} options of the service, see there */
  constructor(options) {
    // Variables that decide about dashboards are left to the tests.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LAZY_')));
    this.process = fork(SERVICE, [JSON.stringify(options)], { env });
    this.started = once(this.process, 'message').then(([addresses]) => Object.assign(this, addresses));
    this.process.on('message', ({ id, error }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve();
      else waiting?.reject(new Error(error));
    });
  }

  /** Has it do something; resolves when that is done. */
  tell(verb, ...args) {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.process.send({ id, verb, args });
    });
  }

  async end() {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}

/**
 * A Redis, a service `first` with a dashboard and one `second` without.
 * @param {object} observability options of the dashboard
 */
export async function startFleet(observability = {}) {
  const redis = await redisServer(undefined);
  const dashboard = { enabled: true, quiet: true, server: { port: 0 }, ...observability };
  const first = new Service({ url: redis.url, source: 'first', observability: dashboard });
  const second = new Service({ url: redis.url, source: 'second', observability: false });
  await Promise.all([first.started, second.started]);
  const end = async () => {
    await Promise.all([first.end(), second.end()]);
    redis.kill();
  };
  return { first, second, redis, end };
}
