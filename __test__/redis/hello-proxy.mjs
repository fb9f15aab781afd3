// A proxy before a real server that answers HELLO as others do, and passes all else on.
import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * @param {import("node:test").TestContext} t
 * @param {number} target port
 * @param {string | null} answer the line of the answer; null: the connection is ended
 */
export async function helloProxy(t, target, answer) {
  const sockets = new Set();
  const proxy = { hellos: 0, url: "" };
  const listener = createServer((socket) => {
    const server = connect(target, "127.0.0.1");
    for (const one of [socket, server]) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => sockets.delete(one));
    }
    socket.on("close", () => server.destroy());
    server.on("close", () => socket.destroy());
    server.on("data", (chunk) => socket.write(chunk));
    socket.on("data", (chunk) => {
      if (!/^\*\d+\r\n\$5\r\nHELLO\r\n/i.test(String(chunk))) server.write(chunk);
      else {
        proxy.hellos += 1;
        // The commands that came along are answered, too.
        const others = String(chunk).match(/\$6\r\nSELECT\r\n/gi) ?? [];
        if (answer === null) socket.end();
        else socket.write(`${answer}\r\n${others.map(() => "+OK\r\n").join("")}`);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  proxy.port = listener.address().port;
  proxy.url = `redis://127.0.0.1:${proxy.port}`;
  return proxy;
}
