//! The events of a cache.

use std::time::Duration;

use crate::{
    bus::Message,
    clock::Ttl,
    entry::{key::Key, pattern::Pattern},
    resilience::breaker::BreakerState,
    value::Failure,
};

/// The kind of an event: one per counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the variant of `Event` of that name, by level where it has one")]
pub enum Kind {
    HitL1,
    HitL2,
    MissL1,
    MissL2,
    MissNegative,
    Set,
    Delete,
    DeletePattern,
    LoaderStart,
    LoaderSuccess,
    LoaderError,
    LoaderTimeout,
    InflightReuse,
    InflightBypass,
    StaleHit,
    NegativeSet,
    L1Error,
    L2Error,
    L2Skipped,
    BusPublishError,
    BusPublishSkipped,
    InvalidationReceived,
    InvalidationDuplicate,
    InvalidationStale,
    SetReceived,
    SetBroadcast,
    SetBroadcastSkipped,
    BusStatus,
    BusGap,
}

impl Kind {
    /// How many kinds there are.
    pub const COUNT: usize = Kind::BusGap as usize + 1;

    /// Whether events of this kind tell of something that went wrong outside the cache.
    #[must_use]
    pub fn is_fault(self) -> bool {
        matches!(self, Kind::LoaderError | Kind::L1Error | Kind::L2Error | Kind::BusPublishError)
    }

    /// Whether events of this kind tell of the bus itself. They are few, and may come before whoever made the cache has had
    /// the time to listen.
    #[must_use]
    pub fn is_of_bus(self) -> bool {
        matches!(self, Kind::BusStatus | Kind::BusGap)
    }
}

crate::words! {
    /// Where a read ended.
    pub enum Level {
        /// The memory layer.
        L1 = "L1",
        /// The second layer.
        L2 = "L2",
        /// A negative entry.
        Negative = "negative",
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
    }
}

crate::words! {
    /// Why events of other instances may have been missed.
    pub enum GapReason {
        /// The subscription was lost for a while, on a transport that does not replay.
        Resubscribed = "resubscribed",
        /// Numbers of a publisher's events were left out.
        Sequence = "sequence",
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
    /// What the loader threw.
    Thrown(V),
    /// It was too slow.
    HardTimeout(Ttl),
}

/// Something that happened in a cache.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "fields carry the names and units of the public event types")]
pub enum Event<V> {
    Hit { key: Key, level: Level },
    Miss { key: Key, level: Level },
    Set { key: Key, l1: bool, l2: bool },
    Delete { key: Key, remote: bool },
    DeletePattern { pattern: Pattern, remote: bool },
    LoaderStart { key: Key },
    LoaderSuccess { key: Key, duration: Duration },
    LoaderError { key: Key, error: LoaderFailure<V>, duration: Duration },
    LoaderTimeout { key: Key, limit: Ttl, kind: TimeoutKind },
    InflightReuse { key: Key },
    InflightBypass { key: Key },
    StaleHit { key: Key, reason: StaleReason },
    NegativeSet { key: Key, ttl: Ttl },
    L1Error { operation: &'static str, key: Option<Key>, error: Failure<V> },
    L2Error { operation: &'static str, key: Option<Key>, state: BreakerState, error: Failure<V> },
    L2Skipped { operation: &'static str, key: Option<Key>, state: BreakerState },
    BusPublishError { message: &'static str, state: BreakerState, error: Failure<V> },
    BusPublishSkipped { message: &'static str, state: BreakerState },
    InvalidationReceived { message: Message<V> },
    InvalidationDuplicate { message: Message<V> },
    InvalidationStale { key: Key, id: String, message: &'static str, generation: u64, known: u64 },
    SetReceived { key: Key },
    SetBroadcast { key: Key },
    SetBroadcastSkipped { key: Key, bytes: u64, most: u64 },
    BusStatus { connected: bool, transport: &'static str, error: Option<String> },
    BusGap { reason: GapReason, missed: u64 },
}
