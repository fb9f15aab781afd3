//! Until when mirrors may answer entries that are loaded anew before they expire.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::Mutex;

use super::{
    flags::EntryFlags,
    memory::{Memory, MemoryEntry, State},
    types::Life,
};
use crate::{
    clock::Time, coherence::fence::Ticket, entry::key::Key, options::refresh::Refresh, value::Value,
};

/// The refreshes of the caches on a layer.
#[derive(Default)]
pub(super) struct Refreshes {
    /// Callers skip the lock while there are none.
    are_any: AtomicBool,
    earliest: Mutex<Refresh>,
}

impl<V: Value> Memory<V> {
    /// A cache joins the layer. Mirrors have to ask from when one of the caches may refresh an entry.
    pub fn refreshes_by(&self, refresh: Refresh) {
        if refresh.is_on() {
            let mut held = self.refreshes.earliest.lock();
            *held = held.earliest(refresh);
            self.refreshes.are_any.store(true, Relaxed);
            drop(held);
            self.hide();
        }
    }

    /// When one of its caches refreshes an entry, if any does.
    #[must_use]
    pub fn refresh(&self) -> Option<Refresh> {
        self.refreshes.are_any.load(Relaxed).then(|| *self.refreshes.earliest.lock())
    }

    /// Lets mirrors answer a live entry until then, if its lease allows it.
    pub fn answer_until(&self, key: &Key, until: Time, now: Time) {
        let mut guard = self.lock();
        let State { entries, mirrors, .. } = &mut *guard;
        if let Some((node, entry)) = entries.peek(key.as_bytes(), now) {
            let until = until.min(entry.expires).min(EntryFlags(entry.flags).lease_end(now));
            mirrors.publish(&entry.value.value, node, until);
        }
    }

    /// The second layer, a private one, does not have the value of this entry.
    pub fn set_alone(&self, key: &Key) {
        let mut guard = self.lock();
        let entries = &mut guard.entries;
        let held = entries.peek(key.as_bytes(), Time::ZERO);
        if let Some((node, flags)) = held.map(|(node, entry)| (node, EntryFlags(entry.flags))) {
            entries.set_flags(node, flags.alone().0);
        }
    }

    /// Whether that is known of a live entry.
    pub fn is_alone(&self, key: &Key, now: Time) -> bool {
        self.lock()
            .entries
            .peek(key.as_bytes(), now)
            .is_some_and(|(_, entry)| EntryFlags(entry.flags).is_alone())
    }

    /// Lets a live entry live on until then, with the value that a second layer has for it, which tells no times: it
    /// counts as old as the one before. Returns false if something came first, also after the ticket.
    pub fn prolong(&self, key: &Key, value: V, expires: Time, ticket: &Ticket, now: Time) -> bool {
        let mut guard = self.lock();
        let State { entries, mirrors, tags, removals, .. } = &mut *guard;
        let held = entries.peek(key.as_bytes(), now).map(|(_, held)| held);
        let Some(held) = held.filter(|held| held.value.stamp <= ticket.started() && ticket.is_valid()) else {
            return false;
        };
        let (stamp, flags) = (held.value.stamp, held.flags);
        let tags_held = tags.of(key, entries, now).cloned();
        let weight = value.weight();
        let Some(node) = entries.insert(key, MemoryEntry { value, stamp }, weight, expires, now) else {
            return false;
        };
        entries.set_flags(node, flags);
        if let Some(held) = &tags_held {
            tags.add(key, held, entries);
        }
        removals.wrote(node);
        if let Some(held) = entries.node_value(node) {
            // The next read finds when mirrors have to ask.
            mirrors.publish(&held.value, node, now);
        }
        true
    }

    /// Gives the entry of that time another life, or stores the value if there is to be no entry. An entry never ends
    /// earlier for it, but for one that would live on after `latest`. Returns the end of the life; `None` where
    /// something came first.
    pub fn extend(
        &self,
        key: &Key,
        (value, held): (&V, Option<Time>),
        life: Life<'_>,
        ticket: &Ticket,
        (now, latest): (Time, Time),
    ) -> Option<Time> {
        let mut guard = self.lock();
        let State { entries, mirrors, tags: held_tags, .. } = &mut *guard;
        let found = entries.peek(key.as_bytes(), now).map(|(node, entry)| {
            let expires = entry.expires.max(life.expires).min(latest);
            (node, entry.value.stamp, expires, EntryFlags(entry.flags))
        });
        if found.map(|(_, stamp, ..)| stamp) != held || !ticket.is_valid() {
            return None;
        }
        let Some((node, _, expires, flags)) = found else {
            return guard.insert(key, value.clone(), life, now).then_some(life.expires);
        };
        entries.renew(node, expires);
        if let Some(held) = entries.node_value_mut(node) {
            held.stamp = life.stamp;
            let until = expires.min(flags.lease_end(now)).min(life.asks);
            mirrors.publish(&held.value, node, until);
        }
        if let Some(tags) = life.tags {
            entries.set_flags(node, flags.tagged().0);
            held_tags.add(key, tags, entries);
        }
        Some(expires)
    }

    /// From here on the mirrors answer nothing before they are asked for it, until [`Memory::see`] is called as often.
    pub fn blind(&self) {
        self.lock().mirrors.blind(true);
        self.hide();
    }

    /// Ends a blindness: each entry is answered again once it was asked for.
    pub fn see(&self) {
        self.lock().mirrors.blind(false);
    }

    /// Stops the mirrors from answering any entry before they are asked for it. The entries stay as they are.
    pub fn hide(&self) {
        let mut state = self.lock();
        let State { entries, mirrors, .. } = &mut *state;
        let mut cursor = Some(0);
        while let Some(from) = cursor {
            cursor = entries.scan(from, usize::MAX, Time::ZERO, |_, entry| {
                mirrors.retract(&entry.value.value);
                false
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bounded::PolicyKind,
        clock::Ttl,
        l1::{Filled, MemoryOptions, Origin},
        testing::Weighed,
    };

    fn life(stamp: Time, origin: Origin) -> Life<'static> {
        Life { stamp, expires: Time(100), asks: Time::NEVER, lease: Ttl::FOREVER, origin, tags: None }
    }

    #[test]
    fn a_value_that_came_after_the_look_into_the_second_layer_is_not_replaced() {
        for is_newer in [false, true] {
            let options = MemoryOptions { entries: 10, bytes: None, policy: PolicyKind::Lru };
            let memory = Memory::new(options, Vec::new());
            let key = Key::from("a");
            memory.put(&key, Weighed::new("held"), life(Time(1), Origin::Made), Time(1));
            let look = memory.fence().read_ticket(&key, Time(5));
            if is_newer {
                let sent = memory.fence().ticket(&key, Time(6));
                let life = life(sent.started(), Origin::MadeAlone);
                assert_eq!(memory.fill(&key, Weighed::new("sent"), life, &sent, Time(6)), Filled::Stored);
            }
            assert_eq!(memory.prolong(&key, Weighed::new("found"), Time(200), &look, Time(7)), !is_newer);
            assert_eq!(
                memory.peek(&key, Time(7)),
                Some(Weighed::new(if is_newer { "sent" } else { "found" }))
            );
        }
    }
}
