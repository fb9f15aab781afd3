// Whether a server at a port speaks yet.
import { connect } from 'node:net';

/** The time within which a server that runs answers. */
const ANSWER_MS = 1000;

/**
 * Whether the first words that come from a port of this machine are the expected ones. Settles however the connection
 * ends, also when it is closed without a word: another program may listen there.
 * @param {number} port
 * @param {(data: Buffer) => boolean} isExpected
 * @param {object} [how]
 * @param {string | Buffer} [how.say] the words to which the server answers; none if it speaks first
 * @param {(port: number) => import('node:net').Socket} [how.open]
 * @returns {Promise<boolean>}
 */
export function greets(port, isExpected, { say, open = (port) => connect(port, '127.0.0.1') } = {}) {
  return new Promise((resolve) => {
    const socket = open(port);
    const end = (greeted) => {
      socket.destroy();
      resolve(greeted);
    };
    if (say !== undefined) socket.write(say);
    socket.setTimeout(ANSWER_MS, () => end(false));
    socket.once('data', (data) => end(isExpected(data)));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}

/** Whether anything listens at a port of this machine. */
export function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.destroy());
    socket.once('error', () => {});
    socket.once('close', (failed) => resolve(!failed));
  });
}
