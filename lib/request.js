'use strict';
// A request of the addon that is under way: its promise, its loader, its async context.

const { AsyncResource } = require('node:async_hooks');

const { CODE, LOADED, VERDICT } = require('./contract/codes.js');
const { hardTimeout } = require('./errors.js');
const { hanging } = require('./hanging.js');
const { Loading } = require('./loading.js');
const { joinedBy, running } = require('./nesting.js');
const { setImmediate } = require('./platform.js');
const { argumentOf, bridge, codeOf, settle } = require('./raw.js');
const { attune } = require('./time.js');
const { admit } = require('./values/sharing.js');

const { raw, requests, joinable } = bridge;

/** @extends {Loading<EntryKey | undefined>} */
class Request extends Loading {
  /**
   * @param {import('./core.js').Core} core
   * @param {number} id
   * @param {EntryKey | undefined} key
   */
  constructor(core, id, key) {
    super(core, key);
    this.id = id;
    /** @type {((context?: any) => any) | undefined} */
    this.loader = undefined;
    /** Whether its loader was called. */
    this.isCalled = false;
    /** Whether its caller has a live value, which it loads anew. */
    this.isRefresh = false;
    /** The options of its call. @type {import('./options/read.js').OptionRecord | undefined} */
    this.record = undefined;
    /** The key under which others join it without a call. @type {EntryKey | undefined} */
    this.joinKey = undefined;
    /** Its key in a batch, which is told when the batch need not wait for it. @type {{ decide(): void } | undefined} */
    this.member = undefined;
    /** Whether its loader was not called, as many others run. */
    this.isRefused = false;
    /** Whether a loader that keeps others waiting waits for it. */
    this.isAwaited = false;
    /** The right of its loader to run. @type {{ leave(): void, end(): void } | undefined} */
    this.permit = undefined;
    /** Called at its end, if it has gone on in the background. @type {(() => void) | undefined} */
    this.ended = undefined;
    /** The verb of several keys that it is a part of. @type {object | undefined} */
    this.verb = core.adapter.gathered?.verb;
    /** The load whose loader has made the call. */
    this.asker = running.isAlert ? hanging.asker() : running.load;
    /** The async context of the call. Its loader, handlers and stores run in it, whatever wakes the request. */
    this.context = new AsyncResource('LazyLayersCache', { requireManualDestroy: true });
  }

  /**
   * The request of that id; made when it is not known yet.
   * @param {import('./core.js').Core} core
   * @param {number} id
   * @param {EntryKey | undefined} key
   * @returns {Request}
   */
  static of(core, id, key) {
    const known = requests[id];
    if (known !== undefined) return known;
    const request = new Request(core, id, key);
    requests[id] = request;
    core.open++;
    core.table.mode.requestBegan();
    return request;
  }

  /**
   * Lets others join without a call, for as long as the addon says they may.
   * @param {EntryKey} key
   */
  joinedAs(key) {
    if (this.joinKey !== undefined) return;
    this.joinKey = key;
    this.core.mirror.loads.bring(this);
  }

  /**
   * Whether others may join it without a call. The addon has written until when.
   * @param {number} now
   */
  isJoinable(now) {
    return joinable[this.id] > now;
  }

  /**
   * @override
   * @param {(context?: any) => any} loader
   */
  load(loader) {
    this.isCalled = true;
    super.load(loader);
  }

  /** @param {unknown} value */
  loaded(value) {
    if (this.isLoaded) return;
    this.isLoaded = true;
    if (this.over) return;
    const { core } = this;
    if (this.said !== undefined || core.shouldCache !== undefined || this.record?.shouldCache !== undefined) {
      this.loadedWith(LOADED.VALUE, value);
      return;
    }
    const isAbsent = value === undefined;
    let admitted;
    let weight = 0;
    try {
      if (!isAbsent) {
        admitted = admit(core.table, value);
        weight = core.weigh(admitted);
      }
    } catch (error) {
      // The value has getters that throw, for example. They may have ended this request, as below.
      if (!this.over) this.fail(error);
      return;
    }
    // These may run code of a user, which may have ended this request, so that its id names another one.
    if (this.over) return;
    try {
      attune();
      const { id } = this;
      const slot = isAbsent ? 0 : core.table.put(undefined, admitted);
      this.answer(isAbsent ? raw.absent(core.id, id) : raw.loaded(core.id, id, slot, weight), isAbsent);
    } catch (fault) {
      this.break(fault);
    }
  }

  /** @param {unknown} error */
  failed(error) {
    if (this.isLoaded) return;
    this.isLoaded = true;
    if (!this.over) this.fail(error);
  }

  /**
   * The same, in the async context of its call. The loader may end later: then it is heard no more.
   * @override
   * @param {unknown} error
   */
  giveUp(error) {
    this.context.runInAsyncScope(() => super.giveUp(error));
  }

  /** @param {unknown} error */
  fail(error) {
    if (this.said !== undefined) {
      this.loadedWith(LOADED.ERROR, error);
      return;
    }
    const { core } = this;
    try {
      attune();
      const report = this.isRefused ? raw.refused : raw.failed;
      this.answer(report(core.id, this.id, core.table.put(undefined, error)));
    } catch (fault) {
      this.break(fault);
    }
  }

  /**
   * The end of a loader that may have given directives.
   * @param {number} ended a value that may be undefined, or an error
   * @param {unknown} loaded
   */
  loadedWith(ended, loaded) {
    const { core } = this;
    this.said ??= core.directivesOf(this);
    const { said } = this;
    /** @type {{ cameTo: number, outcome: unknown }} */
    let { cameTo, outcome } = { cameTo: ended, outcome: loaded };
    let weight = 0;
    try {
      ({ cameTo, outcome } = said.end(ended, loaded));
      if (cameTo === LOADED.VALUE) {
        outcome = admit(core.table, outcome);
        weight = core.weigh(outcome);
      }
    } catch (error) {
      [cameTo, outcome] = [LOADED.ERROR, error];
    }
    // Code of a user may have ended this request, so that its id names another one.
    if (this.over) return;
    try {
      const slot = cameTo === LOADED.NOTHING ? 0 : core.table.put(undefined, outcome);
      if (said.verdict === VERDICT.SKIP) core.mirror.skipped(/** @type {EntryKey} */ (this.key), said.skipMs);
      const target = core.target('', said.record);
      this.answer(raw.directed(target, this.id, cameTo, slot, weight, said.verdict), cameTo === LOADED.NOTHING);
    } catch (fault) {
      this.break(fault);
    }
  }

  /**
   * @param {number} answer
   * @param {boolean} [isAbsent] whether the loader found nothing
   */
  answer(answer, isAbsent = false) {
    this.take(codeOf(answer), argumentOf(answer));
    // Before the handlers: one may store the key.
    if (isAbsent && this.key !== undefined) this.core.mirror.markAbsent(this.key);
    settle();
    this.core.table.sweep();
  }

  /**
   * Takes an answer of the addon.
   * @param {number} code
   * @param {number} argument
   */
  take(code, argument) {
    // It was abandoned while the addon was at work for it.
    if (this.over) return;
    const { core } = this;
    switch (code) {
      case CODE.LOAD:
        if (this.isRefresh) {
          // Later, so that work of the loader before its first `await` does not delay the answer.
          loadLater(this);
          return;
        }
        this.context.runInAsyncScope(this.load, this, this.loader);
        return;
      case CODE.EARLY:
        this.resolve(core.table.values[argument]);
        if (!this.isRefresh) this.goOn('load');
        return;
      case CODE.REFRESH:
        this.refreshed(argument);
        return;
      case CODE.ABORT:
        this.abort(hardTimeout(this.key, argument));
        return;
      case CODE.WAIT:
        return;
      case CODE.LOCKED_OUT:
        this.member?.decide();
        return;
      case CODE.JOINED:
        this.follow(Request.of(core, argument, this.key));
        return;
      default:
        this.end();
        this.conclude(code, argument);
    }
  }

  /**
   * Its caller has an answer: the rest is work in the background.
   * @param {'load' | 'refresh'} reason
   */
  goOn(reason) {
    const { background } = this.core;
    const key = /** @type {string | number | undefined} bigints came as texts */ (this.key);
    if (background?.hook === undefined) return;
    const over = new Promise((resolve) => {
      this.ended = () => resolve(undefined);
    });
    this.context.runInAsyncScope(() => background.hand(over, { key, reason }));
  }

  /**
   * Answers the caller with a live value. From here on the request is a refresh.
   * @param {number} slot of the value
   */
  refreshed(slot) {
    this.isRefresh = true;
    this.resolve(this.core.outcome(CODE.VALUE, slot, this.key));
    this.renew();
    this.goOn('refresh');
  }

  /**
   * Ends with the load of another caller.
   * @param {Request} leader
   */
  follow(leader) {
    const { asker, context, core } = this;
    this.end();
    if (core.limit !== undefined) context.runInAsyncScope(() => core.limit?.awaits(leader));
    hanging.joined(leader);
    this.resolve(joinedBy(asker, leader));
  }

  /**
   * Taking its answer has thrown.
   * @param {unknown} error
   */
  break(error) {
    if (!this.over) {
      this.end();
      raw.abandoned(this.core.id, this.id);
    }
    this.reject(error);
  }

  /**
   * The cache is closed: aborts the loader, and rejects the caller with `error` if it has no answer yet.
   * @param {unknown} error
   */
  abandon(error) {
    // Its id may be another's by now: callers whose requests ended before may have made new ones.
    if (this.over) return;
    this.end();
    // This comes first: listeners of the signal may make requests, and one of them may get this id.
    raw.abandoned(this.core.id, this.id);
    this.abort(error);
    this.reject(error);
  }

  end() {
    this.over = true;
    this.asker = undefined;
    if (this.joinKey !== undefined) this.core.mirror.loads.remove(this);
    this.member?.decide();
    this.permit?.leave();
    this.ended?.();
    if (requests[this.id] === this) requests[this.id] = undefined;
    this.core.table.mode.requestEnded();
    this.core.finished();
  }
}

/** Refreshes whose loaders are called in the next turn. @type {Request[]} */
let refreshes = [];

/**
 * Has a refresh call its loader in the next turn, together with the others: those of one `getMany` are one batch.
 * @param {Request} request
 */
function loadLater(request) {
  if (refreshes.push(request) > 1) return;
  setImmediate(() => {
    const all = refreshes;
    refreshes = [];
    for (const each of all) if (!each.over) each.context.runInAsyncScope(each.load, each, each.loader);
  });
}

module.exports = { Request };
