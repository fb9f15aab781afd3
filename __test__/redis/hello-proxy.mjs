// A proxy before a real server that answers HELLO as others do, and passes all else on.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Commands for which twemproxy ends a connection: it does not know them. */
export const UNKNOWN_TO_TWEMPROXY =
  /^\$\d+\r\n(HELLO|INFO|MULTI|EXEC|SCAN|SCRIPT|SELECT|CLIENT|DELIFEQ|DELEX|PUBLISH|SUBSCRIBE|ROLE|WATCH)\r\n/im;

/**
 * @param {import("node:test").TestContext} t
 * @param {number} target port
 * @param {string | RegExp | null} answer the line of the answer; null: the connection is ended; an expression: it is
 *   ended for commands that match
 * @param {number} [times] how many are answered so; the next ones are passed on
 */
export async function helloProxy(t, target, answer, times = Number.POSITIVE_INFINITY) {
  const sockets = new Set();
  const proxy = { hellos: 0, url: '', ended: [] };
  const listener = createServer((socket) => {
    const server = connect(target, '127.0.0.1');
    for (const one of [socket, server]) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => sockets.delete(one));
    }
    socket.on('close', () => server.destroy());
    server.on('close', () => socket.destroy());
    server.on('data', (chunk) => socket.write(chunk));
    socket.on('data', (chunk) => {
      if (answer instanceof RegExp) {
        const found = answer.exec(String(chunk));
        if (found !== null) proxy.ended.push(found[1]);
        if (found === null) server.write(chunk);
        else socket.end();
      } else if (!/^\*\d+\r\n\$5\r\nHELLO\r\n/i.test(String(chunk))) server.write(chunk);
      else if (++proxy.hellos > times) server.write(chunk);
      else {
        // The commands that came along are answered, too.
        const others = String(chunk).match(/\$6\r\nSELECT\r\n/gi) ?? [];
        if (answer === null) socket.end();
        else socket.write(`${answer}\r\n${others.map(() => '+OK\r\n').join('')}`);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  proxy.port = listener.address().port;
  proxy.url = `redis://127.0.0.1:${proxy.port}`;
  return proxy;
}
