//! Settings of a cache and of a single call, with their defaults.

use std::sync::Arc;

use self::{
    refresh::{Jitter, Refresh},
    source::SourceCell,
};
use crate::{
    clock::Ttl,
    codec::Metadata,
    entry::{
        tags::Tags,
        version::{Etag, Version},
    },
    resilience::breaker::BreakerOptions,
    value::Opaque,
};

pub mod refresh;
pub mod source;

/// Lifetime of an entry: one hour.
pub const DEFAULT_TTL: Ttl = Ttl(3_600_000_000);
/// Entries of the memory layer.
pub const DEFAULT_L1_ENTRIES: usize = 1000;
/// How long a running load is joined: five seconds.
pub const DEFAULT_INFLIGHT_TTL: Ttl = Ttl(5_000_000);
/// Negative entries, when no limit is given.
pub const DEFAULT_NEGATIVE_ENTRIES: usize = 10_000;
/// Stale copies kept for fail-safe, at least this many and never fewer than twice the memory layer.
pub const DEFAULT_STALE_ENTRIES: usize = 10_000;
/// Event ids remembered.
pub const DEFAULT_DEDUPE_ENTRIES: usize = 10_000;
/// How long an event id is remembered: five minutes.
pub const DEFAULT_DEDUPE_TTL: Ttl = Ttl(300_000_000);
/// How long an operation on the second layer may take: one second.
pub const DEFAULT_L2_TIMEOUT: Ttl = Ttl(1_000_000);
/// How long a key counts as uncacheable once its loader has skipped: one second.
pub const DEFAULT_SKIP_TTL: Ttl = Ttl(1_000_000);

/// How long a refresh waits after one that failed: one second.
pub const DEFAULT_BACKOFF: Ttl = Ttl(1_000_000);

/// The settings of one request: those of the cache, overridden by the options of the call.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Lifetime in the memory layer; [`Ttl::NONE`]: it is not kept there.
    pub l1_ttl: Ttl,
    /// Lifetime in the second layer; [`Ttl::NONE`]: it is not kept there.
    pub l2_ttl: Ttl,
    /// Whether the lifetime in the memory layer was given, and is no default.
    pub l1_given: bool,
    /// Whether the lifetime in the second layer was given.
    pub l2_given: bool,
    /// The options of the call, for custom stores.
    pub handed: Option<Opaque>,
    /// Whether the caller has already looked for the key: then it is loaded.
    pub was_read: bool,
    /// Whether the loader has stored the value by calls of its own. The engine stores nothing then, and takes out again
    /// what an invalidation has overtaken.
    pub is_of_owner: bool,
    /// The tags of the value that is stored.
    pub tags: Option<Tags>,
    /// The etag of the value that is stored.
    pub etag: Option<Etag>,
    /// The version of the value that is stored, where it is the stale one.
    pub extends: Option<Version>,
    /// How long a key counts as uncacheable once its loader has skipped; 0 is not at all.
    pub skip_ttl: Ttl,
    /// Receives the source of the answer, if the caller asks for it.
    pub source: Option<Arc<SourceCell>>,
    /// Joining of running loads.
    pub inflight: Inflight,
    /// Remembering that a loader found nothing.
    pub negative: Negative,
    /// Serving stale values when a load fails.
    pub fail_safe: FailSafe,
    /// Loading values anew before they expire.
    pub refresh: Refresh,
    /// By how much lifetimes vary.
    pub jitter: Jitter,
    /// Limits on the time of a load.
    pub timeouts: Timeouts,
    /// One load across instances.
    pub lock: Lock,
}

/// Details of a write for custom stores.
#[derive(Debug, Clone, Copy)]
pub struct SetDetails<'a> {
    /// Whether the lifetime was given: a default must not override that of the store itself.
    pub is_given: bool,
    /// The options of the call.
    pub options: Option<&'a Opaque>,
    /// What is stored beside the value.
    pub metadata: &'a Metadata,
}

impl Settings {
    /// The details of a value for a custom first layer. `ttl` is the lifetime of the settings, or a shorter one.
    #[must_use]
    pub fn l1_details(&self, ttl: Ttl) -> SetDetails<'_> {
        let is_given = self.l1_given || ttl < self.l1_ttl;
        SetDetails { is_given, options: self.handed.as_ref(), metadata: Metadata::NONE }
    }

    /// The details of a value for a second layer.
    #[must_use]
    pub fn l2_details<'a>(&'a self, metadata: &'a Metadata) -> SetDetails<'a> {
        SetDetails { is_given: self.l2_given, options: self.handed.as_ref(), metadata }
    }

    /// How long a mirror may answer a hit unasked. With fail-safe each read prolongs the life of the
    /// stale copy, so the mirror asks again often enough that it never ends more than a twentieth early.
    #[must_use]
    pub fn mirror_lease(&self) -> Ttl {
        self.fail_safe.stale_ttl().map_or(Ttl::FOREVER, |stale| {
            if stale == Ttl::FOREVER { Ttl::FOREVER } else { Ttl(stale.0 / 20) }
        })
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            l1_ttl: DEFAULT_TTL,
            l2_ttl: DEFAULT_TTL,
            l1_given: false,
            l2_given: false,
            handed: None,
            was_read: false,
            is_of_owner: false,
            tags: None,
            etag: None,
            extends: None,
            skip_ttl: DEFAULT_SKIP_TTL,
            source: None,
            inflight: Inflight::default(),
            negative: Negative::default(),
            fail_safe: FailSafe::default(),
            refresh: Refresh::default(),
            jitter: Jitter::default(),
            timeouts: Timeouts::default(),
            lock: Lock::default(),
        }
    }
}

/// Joining of running loads of one key.
#[derive(Debug, Clone)]
pub struct Inflight {
    /// Off: every caller loads.
    pub enabled: bool,
    /// A load of this age is no longer joined; 0 joins none.
    pub ttl: Ttl,
    /// The most loads tracked; those beyond run untracked.
    pub entries: Option<usize>,
}

impl Default for Inflight {
    fn default() -> Self {
        Inflight { enabled: true, ttl: DEFAULT_INFLIGHT_TTL, entries: None }
    }
}

/// Remembering that a loader found nothing. On when a lifetime is given.
#[derive(Debug, Clone)]
pub struct Negative {
    /// Off whatever the lifetime says.
    pub enabled: bool,
    /// How long; 0 is off.
    pub ttl: Option<Ttl>,
    /// The most of them; the oldest make room.
    pub entries: usize,
}

impl Negative {
    /// The lifetime of negative entries, when they are kept.
    #[must_use]
    pub fn lifetime(&self) -> Option<Ttl> {
        self.ttl.filter(|&ttl| self.enabled && ttl > Ttl(0))
    }
}

impl Default for Negative {
    fn default() -> Self {
        Negative { enabled: true, ttl: None, entries: DEFAULT_NEGATIVE_ENTRIES }
    }
}

/// Serving stale values, when enabled. Copies are kept where a lifetime is given as well.
#[derive(Debug, Clone)]
pub struct FailSafe {
    /// Whether stale copies are kept and served.
    pub enabled: bool,
    /// How long after a value was stored or last read; 0 is off.
    pub ttl: Option<Ttl>,
    /// How long a refresh waits after one that failed.
    pub backoff: Ttl,
}

impl Default for FailSafe {
    fn default() -> Self {
        FailSafe { enabled: false, ttl: None, backoff: DEFAULT_BACKOFF }
    }
}

impl FailSafe {
    /// Whether stale copies are served, as long as they live.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.enabled && self.ttl != Some(Ttl::NONE)
    }

    /// The lifetime of stale copies, when they are kept.
    #[must_use]
    pub fn stale_ttl(&self) -> Option<Ttl> {
        self.ttl.filter(|&ttl| self.enabled && ttl > Ttl(0))
    }
}

/// Limits on the time of a load; none by default.
#[derive(Debug, Clone, Default)]
pub struct Timeouts {
    /// Past it the caller gets a stale value, if there is one; the load goes on.
    pub soft: Option<Ttl>,
    /// Past it the load is aborted.
    pub hard: Option<Ttl>,
}

/// One load across instances, by a lock in the second layer.
#[derive(Debug, Clone)]
pub struct Lock {
    /// Off by default.
    pub enabled: bool,
    /// How long the lock holds: ten seconds.
    pub ttl: Ttl,
    /// How long the others wait for the value: two seconds.
    pub wait: Ttl,
    /// How often they look: every 50 ms.
    pub poll: Ttl,
}

impl Default for Lock {
    fn default() -> Self {
        Lock { enabled: false, ttl: Ttl(10_000_000), wait: Ttl(2_000_000), poll: Ttl(50_000) }
    }
}

/// Options that are fixed for the life of a cache.
#[derive(Debug, Clone)]
pub struct CacheOptions {
    /// The settings of a call without options.
    pub settings: Settings,
    /// The most stale copies.
    pub stale_entries: usize,
    /// Whether deletes change the storage key.
    pub versioning: bool,
    /// Circuit breaker around the second layer.
    pub l2_breaker: BreakerOptions,
    /// How long an operation on the second layer may take before it counts as failed.
    pub l2_timeout: Ttl,
    /// Circuit breaker around publishing.
    pub bus_breaker: BreakerOptions,
    /// The name of this instance on the bus.
    pub source: String,
    /// The name of this cache among those on its bus.
    pub name: Option<String>,
    /// Whether loaded values are sent to peers.
    pub broadcast_set: bool,
    /// The largest encoded event that carries a value.
    pub broadcast_set_max_bytes: Option<u64>,
    /// How many event ids are remembered.
    pub dedupe_entries: usize,
    /// How long event ids are remembered.
    pub dedupe_ttl: Ttl,
    /// The longest that an entry of the memory layer is served while the bus is down.
    pub bus_down_l1_ttl: Option<Ttl>,
}

impl Default for CacheOptions {
    fn default() -> Self {
        CacheOptions {
            settings: Settings::default(),
            stale_entries: DEFAULT_STALE_ENTRIES,
            versioning: false,
            l2_breaker: BreakerOptions::default(),
            l2_timeout: DEFAULT_L2_TIMEOUT,
            bus_breaker: BreakerOptions::default(),
            source: String::new(),
            name: None,
            broadcast_set: true,
            broadcast_set_max_bytes: None,
            dedupe_entries: DEFAULT_DEDUPE_ENTRIES,
            dedupe_ttl: DEFAULT_DEDUPE_TTL,
            bus_down_l1_ttl: None,
        }
    }
}
