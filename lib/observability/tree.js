'use strict';
// Keys as a tree by a delimiter, one level at a time.

const { isInspectableStore } = require('../inspectable.js');
const { bridge } = require('../raw.js');

const { raw } = bridge;

/** Children of a level that are shown when nothing is said, and at most. */
const CHILDREN = 200;
const MOST_CHILDREN = 5000;
/** Keys of a second layer that one request looks at when nothing is said, and at most. */
const BUDGET = 10_000;
const MOST_BUDGET = 50_000;
const PAGE = 1000;

/** A child of a prefix. @typedef {{ name: string, prefix: string, keys: number, bytes: null, isKey: boolean }} Node */

/**
 * @param {string | undefined} text
 * @param {number} otherwise
 * @param {number} most
 */
function numberOf(text, otherwise, most) {
  const number = Number.parseInt(text ?? '', 10);
  return number > 0 ? Math.min(number, most) : otherwise;
}

/**
 * `api/tree`.
 * @param {import('./explorer.js').Explorer} explorer
 * @param {Readonly<Record<string, string>>} params
 */
async function treeOf(explorer, { layer = 'l1', prefix = '', delimiter = ':', limit, budget, cursor }) {
  const children = numberOf(limit, CHILDREN, MOST_CHILDREN);
  if (layer !== 'l2' && explorer.hasTable) {
    // The count drains the journal, so that the layer knows the values that wait in JavaScript.
    await explorer.core.size();
    return { json: raw.obsTree(explorer.core.table.id, prefix, delimiter, children) };
  }
  const store = layer === 'l2' ? explorer.l2 : explorer.l1;
  if (!isInspectableStore(store)) return undefined;
  return treeOfStore(/** @type {Foreign} */ (store), {
    layer: layer === 'l2' ? 'l2' : 'l1',
    prefix,
    delimiter,
    children,
    budget: numberOf(budget, BUDGET, MOST_BUDGET),
    cursor,
  });
}

/**
 * @param {Foreign} store
 * @param {{ layer: string, prefix: string, delimiter: string, children: number, budget: number,
 *   cursor: string | undefined }} wanted
 */
async function treeOfStore(store, { layer, prefix, delimiter, children, budget, cursor }) {
  /** @type {Map<string, Node>} */
  const nodes = new Map();
  let [seen, keys, size] = [0, 0, 0];
  let next = cursor;
  do {
    const limit = Math.min(PAGE, budget - seen);
    const page = await store.inspect({ includeValues: false, limit, ...(next === undefined ? {} : { cursor: next }) });
    size = page.size;
    next = page.cursor;
    // An empty page is work, too: the search ends.
    seen += Math.max(page.keys.length, 1);
    for (const { key } of page.keys) if (addKey(nodes, key, prefix, delimiter)) keys++;
  } while (next !== undefined && seen < budget);
  const all = [...nodes.values()].sort((one, other) => other.keys - one.keys || (one.name < other.name ? -1 : 1));
  return {
    layer,
    prefix,
    delimiter,
    keys,
    bytes: null,
    seen: Math.min(seen, size),
    size,
    complete: next === undefined && cursor === undefined,
    ...(next === undefined ? {} : { cursor: next }),
    nodes: all.slice(0, children),
    more: Math.max(0, all.length - children),
  };
}

/**
 * @param {Map<string, Node>} nodes
 * @param {string} key
 * @param {string} prefix
 * @param {string} delimiter
 */
function addKey(nodes, key, prefix, delimiter) {
  if (!key.startsWith(prefix)) return false;
  const rest = key.slice(prefix.length);
  const end = delimiter === '' ? -1 : rest.indexOf(delimiter);
  const isKey = end < 0;
  const name = isKey ? rest : rest.slice(0, end);
  const id = `${isKey ? 'k' : 'f'}${name}`;
  const below = prefix + name + (isKey ? '' : delimiter);
  const known = nodes.get(id) ?? { name, prefix: below, keys: 0, bytes: null, isKey };
  known.keys++;
  nodes.set(id, known);
  return true;
}

module.exports = { treeOf };
