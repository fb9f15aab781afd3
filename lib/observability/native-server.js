'use strict';
// The server of the addon: it answers on another thread, also while this one is busy.

const { EventEmitter } = require('node:events');
const { lookup } = require('node:dns');
const { isIP } = require('node:net');

const { failure } = require('../errors.js');
const { bridge } = require('../raw.js');

const { raw } = bridge;

/** Longer than any process lives, and short enough for a timer. */
const FOR_EVER = 0x7fff_ffff;

class NativeServer extends EventEmitter {
  /**
   * @param {number} seat
   * @param {{ host: string, port: number, prefix: string, router: object }} wanted
   */
  constructor(seat, wanted) {
    super();
    this.seat = seat;
    this.wanted = wanted;
    /** Its number in the addon. @type {number | undefined} */
    this.id = undefined;
    /** @type {{ address: string, family: 'IPv4' | 'IPv6', port: number } | null} */
    this.place = null;
    this.isStopped = false;
    /** @type {NodeJS.Timeout | undefined} */
    this.alive = undefined;
    /** Why it does not listen. @type {(Error & { code?: string }) | undefined} */
    this.fault = undefined;
  }

  get listening() {
    return this.place !== null;
  }

  /** Begins to listen: at once at an address, and when it is resolved at a name. */
  start() {
    const { host } = this.wanted;
    if (isIP(host) !== 0) {
      this.bind(host);
      return;
    }
    lookup(host, (error, address) => {
      if (this.isStopped) return;
      if (error === null) this.bind(address);
      else this.fail(error);
    });
  }

  /** @param {string} address */
  bind(address) {
    const { port, prefix, router } = this.wanted;
    const wanted = { address, port, prefix, router, node: process.version };
    const result = JSON.parse(raw.obsListen(this.seat, JSON.stringify(wanted)));
    if (result.error !== undefined) {
      const error = failure(`listen ${result.code}: ${address}:${port}: ${result.error}`);
      this.fail(Object.assign(error, { code: result.code }));
      return;
    }
    this.id = result.server;
    this.place = { address: result.address, family: isIP(result.address) === 6 ? 'IPv6' : 'IPv4', port: result.port };
    setImmediate(() => {
      if (this.listening) this.emit('listening');
    });
  }

  /** @param {Error & { code?: string }} error */
  fail(error) {
    this.fault = error;
    setImmediate(() => {
      // Without a listener: it was logged.
      if (this.listenerCount('error') > 0) this.emit('error', error);
    });
    this.failed?.(error);
  }

  address() {
    return this.place;
  }

  /**
   * Stops listening and ends open connections.
   * @param {(error?: Error) => void} [callback]
   */
  close(callback) {
    const isOpen = this.listening && !this.isStopped;
    this.isStopped = true;
    if (!isOpen) {
      const error = Object.assign(new Error('Server is not running.'), { code: 'ERR_SERVER_NOT_RUNNING' });
      if (callback !== undefined) process.nextTick(callback, error);
      return this;
    }
    if (callback !== undefined) this.once('close', () => callback());
    raw.obsStop(/** @type {number} */ (this.id));
    return this;
  }

  /** The addon tells that a server has ended. */
  ended() {
    if (this.place === null) return;
    this.place = null;
    this.unref();
    this.emit('close');
  }

  closeAllConnections() {
    if (this.id !== undefined && this.listening) raw.obsDisconnect(this.id);
  }

  closeIdleConnections() {}

  /** @param {(error: Error | null, count: number) => void} callback */
  getConnections(callback) {
    const count = this.id !== undefined && this.listening ? raw.obsConnections(this.id) : 0;
    process.nextTick(callback, null, count);
    return this;
  }

  /** Keeps the process alive. */
  ref() {
    this.alive ??= setInterval(() => {}, FOR_EVER);
    return this;
  }

  /** Keeps it no longer alive, as in the beginning. */
  unref() {
    clearInterval(this.alive);
    this.alive = undefined;
    return this;
  }
}

/** Called at once when it cannot listen. @type {((error: Error) => void) | undefined} */
NativeServer.prototype.failed = undefined;

module.exports = { NativeServer };
