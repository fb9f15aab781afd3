//! What caches do by themselves: waited for on the runtime, and done there, or on the thread of JavaScript where users'
//! objects take part.

use std::sync::Arc;

use lazy_layers_drivers::runtime;
use lazy_layers_engine::cache::Cache;

use crate::{
    memory::Slot,
    queue::{BusQueue, Item},
};

/// Has a cache do what it does by itself for as long as it lives. With `thread` it needs that of JavaScript.
pub(crate) fn start(cache: &Cache<Slot>, thread: Option<Arc<BusQueue>>) {
    let Ok(runtime) = runtime::handle() else { return };
    let mut upkeep = cache.upkeep();
    runtime.spawn(async move {
        while let Some(work) = upkeep.due().await {
            match &thread {
                Some(queue) => queue.push(Item::Upkeep(work)),
                None => work.run().await,
            }
        }
    });
}
