'use strict';
// The part of values that is shown: all, nothing, or the result of a function of the user.

const { forget, isThenable } = require('../thenable.js');
const { describe, encodeSafely } = require('./json.js');

/**
 * @typedef {import('../../types/dashboard.js').RecordedEvent} RecordedEvent
 */

/**
 * The most characters of a page. Values beyond this are left out, and so are values that are too large by themselves.
 */
const PAGE_LENGTH = 32 << 20;

/** Whether an entry shows its value. */
const isShown = (/** @type {Foreign} */ entry) =>
  entry !== null && typeof entry === 'object' && Object.hasOwn(entry, 'value');

/** @param {Foreign} entry */
function withoutValue(entry) {
  if (!isShown(entry)) return entry;
  const { value: _, ...rest } = entry;
  return { ...rest, truncated: true };
}

/**
 * An object as JSON, with one more field that is JSON already.
 * @param {object} object
 * @param {string} name
 * @param {string} json
 */
function extended(object, name, json) {
  const head = encodeSafely(object);
  return `${head.slice(0, -1)}${head === '{}' ? '' : ','}${JSON.stringify(name)}:${json}}`;
}

class Presenter {
  /** @param {{ values?: 'shown' | 'hidden', redact?: (key: string, value: unknown) => unknown }} [options] */
  constructor({ values = 'shown', redact } = {}) {
    this.isHidden = values === 'hidden';
    this.redact = redact;
    /** Whether values are shown as they are. */
    this.isOpen = !this.isHidden && redact === undefined;
  }

  /**
   * The fields of an entry that show its value.
   * @param {string} key
   * @param {unknown} value
   */
  show(key, value) {
    if (this.isHidden) return { hidden: true };
    if (this.redact === undefined) return { value };
    try {
      const shown = this.redact(key, value);
      if (isThenable(shown)) {
        forget(shown);
        return { hidden: true, error: 'redact returned a promise: it has to return the value to show' };
      }
      return shown === value ? { value } : { value: shown, redacted: true };
    } catch (error) {
      // A value that was to be redacted is not shown as it is.
      return { hidden: true, error: `redact failed: ${describe(error)}` };
    }
  }

  /**
   * An entry of a layer.
   * @param {Foreign} entry
   */
  entry(entry) {
    if (this.isOpen || !isShown(entry)) return entry;
    const { value, ...rest } = entry;
    return { ...rest, ...this.show(String(entry.key), value) };
  }

  /**
   * A page of a layer, as JSON.
   * @param {Foreign | null} page
   */
  page(page) {
    if (page === null || page === undefined || !Array.isArray(page.keys)) return encodeSafely(page ?? null);
    const { keys, ...rest } = page;
    let length = 0;
    // An entry that cannot be shown must not hide the others.
    const entries = keys.map((/** @type {Foreign} */ entry) => {
      const text = length > PAGE_LENGTH ? encodeSafely(withoutValue(entry)) : this.entryText(entry);
      length += text.length;
      return text;
    });
    return extended(rest, 'keys', `[${entries.join(',')}]`);
  }

  /** @param {Foreign} entry */
  entryText(entry) {
    const shown = this.entry(entry);
    if (!isShown(shown)) return encodeSafely(shown);
    const { value, ...rest } = shown;
    return extended(rest, 'value', encodeSafely(value));
  }

  /**
   * An event, as JSON. Some carry the value of another instance.
   * @param {RecordedEvent} recorded
   */
  event(recorded) {
    const message = /** @type {Foreign | undefined} */ (recorded.data['event']);
    if (this.isOpen || message === undefined || message === null || message['value'] === undefined) {
      return encodeSafely(recorded);
    }
    const { value, ...rest } = message;
    const key = String(rest['keys']?.[0]);
    return encodeSafely({ ...recorded, data: { ...recorded.data, event: { ...rest, ...this.show(key, value) } } });
  }
}

module.exports = { Presenter };
