// The verbs of several keys. Each is a call of the verb of one key for every key, all made and answered together.
import { KEYS, NAMESPACES } from './keys.mjs';
import { makeLoader } from './loaders.mjs';
import { callOptions } from './options.mjs';
import { someKind } from './values.mjs';

/** The most keys of a call. */
const MOST = 4;

/**
 * Where a call is made, and with which keys, of which no two are of one entry: now and then in a namespace, with what
 * follows its name in the keys. `full` has the keys of the cache.
 */
function someKeys(run, single, by) {
  const cache = single.cacheOf(run, by);
  const name = run.random.chance(15) ? run.random.pick(NAMESPACES) : undefined;
  const start = name === undefined ? '' : `${name}:`;
  const all = KEYS.filter((key) => String(key).startsWith(start));
  const keys = new Map();
  for (let count = 1 + run.random.below(MOST); count > 0; count -= 1) {
    const key = run.random.pick(all);
    keys.set(String(key), name === undefined ? key : key.slice(start.length));
  }
  return { on: name === undefined ? cache : cache.namespace(name), keys: [...keys.values()], full: [...keys.keys()] };
}

/** The answer of a call for one of its keys. */
const answerFor = (key) => [
  (answers) => answers?.get(key),
  (error) => {
    if (error?.failures?.has(key)) throw error.failures.get(key);
    if (error?.partial === undefined) throw error;
    return error.partial.get(key);
  },
];

/** A loader of several keys: that of each, and the answer when all have ended, in any of its shapes. */
function loaderOf(run, loaders) {
  const shape = run.random.pick(['map', 'array', 'object']);
  return async (missing, context) => {
    const outcomes = await Promise.allSettled(missing.map(async (key) => loaders.get(key)(context)));
    const values = outcomes.map(({ value, reason }) => reason ?? value);
    if (shape === 'array') return values;
    const pairs = missing.map((key, at) => [key, values[at]]);
    return shape === 'map' ? new Map(pairs) : Object.fromEntries(pairs);
  };
}

/** Makes a call of several keys. `single` has the parts of the verbs of one key. */
function conductAll({ run, single, keys, ops }, call, check) {
  let answers;
  const once = () => (answers ??= call());
  const answerOf = (key) => () => once().then(...answerFor(key));
  return Promise.all(keys.map((key, at) => single.conduct(run, ops[at], answerOf(key), (op) => check(run, op))));
}

const uses = (run, ops) => ops.forEach((op) => run.history.of(op.key).uses.push(op));
const writes = (run, ops) => ops.forEach((op) => run.history.of(op.key).writes.push(op));
const unchecked = () => undefined;

function getMany(single, run, by) {
  const { on, keys, full } = someKeys(run, single, by);
  const ops = full.map((key) => single.begin(run, by, 'get', { key }));
  uses(run, ops);
  return conductAll({ run, single, keys, ops }, () => on.getMany(keys), single.checkRead);
}

function loadMany(single, run, by) {
  const { on, keys, full } = someKeys(run, single, by);
  const [tags, options] = single.tagged(run, by, callOptions(run.random, run.world.profile));
  const ops = full.map((key) => single.begin(run, by, 'getOrSet', { key, options, tags }));
  uses(run, ops);
  const loaders = new Map(keys.map((key, at) => [key, makeLoader(run, ops[at], key)]));
  const load = loaderOf(run, loaders);
  const call = () => on.getMany(keys, load, options);
  return conductAll({ run, single, keys, ops }, call, single.checkRead);
}

function setMany(single, run, by) {
  const { random, history, world } = run;
  const { on, keys, full } = someKeys(run, single, by);
  const [tags, options] = single.tagged(run, by, callOptions(random, world.profile));
  const ops = full.map((key) => single.begin(run, by, 'set', { key, options, tags }));
  for (const op of ops) {
    if (!random.chance(5)) op.origin = history.origin(someKind(random, world.profile), op.key, op);
    history.note(`#${op.n} value ${op.origin?.id}`);
  }
  writes(run, ops);
  uses(run, ops);
  const entries = keys.map((key, at) => [key, ops[at].origin?.value]);
  const call = () => on.setMany(entries, options);
  return conductAll({ run, single, keys, ops }, call, unchecked);
}

function hasMany(single, run, by) {
  const { on, keys, full } = someKeys(run, single, by);
  const ops = full.map((key) => single.begin(run, by, 'has', { key }));
  return conductAll({ run, single, keys, ops }, () => on.hasMany(keys), single.checkHas);
}

function deleteMany(single, run, by) {
  const { on, keys, full } = someKeys(run, single, by);
  const ops = full.map((key) => single.begin(run, by, 'delete', { key }));
  writes(run, ops);
  return conductAll({ run, single, keys, ops }, () => on.deleteMany(keys), unchecked);
}

/**
 * @param {object} single the parts of the verbs of one key: `begin`, `tagged`, `conduct`, `cacheOf`, and their checks
 */
export function manyVerbs(single) {
  const verbs = { getMany, loadMany, setMany, hasMany, deleteMany };
  return Object.fromEntries(Object.entries(verbs).map(([name, verb]) => [name, (run, by) => verb(single, run, by)]));
}
