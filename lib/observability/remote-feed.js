'use strict';
// The events of a cache of another thread, for a stream: fetched four times a second while a viewer is connected.

const { STREAMS } = require('../contract/observed.js');

const EVERY_MS = 250;

// Tests that replace timers need not drive that of a dashboard.
const { setTimeout, clearTimeout } = globalThis;

class RemoteFeed {
  /**
   * @param {(params: { after: number, most: number }) => Promise<{ status: number, body: string }>} ask never rejects
   * @param {() => void} ended called when there are no more events
   */
  constructor(ask, ended) {
    this.ask = ask;
    this.ended = ended;
  }

  /** The events that the other thread has kept come with the first look. */
  recentEvents() {
    return [];
  }

  /**
   * @param {(text: any) => void} listener takes each event as JSON
   * @returns {() => void} ends it
   */
  subscribe(listener) {
    let [last, isOver] = [0, false];
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const look = async () => {
      const { status, body } = await this.ask({ after: last, most: STREAMS.BURST });
      // The cache has gone, or the one that asks is closed.
      if (status === 404 || status === 503) {
        this.ended();
        return;
      }
      // A thread that is busy says nothing now.
      const lines = status === 200 && body !== '' ? body.split('\n') : [];
      for (const line of lines) {
        if (isOver) return;
        const end = line.indexOf(' ');
        last = Number(line.slice(0, end));
        listener(line.slice(end + 1));
      }
      if (isOver) return;
      timer = setTimeout(look, EVERY_MS);
      timer.unref?.();
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }
}

module.exports = { RemoteFeed };
