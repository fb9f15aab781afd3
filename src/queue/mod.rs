//! Items of event buses, sessions ([`step`]) and connections for JavaScript: queued where they happen, delivered on
//! the environment's thread.

pub(crate) mod step;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
};

use lazy_layers_drivers::bus::{BusFault, BusOwner, Received};
use lazy_layers_engine::{
    bus::Message,
    cache::{Cache, Work},
    entry::key::Key,
    observe::event::GapReason,
};
use parking_lot::Mutex;
use slab::Slab;
use tokio::sync::oneshot;

use self::step::Step;
use crate::{backlog::Backlog, contract::Notice, memory::Slot, questions::Question, ready::Ready};

/// The most changes of a bus between up and down that wait to be told.
const MOST_STATUSES: usize = 16;

/// Tells that an event was handled, or was not.
pub(crate) type Handled = oneshot::Sender<bool>;

/// A queued item.
pub(crate) enum Item {
    /// A handler of a user has events.
    ForHandler(Arc<HandlerEvents>),
    /// A cache has events that need this thread: its layers are users' objects, or only JavaScript can read the
    /// events.
    ForCache(Arc<CacheEvents>),
    /// Background work of a cache that needs this thread; the sender goes when it has ended.
    Upkeep(Work<Slot>, oneshot::Sender<()>),
    /// A question for the owner of a connection.
    Question(Question),
    /// A step in a session with a broker.
    Session(Step),
    /// A flag to set when this thread comes to it.
    Probe(Arc<AtomicBool>),
    /// A notice for the owner of a bus.
    Notice { bus: u32, kind: Notice, count: u64, text: String },
}

/// Events for a handler, which its bus and the number of its subscription identify.
pub(crate) struct HandlerEvents {
    pub(crate) bus: u32,
    pub(crate) subscription: u32,
    pub(crate) backlog: Backlog<(Arc<Received>, Option<Handled>)>,
}

/// An entry in the queue of a cache.
pub(crate) enum CacheEntry {
    /// A message to apply.
    Apply(Box<Message<Slot>>, Option<Handled>),
    /// A message that only JavaScript can read.
    Foreign(Arc<Received>, Option<Handled>),
    /// Events were missed; their number if it is known.
    Heal(GapReason, u64),
    /// Others have changed these entries of the second layer.
    Changed(Vec<Key>),
    /// Others have changed the counters of these tags in the second layer.
    ChangedTags(Vec<Key>),
    /// Changes of the second layer may have been missed, or were not told before now.
    Unknown { is_news: bool },
    /// The events that were missed in the blindness of that number have arrived.
    Sight(u64),
}

/// Events for a cache.
pub(crate) struct CacheEvents {
    pub(crate) cache: Cache<Slot>,
    pub(crate) adapter: u32,
    pub(crate) backlog: Backlog<CacheEntry>,
    /// Events that made room since the cache was last told so.
    pub(crate) missed: AtomicU64,
    /// The last blindness whose end was dropped to make room: it is over once the missed events are made up
    /// for.
    pub(crate) seen: AtomicU64,
    /// How many events are being applied: users' layers may take their time.
    pub(crate) applying: AtomicUsize,
}

impl CacheEvents {
    pub(crate) fn new(cache: Cache<Slot>, adapter: u32, backlog: Backlog<CacheEntry>) -> CacheEvents {
        let (missed, seen, applying) = (AtomicU64::new(0), AtomicU64::new(0), AtomicUsize::new(0));
        CacheEvents { cache, adapter, backlog, missed, seen, applying }
    }

    /// Notes the entries that made room. Returns whether the cache has not been told of others before.
    pub(crate) fn drop_entries(&self, dropped: &[CacheEntry]) -> bool {
        let missed = dropped.iter().map(|entry| match entry {
            CacheEntry::Heal(_, missed) => (*missed).max(1),
            CacheEntry::Sight(_) => 0,
            _ => 1,
        });
        let missed: u64 = missed.sum();
        let mut is_news = self.missed.fetch_add(missed, SeqCst) == 0 && missed > 0;
        for entry in dropped {
            if let CacheEntry::Sight(blindness) = entry {
                is_news |= self.seen.fetch_max(*blindness, SeqCst) == 0;
            }
        }
        is_news
    }
}

impl Notice {
    /// Whether the notice is a status of the bus.
    fn is_status(self) -> bool {
        matches!(self, Notice::Up | Notice::Down)
    }
}

/// The queued items.
pub(crate) struct BusQueue {
    /// None from the end of the environment on.
    items: Mutex<Option<Vec<Item>>>,
    ready: Arc<Ready>,
}

impl BusQueue {
    pub(crate) fn new(ready: Arc<Ready>) -> BusQueue {
        BusQueue { items: Mutex::new(Some(Vec::new())), ready }
    }

    pub(crate) fn push(&self, item: Item) {
        let refused = match &mut *self.items.lock() {
            Some(items) => {
                items.push(item);
                None
            }
            None => Some(item),
        };
        // Not under the lock: dropping an item may push another one.
        if refused.is_none() {
            self.ready.call_thread();
        }
    }

    /// Adds a notice for the owner of a bus. A notice that follows one of its kind is counted with it.
    pub(crate) fn notify_owner(&self, bus: u32, kind: Notice, count: u64, text: String) {
        let mut queued = self.items.lock();
        let Some(items) = &mut *queued else { return };
        let same = items.iter_mut().rev().find_map(|item| match item {
            Item::Notice { bus: whose, kind: of, count, text } if (*whose, *of) == (bus, kind) => {
                Some((count, text))
            }
            _ => None,
        });
        match same {
            Some((counted, last)) if !kind.is_status() => (*counted, *last) = (*counted + count, text),
            // Up and down, in their order: only the last few are news.
            _ => {
                let is_status = |item: &Item| match item {
                    Item::Notice { bus: whose, kind, .. } => *whose == bus && kind.is_status(),
                    _ => false,
                };
                if kind.is_status() && items.iter().filter(|item| is_status(item)).count() >= MOST_STATUSES {
                    let oldest = items.iter().position(is_status);
                    drop(oldest.map(|at| items.remove(at)));
                }
                items.push(Item::Notice { bus, kind, count, text });
            }
        }
        drop(queued);
        self.ready.call_thread();
    }

    pub(crate) fn take(&self) -> Vec<Item> {
        self.items.lock().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The environment ends: what is queued, and what others add from here on, is dropped.
    pub(crate) fn close(&self) {
        let queued = self.items.lock().take();
        drop(queued);
    }
}

/// Queues the notices for the owner of a bus.
pub(crate) struct OwnerNotices {
    pub(crate) bus: u32,
    pub(crate) queue: Arc<BusQueue>,
}

impl BusOwner for OwnerNotices {
    fn status(&self, down: Option<&BusFault>) {
        match down {
            None => self.queue.notify_owner(self.bus, Notice::Up, 0, String::new()),
            Some(fault) => self.queue.notify_owner(self.bus, Notice::Down, 0, fault.message.clone()),
        }
    }

    fn dropped(&self, events: u64) {
        if events > 0 {
            self.queue.notify_owner(self.bus, Notice::Unsent, events, String::new());
        }
    }

    fn refused(&self, fault: &BusFault) {
        self.queue.notify_owner(self.bus, Notice::Refused, 1, fault.message.clone());
    }
}

/// Events that JavaScript is handling, by number.
#[derive(Default)]
pub(crate) struct BeingHandled(std::cell::RefCell<Slab<Handled>>);

impl BeingHandled {
    /// Takes the outcome of an event that JavaScript handled.
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

    /// The number of an event that is handed over; -1 if its outcome is not waited for.
    #[expect(clippy::cast_precision_loss, reason = "deliveries are counted in a slab")]
    pub(crate) fn number(&self, handled: Option<Handled>) -> f64 {
        handled.map_or(-1.0, |handled| self.0.borrow_mut().insert(handled) as f64)
    }
}
