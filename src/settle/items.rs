//! Delivers the items of buses and connections to JavaScript, and applies the messages that wait for its thread.

use std::sync::{
    Arc,
    atomic::Ordering::{Relaxed, SeqCst},
};

use lazy_layers_drivers::bus::Received;
use lazy_layers_engine::{cache::Cache, observe::event::GapReason};

use crate::{
    contract::{BusItem, Coded},
    executor::{Executor, Polled},
    instance::Instance,
    memory::Slot,
    queue::{BusQueue, CacheEntry, CacheEvents, Handled, Item},
    reply::Reply,
    values::form_and_bytes,
};

/// The most messages of one cache that are applied to custom layers at a time.
const MOST_APPLYING: usize = 256;

/// Delivers one item. Its JavaScript values are released event by event.
pub(super) fn deliver(instance: &Instance, item: Item) {
    match item {
        Item::ForHandler(events) => {
            for (received, handled) in events.backlog.take() {
                let to = [events.bus, events.subscription];
                instance.env.js().scoped(|| hand_over(instance, BusItem::ToHandler, to, &received, handled));
            }
        }
        Item::ForCache(events) => apply_some(instance, &events),
        Item::Question(question) => question.ask(&instance.env, &instance.questions),
        Item::Session(step) => step.take(&instance.env, &instance.sessions),
        Item::Probe(seen) => seen.store(true, SeqCst),
        Item::Upkeep(work, done) => run(&instance.executor, async move {
            work.run().await;
            drop(done);
        }),
        Item::Notice { bus, kind, count, text } => instance.env.js().scoped(|| {
            let js = instance.env.js();
            #[expect(clippy::cast_precision_loss, reason = "counts fit 53 bits")]
            let count = js.number(count as f64);
            let [what, bus, kind] =
                [BusItem::Notice.number(), f64::from(bus), kind.number()].map(|number| js.number(number));
            js.call(instance.env.functions.hear, &[what, bus, kind, count, js.text(&text)]);
        }),
    }
}

/// Applies the queued events of a cache. The rest follows as soon as some have been applied.
fn apply_some(instance: &Instance, events: &Arc<CacheEvents>) {
    while events.applying.load(Relaxed) < MOST_APPLYING {
        // Read before the missed events, which were counted earlier.
        let blindness = events.seen.swap(0, SeqCst);
        let missed = events.missed.swap(0, SeqCst);
        if missed > 0 {
            apply(instance, events, async move |cache| cache.heal(GapReason::Sequence, missed).await, None);
        }
        if blindness > 0 {
            apply(instance, events, async move |cache| cache.see(blindness), None);
        }
        match events.backlog.pop() {
            None => return,
            Some(CacheEntry::Apply(message, handled)) => {
                apply(instance, events, async move |cache| cache.apply(*message).await, handled);
            }
            Some(CacheEntry::Heal(reason, missed)) => {
                apply(instance, events, async move |cache| cache.heal(reason, missed).await, None);
            }
            Some(CacheEntry::Changed(entries)) => {
                apply(instance, events, async move |cache| cache.changed(entries).await, None);
            }
            Some(CacheEntry::ChangedTags(tags)) => {
                apply(instance, events, async move |cache| cache.changed_tags(tags).await, None);
            }
            Some(CacheEntry::Unknown { is_news: true }) => {
                apply(instance, events, async move |cache| cache.missed_changes(None).await, None);
            }
            Some(CacheEntry::Unknown { is_news: false }) => {
                apply(instance, events, async move |cache| cache.hears_changes(None).await, None);
            }
            Some(CacheEntry::Sight(blindness)) => {
                apply(instance, events, async move |cache| cache.see(blindness), None);
            }
            Some(CacheEntry::Foreign(received, handled)) => {
                let to = [events.adapter, 0];
                instance.env.js().scoped(|| hand_over(instance, BusItem::ToCache, to, &received, handled));
            }
        }
    }
}

fn apply(
    instance: &Instance,
    events: &Arc<CacheEvents>,
    work: impl AsyncFnOnce(Cache<Slot>) + 'static,
    handled: Option<Handled>,
) {
    let (events, queue) = (Arc::clone(events), Arc::clone(&instance.bus_queue));
    events.applying.fetch_add(1, Relaxed);
    let applied = Applying { events, queue };
    run(&instance.executor, async move {
        work(applied.events.cache.clone()).await;
        drop(applied);
        if let Some(handled) = handled {
            let _ = handled.send(true);
        }
    });
}

/// An event that is being applied. Its end lets the next one start.
struct Applying {
    events: Arc<CacheEvents>,
    queue: Arc<BusQueue>,
}

impl Drop for Applying {
    fn drop(&mut self) {
        let before = self.events.applying.fetch_sub(1, Relaxed);
        if before == MOST_APPLYING && !self.events.backlog.is_empty() {
            self.queue.push(Item::ForCache(Arc::clone(&self.events)));
        }
    }
}

/// Runs work in the background.
fn run(executor: &Executor, work: impl Future<Output = ()> + 'static) {
    let (id, polled) = executor.start_for_nobody(|_| {
        Box::pin(async move {
            work.await;
            Reply::Nothing
        })
    });
    if matches!(polled, Polled::Over(..)) {
        executor.retire(id);
    }
}

/// Hands the bytes of an event to JavaScript.
fn hand_over(
    instance: &Instance,
    what: BusItem,
    to: [u32; 2],
    received: &Received,
    handled: Option<Handled>,
) {
    let js = instance.env.js();
    let [whose, subscription] = to.map(|number| js.number(f64::from(number)));
    let opened = instance.env.reader.open(received.payload.clone());
    let Ok(opened) = opened else {
        // Garbage is counted where it arrives; another delivery would not help.
        if let Some(handled) = handled {
            // The connection may have ended.
            let _ = handled.send(true);
        }
        return;
    };
    let delivery = instance.being_handled.number(handled);
    let (form, bytes) = form_and_bytes(opened.body);
    instance.env.send_shapes();
    let args = [
        js.number(what.number()),
        whose,
        subscription,
        js.number(delivery),
        js.number(form.number()),
        instance.env.hand_over(&bytes),
    ];
    js.call(instance.env.functions.hear, &args);
}
