'use strict';
// Results of a builtin store beside values.

/** A value that was found, and how long it still lives. */
class Found {
  /**
   * @param {unknown} value
   * @param {number} leftMs milliseconds; Infinity for a value that does not expire
   */
  constructor(value, leftMs) {
    this.value = value;
    this.leftMs = leftMs;
  }
}

/** That there is no value, and how far invalidations are counted. */
class Missed {
  /** @param {number} count of `StandInMarks` */
  constructor(count) {
    this.count = count;
  }
}

/** Thrown for a record that cannot be read: the store answered, so it is not the store that failed. */
class Unreadable extends Error {}

/** Replies of a server that is not, not yet, or not any more, the one to ask. */
const UNAVAILABLE = /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN)\b/;

/** How replies begin. Those of node-redis have no name of their own. */
const CODE = /^[A-Z][A-Z0-9]+ /;

/** Errors that a server has replied. @type {WeakSet<object>} */
const replies = new WeakSet();

/**
 * Marks the error of a client if it is a reply of the server: then the server works, and the store has not failed.
 * @template E
 * @param {E} error
 * @returns {E}
 */
function markReply(error) {
  const { name, message } = /** @type {Foreign} */ (error) ?? {};
  const isReply = name === 'ReplyError' || (error instanceof Error && CODE.test(message));
  if (isReply && !UNAVAILABLE.test(message)) replies.add(/** @type {Foreign} */ (error));
  return error;
}

/**
 * Whether an error says that the store works, but not for this one thing.
 * @param {unknown} error
 */
function isAnswer(error) {
  return error instanceof Unreadable || (typeof error === 'object' && error !== null && replies.has(error));
}

module.exports = { Found, Missed, isAnswer, markReply, Unreadable };
