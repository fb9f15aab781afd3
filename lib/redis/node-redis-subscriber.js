'use strict';
// The subscription of a bus over a client or a cluster of node-redis.

const { EventEmitter } = require('node:events');

class DrivenSubscriber extends EventEmitter {
  /** @param {Foreign} client whose duplicate subscribes: in RESP2 a client that is subscribed can do nothing else */
  constructor(client) {
    super();
    this.client = client.duplicate();
    this.client.on('error', (/** @type {unknown} */ error) => this.emit('error', error));
    /** The client of the node at which a cluster subscribes. */
    this.heard = undefined;
    this.client.on('ready', () => this.emit('ready'));
    // A cluster does not report that it has subscribed again.
    for (const event of ['node-ready', 'node-reconnecting', 'node-disconnect']) {
      this.client.on(event, () => this.watch());
    }
  }

  /** In words of `ioredis`. */
  get status() {
    if (!this.client.isOpen) return 'end';
    return this.client.isReady === false ? 'reconnecting' : 'ready';
  }

  /** @param {string} channel */
  async subscribe(channel) {
    if (!this.client.isOpen) await this.client.connect();
    const hear = (/** @type {Buffer} */ payload, /** @type {Buffer} */ from) => {
      this.emit('messageBuffer', from, payload);
    };
    await this.client.subscribe(channel, hear, true);
    this.watch();
  }

  /** Follows the node of a cluster by which events are heard. */
  async watch() {
    const heard = await this.client.pubSubNode?.client;
    if (heard === undefined || heard === this.heard) return;
    const isAnother = this.heard !== undefined;
    this.heard = heard;
    heard.on('ready', () => {
      if (this.heard === heard) this.emit('ready');
    });
    if (isAnother) this.emit('ready');
  }

  disconnect() {
    if (this.client.isOpen) this.client.destroy();
  }
}

module.exports = { DrivenSubscriber };
