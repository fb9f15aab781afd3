//! `getMany`: the reads of several keys at the same time, by one operation of the second layer where it has one.

use std::iter::zip;

use crate::{
    clock::Time,
    coherence::fence::Ticket,
    entry::key::Key,
    flow::{state::CacheState, together::together},
    l1::Layer1,
    observe::{Event, Kind, Level, MissLevel},
    options::Settings,
    store::{Found, Guarded},
    value::Value,
};

/// The knowledge of a key without waiting.
enum Glance<V> {
    /// Its value, or that there is none.
    Known(Option<V>),
    /// The first layer does not have it.
    NotHere,
}

/// A key that the second layer is asked for, among the keys of the call.
struct Asked {
    at: usize,
    /// Where the value is kept here.
    ticket: Option<Ticket>,
    /// Whether the layer may have a value that is about to be removed.
    is_overtaken: bool,
}

impl<V: Value> CacheState<V> {
    /// The values of keys, in order.
    pub(crate) async fn get_many(&self, keys: &[Key], settings: &Settings) -> Vec<Option<V>> {
        // Waits in a custom layer, or for a mark of the bus, are for all keys at the same time.
        let waits = matches!(self.l1, Layer1::Custom(_)) || self.outage.is_blind();
        let is_plain = !waits && !self.switches.skips_l1() && !self.switches.skips_l2();
        match &self.l2 {
            Some(l2) if is_plain && keys.len() > 1 => self.read_many(l2, keys, settings).await,
            _ => together(keys.iter().map(|key| self.get(key, settings))).await,
        }
    }

    async fn read_many(&self, l2: &Guarded<V>, keys: &[Key], settings: &Settings) -> Vec<Option<V>> {
        let now = self.now();
        // Where nothing is kept of a value, no invalidation matters.
        let keeps = !matches!(self.l1, Layer1::Off) || settings.fail_safe.stale_ttl().is_some();
        let mut values = Vec::with_capacity(keys.len());
        let (mut asked, mut stored) = (Vec::new(), Vec::new());
        for (at, key) in keys.iter().enumerate() {
            values.push(match self.glance(key, settings, now) {
                Glance::Known(value) => value,
                Glance::NotHere => {
                    let ticket = keeps.then(|| self.fence.read_ticket(key, now).for_second_layer());
                    let is_overtaken = self.may_hold_overtaken(l2, key);
                    asked.push(Asked { at, ticket, is_overtaken });
                    stored.push(self.entry_of(key).into_owned());
                    None
                }
            });
        }
        let given: Vec<&Key> = asked.iter().map(|asked| &keys[asked.at]).collect();
        let Some(mut found) = Box::pin(l2.get_many(&given, &stored)).await else {
            drop((given, stored));
            let each = asked.iter().map(|asked| {
                let key = &keys[asked.at];
                async move { self.read_l2(key, &self.stored_key(key), self.now(), settings, None).await }
            });
            let found = together(each).await;
            for (asked, value) in zip(asked, found) {
                values[asked.at] = value;
            }
            return values;
        };
        zip(&mut found, &asked).filter(|(_, asked)| asked.is_overtaken).for_each(|(found, _)| *found = None);
        let has_tags = found.iter().flatten().any(|found| found.tags.is_some());
        if has_tags {
            // The counters of their tags may have to be read.
            let places: Vec<usize> = asked.iter().map(|asked| asked.at).collect();
            let taken = zip(asked, found).map(|(Asked { at, ticket, .. }, found)| {
                let key = &keys[at];
                async move { self.take(l2, key, found, settings, ticket).await }
            });
            for (at, value) in zip(places, together(taken).await) {
                values[at] = value;
            }
            return values;
        }
        for (Asked { at, ticket, .. }, found) in zip(asked, found) {
            let key = &keys[at];
            values[at] = match (found, ticket) {
                // Nothing is kept of it.
                (Some(found), None) => {
                    self.tell_found(key);
                    Some(found.value)
                }
                (found, ticket) => self.take(l2, key, found, settings, ticket).await,
            };
        }
        values
    }

    fn tell_found(&self, key: &Key) {
        self.observe.emit(Kind::HitL2, || Event::Hit { key: key.clone(), level: Level::L2 });
    }

    async fn take(
        &self,
        l2: &Guarded<V>,
        key: &Key,
        found: Option<Found<V>>,
        settings: &Settings,
        ticket: Option<Ticket>,
    ) -> Option<V> {
        let Some((found, _fill)) = self.valid(l2, key, found).await else {
            self.observe.emit(Kind::MissL2, || Event::Miss { key: key.clone(), level: MissLevel::L2 });
            return None;
        };
        self.tell_found(key);
        Some(match ticket {
            Some(ticket) => self.take_over(key, &self.stored_key(key), found, settings, &ticket).await,
            None => found.value,
        })
    }

    /// Looks for a key among the absences and in a memory layer. A layer that may have missed invalidations is not
    /// asked.
    fn glance(&self, key: &Key, settings: &Settings, now: Time) -> Glance<V> {
        if self.kept.negatives.holds(key, now) && !self.outage.is_blind() {
            self.observe
                .emit(Kind::MissNegative, || Event::Miss { key: key.clone(), level: MissLevel::Negative });
            return Glance::Known(None);
        }
        let Layer1::Memory(memory) = &self.l1 else { return Glance::NotHere };
        let stored = self.stored_key(key);
        // As in `read`: without fail-safe nothing is remembered.
        let ticket = settings.fail_safe.stale_ttl().map(|_| self.fence.read_ticket(key, now));
        let held = if self.outage.is_blind() { None } else { self.get_l1(memory, key, &stored, now) };
        let Some(value) = held.and_then(|value| self.realized("get", key, &stored, value)) else {
            self.observe.emit(Kind::MissL1, || Event::Miss { key: key.clone(), level: MissLevel::L1 });
            return Glance::NotHere;
        };
        self.observe.emit(Kind::HitL1, || Event::Hit { key: key.clone(), level: Level::L1 });
        if ticket.is_some() {
            let tags = self.tags_of_read(&stored);
            self.remember_stale(key, &value, tags.as_ref(), settings, ticket.as_ref());
        }
        Glance::Known(Some(value))
    }
}
