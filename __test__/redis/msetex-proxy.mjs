// A proxy that gives a server of today `MSETEX`, the command of Redis 8.4 and Valkey 9.1: it runs a script instead.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const SCRIPT = `
  local last = #KEYS
  for at = 1, last do
    if ARGV[last + 1] then redis.call('SET', KEYS[at], ARGV[at], ARGV[last + 1], ARGV[last + 2])
    else redis.call('SET', KEYS[at], ARGV[at]) end
  end
  return 1`;

const packed = (args) =>
  Buffer.concat([
    Buffer.from(`*${args.length}\r\n`),
    ...args.flatMap((arg) => [Buffer.from(`$${Buffer.byteLength(arg)}\r\n`), Buffer.from(arg), Buffer.from('\r\n')]),
  ]);

/** The command at the beginning of bytes, and where it ends; `undefined` if it has not arrived as a whole. */
function commandAt(bytes, start) {
  let at = start;
  const number = () => {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return NaN;
    const found = Number(bytes.toString('latin1', at + 1, end));
    at = end + 2;
    return found;
  };
  const count = number();
  const args = [];
  while (args.length < count) {
    const length = number();
    if (Number.isNaN(length) || at + length + 2 > bytes.length) return undefined;
    args.push(bytes.subarray(at, at + length));
    at += length + 2;
  }
  return Number.isNaN(count) ? undefined : { args, end: at };
}

/** The same commands, without `MSETEX`. */
function rewritten(bytes, seen, isThere) {
  const all = [];
  let at = 0;
  for (let command; (command = commandAt(bytes, at)) !== undefined; at = command.end) {
    const { args, end } = command;
    if (String(args[0]) !== 'MSETEX') {
      all.push(bytes.subarray(at, end));
      continue;
    }
    const count = Number(args[1]);
    if (count === 0) {
      // A question whether the command is there: so is this one, with as few arguments.
      all.push(packed(isThere ? ['SET', '0'] : ['MSETEX', '0']));
      continue;
    }
    const pairs = args.slice(2, 2 + count * 2);
    seen.push({ count, rest: args.slice(2 + count * 2).map(String) });
    const [keys, values] = [0, 1].map((which) => pairs.filter((_, index) => index % 2 === which));
    all.push(packed(['EVAL', SCRIPT, String(count), ...keys, ...values, ...args.slice(2 + count * 2)]));
  }
  return { ready: Buffer.concat(all), rest: bytes.subarray(at) };
}

/** What the server tells, with the version of a newer one, which is as long. */
function asNew(chunk) {
  const told = chunk.toString('latin1');
  const version = /redis_version:([\d.]+)/.exec(told)?.[1];
  if (version === undefined) return chunk;
  return Buffer.from(told.replace(version, '8.4.'.padEnd(version.length, '0')), 'latin1');
}

/**
 * @param {import("node:test").TestContext} t
 * @param {number} target port
 * @param {{ isThere?: boolean }} [how] whether the server has the command that its version should have
 */
export async function msetexProxy(t, target, { isThere = true } = {}) {
  const sockets = new Set();
  /** Each `MSETEX`: the number of its keys, and what follows them. */
  const seen = [];
  const listener = createServer((socket) => {
    const server = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [socket, server],
      [server, socket],
    ]) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
    server.on('data', (chunk) => socket.write(asNew(chunk)));
    let waiting = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      const { ready, rest } = rewritten(Buffer.concat([waiting, chunk]), seen, isThere);
      waiting = rest;
      server.write(ready);
    });
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return { url: `redis://127.0.0.1:${listener.address().port}`, seen };
}
