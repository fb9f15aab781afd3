//! Options as they cross: a `Float64Array` with a number per option, NaN where none was given.
//! `lib/options/record.js` has the same order.

use std::sync::atomic::AtomicU64;

use lazy_layers_engine::{
    bounded::PolicyKind,
    bus::random_source,
    clock::Ttl,
    l1::MemoryOptions,
    options::{CacheOptions, DEFAULT_L1_ENTRIES, DEFAULT_STALE_ENTRIES, DEFAULT_TTL, Settings},
    resilience::breaker::BreakerOptions,
};

use crate::raw::memory::Shared;

/// The place of each option in the record.
#[derive(Debug, Clone, Copy)]
enum Field {
    Ttl = 0,
    L1Ttl = 1,
    L2Ttl = 2,
    InflightEnabled = 3,
    InflightTtl = 4,
    InflightEntries = 5,
    NegativeEnabled = 6,
    NegativeTtl = 7,
    FailSafeEnabled = 8,
    FailSafeTtl = 9,
    SoftTimeout = 10,
    HardTimeout = 11,
    LockEnabled = 12,
    LockTtl = 13,
    LockWait = 14,
    LockPoll = 15,
    NegativeEntries = 16,
    L1Entries = 17,
    L1Bytes = 18,
    L1Policy = 19,
    Versioning = 20,
    L2BreakerEnabled = 21,
    L2BreakerThreshold = 22,
    L2BreakerCooldown = 23,
    BusBreakerEnabled = 24,
    BusBreakerThreshold = 25,
    BusBreakerCooldown = 26,
    BroadcastSet = 27,
    BroadcastSetMaxBytes = 28,
    DedupeEntries = 29,
    DedupeTtl = 30,
    L2Timeout = 31,
    L2Entries = 32,
    BusDownL1Ttl = 33,
    /// Not an option: the slot of the options of a call, for stores of the user's.
    Handed = 34,
    /// Not an option either: whether the facade has looked for the key.
    WasRead = 35,
}

/// Length of the record.
pub(crate) const FIELDS: usize = Field::WasRead as usize + 1;

/// A record of options.
pub(crate) struct Record<'a>(pub(crate) &'a Shared<AtomicU64>);

impl Record<'_> {
    fn number(&self, field: Field) -> Option<f64> {
        let number = self.0.load(field as usize);
        (!number.is_nan()).then_some(number)
    }

    fn flag(&self, field: Field) -> Option<bool> {
        self.number(field).map(|number| number != 0.0)
    }

    fn ttl(&self, field: Field) -> Option<Ttl> {
        self.number(field).map(Ttl::from_millis_f64)
    }

    /// A lifetime of entries: one that is over by now means that they are not kept.
    fn lifetime(&self, field: Field) -> Option<Ttl> {
        self.number(field).map(|millis| if millis < 0.0 { Ttl::NONE } else { Ttl::from_millis_f64(millis) })
    }

    /// A time for which something else than an entry is kept: 0 is no time at all.
    fn span(&self, field: Field) -> Option<Ttl> {
        self.number(field).map(|millis| if millis == 0.0 { Ttl(0) } else { Ttl::from_millis_f64(millis) })
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the facade checks; saturates"
    )]
    fn count(&self, field: Field) -> Option<u64> {
        self.number(field).map(|number| number as u64)
    }

    fn entries(&self, field: Field) -> Option<usize> {
        self.count(field).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// `base` with what the record says laid over it.
    pub(crate) fn settings(&self, base: &Settings) -> Settings {
        let mut settings = base.clone();
        let ttl = self.lifetime(Field::Ttl);
        settings.l1_ttl = self.lifetime(Field::L1Ttl).or(ttl).unwrap_or(settings.l1_ttl);
        settings.l2_ttl = self.lifetime(Field::L2Ttl).or(ttl).unwrap_or(settings.l2_ttl);
        let is_given = |field| ttl.is_some() || self.number(field).is_some();
        settings.l1_given = base.l1_given || is_given(Field::L1Ttl);
        settings.l2_given = base.l2_given || is_given(Field::L2Ttl);
        settings.was_read = self.flag(Field::WasRead).unwrap_or(false);
        let inflight = &mut settings.inflight;
        lay(&mut inflight.enabled, self.flag(Field::InflightEnabled));
        lay(&mut inflight.ttl, self.span(Field::InflightTtl));
        inflight.entries = self.entries(Field::InflightEntries).or(inflight.entries);
        lay(&mut settings.negative.enabled, self.flag(Field::NegativeEnabled));
        lay(&mut settings.negative.entries, self.entries(Field::NegativeEntries));
        settings.negative.ttl = self.span(Field::NegativeTtl).or(settings.negative.ttl);
        lay(&mut settings.fail_safe.enabled, self.flag(Field::FailSafeEnabled));
        settings.fail_safe.ttl = self.span(Field::FailSafeTtl).or(settings.fail_safe.ttl);
        settings.timeouts.soft = self.ttl(Field::SoftTimeout).or(settings.timeouts.soft);
        settings.timeouts.hard = self.ttl(Field::HardTimeout).or(settings.timeouts.hard);
        let lock = &mut settings.lock;
        lay(&mut lock.enabled, self.flag(Field::LockEnabled));
        lay(&mut lock.ttl, self.ttl(Field::LockTtl));
        lay(&mut lock.wait, self.ttl(Field::LockWait));
        lay(&mut lock.poll, self.ttl(Field::LockPoll));
        settings
    }

    /// The options of a cache; a source that is empty is made up, a name that is empty is none.
    pub(crate) fn cache_options(&self, source: String, name: String) -> CacheOptions {
        let defaults = CacheOptions::default();
        let l1_entries = self.entries(Field::L1Entries).unwrap_or(DEFAULT_L1_ENTRIES);
        CacheOptions {
            settings: self.settings(&Settings {
                l1_ttl: DEFAULT_TTL,
                l2_ttl: DEFAULT_TTL,
                ..Settings::default()
            }),
            stale_entries: l1_entries.saturating_mul(2).max(DEFAULT_STALE_ENTRIES),
            versioning: self.flag(Field::Versioning).unwrap_or(defaults.versioning),
            l2_breaker: self.breaker(
                Field::L2BreakerEnabled,
                Field::L2BreakerThreshold,
                Field::L2BreakerCooldown,
            ),
            bus_breaker: self.breaker(
                Field::BusBreakerEnabled,
                Field::BusBreakerThreshold,
                Field::BusBreakerCooldown,
            ),
            l2_timeout: self.ttl(Field::L2Timeout).unwrap_or(defaults.l2_timeout),
            source: if source.is_empty() { random_source() } else { source },
            name: (!name.is_empty()).then_some(name),
            broadcast_set: self.flag(Field::BroadcastSet).unwrap_or(defaults.broadcast_set),
            broadcast_set_max_bytes: self.count(Field::BroadcastSetMaxBytes),
            dedupe_entries: self.entries(Field::DedupeEntries).unwrap_or(defaults.dedupe_entries),
            dedupe_ttl: self.span(Field::DedupeTtl).unwrap_or(defaults.dedupe_ttl),
            bus_down_l1_ttl: self.span(Field::BusDownL1Ttl),
        }
    }

    /// The slot of the call's options.
    pub(crate) fn handed(&self) -> Option<u32> {
        self.count(Field::Handed).and_then(|slot| u32::try_from(slot).ok())
    }

    /// The most entries of the second layer, for a store that is trimmed by them.
    pub(crate) fn l2_entries(&self) -> Option<u64> {
        self.count(Field::L2Entries)
    }

    /// The options of the memory layer.
    pub(crate) fn memory_options(&self) -> MemoryOptions {
        MemoryOptions {
            entries: self.entries(Field::L1Entries).unwrap_or(DEFAULT_L1_ENTRIES),
            bytes: self.count(Field::L1Bytes),
            policy: match self.number(Field::L1Policy) {
                Some(1.0) => PolicyKind::TinyLfu,
                _ => PolicyKind::Lru,
            },
        }
    }

    fn breaker(&self, enabled: Field, threshold: Field, cooldown: Field) -> BreakerOptions {
        let mut options = BreakerOptions::default();
        lay(&mut options.enabled, self.flag(enabled));
        let threshold = self.count(threshold).map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        lay(&mut options.failure_threshold, threshold);
        lay(&mut options.cooldown, self.ttl(cooldown));
        options
    }
}

fn lay<T>(base: &mut T, over: Option<T>) {
    if let Some(over) = over {
        *base = over;
    }
}
