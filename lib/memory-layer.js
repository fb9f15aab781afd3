'use strict';
// Memory layers: of caches, and of stores by themselves.

const { Adapter } = require('./adapter.js');
const { Core } = require('./core.js');
const { SilentEmitter } = require('./emitter.js');
const { lazy } = require('./lazy.js');
const { Logger } = require('./logger.js');
const { readLayerOptions } = require('./options/read.js');
const { readValues } = require('./options/values.js');
const { overriddenBy } = require('./overridden.js');
const { SlotTable } = require('./memory/slots.js');

const watched = lazy(() => require('./memory/watched-table.js'));
const unknown = lazy(() => require('./options/unknown-of-calls.js').known);
const copying = lazy(() => require('./copying-core.js'));

/**
 * The table of a memory layer with these options.
 * @param {import('./options/read.js').OptionRecord} record
 * @param {Given} options
 */
function tableOf(record, options) {
  const { sharing, findsMutations } = readValues(options);
  return findsMutations ? new (watched().WatchedTable)(record, sharing) : new SlotTable(record, sharing);
}

/**
 * The class of the cores of caches over a table.
 * @param {SlotTable} table
 */
const coreOver = (table) => (table.sharing === 'copy' ? copying().CopyingCore : Core);

/**
 * The core of a `MemoryStore`.
 * @param {object} store
 * @param {Foreign} original its methods, unless a subclass overrides them
 * @param {Given} options
 */
function storeCore(store, original, options) {
  const record = readLayerOptions(options);
  const table = tableOf(record, options);
  const logger = new Logger();
  unknown().ofLayers.tell(logger, options);
  const core = new (coreOver(table))({
    record,
    table,
    adapter: new Adapter({ emitter: new SilentEmitter(logger, []) }),
    flags: 0,
    ownsTable: true,
  });
  core.overridden = overriddenBy(store, original);
  return core;
}

module.exports = { coreOver, storeCore, tableOf };
