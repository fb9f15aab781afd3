'use strict';
// Commands of the addon for a client, and their answers. They cross in RESP, the protocol of Redis.

const { reasonOf } = require('../errors.js');

/** How replies of a server begin. Those of node-redis have no name of their own. */
const CODE = /^[A-Z][A-Z0-9]+ /;

/**
 * The commands in some bytes: each its name and its arguments.
 * @param {Buffer} bytes
 * @returns {Buffer[][]}
 */
function commandsIn(bytes) {
  let at = 0;
  const length = () => {
    const end = bytes.indexOf('\r', at);
    const number = Number(bytes.toString('latin1', at + 1, end));
    at = end + 2;
    return number;
  };
  const argument = () => {
    const end = length() + at;
    const taken = bytes.subarray(at, end);
    at = end + 2;
    return taken;
  };
  const commands = [];
  while (at < bytes.length) commands.push(Array.from({ length: length() }, argument));
  return commands;
}

/**
 * Answers, errors among them, as one array.
 * @param {PromiseSettledResult<unknown>[]} outcomes
 * @param {string} code of errors that are no reply of a server
 * @returns {Buffer}
 */
function answersOf(outcomes, code) {
  /** @type {(string | Uint8Array)[]} */
  const parts = [`*${outcomes.length}\r\n`];
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') parts.push(`-${errorText(outcome.reason, code)}\r\n`);
    // A status, not a stored text.
    else if (outcome.value === 'OK') parts.push('+OK\r\n');
    else write(outcome.value, parts);
  }
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

/**
 * @param {unknown} answer
 * @param {(string | Uint8Array)[]} parts
 */
function write(answer, parts) {
  if (answer === null || answer === undefined) parts.push('$-1\r\n');
  else if (Number.isSafeInteger(answer)) parts.push(`:${answer}\r\n`);
  else if (Array.isArray(answer)) {
    parts.push(`*${answer.length}\r\n`);
    for (const part of answer) write(part, parts);
  } else {
    const bytes = ArrayBuffer.isView(answer) ? /** @type {Uint8Array} */ (answer) : Buffer.from(String(answer));
    parts.push(`$${bytes.byteLength}\r\n`, bytes, '\r\n');
  }
}

/**
 * @param {Foreign} error
 * @param {string} code
 */
function errorText(error, code) {
  const message = reasonOf(error).replace(/[\r\n]+/g, ' ');
  const isReply = error?.name === 'ReplyError' || (error instanceof Error && CODE.test(message));
  return isReply ? message : `${code} ${message}`;
}

module.exports = { answersOf, commandsIn };
