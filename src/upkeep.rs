//! Background work of caches. The runtime waits for it and does it there, or on the thread of JavaScript if users'
//! objects take part.

use std::sync::Arc;

use lazy_layers_drivers::runtime;
use lazy_layers_engine::cache::Cache;
use tokio::sync::oneshot;

use crate::{
    memory::Slot,
    queue::{BusQueue, Item},
};

/// Runs the background work of a cache for as long as it lives; on the thread of JavaScript if `thread` is given.
pub(crate) fn start(cache: &Cache<Slot>, thread: Option<Arc<BusQueue>>) {
    let Ok(runtime) = runtime::handle() else { return };
    let mut upkeep = cache.upkeep();
    runtime.spawn(async move {
        while let Some(work) = upkeep.due().await {
            match &thread {
                // There is more to do until it is done: to look again earlier would find the same work.
                Some(queue) => {
                    let (done, ended) = oneshot::channel();
                    queue.push(Item::Upkeep(work, done));
                    drop(ended.await);
                }
                None => work.run().await,
            }
        }
    });
}
