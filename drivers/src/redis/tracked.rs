//! The store of a cache whose server tells it of changes. It has connections of its own, as the server does not tell a
//! connection of its own changes: another cache on the same connection would not hear of them.

use std::sync::Arc;

use super::{
    names::Names,
    store::{Payloads, RedisStore, StoreState},
    tracking::{Listener, Tracking},
};

impl<P: Payloads> RedisStore<P> {
    /// Whether its options ask for tracking.
    #[must_use]
    pub fn tracks(&self) -> bool {
        self.shared.options.tracking
    }

    /// The same store over connections of its own, which are tracked. It follows this one: it is closed, opened again
    /// and renewed with it.
    #[must_use]
    pub fn tracked(&self) -> RedisStore<P> {
        let StoreState { runtime, address, options, payloads, supervised, names, .. } = &*self.shared;
        let tracking = Arc::new(Tracking::new(Names::new(options, names.is_clustered())));
        let access = supervised.access.tracking(Some(tracking));
        let (address, payloads) = (address.clone(), Arc::clone(payloads));
        let store = RedisStore::connected(runtime.clone(), address, options.clone(), payloads, access);
        let mut tracked = self.shared.tracked.lock();
        tracked.retain(|other| other.strong_count() > 0);
        tracked.push(Arc::downgrade(&store.shared));
        store
    }

    /// Tells of changes from here on; with `None` no longer.
    pub fn tell_changes_to(&self, listener: Option<Listener>) {
        if let Some(tracking) = &self.shared.supervised.access.tracking {
            tracking.tell_to(listener);
        }
    }

    pub(super) fn each_tracked(&self, act: fn(&RedisStore<P>)) {
        let tracked: Vec<_> =
            self.shared.tracked.lock().iter().filter_map(std::sync::Weak::upgrade).collect();
        for shared in tracked {
            act(&RedisStore { shared });
        }
    }
}

impl<P> StoreState<P> {
    /// The name under which a script writes an entry that gets its own name by `RENAME`: where changes by scripts
    /// would be told to this store as those of others.
    pub(super) fn stash(&self, entry: &[u8]) -> Option<Vec<u8>> {
        self.supervised.access.tracking.as_ref()?;
        Some(self.names.stash(entry))
    }
}
