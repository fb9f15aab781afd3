//! `peek`, and the sources of answers that callers ask for.

use crate::{
    clock::Ttl,
    coherence::fence::Ticket,
    entry::key::Key,
    flow::{explain::Looked, state::CacheState},
    l1::Layer1,
    options::{
        Settings,
        source::{Known, Source},
    },
    value::Value,
};

impl<V: Value> CacheState<V> {
    /// The live entry of the memory layer that a read would find. Changes nothing, not even recency.
    pub(crate) fn peek(&self, key: &Key) -> Option<Looked<V>> {
        let Layer1::Memory(memory) = &self.l1 else { return None };
        let now = self.now();
        if self.switches.skips_l1() || self.outage.is_blind() || self.kept.negatives.holds(key, now) {
            return None;
        }
        memory.look(&self.stored_key(key), now).map(|peeked| self.looked(peeked, now))
    }

    /// Notes the source of an answer, if its caller asks for it.
    pub(crate) fn note_source(&self, settings: &Settings, known: impl FnOnce() -> Known) {
        if let Some(cell) = &settings.source {
            cell.note(known());
        }
    }

    /// The source of a hit in the first layer.
    pub(crate) fn source_in_l1(&self, key: &Key) -> Known {
        let held = self.peek(key);
        Known {
            source: Source::L1,
            age: held.as_ref().filter(|held| !held.is_taken_over).map(|held| held.age),
            left: held.as_ref().map(Looked::lifetime_left),
        }
    }

    /// The source of a hit in the second layer, where the value has the lifetime `left`.
    pub(crate) fn source_in_l2(&self, settings: &Settings, left: Ttl) -> Known {
        let left = if self.keeps_in_l1(settings) { settings.l1_ttl.at_most(left) } else { left };
        Known { source: Source::L2, age: None, left: Some(left) }
    }

    /// The source of a known absence.
    pub(crate) fn source_in_negatives(&self, key: &Key) -> Known {
        let now = self.now();
        let left = self.kept.negatives.until(key, now).map(|until| Ttl(until.0.saturating_sub(now.0)));
        Known { source: Source::Negative, age: None, left }
    }

    /// The source of a stale copy.
    pub(crate) fn source_in_stale(&self, key: &Key) -> Known {
        let now = self.now();
        let copy = self.kept.stale.look(key, now).map(|peeked| self.looked(peeked, now));
        Known {
            source: Source::Stale,
            age: copy.as_ref().map(|copy| copy.age),
            left: copy.as_ref().map(Looked::lifetime_left),
        }
    }

    /// The source of a load, whose value is kept for `left`.
    pub(crate) fn source_in_load(&self, ticket: &Ticket, left: Ttl) -> Known {
        Known { source: Source::Load, age: Some(self.now().since(ticket.started())), left: Some(left) }
    }

    /// How long a value that is stored under these settings is kept: by the first layer, if that keeps it.
    pub(crate) fn kept_for(&self, key: &Key, settings: &Settings) -> Ttl {
        match &self.l2 {
            _ if settings.jitter.l1 > 0.0 && self.keeps_in_l1(settings) => {
                self.peek(key).map_or(settings.l1_ttl, |held| held.lifetime_left())
            }
            _ if self.keeps_in_l1(settings) => settings.l1_ttl,
            Some(_) => settings.l2_ttl,
            None => Ttl::NONE,
        }
    }

    fn keeps_in_l1(&self, settings: &Settings) -> bool {
        settings.l1_ttl != Ttl::NONE && !matches!(self.l1, Layer1::Off)
    }
}
