// `LAZY_LOG`: the work below the events, as lines on the console.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runFixture } from '../support/run-node.mjs';
import { freePort } from '../support/servers/process.mjs';
import { redisServer } from '../support/servers/redis.mjs';

const FIXTURE = fileURLToPath(new URL('fixture.mjs', import.meta.url));
const SECRETS = /a-secret-|s3cr3t/;

let redis;
let url;

before(async () => {
  redis = await redisServer(undefined, ['--requirepass', 's3cr3t']);
  url = `redis://:s3cr3t@127.0.0.1:${redis.port}`;
});

/** The output of a process, a line each: its level, its target, and the rest. */
async function linesOf(what, LAZY_LOG, expected = [], to = url) {
  const args = [what, to, expected.join('|')];
  const told = await runFixture(FIXTURE, args, { env: { LAZY_LOG, NODE_ENV: 'production' } });
  assert.equal(told.timedOut, false, `${told.stdout}${told.stderr}`);
  assert.equal(told.code, 0, told.stderr);
  const all = `${told.stdout}${told.stderr}`;
  assert.doesNotMatch(all, SECRETS);
  const lines = all.split('\n').filter((line) => line !== '');
  const parsed = lines.map((line) => /^\[(\w+)\] (\S+Z) (\w+): (.*)$/.exec(line));
  assert.ok(
    parsed.every((match) => match !== null),
    all,
  );
  return { lines: parsed.map(([, level, at, target, text]) => ({ level, at: Date.parse(at), target, text })), told };
}

test.after(() => redis.kill());

test('without it nothing is printed', async () => {
  for (const off of ['', 'off', 'redis=off']) assert.deepEqual((await linesOf('links', off)).lines, [], off);
});

test('links, sessions and who closes them are told, with no key, value or password', async () => {
  const began = Date.now() - 1000;
  const ends = ['bus: disconnected by its owner', 'redis: closed by its owner'];
  const { lines } = await linesOf('links', 'debug', ['bus: up', 'redis: connected', ...ends]);
  const of = (target) => lines.filter((line) => line.target === target).map(({ level, text }) => `${level} ${text}`);
  const place = `127.0.0.1:${redis.port}`;
  assert.ok(of('redis').includes(`INFO connected server=${place} link=1`), of('redis').join('\n'));
  assert.ok(of('redis').includes(`INFO closed by its owner server=${place}`));
  assert.ok(
    of('bus').some((text) => text.startsWith('INFO up transport="redis"')),
    of('bus').join('\n'),
  );
  assert.ok(of('bus').includes('INFO disconnected by its owner transport="redis"'));
  assert.ok(lines.every(({ at }) => at >= began && at <= Date.now()));
});

test('levels go where those of the package go', async () => {
  const to = `redis://:s3cr3t@127.0.0.1:${await freePort()}`;
  const { told } = await linesOf('unreachable', 'debug', ['breaker: open', 'retry: L2 has missed a delete'], to);
  assert.match(told.stdout, /^\[DEBUG\] \S+ redis: no link fault=/m);
  assert.match(told.stdout, /^\[DEBUG\] \S+ redis: will connect again server=\S+ in_ms=\d+$/m);
  assert.match(told.stderr, /^\[WARN\] \S+ breaker: open: calls are skipped of=L2 of users failures=3 cooldown_ms=/m);
  assert.match(told.stdout, /^\[DEBUG\] \S+ retry: L2 has missed a delete: it is sent again later/m);
});

test('targets have levels of their own', async () => {
  const ends = ['bus: disconnected by its owner', 'redis: closed by its owner'];
  const { lines } = await linesOf('links', 'bus=info,redis=trace', ['bus: up', ...ends]);
  const kinds = new Set(lines.map(({ target, level }) => `${target} ${level}`));
  assert.deepEqual([...kinds].sort(), ['bus INFO', 'redis DEBUG', 'redis INFO']);
  assert.ok(lines.some(({ text }) => text.startsWith('a pipeline server=')));
});

test('a meaningless part of it is told once, and the rest of it holds', async () => {
  const { lines } = await linesOf('links', 'verbose,redis=info', ['redis: connected']);
  const said = lines.filter(({ target }) => target === 'LAZY_LOG');
  assert.equal(said.length, 1);
  assert.match(said[0].text, /^"verbose" is none of off, error, warn, info, debug, trace, and no level of redis, bus/);
  assert.ok(lines.some(({ target }) => target === 'redis'));
});

test('requests of the dashboard are told without their queries', async () => {
  const { lines } = await linesOf('http', 'http=debug', ['http: a connection broke off', 'http: listens no longer']);
  const texts = lines.map(({ text }) => text);
  assert.match(texts[0], /^listens address=127\.0\.0\.1:\d+$/);
  assert.ok(texts.includes('answered method=GET path="/observelazyily/api/key" status=200'), texts.join('\n'));
  assert.equal(texts.at(-1), 'listens no longer');
});

test("a worker's lines are printed by the thread that prints, once", async () => {
  const { lines } = await linesOf('worker', 'redis=info', ['redis: connected']);
  assert.equal(lines.filter(({ text }) => text.startsWith('connected')).length, 1);
});

test('lines of a thread that printed and has ended are printed by the next one', async () => {
  const fixture = fileURLToPath(new URL('ended-worker.mjs', import.meta.url));
  const told = await runFixture(fixture, [], { env: { LAZY_LOG: '' } });
  assert.equal(told.code, 0, `${told.stdout}${told.stderr}`);
});

test('a bus says why it is refused, without the arguments that the server names', async () => {
  const refusing = await redisServer(undefined, ['--rename-command', 'SUBSCRIBE', '']);
  try {
    const args = ['refused', `redis://127.0.0.1:${refusing.port}`, 'bus: down'];
    const { stdout, stderr } = await runFixture(FIXTURE, args, { env: { LAZY_LOG: 'bus=debug' } });
    assert.match(stderr, /^\[WARN\] \S+ bus: down .*: unknown command 'SUBSCRIBE' waiting=/m);
    assert.match(stderr, /^\[ERROR\] the event bus is down: .*: unknown command 'SUBSCRIBE'$/m);
    assert.doesNotMatch(stdout + stderr, SECRETS);
  } finally {
    refusing.kill();
  }
});

test('a cache in memory alone has nothing to say', async () => {
  assert.deepEqual((await linesOf('memory', 'trace')).lines, []);
});

test('lines that nobody takes are counted, not kept', async () => {
  const { lines } = await linesOf('storm', 'redis=trace', ['redis: a pipeline', 'were left out']);
  assert.ok(lines.some(({ target, text }) => target === 'log' && /^\d+ lines were left out/.test(text)));
});
