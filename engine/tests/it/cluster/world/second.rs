//! The second layers of the instances: none, one for each, or one for all.

use std::sync::Arc;

use lazy_layers_engine::{
    clock::Clock,
    entry::key::Key,
    options::CacheOptions,
    testing::{FakeStore, Point},
};

use super::{Kind, Number, World};
use crate::{cluster::random::Random, setup::SECOND, setup::ttl};

/// Those of a second layer.
const OPERATIONS: [&str; 9] = [
    "get",
    "set",
    "delete",
    "deleteByPattern",
    "acquireLock",
    "releaseLock",
    "counts",
    "begin",
    "invalidateTags",
];

#[derive(Default)]
pub(super) enum Second {
    #[default]
    Off,
    /// Each instance has its own.
    Own,
    /// All instances have one, which orders loads against invalidations.
    Shared { first: Box<FakeStore<Number>>, locks: bool, versions: bool, fails: bool },
}

impl Second {
    pub(super) fn any(kind: Kind, random: &mut Random) -> Second {
        match random.below(4) {
            // A gap leaves a second layer as it is: values whose deletes were missed stay, unless another deletes them.
            0 if kind != Kind::Lossy => Second::Own,
            1 => {
                let first =
                    Box::new(FakeStore::new(Clock::new()).with_locks().shared().marking().counting_tags());
                let [locks, fails] = [random.one_in(2), random.one_in(2)];
                Second::Shared { first, locks, versions: random.one_in(3), fails }
            }
            _ => Second::Off,
        }
    }

    pub(super) fn is_off(&self) -> bool {
        matches!(self, Second::Off)
    }

    /// Whether values may have tags: not where each instance has a layer of its own, which counts none.
    pub(super) fn may_have_tags(&self) -> bool {
        !matches!(self, Second::Own)
    }

    /// Whether the ways to it may be cut.
    pub(super) fn fails(&self) -> bool {
        matches!(self, Second::Shared { fails: true, .. })
    }

    pub(super) fn configure(&self, options: &mut CacheOptions) {
        let Second::Shared { locks, versions, .. } = self else { return };
        options.settings.lock.enabled = *locks;
        options.settings.lock.ttl = ttl(20 * SECOND);
        options.versioning = *versions;
    }

    /// The way of a new instance to its second layer.
    pub(super) fn store(&self, clock: &Clock) -> Option<Arc<FakeStore<Number>>> {
        match self {
            Second::Off => None,
            Second::Own => Some(Arc::new(FakeStore::new(clock.clone()))),
            Second::Shared { first, .. } => Some(Arc::new(first.another())),
        }
    }

    /// The entry of a key.
    pub(super) fn entry(&self, name: &str) -> Key {
        match self {
            Second::Shared { versions: true, .. } => Key::from(format!("{name}::v0").as_str()),
            _ => Key::from(name),
        }
    }
}

impl World {
    pub(super) fn hold(&mut self, at: usize) {
        let Some(store) = &self.instances[at].store else { return };
        let operations = ["get", "set", "delete", "deleteByPattern", "counts", "begin", "invalidateTags"];
        let operation = self.random.of(&operations[..if self.tagged { 7 } else { 4 }]);
        let point = if self.random.one_in(2) { Point::Before } else { Point::After };
        store.gates.hold(operation, point);
    }

    /// Cuts the way to the second layer, or mends it.
    pub(super) fn cut_store(&mut self, at: usize) {
        let instance = &mut self.instances[at];
        let Some(store) = &instance.store else { return };
        if instance.away {
            store.come_back();
        } else {
            OPERATIONS.iter().for_each(|operation| store.fail(operation));
            instance.may_owe = true;
        }
        instance.away = !instance.away;
        let away = instance.away;
        self.tell(|| format!("i{at}: the way to its second layer is {}", if away { "cut" } else { "open" }));
    }

    pub(super) fn let_go(&mut self, at: usize) {
        let Some(store) = &self.instances[at].store else { return };
        let waiting = store.gates.waiting();
        if waiting.is_empty() || self.random.one_in(3) {
            store.gates.open_all();
        } else {
            store.gates.let_go(waiting[self.random.below(waiting.len())].id);
        }
        self.instances[at].cache.settle();
    }
}
