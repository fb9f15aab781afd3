'use strict';
// What of values is shown: all of them, none, or what a function of the user's leaves of them.

const { describe, encodeSafely } = require('./json.js');

/**
 * @typedef {import('../../types/dashboard.js').RecordedEvent} RecordedEvent
 */

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
    if (this.isOpen || !Object.hasOwn(entry, 'value')) return entry;
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
    // One that cannot be shown is no reason to show none.
    const entries = keys.map((/** @type {Foreign} */ entry) => this.entryText(entry));
    const head = JSON.stringify(rest);
    return `${head.slice(0, -1)}${head === '{}' ? '' : ','}"keys":[${entries.join(',')}]}`;
  }

  /** @param {Foreign} entry */
  entryText(entry) {
    const shown = this.entry(entry);
    if (shown === null || typeof shown !== 'object' || !Object.hasOwn(shown, 'value')) return encodeSafely(shown);
    const { value, ...rest } = shown;
    return `${JSON.stringify(rest).slice(0, -1)},"value":${encodeSafely(value)}}`;
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
