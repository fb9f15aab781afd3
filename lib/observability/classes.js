'use strict';
// The collector and the inspector for users. What they do is loaded with their first use.

const { hide } = require('../hidden.js');
const { lazy } = require('../lazy.js');

const collecting = lazy(() => require('./collector.js'));
const inspecting = lazy(() => require('./inspector.js'));

/** The collector behind one of users. */
const COLLECTOR = Symbol('collector');

class ObservabilityCollector {
  /** @param {number} maxEvents how many events are kept, at least one */
  constructor(maxEvents) {
    const collector = new (collecting().Collector)(maxEvents);
    hide(this, COLLECTOR, collector);
    this.handle = collector.handle;
  }

  /** @param {(event: import('../../types/dashboard.js').RecordedEvent) => void} listener */
  subscribe(listener) {
    return collectorOf(this).subscribe(listener);
  }

  recentEvents() {
    return collectorOf(this).recentEvents();
  }

  overview() {
    return collectorOf(this).overview();
  }
}

/** @param {Foreign} owner @returns {import('./collector.js').Collector} */
const collectorOf = (owner) => owner[COLLECTOR];

class ObservabilityInspector {
  /** @param {import('../../types/dashboard.js').InspectorDeps} deps */
  constructor(deps) {
    this.deps = deps;
  }

  /** @param {Given} [options] */
  inspectL1(options) {
    return inspecting().inspect(this.deps.l1, options, this.deps.maxValueBytes);
  }

  /** @param {Given} [options] */
  inspectL2(options) {
    return inspecting().inspect(this.deps.l2, options, this.deps.maxValueBytes);
  }

  sizes() {
    return inspecting().sizesOf(this.deps);
  }

  config() {
    return inspecting().configOf(this.deps);
  }
}

module.exports = { ObservabilityCollector, ObservabilityInspector };
