//! Explains one key: its entry in memory, its stale copy and its absence mark. Changes nothing, not even recency.

use std::time::Duration;

use crate::{
    clock::{Time, Ttl},
    entry::key::Key,
    flow::state::CacheState,
    l1::{Layer1, Peeked},
    value::Value,
};

/// The state of a key in memory.
#[derive(Debug)]
pub struct Explained<V> {
    /// The key under which the first layer has the value.
    pub stored: Key,
    /// The key under which the second layer has it.
    pub second: Key,
    /// Its live entry in the memory layer.
    pub entry: Option<Looked<V>>,
    /// The copy for when a load fails.
    pub stale: Option<Looked<V>>,
    /// For how long it is known that a loader found nothing; `None` when it is not.
    pub absent: Option<Duration>,
}

/// A value that is there.
#[derive(Debug)]
pub struct Looked<V> {
    /// The value.
    pub value: V,
    /// How long ago its load or read began, or it was stored; of a stale copy, how long ago it was still good.
    pub age: Duration,
    /// For how long it is there; `None` without an end.
    pub left: Option<Duration>,
    /// Whether it was taken over from the second layer, where it may have been for long.
    pub is_taken_over: bool,
}

impl<V> Looked<V> {
    /// For how long it is there.
    #[must_use]
    pub fn lifetime_left(&self) -> Ttl {
        let micros = |left: Duration| u64::try_from(left.as_micros()).unwrap_or(u64::MAX);
        self.left.map_or(Ttl::FOREVER, |left| Ttl(micros(left)))
    }
}

impl<V: Value> CacheState<V> {
    pub(crate) fn explain(&self, key: &Key) -> Explained<V> {
        let now = self.now();
        let mut stored = self.stored_key(key).into_owned();
        let looked = |peeked| self.looked(peeked, now);
        let entry = match &self.l1 {
            Layer1::Memory(memory) => memory.look(&stored, now).or_else(|| {
                // A listing names it by its stored key, with its version.
                let found = memory.look(key, now)?;
                stored = key.clone();
                Some(found)
            }),
            Layer1::Custom(_) | Layer1::Off => None,
        };
        let absent = self.kept.negatives.until(key, now);
        Explained {
            stored,
            second: self.entry_of(key).into_owned(),
            entry: entry.map(looked),
            stale: self.kept.stale.look(key, now).map(looked),
            absent: absent.map(|until| until.since(now)),
        }
    }

    /// A value that is there, by its times.
    pub(crate) fn looked(&self, peeked: Peeked<V>, now: Time) -> Looked<V> {
        let written = if peeked.is_dated || peeked.expires == Time::NEVER {
            peeked.stamp
        } else {
            // A value that a mirror writes has the lifetime of the cache.
            let lifetime = self.options.settings.l1_ttl;
            Time(peeked.expires.0.saturating_sub(lifetime.0)).min(peeked.stamp)
        };
        Looked {
            age: now.since(written),
            value: peeked.value,
            left: (peeked.expires != Time::NEVER).then(|| peeked.expires.since(now)),
            is_taken_over: peeked.is_taken_over,
        }
    }
}
