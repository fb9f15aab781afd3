//! `get`: negative entry, first layer, second layer.

use crate::{
    clock::Time,
    entry::key::Key,
    flow::state::CacheState,
    l1::Layer1,
    observe::{Event, Kind, MissLevel},
    options::Settings,
    store::{Counted, Mark, MarkCell},
    value::Value,
};

/// How a read ended.
pub(crate) enum Read<V> {
    Hit(V),
    Negative,
    /// There is none.
    Miss(Missed),
}

/// A read that found nothing.
#[derive(Debug, Clone)]
pub(crate) struct Missed {
    /// When the miss was known: a load that starts later produces a value newer than all that was looked at.
    pub(crate) at: Time,
    /// How far the second layer had counted invalidations by then.
    pub(crate) mark: Option<Mark>,
    /// The counts of the tags that the caller has named.
    pub(crate) counts: Option<Counted>,
}

impl Missed {
    /// A miss that concerns no second layer.
    pub(crate) fn at(at: Time) -> Missed {
        Missed { at, mark: None, counts: None }
    }
}

impl<V: Value> CacheState<V> {
    pub(crate) async fn get(&self, key: &Key, settings: &Settings) -> Option<V> {
        match self.read(key, settings, None).await {
            Read::Hit(value) => Some(value),
            Read::Negative | Read::Miss(_) => None,
        }
    }

    /// The layers that remain to be read when the caller has looked for a key and found nothing.
    pub(crate) fn read_absence(&self, key: &Key) -> Read<V> {
        if let Layer1::Memory(memory) = &self.l1 {
            // A value that waits in a journal is older than the load that begins.
            memory.drain(0);
        }
        let now = self.now();
        // The caller has asked for the key just now. The absence may be over while missed messages are on their way.
        let is_absent =
            !self.switches.skips_l1() && !self.outage.is_blind() && self.kept.negatives.holds(key, now);
        if is_absent { Read::Negative } else { Read::Miss(Missed::at(now)) }
    }

    /// Asks the layers. With a cell the second one also tells how far it has counted invalidations.
    pub(crate) async fn read(&self, key: &Key, settings: &Settings, mark: Option<&MarkCell>) -> Read<V> {
        if self.switches.skips_l1()
            && let Layer1::Memory(memory) = &self.l1
        {
            // A value that waits in a journal is older than the load that follows.
            memory.drain(0);
        }
        // For what is remembered beside the first layer, too.
        let sees = !self.outage.is_blind() || Box::pin(self.sees()).await;
        let now = self.now();
        if sees && !self.switches.skips_l1() && self.kept.negatives.holds(key, now) {
            self.observe
                .emit(Kind::MissNegative, || Event::Miss { key: key.clone(), level: MissLevel::Negative });
            self.note_source(settings, || self.source_in_negatives(key));
            return Read::Negative;
        }
        let stored = self.stored_key(key);
        // Without fail-safe nothing is remembered, and a hit takes no ticket.
        let ticket = settings.fail_safe.stale_ttl().map(|_| self.fence.read_ticket(key, now));
        if let Some(value) = self.read_l1(key, &stored, now, sees).await {
            if ticket.is_some() {
                let tags = self.tags_of_read(&stored);
                self.remember_stale(key, &value, tags.as_ref(), settings, ticket.as_ref());
            }
            self.note_source(settings, || self.source_in_l1(key));
            return Read::Hit(value);
        }
        drop(ticket);
        // A look into memory is too short for another look at the clock.
        let is_at_once = matches!(self.l1, Layer1::Memory(_) | Layer1::Off) && !self.outage.is_blind();
        let now = if is_at_once { now } else { self.now() };
        let Some(l2) = &self.l2 else { return Read::Miss(Missed::at(now)) };
        // Boxed, so that a request that never leaves the thread does not pay for the size of this future.
        let read = self.read_l2(key, &stored, now, settings, mark);
        let (value, counts) = if mark.is_some() && settings.tags.is_some() {
            Box::pin(async { tokio::join!(read, self.count_tags(key, settings)) }).await
        } else {
            (Box::pin(read).await, None)
        };
        match value {
            Some(value) => Read::Hit(value),
            None => {
                let mark = match mark {
                    Some(mark) => l2.mark_in(mark).await,
                    None => None,
                };
                Read::Miss(Missed { at: self.now(), mark, counts })
            }
        }
    }
}
