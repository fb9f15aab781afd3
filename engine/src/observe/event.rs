//! The events of a cache: a row for each.

use std::time::Duration;

use super::field::{Field, FieldKind, FieldValue};
use crate::{
    bounded::Left,
    bus::{Message, MessageKind},
    clock::Ttl,
    entry::{key::Key, pattern::Pattern},
    resilience::breaker::BreakerState,
    value::Failure,
};

/// The common fields of all events of a name.
#[derive(Debug)]
pub struct EventRow {
    /// The name.
    pub name: &'static str,
    /// Its counter: several where the first word selects one.
    pub kinds: &'static [Kind],
    /// Its fields: the name of each, and its value.
    pub fields: &'static [(&'static str, FieldKind)],
}

/// Declares the events: the counter of an event, its variant, its name, its fields.
macro_rules! events {
    ($([$($kind:ident),+] $variant:ident $name:literal { $($field:ident: $type:ty),+ $(,)? })+) => {
        /// The kind of an event: one per counter.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each is the variant of `Event` of that name, by level where it has one")]
        pub enum Kind {
            $($($kind,)+)+
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Kind] = &[$($(Kind::$kind,)+)+];
            /// How many kinds there are.
            pub const COUNT: usize = Kind::ALL.len();

            /// The number of the event that it counts: the place of its row.
            #[must_use]
            pub fn event(self) -> usize {
                let number = match self {
                    $($(Kind::$kind => Number::$variant,)+)+
                };
                number as usize
            }
        }

        /// The names of the events, by number.
        pub const EVENT_TYPES: &[&str] = &[$($name,)+];

        /// Something that happened in a cache. Fields have the names and units that users know, in the way of
        /// Rust.
        #[derive(Debug, Clone)]
        #[expect(missing_docs, reason = "types/events.d.ts documents events and fields")]
        pub enum Event<V> {
            $($variant { $($field: $type,)+ },)+
        }

        #[derive(Clone, Copy)]
        enum Number {
            $($variant,)+
        }

        impl<V> Event<V> {
            /// A row for each variant.
            pub const ROWS: &'static [EventRow] = &[
                $(EventRow {
                    name: $name,
                    kinds: &[$(Kind::$kind,)+],
                    fields: &[$((stringify!($field), <$type as Field<V>>::KIND),)+],
                },)+
            ];

            /// The place of its row.
            #[must_use]
            pub fn number(&self) -> usize {
                let number = match self {
                    $(Event::$variant { .. } => Number::$variant,)+
                };
                number as usize
            }

            /// Shows its fields, in order.
            pub fn each_field<'a>(&'a self, mut show: impl FnMut(FieldValue<'a, V>)) {
                match self {
                    $(Event::$variant { $($field,)+ } => {
                        $(show(Field::<V>::value($field));)+
                    })+
                }
            }
        }
    };
}

events! {
    [HitL1, HitL2] Hit "hit" { key: Key, level: Level }
    [MissL1, MissL2, MissNegative] Miss "miss" { key: Key, level: MissLevel }
    [Set] Set "set" { key: Key, levels: Levels }
    [Delete] Delete "delete" { key: Key, remote: bool, expired: bool }
    [DeletePattern] DeletePattern "delete-pattern" { pattern: Pattern, remote: bool, expired: bool }
    [DeleteTag] DeleteTag "delete-tag" { tag: Key, remote: bool, expired: bool }
    [LoaderStart] LoaderStart "loader:start" { key: Key }
    [LoaderSuccess] LoaderSuccess "loader:success" { key: Key, duration_ms: Duration }
    [LoaderError] LoaderError "loader:error" { key: Key, error: LoaderFailure<V>, duration_ms: Duration }
    [LoaderTimeout] LoaderTimeout "loader:timeout" { key: Key, timeout_ms: Ttl, kind: TimeoutKind }
    [LoadOvertaken] LoadOvertaken "load:overtaken" { key: Key }
    [InflightReuse] InflightReuse "inflight:reuse" { key: Key }
    [InflightBypass] InflightBypass "inflight:bypass" { key: Key, reason: BypassReason }
    [LoadQueued, LoadRefused] LoadLimited "load:limited" { key: Key, outcome: LimitOutcome }
    [Evict] Evict "evict" { key: Key, reason: Left }
    [Mutation] Mutation "mutation" { key: Key }
    [AuditStale] AuditStale "audit:stale" { key: Key, level: Level, age_ms: Option<Duration> }
    [StaleHit] StaleHit "stale:hit" { key: Key, reason: StaleReason }
    [Refresh] Refresh "refresh" { key: Key }
    [Extend] Extend "extend" { key: Key, ttl_ms: Ttl }
    [ExtendReceived] ExtendReceived "extend:received" { key: Key, ttl_ms: Ttl }
    [NegativeSet] NegativeSet "negative:set" { key: Key, ttl_ms: Ttl }
    [L1Error] L1Error "l1:error" { operation: &'static str, key: Option<Key>, error: Failure<V> }
    [L2Error] L2Error "l2:error" {
        operation: &'static str, key: Option<Key>, state: BreakerState, error: Failure<V>,
    }
    [L2Skipped] L2Skipped "l2:skipped" { operation: &'static str, key: Option<Key>, state: BreakerState }
    [BusPublishError] BusPublishError "event-bus:publish-error" {
        event_type: MessageKind, state: BreakerState, error: Failure<V>,
    }
    [BusPublishSkipped] BusPublishSkipped "event-bus:publish-skipped" { event_type: MessageKind, state: BreakerState }
    [InvalidationReceived] InvalidationReceived "invalidation:received" {
        event_id: String, event_type: MessageKind, event: Message<V>,
    }
    [InvalidationDuplicate] InvalidationDuplicate "invalidation:duplicate" {
        event_id: String, event_type: MessageKind, event: Message<V>,
    }
    [InvalidationStale] InvalidationStale "invalidation:stale" {
        event_id: String, event_type: MessageKind, key: Key, generation: u64, local_generation: u64,
    }
    [SetReceived] SetReceived "set:received" { key: Key, level: ReceivedLevel }
    [SetBroadcast] SetBroadcast "set:broadcast" { key: Key }
    [SetBroadcastSkipped] SetBroadcastSkipped "set:broadcast-skipped" {
        key: Key, reason: SkipReason, bytes: u64, max_bytes: u64,
    }
    [BusStatus] BusStatus "bus:status" { transport: String, status: BusState, error: Option<Failure<V>> }
    [BusGap] BusGap "bus:gap" { reason: GapReason, missed: u64 }
    [L2Change] L2Change "l2:change" { key: Key }
}

impl Kind {
    /// Whether events of this kind tell of something that went wrong outside the cache.
    #[must_use]
    pub fn is_fault(self) -> bool {
        matches!(self, Kind::LoaderError | Kind::L1Error | Kind::L2Error | Kind::BusPublishError)
    }

    /// Whether events of this kind tell of the bus itself. They are few, and may come before the owner that made the
    /// cache has had the time to listen.
    #[must_use]
    pub fn is_of_bus(self) -> bool {
        matches!(self, Kind::BusStatus | Kind::BusGap)
    }
}

crate::words! {
    /// Which layer had a value.
    pub enum Level {
        /// The memory layer.
        L1 = "L1",
        /// The second layer.
        L2 = "L2",
    }
}

crate::words! {
    /// The layer without a value.
    pub enum MissLevel {
        /// The memory layer.
        L1 = "L1",
        /// The second layer.
        L2 = "L2",
        /// No layer was asked: a negative entry said so.
        Negative = "negative",
    }
}

crate::words! {
    /// Where a value of another instance went.
    pub enum ReceivedLevel {
        /// The memory layer.
        L1 = "L1",
    }
}

crate::words! {
    /// Why a load runs that others cannot join.
    pub enum BypassReason {
        /// As many loads are tracked as may be.
        MaxEntries = "maxEntries",
    }
}

crate::words! {
    /// Why a value was not sent to the other instances.
    pub enum SkipReason {
        /// Its event is too large.
        MaxBytes = "max-bytes",
    }
}

crate::words! {
    /// Whether a bus is there.
    pub enum BusState {
        /// It is.
        Connected = "connected",
        /// It is not.
        Disconnected = "disconnected",
    }
}

crate::words! {
    /// Why a stale value was served.
    pub enum StaleReason {
        /// The loader failed.
        LoaderError = "loader-error",
        /// The load took longer than the soft limit.
        SoftTimeout = "soft-timeout",
        /// The load took longer than the hard limit.
        HardTimeout = "hard-timeout",
        /// As many loaders run as may.
        LoadLimit = "load-limit",
    }
}

crate::words! {
    /// The outcome of a load that found the limit of loaders reached.
    pub enum LimitOutcome {
        /// It waits for its turn.
        Queued = "queued",
        /// The queue is full: its caller gets an error.
        Refused = "refused",
    }
}

crate::words! {
    /// Why events of other instances may have been missed.
    pub enum GapReason {
        /// The subscription was lost for a while, on a transport that does not replay.
        Resubscribed = "resubscribed",
        /// Numbers of a publisher's events were left out.
        Sequence = "sequence",
        /// A publisher fell silent without a goodbye, and has not come back.
        Silence = "silence",
        /// Another instance publishes under the name of this one, which heard nothing of it.
        SharedSource = "shared-source",
        /// Redis did not tell of changes for a while, or was emptied, or slots of a cluster have moved.
        Tracking = "tracking",
    }
}

crate::words! {
    /// Which limit a load passed.
    pub enum TimeoutKind {
        /// The caller gets a stale value.
        Soft = "soft",
        /// The load is aborted.
        Hard = "hard",
    }
}

/// The error of a `loader:error`.
#[derive(Debug, Clone)]
pub enum LoaderFailure<V> {
    /// The error that the loader threw.
    Thrown(V),
    /// It was too slow.
    HardTimeout(Ttl),
}

/// Layers of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    /// The memory layer is one of them.
    pub l1: bool,
    /// The second layer is.
    pub l2: bool,
}

impl Levels {
    /// The first bit for the memory layer, the second for the second.
    #[must_use]
    pub fn bits(self) -> u8 {
        u8::from(self.l1) | (u8::from(self.l2) << 1)
    }
}
