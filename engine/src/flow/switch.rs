//! Layers whose reads are off, watched evictions, and entries of an earlier run.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU8, Ordering::Relaxed},
};

use parking_lot::Mutex;

use crate::{
    bounded::Left,
    clock::{Time, Ttl},
    entry::{key::Key, tags::Tags},
    flow::{layers::unversioned, state::CacheState},
    l1::{Filled, Layer1, Life, Origin, Watcher},
    observe::{Event, Kind, Levels, Observe},
    options::refresh::Lifespan,
    value::Value,
};

/// The layers that are not read, and the watcher of evictions.
#[derive(Default)]
pub(crate) struct Switches {
    skipped: AtomicU8,
    watcher: Mutex<Option<Arc<dyn Watcher>>>,
}

impl Switches {
    const L1: u8 = 1;
    const L2: u8 = 2;

    /// Whether reads pass over the first layer, and over the absences remembered beside it.
    pub(crate) fn skips_l1(&self) -> bool {
        self.skipped.load(Relaxed) & Switches::L1 != 0
    }

    /// Whether reads pass over the second layer.
    pub(crate) fn skips_l2(&self) -> bool {
        self.skipped.load(Relaxed) & Switches::L2 != 0
    }
}

/// Tells the evictions of the memory layer as events of a cache.
struct Evictions<V> {
    observe: Weak<Observe<V>>,
    is_versioned: bool,
}

impl<V: Value> Watcher for Evictions<V> {
    fn left(&self, stored: &Key, reason: Left) {
        let Some(observe) = self.observe.upgrade() else { return };
        let key = || {
            if self.is_versioned { Key::from_wtf8(unversioned(stored.as_bytes())) } else { stored.clone() }
        };
        observe.emit(Kind::Evict, || Event::Evict { key: key(), reason });
    }
}

impl<V: Value> CacheState<V> {
    /// Turns the reads of these layers off, and those of the others on.
    pub(crate) fn skip(&self, layers: Levels) {
        self.switches.skipped.store(layers.bits(), Relaxed);
    }

    /// Begins or ends to tell which entries leave the memory layer.
    pub(crate) fn watch_evictions(&self, is_on: bool) {
        let Layer1::Memory(memory) = &self.l1 else { return };
        let mut watcher = self.switches.watcher.lock();
        if watcher.is_some() == is_on {
            return;
        }
        let was = watcher.take();
        *watcher = is_on.then(|| {
            let (observe, is_versioned) = (Arc::downgrade(&self.observe), self.options.versioning);
            Arc::new(Evictions { observe, is_versioned }) as Arc<dyn Watcher>
        });
        if let Some(watcher) = watcher.as_ref().or(was.as_ref()) {
            memory.watch(watcher, is_on);
        }
    }

    /// Takes back an entry of an earlier run, with its remaining life. Its age is unknown, and a value that is here is
    /// newer.
    pub(crate) fn restore(&self, key: &Key, value: V, left: Ttl, tags: Option<&Tags>) -> bool {
        let Layer1::Memory(memory) = &self.l1 else { return false };
        let (now, settings) = (self.now(), &self.options.settings);
        let (stamp, expires) = (Time::ZERO, now.after(self.outage.cap(left.at_most(settings.l1_ttl))));
        let life = Life {
            stamp,
            expires,
            asks: self.asks(Lifespan { stamp, expires, cost: None }),
            lease: settings.mirror_lease(),
            origin: Origin::SharedLayer,
            tags,
        };
        let ticket = self.fence.ticket(key, now);
        memory.fill(&self.stored_key(key), value, life, &ticket, now) == Filled::Stored
    }
}
