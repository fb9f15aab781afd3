// The calls of a run: each is made, noted, and checked when it is answered.
import { MemoryStore, RedisStore } from '../../index.mjs';
import { KEYS, NAMESPACES, matches, PATTERNS, TAGS, TEXTS } from './keys.mjs';
import { makeLoader } from './loaders.mjs';
import { manyVerbs } from './many.mjs';
import { callOptions, effective } from './options.mjs';
import { checkAbsence, checkError } from './outcomes.mjs';
import { requiredValue } from './presence.mjs';
import { checkValue, expiresAt, mayHold } from './staleness.mjs';
import { checkSize } from './sizes.mjs';
import { skip, skipsAll, unskip } from './skips.mjs';
import { someKind } from './values.mjs';

/** Options as they are noted. Layers of the run's own are too much to read. */
export function shown(options) {
  if (options === undefined) return '';
  const plain = (name, value) => {
    if (name === 'l1' || name === 'l2' || name === 'eventBus') return value && '…';
    return value === Number.POSITIVE_INFINITY ? 'Infinity' : value;
  };
  return ` ${JSON.stringify(options, plain)}`;
}

function begin(run, by, verb, fields) {
  const { config } = run.world.members[by];
  const eff = effective(fields.options, config);
  const op = run.history.begin({ verb, by, eff, keepsTags: keepsTags(run, by), ...fields });
  op.title = `${by}.${verb} ${fields.key ?? fields.pattern ?? ''}${shown(fields.options)}`;
  run.history.note(`#${op.n} ${op.title}${fields.origin ? ` = ${fields.origin.id}` : ''}`);
  return op;
}

/** Makes the call, and checks its answer. */
function conduct(run, op, call, check) {
  run.open.add(op);
  let answer;
  try {
    answer = call();
  } catch (error) {
    run.fail(op, { text: `threw: ${error?.stack}` });
    answer = Promise.resolve();
  }
  const end = (outcome) => {
    run.history.end(op, outcome);
    run.open.delete(op);
    const text = outcome.error === undefined ? (outcome.shown ?? '') : `rejected: ${outcome.error?.message}`;
    run.history.note(`#${op.n} answered ${text}`);
    run.fail(op, outcome.error === undefined ? check(op) : checkError(op, run.history, run.world));
  };
  return answer.then(
    (result) => end({ result, shown: String(JSON.stringify(result)).slice(0, 40) }),
    (error) => end({ error: error ?? new Error(`rejected with ${error}`) }),
  );
}

const someKey = (run) => run.random.pick(KEYS);
const cacheOf = (run, by) => run.world.members[by].cache;

/** A cache and a key of it: now and then a namespace, and the rest of the key. */
function addressed(run, by, key) {
  const cache = cacheOf(run, by);
  const [, name, rest] = /^(\w+):(.+)$/.exec(String(key)) ?? [];
  return name !== undefined && run.random.chance(15) ? [cache.namespace(name), rest] : [cache, key];
}

/** Whether L1 is the layer of this package. */
function hasBuiltinL1({ world }, by) {
  const { l1 } = world.members[by].config;
  return l1 === undefined || l1 instanceof MemoryStore;
}

/** Whether its entries may have tags: not with stores of the user's, which are given them. */
function keepsTags(run, by) {
  const { l1, l2 } = run.world.members[by].config;
  const inRedis = l2 instanceof RedisStore;
  return (hasBuiltinL1(run, by) && (l2 === undefined || inRedis)) || (l1 === false && inRedis);
}

/** Options, now and then with tags; and those. */
function tagged(run, by, options) {
  if (!keepsTags(run, by) || !run.random.chance(20)) return [undefined, options];
  const tags = run.random.chance(50) ? [run.random.pick(TAGS)] : [...TAGS];
  return [tags, { ...options, tags }];
}

/** The answer of a call that tells its source, if it is possible. */
function valueOf(run, op, { value, source, ageMs, ttlMs }) {
  const isThere = ['L1', 'L2', 'stale'].includes(source);
  const isNone = ['none', 'negative'].includes(source);
  if (isThere ? value === undefined : isNone && value !== undefined) {
    run.fail(op, { text: `gave ${value} from ${source}` });
  }
  if (source === 'load' && op.loads.length === 0) run.fail(op, { text: 'gave a load, and ran no loader' });
  if (!(ageMs === undefined || ageMs >= 0) || !(ttlMs === undefined || ttlMs >= 0)) {
    run.fail(op, { text: `gave the times ${ageMs} and ${ttlMs}` });
  }
  return value;
}

/** A call that looks for a value: its answer, or the reason why it may have found none. */
function checkRead(run, op) {
  const { history, world } = run;
  if (op.result !== undefined) return checkValue(op, history, world);
  const required = requiredValue(op, history, world);
  if (required !== undefined) return { text: `found nothing, and value ${required.id} has to be there` };
  return op.verb === 'getOrSet' ? checkAbsence(op, history, world) : undefined;
}

function get(run, by, key = someKey(run)) {
  const op = begin(run, by, 'get', { key: String(key) });
  run.history.of(op.key).uses.push(op);
  return conduct(
    run,
    op,
    () => {
      const [place, name] = addressed(run, by, key);
      if (run.random.chance(15)) return place.getEntry(name).then((entry) => valueOf(run, op, entry));
      return place.get(name);
    },
    () => checkRead(run, op),
  );
}

/** Whether `peek` finds all that is in the cache. */
const isSeenThrough = (run, by) => !run.world.hasL2 && hasBuiltinL1(run, by);

function peek(run, by) {
  const key = someKey(run);
  const op = begin(run, by, 'peek', { key: String(key) });
  return conduct(
    run,
    op,
    async () => {
      const [place, name] = addressed(run, by, key);
      return place.peek(name);
    },
    () => (op.result !== undefined || isSeenThrough(run, by) ? checkRead(run, op) : undefined),
  );
}

function getOrSet(run, by, key = someKey(run)) {
  const [tags, options] = tagged(run, by, callOptions(run.random, run.world.profile));
  const op = begin(run, by, 'getOrSet', { key: String(key), options, tags });
  run.history.of(op.key).uses.push(op);
  const loader = makeLoader(run, op);
  return conduct(
    run,
    op,
    () => {
      const [place, name] = addressed(run, by, key);
      if (!run.random.chance(15)) return place.getOrSet(name, loader, options);
      return place.getOrSetEntry(name, loader, options).then((entry) => valueOf(run, op, entry));
    },
    () => checkRead(run, op),
  );
}

function set(run, by) {
  const { random, history } = run;
  const key = someKey(run);
  const [tags, options] = tagged(run, by, callOptions(random, run.world.profile));
  const isUndefined = random.chance(5);
  const op = begin(run, by, 'set', { key: String(key), options, tags });
  const track = history.of(op.key);
  if (!isUndefined) op.origin = history.origin(someKind(random, run.world.profile), op.key, op);
  history.note(`#${op.n} value ${op.origin?.id}`);
  track.writes.push(op);
  track.uses.push(op);
  return conduct(
    run,
    op,
    () => {
      const [place, name] = addressed(run, by, key);
      return place.set(name, op.origin?.value, options);
    },
    () => undefined,
  );
}

function checkHas(run, op) {
  if (op.result === true) {
    if (skipsAll(op, run.world)) return { text: 'has what is in layers that are disabled' };
    return mayHold(op, run.history, run.world) ? undefined : { text: 'has what cannot be there any more' };
  }
  const required = requiredValue(op, run.history, run.world);
  return required && { text: `has not value ${required.id}, which has to be there` };
}

function has(run, by) {
  const key = someKey(run);
  const op = begin(run, by, 'has', { key: String(key) });
  return conduct(
    run,
    op,
    () => cacheOf(run, by).has(key),
    () => checkHas(run, op),
  );
}

function remove(run, by) {
  const key = someKey(run);
  const op = begin(run, by, 'delete', { key: String(key) });
  run.history.of(op.key).writes.push(op);
  return conduct(
    run,
    op,
    () => {
      const [place, name] = addressed(run, by, key);
      return place.delete(name);
    },
    () => undefined,
  );
}

function expire(run, by) {
  const key = someKey(run);
  const op = begin(run, by, 'expire', { key: String(key), expires: true });
  run.history.of(op.key).writes.push(op);
  return conduct(
    run,
    op,
    () => {
      const [place, name] = addressed(run, by, key);
      return place.expire(name);
    },
    () => expiresAt(op, op.key, run.history, run.world),
  );
}

function removeMatching(run, by, verb, pattern, call, expires = false) {
  const op = begin(run, by, verb, { pattern, expires });
  const matching = TEXTS.filter((text) => matches(pattern, text));
  for (const text of matching) run.history.of(text).writes.push(op);
  const end = () => {
    if (expires) for (const text of matching) expiresAt(op, text, run.history, run.world);
  };
  return conduct(run, op, call, end);
}

function expireByPattern(run, by) {
  const pattern = run.random.pick(PATTERNS);
  const call = () => cacheOf(run, by).expireByPattern(pattern);
  return removeMatching(run, by, 'expireByPattern', pattern, call, true);
}

/** All values with a tag, of whatever key. */
function removeTagged(run, by, verb, expires) {
  if (!keepsTags(run, by)) return get(run, by);
  const tag = run.random.pick(TAGS);
  const op = begin(run, by, verb, { pattern: `with the tag ${tag}`, tag, expires });
  for (const text of TEXTS) run.history.of(text).writes.push(op);
  const end = () => {
    if (expires) for (const text of TEXTS) expiresAt(op, text, run.history, run.world);
  };
  return conduct(run, op, () => cacheOf(run, by)[verb](tag), end);
}

const deleteByTag = (run, by) => removeTagged(run, by, 'deleteByTag', false);
const expireByTag = (run, by) => removeTagged(run, by, 'expireByTag', true);

/** `clear` of a namespace is a pattern of the cache. */
function clearNamespace(run, by) {
  const name = run.random.pick(NAMESPACES);
  const call = () => cacheOf(run, by).namespace(name).clear();
  return removeMatching(run, by, 'clear of a namespace', `${name}:*`, call);
}

function deleteByPattern(run, by) {
  const pattern = run.random.pick(PATTERNS);
  return removeMatching(run, by, 'deleteByPattern', pattern, () => cacheOf(run, by).deleteByPattern(pattern));
}

const clear = (run, by) => removeMatching(run, by, 'clear', '*', () => cacheOf(run, by).clear());

function size(run, by) {
  const op = begin(run, by, 'size', {});
  return conduct(
    run,
    op,
    () => cacheOf(run, by).size(),
    () => checkSize(op, run.history, run.world),
  );
}

const someLayer = (run) => run.random.pick([undefined, 'L1', 'L2']);

async function disable(run, by) {
  const layer = someLayer(run);
  run.history.note(`disable ${by} ${layer ?? ''}`);
  cacheOf(run, by).disable(layer);
  skip(run.world.members[by], layer, run.history.tick());
}

async function enable(run, by) {
  const layer = someLayer(run);
  run.history.note(`enable ${by} ${layer ?? ''}`);
  unskip(run.world.members[by], layer, run.history.tick());
  cacheOf(run, by).enable(layer);
}

/** Calls that have to be refused, with the code that says so. */
const REFUSED = [
  [(cache) => cache.getOrSet('a:1', 'no function'), 'INVALID_ARGUMENT'],
  [(cache) => cache.set({}, 1), 'INVALID_ARGUMENT'],
  [(cache) => cache.deleteByPattern(7), 'INVALID_ARGUMENT'],
  [(cache) => cache.set('none', 1, { ttlMs: Number.NaN }), 'INVALID_OPTION'],
  [(cache) => cache.getOrSet('none', () => 1, { levels: { L1: { ttlMs: 'soon' } } }), 'INVALID_OPTION'],
];

async function refused(run, by) {
  const [call, code] = run.random.pick(REFUSED);
  run.history.note(`refused ${code}`);
  const error = await call(cacheOf(run, by)).then(
    () => undefined,
    (error) => error,
  );
  if (error?.code !== code) run.fail(undefined, { text: `${call} had to be refused with ${code}, got ${error?.code}` });
}

const weights = {
  get: 22,
  peek: 3,
  getOrSet: 36,
  set: 16,
  has: 5,
  remove: 8,
  expire: 4,
  expireByPattern: 2,
  deleteByTag: 2,
  expireByTag: 1,
  clearNamespace: 1,
  deleteByPattern: 4,
  clear: 1,
  size: 2,
  refused: 1,
  disable: 1,
  enable: 2,
  getMany: 5,
  loadMany: 9,
  setMany: 4,
  hasMany: 2,
  deleteMany: 3,
};

const many = manyVerbs({ begin, tagged, conduct, cacheOf, checkRead, checkHas });

export const VERBS = {
  get,
  peek,
  getOrSet,
  set,
  has,
  remove,
  expire,
  expireByPattern,
  deleteByPattern,
  deleteByTag,
  expireByTag,
  clearNamespace,
  clear,
  size,
  refused,
  disable,
  enable,
  ...many,
  weights,
};
