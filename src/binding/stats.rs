//! The statistics of caches.

use std::{rc::Rc, sync::atomic::AtomicU64};

use super::arguments::Array;
use crate::{
    contract::stats::COUNT,
    instance::{Instance, NativeCache},
    raw::{call::Fault, js::JsValue, memory::Shared},
    stats::{self, CacheStats},
};

/// Writes the statistics of a cache.
pub(crate) fn stats(
    instance: Rc<Instance>,
    cache: Rc<NativeCache>,
    numbers: Array<AtomicU64>,
) -> Result<(), Fault> {
    write(&instance, &cache.stats, &numbers.memory);
    Ok(())
}

/// Other caches use the memory layer of a cache, so that JavaScript counts its hits and sets.
pub(crate) fn share_mirror(cache: Rc<NativeCache>, was_alone: bool) -> Result<(), Fault> {
    cache.stats.share_mirror(was_alone);
    Ok(())
}

/// Calls `visit(name, environment)` for each cache of the process, with its numbers written.
pub(crate) fn process_stats(
    instance: Rc<Instance>,
    numbers: Array<AtomicU64>,
    visit: JsValue,
) -> Result<(), Fault> {
    let js = instance.env.js();
    for stats in stats::all() {
        write(&instance, &stats, &numbers.memory);
        js.call_value(visit, &[js.text(&stats.name), js.number(f64::from(stats.environment))]);
    }
    Ok(())
}

/// Calls `visit(name)` for each name of caches, also of those that have ended, with the totals written.
pub(crate) fn process_totals(
    instance: Rc<Instance>,
    numbers: Array<AtomicU64>,
    visit: JsValue,
) -> Result<(), Fault> {
    let js = instance.env.js();
    for (name, total) in stats::totals(instance.env.number) {
        store(total.numbers, &numbers.memory);
        js.call_value(visit, &[js.text(&name)]);
    }
    Ok(())
}

fn write(instance: &Instance, stats: &CacheStats, into: &Shared<AtomicU64>) {
    store(stats.read(instance.env.number), into);
}

fn store(numbers: [f64; COUNT], into: &Shared<AtomicU64>) {
    for (at, number) in numbers.into_iter().enumerate() {
        into.store(at, number);
    }
}
