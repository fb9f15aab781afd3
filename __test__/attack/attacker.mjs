// A client that sends requests to the server of a dashboard that no browser would.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { LOGIN } from '../observability/plain.mjs';

export const DASH = '/observelazyily';

const LINES = { Host: '127.0.0.1', Connection: 'close', Authorization: LOGIN };

/** The status of an answer; 0 when the connection ended without one. */
export const status = (answer) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);

/** Its next chunk; empty when the connection ends without one. */
const chunkOf = (socket) => new Promise((resolve) => socket.once('data', resolve).once('close', () => resolve('')));

export class Attacker {
  /**
   * @param {number} port
   * @param {string} [from] an address of this machine; the server throttles each by itself
   */
  constructor(port, from = '127.0.0.1') {
    this.port = port;
    this.from = from;
    this.agent = new Agent({ keepAlive: true, maxSockets: 50, localAddress: from });
  }

  open() {
    const socket = connect({ port: this.port, host: '127.0.0.1', localAddress: this.from });
    socket.on('error', () => {});
    return socket;
  }

  /** Says these bytes, and returns the answer until the connection is closed. */
  async say(text) {
    const socket = this.open();
    socket.write(text);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk));
    await new Promise((resolve) => socket.once('close', resolve));
    return answer;
  }

  /** One request, with headers beside those that let it in; `undefined` leaves one out. */
  request(line, headers = {}) {
    const all = Object.entries({ ...LINES, ...headers }).filter(([, value]) => value !== undefined);
    return this.say(`${line} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  }

  /** The status of a request for the page by a connection that is used again. */
  statusOf(path, headers) {
    return new Promise((resolve, reject) => {
      const asked = request({ port: this.port, host: '127.0.0.1', path, headers, agent: this.agent }, (answer) => {
        answer
          .resume()
          .on('end', () => resolve(answer.statusCode))
          .on('error', reject);
      });
      asked.on('error', reject).end();
    });
  }

  /** A request for the stream of events: its socket, and the status of its answer. */
  async stream() {
    const socket = this.open();
    socket.write(`GET ${DASH}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${LOGIN}\r\n\r\n`);
    const code = status(String(await chunkOf(socket)));
    if (code === 200) socket.pause();
    else socket.destroy();
    return { socket, code };
  }

  close() {
    this.agent.destroy();
  }
}
