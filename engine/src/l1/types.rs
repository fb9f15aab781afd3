//! The inputs and results of the memory layer.

use super::mirror::MirrorStats;
use crate::{
    bounded::{Evicted, PolicyKind},
    clock::{Time, Ttl},
    entry::{key::Key, tags::Tags},
    options::DEFAULT_L1_ENTRIES,
};

/// The bounds of the layer, and its eviction policy.
#[derive(Debug, Clone, Copy)]
pub struct MemoryOptions {
    /// The most entries.
    pub entries: usize,
    /// The most bytes, by [`Value::weight`].
    pub bytes: Option<u64>,
    /// Which entries make room.
    pub policy: PolicyKind,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        MemoryOptions { entries: DEFAULT_L1_ENTRIES, bytes: None, policy: PolicyKind::Lru }
    }
}

/// When a value ends, how old it is, and how long mirrors may answer it unasked.
#[derive(Debug, Clone, Copy)]
pub struct Life<'a> {
    /// When the value was produced.
    pub stamp: Time,
    /// When it stops being served.
    pub expires: Time,
    /// How long mirrors may answer it before they have to ask again.
    pub lease: Ttl,
    /// From when on they have to ask, as it may be loaded anew.
    pub asks: Time,
    /// Where it was found.
    pub origin: Origin,
    /// Its tags.
    pub tags: Option<&'a Tags>,
}

/// Where the value of an entry was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was written or loaded here, or sent by a peer.
    Made,
    /// The same where a private second layer does not have it: that may have an older one.
    MadeAlone,
    /// It was taken over from a shared second layer, which other instances write to as well: it may be
    /// newer than a load that began before it was read.
    SharedLayer,
    /// It was taken over from a private second layer: it is older than every running load, as loads that end
    /// are stored in both layers.
    PrivateLayer,
}

/// The outcome of a fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// The value is in the layer.
    Stored,
    /// The layer does not hold the value: there is none, it did not admit it, or it failed.
    NotStored,
    /// A newer value or an invalidation came first: the value belongs in no layer.
    Overtaken,
}

/// One entry as an inspection sees it.
#[derive(Debug)]
pub struct Peeked<V> {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: V,
    /// When the work that produced the value started.
    pub stamp: Time,
    /// Whether `stamp` is exact: for a value that a mirror wrote, it is the time at which the layer heard of
    /// it.
    pub is_dated: bool,
    /// Whether it was taken over from the second layer: nobody knows how old its value was there.
    pub is_taken_over: bool,
    /// When it expires.
    pub expires: Time,
    /// Whether it has tags.
    pub is_tagged: bool,
}

/// The contents of the layer, and its evictions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryStats {
    /// Live entries.
    pub entries: usize,
    /// Their weight; `None` where the layer is not bounded in bytes.
    pub bytes: Option<u64>,
    /// Entries that left on their own.
    pub evicted: Evicted,
    /// The counts of the mirrors.
    pub mirror: MirrorStats,
}
