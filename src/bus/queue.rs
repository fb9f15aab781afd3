//! What buses have for JavaScript: queued where it happens, told on the environment's thread.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use lazy_layers_drivers::bus::{BusFault, Received, Told};
use lazy_layers_engine::{bus::Message, cache::Cache, observe::event::GapReason};
use parking_lot::Mutex;
use slab::Slab;
use tokio::sync::oneshot;

use crate::{
    executor::{Executor, Polled, Ready},
    instance::Instance,
    reply::Reply,
    slots::Slot,
    values::parts,
};

/// Tells that an event was handled, or was not.
pub(crate) type Handled = oneshot::Sender<bool>;

/// Something that waits.
pub(crate) enum Item {
    /// An event for a handler of the user's, with the number of the subscription.
    Heard { bus: u32, subscription: u32, received: Arc<Received>, handled: Option<Handled>, waiting: Waiting },
    /// A message for a cache whose layers are users' objects.
    Apply { cache: Cache<Slot>, message: Message<Slot>, handled: Option<Handled>, waiting: Waiting },
    /// Events were missed by such a cache: so many, and those that did not find room until this is told.
    Heal { cache: Cache<Slot>, reason: GapReason, missed: u64, without_room: Arc<AtomicU64> },
    /// A message that only JavaScript can read, for a cache.
    Foreign { adapter: u32, received: Arc<Received>, handled: Option<Handled>, waiting: Waiting },
    /// Something for the owner of a bus: 0 it is up, 1 it is down, 2 events were dropped, 3 an event was refused.
    Note { bus: u32, kind: u8, count: u64, text: String },
}

/// Counts what waits of one subscription.
pub(crate) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    /// One more, unless there are `most`.
    pub(crate) fn within(count: &Arc<AtomicUsize>, most: usize) -> Option<Waiting> {
        if count.fetch_add(1, Relaxed) < most {
            return Some(Waiting(Arc::clone(count)));
        }
        count.fetch_sub(1, Relaxed);
        None
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// What waits.
pub(crate) struct BusQueue {
    items: Mutex<Vec<Item>>,
    ready: Arc<Ready>,
}

impl BusQueue {
    pub(crate) fn new(ready: Arc<Ready>) -> BusQueue {
        BusQueue { items: Mutex::default(), ready }
    }

    pub(crate) fn push(&self, item: Item) {
        self.items.lock().push(item);
        self.ready.call_thread();
    }

    pub(crate) fn take(&self) -> Vec<Item> {
        std::mem::take(&mut *self.items.lock())
    }
}

/// Hears what the owner of a bus should know.
pub(crate) struct Notes {
    pub(crate) bus: u32,
    pub(crate) queue: Arc<BusQueue>,
}

impl Notes {
    fn note(&self, kind: u8, count: u64, text: String) {
        self.queue.push(Item::Note { bus: self.bus, kind, count, text });
    }
}

impl Told for Notes {
    fn status(&self, down: Option<&BusFault>) {
        match down {
            None => self.note(0, 0, String::new()),
            Some(fault) => self.note(1, 0, fault.message.clone()),
        }
    }

    fn dropped(&self, events: u64) {
        if events > 0 {
            self.note(2, events, String::new());
        }
    }

    fn refused(&self, fault: &BusFault) {
        self.note(3, 1, fault.message.clone());
    }
}

/// Events that JavaScript is handling, by number.
#[derive(Default)]
pub(crate) struct BeingHandled(std::cell::RefCell<Slab<Handled>>);

impl BeingHandled {
    /// JavaScript tells what came of an event.
    pub(crate) fn report(&self, delivery: usize, handled: bool) {
        let sender = self.0.borrow_mut().try_remove(delivery);
        if let Some(sender) = sender {
            // The connection may have ended: then the broker delivers it again.
            let _ = sender.send(handled);
        }
    }

    pub(crate) fn clear(&self) {
        drop(std::mem::take(&mut *self.0.borrow_mut()));
    }

    #[expect(clippy::cast_precision_loss, reason = "deliveries are counted in a slab")]
    fn number(&self, handled: Option<Handled>) -> f64 {
        handled.map_or(-1.0, |handled| self.0.borrow_mut().insert(handled) as f64)
    }
}

/// Tells one item.
pub(crate) fn tell(instance: &Instance, item: Item) {
    match item {
        Item::Heard { bus, subscription, received, handled, waiting } => {
            drop(waiting);
            hand_over(instance, [0, bus, subscription], &received, handled);
        }
        Item::Foreign { adapter, received, handled, waiting } => {
            drop(waiting);
            hand_over(instance, [1, adapter, 0], &received, handled);
        }
        Item::Note { bus, kind, count, text } => {
            let js = instance.js();
            #[expect(clippy::cast_precision_loss, reason = "counts fit 53 bits")]
            let count = js.number(count as f64);
            let [what, bus, kind] = [2, bus, u32::from(kind)].map(|number| js.number(f64::from(number)));
            js.call(instance.functions.hear, &[what, bus, kind, count, js.text(&text)]);
        }
        Item::Apply { cache, message, handled, waiting } => {
            drop(waiting);
            run(&instance.executor, async move {
                cache.apply(message).await;
                if let Some(handled) = handled {
                    let _ = handled.send(true);
                }
            });
        }
        Item::Heal { cache, reason, missed, without_room } => {
            let missed = missed + without_room.swap(0, Relaxed);
            run(&instance.executor, async move { cache.heal(reason, missed).await });
        }
    }
}

/// Runs something that nobody waits for.
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

/// Gives the bytes of an event to JavaScript.
fn hand_over(instance: &Instance, to: [u32; 3], received: &Received, handled: Option<Handled>) {
    let js = instance.js();
    let delivery = instance.being_handled.number(handled);
    let [what, whose, subscription] = to.map(|number| js.number(f64::from(number)));
    let opened = instance.reader.open(received.payload.clone());
    let Ok(opened) = opened else {
        // Garbage is counted where it arrives; no other delivery makes it better.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "of a slab, or -1")]
        instance.being_handled.report(delivery as usize, true);
        return;
    };
    let (form, bytes) = parts(opened.body);
    instance.tell_shapes();
    let args = [
        what,
        whose,
        subscription,
        js.number(delivery),
        js.number(f64::from(form as u8)),
        instance.hand_over(&bytes),
    ];
    js.call(instance.functions.hear, &args);
}
