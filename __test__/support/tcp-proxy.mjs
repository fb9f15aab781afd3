// A way to a server that can be made slow, cut, or narrowed in the middle of an answer.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Ends a connection as a reset, unless it is ending already: Node.js 20 would turn in circles at its own end, and wait
 * for a handle that never closes.
 */
function reset(socket) {
  if (socket.writableEnded) socket.destroy();
  else if (!socket.destroyed) socket.resetAndDestroy();
}

export class TcpProxy {
  #sockets = new Set();
  /** The connections, each with whether the server's end of it is abandoned. */
  #ways = new Set();
  #listener;

  /** @param {number} target port */
  constructor(target) {
    this.target = target;
    /** Milliseconds that answers are held back. */
    this.latencyMs = 0;
    /** Bytes of answers that are still let through; those after them never arrive. */
    this.answerBytes = Number.POSITIVE_INFINITY;
    /** Whether new connections are closed at once. */
    this.refuses = false;
    /** Whether all bytes are lost, in both ways, with the connections open. */
    this.isHole = false;
    /** Whether requests never arrive, while answers do. */
    this.losesRequests = false;
    /** Gets each request, which goes on when the returned promise has settled. @type {(chunk: Buffer) => any} */
    this.onRequest = () => {};
    /** A connection that sends more bytes than that is reset. */
    this.mostBytes = Number.POSITIVE_INFINITY;
    /** Connections that were made so far. */
    this.connections = 0;
  }

  async start(t) {
    this.#listener = createServer((socket) => this.#accept(socket)).listen(0, '127.0.0.1');
    await once(this.#listener, 'listening');
    this.port = this.#listener.address().port;
    this.url = `redis://127.0.0.1:${this.port}`;
    t?.after(() => this.close());
    return this;
  }

  /** Ends all connections at once, as a reset. */
  cut() {
    for (const socket of this.#sockets) reset(socket);
  }

  /**
   * Loses all bytes of the present connections, in both ways, and keeps them open towards the server when the client
   * closes them. Later connections work.
   */
  abandon() {
    for (const way of this.#ways) way.isAbandoned = true;
  }

  close() {
    for (const socket of this.#sockets) socket.destroy();
    this.#listener.close();
  }

  #accept(client) {
    if (this.refuses) {
      reset(client);
      return;
    }
    this.connections += 1;
    const server = connect(this.target, '127.0.0.1');
    const way = { isAbandoned: false };
    this.#ways.add(way);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (!way.isAbandoned) other.destroy();
        this.#ways.delete(way);
      });
    }
    let received = 0;
    // One after the other: a request that is held back must not be overtaken.
    let [asked, sent] = [Promise.resolve(), Promise.resolve()];
    client.on('data', (chunk) => {
      received += chunk.length;
      if (received > this.mostBytes) reset(client);
      else if (!this.isHole && !way.isAbandoned && !this.losesRequests)
        asked = asked.then(() => this.#ask(server, chunk));
    });
    server.on('data', (chunk) => {
      if (!way.isAbandoned) sent = sent.then(() => this.#answer(client, chunk));
    });
  }

  async #ask(server, chunk) {
    await this.onRequest(chunk);
    if (!server.destroyed) server.write(chunk);
  }

  async #answer(client, chunk) {
    if (this.isHole) return;
    if (this.latencyMs > 0) await sleep(this.latencyMs);
    const part = chunk.subarray(0, Math.min(chunk.length, this.answerBytes));
    this.answerBytes -= part.length;
    if (part.length > 0 && !client.destroyed) client.write(part);
  }
}

/** A proxy before a port, closed with the test. */
export const proxyTo = (t, port) => new TcpProxy(port).start(t);
