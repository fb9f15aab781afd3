// The JavaScript side of an environment, which the facades of all realms share. The addon runs this text once, in the
// main realm. Test runners load the package in realms of their own that end before the environment does: so everything
// that lives as long as the environment is made here, and holds objects of other realms weakly, or for as long as a
// request of theirs is under way.
(function createBridge(raw) {
  'use strict';

  // <contract>
  /** An item of an event bus for JavaScript. */
  const BUS_ITEM = Object.freeze({
    /** An event for a handler. */
    TO_HANDLER: 0,
    /** An event for a cache. */
    TO_CACHE: 1,
    /** A notice for the owner of the bus. */
    NOTICE: 2,
    /** How many events of a cache were dropped. */
    DROPPED: 3,
    /** A question for the owner of a connection. */
    QUESTION: 4,
    /** Commands for the client that the owner drives. */
    COMMANDS: 5,
    /** A step in a session with a broker. */
    SESSION: 6,
  });

  /** A step in a session that JavaScript has with a broker. */
  const SESSION_STEP = Object.freeze({
    /** Opens it. */
    OPEN: 0,
    /** Begins to receive. */
    SUBSCRIBE: 1,
    /** Sends events. */
    PUBLISH: 2,
    /** Sends a heartbeat. */
    HEARTBEAT: 3,
    /** An event was handled. */
    ACKNOWLEDGE: 4,
    /** An event could not be handled: the broker delivers it again. */
    REJECT: 5,
    /** Closes it. */
    CLOSE: 6,
  });

  /** The numbers of an option record beside those of the options. */
  const PARAMS = Object.freeze({
    /** Place of the slot of the options of the call, for custom stores. */
    HANDED: 43,
    /** Place of 1 where JavaScript has looked for the key. */
    WAS_READ: 44,
    /** Place of the number under which the source of the answer is asked for. */
    SOURCE: 45,
    /** Place of the texts that are the tags. */
    TAGS: 46,
    /** Place of the text that is the etag. */
    ETAG: 47,
    /** Place of the text that is the version of the stale value, where that is stored. */
    EXTENDS: 48,
    /** Place of 1 where the value is loaded anew, whatever its life. */
    RENEWS: 49,
    /** Place of 1 where a subclass stores the loaded value, and not the engine. */
    OF_OWNER: 50,
    /** Length of the record. */
    LENGTH: 51,
  });

  /** Whose work something is, in the place of a request. */
  const BEHALF = Object.freeze({
    /** The code that has called, whose context is the current one. */
    CALLER: 0xffff_fffe,
    /** No caller: another instance has sent a message. */
    NOBODY: 0xffff_ffff,
  });

  /** The numbers of the clock's array. */
  const CLOCK = Object.freeze({
    /** The time with a margin, for hits to compare with; infinite where they have to look at the clock. */
    HITS: 0,
    /** Whether another clock is followed: 1 or 0. */
    FOLLOWS: 1,
    /** The realm that starts the engine's timers, or 0. Rust does not look at it. */
    TIMERS: 2,
    /** The time; infinite as above. */
    TIME: 3,
    /** Length of the array. */
    LENGTH: 4,
  });

  /**
   * The type of a field of an event that is told together with others. A number beside it is the field, or the
   * length of the text.
   */
  const LINE = Object.freeze({
    /** A number. */
    NUMBER: 0,
    /** The next part of the text that all of them share. */
    TEXT: 1,
    /** It is undefined. */
    NOTHING: 2,
  });

  /** Sizes of the arrays that an environment shares with JavaScript. */
  const SHARED = Object.freeze({
    /** Answers that come later and are told together. */
    BATCH: 256,
    /** Numbers of such an answer: request, code, argument. */
    ANSWER: 3,
    /** Numbers of events that are told together. */
    LINES: 8192,
    /** Requests whose loads can be joined without a call; those beyond are joined by calls. */
    JOINABLE: 4096,
    /** Bytes of the largest value that is handed over in memory that is reused. */
    SCRATCH_BYTES: 65_536,
  });
  // </contract>

  const arrays = {
    /** Answers that came later: request, code, argument. */
    out: new Float64Array(SHARED.BATCH * SHARED.ANSWER),
    /** Events that are told together, see src/lines.rs. */
    lines: new Float64Array(SHARED.LINES),
    /** Options of a call or of a new cache, NaN where none is given. */
    params: new Float64Array(PARAMS.LENGTH).fill(NaN),
    /** Texts among them: the number of an option of text is the place of how many there are, and they. */
    texts: [],
    /** The time, and whose it is: see lib/time.js. */
    clock: new Float64Array(CLOCK.LENGTH),
    /** Work that has come up by the end of a call, as bits. */
    pending: new Uint32Array(1),
    /** Until when the load of a request may be joined, by id; 0 when it may not. */
    joinable: new Float64Array(SHARED.JOINABLE),
    /** The bytes of a small value that the addon hands over. */
    scratch: Buffer.alloc(SHARED.SCRATCH_BYTES),
    /** A number that comes with a value: its weight, or 1 when its bytes are a payload as it is stored. */
    transfer: new Float64Array(1),
  };
  /** Requests under way, by id. */
  const requests = [];
  /** The adapters of the addon's calls, by id: weak references. */
  const adapters = new Map();
  /** The buses of the addon, by their owner's number: weak references. */
  const buses = new Map();
  /** The names of each shape that records name, by its number. */
  const shapes = [];

  const adapterOf = (id) => adapters.get(id)?.deref();

  /** Runs something in the async context of the request that it belongs to. */
  function inContext(request, adapter, act) {
    const context = request === BEHALF.NOBODY ? adapter.context : requests[request]?.context;
    return context === undefined ? act() : context.runInAsyncScope(act);
  }

  /**
   * Has a cache call a custom store or bus. Returns nothing if the cache is gone: then no result will be reported.
   */
  function callMethod(request, ...args) {
    const adapter = adapterOf(args[0]);
    if (adapter === undefined) return undefined;
    const caller = request === BEHALF.NOBODY ? null : requests[request];
    inContext(request, adapter, () => adapter.call(caller, ...args));
    return 1;
  }

  function emit(request, id, number, ...fields) {
    const adapter = adapterOf(id);
    if (adapter !== undefined) inContext(request, adapter, () => adapter.emit(number, fields));
  }

  /** The events that `tell` takes together: for each the request, the cache, its number, and its fields. */
  function readLines(count, text) {
    const { lines } = arrays;
    const events = [];
    let at = 0;
    let letter = 0;
    for (let event = 0; event < count; event++) {
      const [request, id, number, length] = [lines[at], lines[at + 1], lines[at + 2], lines[at + 3]];
      at += 4;
      const fields = new Array(length);
      for (let field = 0; field < length; field++) {
        const kind = lines[at++];
        const given = lines[at++];
        if (kind === LINE.NUMBER) fields[field] = given;
        else if (kind === LINE.TEXT) fields[field] = text.slice(letter, (letter += given));
      }
      events.push({ request, id, number, fields });
    }
    return events;
  }

  /** Takes events that are told together. Those of one request and cache share a context. */
  function tell(count, text) {
    // All are read first: handlers may have others told.
    const events = readLines(count, text);
    for (let at = 0; at < events.length;) {
      const { request, id } = events[at];
      const adapter = adapterOf(id);
      const from = at;
      while (at < events.length && events[at].request === request && events[at].id === id) at++;
      if (adapter === undefined) continue;
      inContext(request, adapter, () => {
        for (let event = from; event < at; event++) {
          try {
            adapter.emit(events[event].number, events[event].fields);
          } catch {
            // The error of a console that throws is dropped: the other events are to be told, too.
          }
        }
      });
    }
  }

  /** Takes answers that came later. */
  function deliver(count) {
    // Code of users that runs meanwhile does not fill the array again: there is no answer from within an answer.
    const { out } = arrays;
    for (let at = 0; at < count * SHARED.ANSWER; at += SHARED.ANSWER) {
      const request = requests[out[at]];
      try {
        request?.take(out[at + 1], out[at + 2]);
      } catch (error) {
        // The others have answers, too.
        request.break(error);
      }
    }
  }

  /** Takes an item of an event bus. */
  function hear(what, whose, ...more) {
    if (what === BUS_ITEM.SESSION) {
      takeStep(whose, ...more);
      return;
    }
    const ofCache = what === BUS_ITEM.TO_CACHE || what === BUS_ITEM.DROPPED;
    const target = ofCache ? adapterOf(whose) : buses.get(whose)?.deref();
    if (what === BUS_ITEM.NOTICE) target?.notice(...more);
    else if (what === BUS_ITEM.QUESTION || what === BUS_ITEM.COMMANDS) {
      if (target === undefined) raw.redisAnswer(more[0], Buffer.alloc(0));
      else if (what === BUS_ITEM.QUESTION) target.asked(...more);
      else target.run(...more);
    } else if (what === BUS_ITEM.DROPPED) target?.dropped(...more);
    else if (target !== undefined) target.receive(...more);
    // Nobody is left to report its outcome.
    else if (more[1] >= 0) raw.busHandled(more[1], true);
  }

  /** Whether there was a bus: the end of the process says goodbye. */
  let hasBuses = false;

  /** Sessions of buses with their brokers, by number: from the step that opens one to that which closes it. */
  const sessions = new Map();

  /** Takes a step of a session. The bus that opens it may be gone; a session that is open stays until it is closed. */
  function takeStep(owner, number, what, step, delivery, ...payloads) {
    const opened = what === SESSION_STEP.OPEN ? buses.get(owner)?.deref()?.open(number) : undefined;
    if (opened !== undefined) sessions.set(number, opened);
    const session = sessions.get(number);
    if (what === SESSION_STEP.CLOSE) sessions.delete(number);
    if (session !== undefined) session.take(what, step, delivery, payloads);
    else if (step >= 0) raw.sessionFailed(step, 0, 'the event bus is not used any more', false);
  }

  /** Where lines of the log go, by their level: as all that the package logs. */
  const CONSOLE = {
    ERROR: ['error', '[ERROR]'],
    WARN: ['warn', '[WARN]'],
    INFO: ['info', '[INFO]'],
    DEBUG: ['log', '[DEBUG]'],
    TRACE: ['log', '[DEBUG]'],
  };

  /** Prints a line of the log. */
  function log(level, at, text) {
    const [method, tag] = CONSOLE[level];
    try {
      console[method](tag, new Date(at).toISOString(), text);
    } catch {
      // A console that throws is nobody's to tell of, and the others are to be told, too.
    }
  }

  /** Has this environment print lines of the log that a filter wants, see src/log. */
  function startLog(filter) {
    // What happened last is what somebody wants to know of a process that ended.
    if (raw.logStart(filter)) process.once('exit', () => raw.logFlush());
  }

  /** Loads that are led in JavaScript, and whether they alone keep the process alive. */
  const led = { running: 0, keepAlive: false, isWatched: false };

  /** A load keeps the process alive until it is over: its own work may not. */
  function stayAlive() {
    if (led.running === 0 || led.keepAlive) return;
    led.keepAlive = true;
    raw.stayAlive(true);
  }

  function loadBegan() {
    led.running++;
    if (led.isWatched) return;
    led.isWatched = true;
    process.on('beforeExit', stayAlive);
  }

  function loadEnded() {
    led.running--;
    if (led.running > 0 || !led.keepAlive) return;
    led.keepAlive = false;
    raw.stayAlive(false);
  }

  /** Registries that release something of the addon when its object is garbage, by a number as the held value. */
  const released = {
    adapter: new FinalizationRegistry((id) => adapters.delete(id)),
    breaker: new FinalizationRegistry((id) => raw.releaseBreaker(id)),
    bus: new FinalizationRegistry((id) => raw.releaseBus(id)),
    busOwner: new FinalizationRegistry((id) => buses.delete(id)),
    cache: new FinalizationRegistry((id) => raw.releaseCache(id)),
    redisStore: new FinalizationRegistry((id) => raw.releaseRedisStore(id)),
    storage: new FinalizationRegistry((id) => raw.releaseStorage(id)),
  };

  const bridge = {
    raw,
    ...arrays,
    requests,
    shapes,
    released,
    startLog,
    loadBegan,
    loadEnded,
    nextAdapter: 0,
    float64: (length) => new Float64Array(length),
    uint32: (length) => new Uint32Array(length),
    uint8: (length) => new Uint8Array(length),
    growingText: () => [''],
    addAdapter(adapter) {
      adapters.set(adapter.id, new WeakRef(adapter));
      released.adapter.register(adapter, adapter.id);
    },
    addBus(owner, number) {
      if (!hasBuses) process.once('exit', () => raw.leaveBuses());
      hasBuses = true;
      buses.set(number, new WeakRef(owner));
      released.busOwner.register(owner, number);
    },
  };
  const functions = {
    call: callMethod,
    measure: (...args) => adapterOf(args[0])?.measure(...args),
    deliver,
    emit,
    tell,
    pack: (id, slot) => adapterOf(id)?.pack(slot),
    unpack: (id, form, bytes) => adapterOf(id)?.unpack(form, bytes),
    unpackall: (id, bytes) => adapterOf(id)?.unpackMany(bytes),
    shape(id, ...names) {
      shapes[id] = names;
    },
    visit: (...args) => adapterOf(args[0])?.visit(...args),
    hear,
    log,
  };
  raw.setUp(bridge, functions, arrays);
  return bridge;
});
//# sourceURL=lazy-layers-cache/bridge.js
