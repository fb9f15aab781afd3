//! The statistics of a cache: a row for each number.
//!
//! A row is the path in the object that users are given, and where the number comes from. JavaScript finds the rows in
//! `lib/contract/stats.js`. `known` rows are not a number where nothing is known of it.

use lazy_layers_engine::{
    cache::RunningLoads,
    l1::{MemoryStats, MirrorStats},
    observe::{Counters, Kind},
};

use super::counted;

/// The sources of the numbers of one cache.
pub(crate) struct Sources<'a> {
    /// The counters of the engine.
    pub(crate) counters: &'a Counters,
    /// The memory layer, if there is one.
    pub(crate) memory: Option<MemoryStats>,
    /// The running loads.
    pub(crate) running: RunningLoads,
    /// The counts of JavaScript, see [`counted`].
    pub(crate) counted: [f64; counted::LENGTH],
    /// The counts of the mirror of the memory layer for this cache.
    pub(crate) mirror: MirrorStats,
    /// The time, in milliseconds of the clock.
    pub(crate) now_ms: f64,
}

#[expect(clippy::cast_precision_loss, reason = "counts fit 53 bits")]
impl Sources<'_> {
    fn events(&self, kind: Kind) -> f64 {
        self.counters.total(kind) as f64
    }

    fn memory(&self, read: impl FnOnce(&MemoryStats) -> Option<u64>) -> f64 {
        self.memory.as_ref().and_then(read).map_or(f64::NAN, |number| number as f64)
    }

    /// By capacity and at their end; none without a memory layer.
    fn evicted(&self) -> [f64; 2] {
        let evicted = self.memory.unwrap_or_default().evicted;
        [evicted.capacity as f64, evicted.expired as f64]
    }

    fn mirror_hits(&self) -> f64 {
        self.mirror.hits as f64
    }

    fn mirror_sets(&self) -> f64 {
        self.mirror.sets as f64
    }

    fn running(&self) -> f64 {
        self.running.loads as f64
    }

    /// Local loads that run. JavaScript may be amid a write of either word.
    fn local_running(&self) -> f64 {
        (self.counted[counted::LOADS] - self.counted[counted::ENDED]).max(0.0)
    }

    /// Local loads that came to a value or to nothing.
    fn local_successes(&self) -> f64 {
        let [ended, failed, reported] =
            [counted::ENDED, counted::FAILED, counted::REPORTED].map(|at| self.counted[at]);
        (ended - failed - reported).max(0.0)
    }

    fn oldest(&self) -> f64 {
        let of_engine = self.running.oldest.map_or(0.0, |age| age.as_secs_f64() * 1000.0);
        let is_loading = self.local_running() > 0.0;
        let local = if is_loading { self.now_ms - self.counted[counted::OLDEST] } else { 0.0 };
        of_engine.max(local)
    }
}

/// The numbers that describe the present; all others only grow.
pub(crate) const PRESENT: &[&str] = &["loads.running", "loads.oldestMs", "L1.entries", "L1.bytes"];

/// The numbers of a memory layer, which the caches on it have in common.
pub(crate) const OF_LAYER: &[&str] = &["evictions.capacity", "evictions.expired", "L1.entries", "L1.bytes"];

/// A number as JavaScript knows it.
#[cfg(test)]
pub(super) struct Row {
    pub(super) path: &'static str,
    /// Whether it may be unknown.
    pub(super) is_known: bool,
}

/// Declares the numbers, and the function that reads them.
macro_rules! stats {
    ($($style:ident $path:literal => $read:expr;)+) => {
        #[cfg(test)]
        pub(super) const ROWS: &[Row] =
            &[$(Row { path: $path, is_known: matches!(stringify!($style).as_bytes(), b"known") },)+];

        /// The paths of the numbers, in the order of the rows.
        pub(crate) const PATHS: &[&str] = &[$($path,)+];

        /// How many numbers there are.
        pub(crate) const COUNT: usize = PATHS.len();

        /// All numbers of a cache, in the order of the rows.
        pub(crate) fn read(sources: &Sources<'_>) -> [f64; COUNT] {
            [$({
                let read: fn(&Sources<'_>) -> f64 = $read;
                read(sources)
            },)+]
        }
    };
}

stats! {
    count "hits.L1" => |of| of.events(Kind::HitL1) + of.mirror_hits() + of.counted[counted::HITS];
    count "hits.L2" => |of| of.events(Kind::HitL2);
    count "hits.negative" => |of| of.events(Kind::MissNegative) + of.counted[counted::ABSENCES];
    count "hits.stale" => |of| of.events(Kind::StaleHit);
    count "misses.L1" => |of| {
        of.events(Kind::MissL1) + of.counted[counted::LOADS] + of.counted[counted::JOINS]
    };
    count "misses.L2" => |of| of.events(Kind::MissL2);
    count "joins" => |of| of.events(Kind::InflightReuse) + of.counted[counted::JOINS];
    count "loads.started" => |of| of.events(Kind::LoaderStart) + of.counted[counted::LOADS];
    count "loads.succeeded" => |of| of.events(Kind::LoaderSuccess) + of.local_successes();
    count "loads.failed" => |of| of.events(Kind::LoaderError) + of.counted[counted::FAILED];
    count "loads.timeouts" => |of| of.events(Kind::LoaderTimeout);
    count "loads.bypassed" => |of| of.events(Kind::InflightBypass);
    count "loads.queued" => |of| of.events(Kind::LoadQueued);
    count "loads.refused" => |of| of.events(Kind::LoadRefused);
    count "loads.overtaken" => |of| of.events(Kind::LoadOvertaken);
    count "loads.refreshes" => |of| of.events(Kind::Refresh);
    count "loads.extended" => |of| of.events(Kind::Extend);
    count "loads.totalMs" => |of| of.counters.load_time().as_secs_f64() * 1000.0 + of.counted[counted::LOAD_MS];
    count "loads.running" => |of| of.running() + of.local_running();
    count "loads.oldestMs" => |of| of.oldest();
    count "sets" => |of| of.events(Kind::Set) + of.mirror_sets() + of.counted[counted::SETS];
    count "deletes" => |of| of.events(Kind::Delete);
    count "patternDeletes" => |of| of.events(Kind::DeletePattern);
    count "tagDeletes" => |of| of.events(Kind::DeleteTag);
    count "negativeSets" => |of| of.events(Kind::NegativeSet);
    count "evictions.capacity" => |of| of.evicted()[0];
    count "evictions.expired" => |of| of.evicted()[1];
    count "audits.freshL1" => |of| of.counted[counted::FRESH_L1];
    count "audits.freshL2" => |of| of.counted[counted::FRESH_L2];
    count "audits.staleL1" => |of| of.counted[counted::STALE_L1];
    count "audits.staleL2" => |of| of.counted[counted::STALE_L2];
    count "audits.unknown" => |of| of.counted[counted::UNKNOWN];
    known "L1.entries" => |of| of.memory(|memory| u64::try_from(memory.entries).ok());
    known "L1.bytes" => |of| of.memory(|memory| memory.bytes);
    count "L1.errors" => |of| of.events(Kind::L1Error);
    count "L2.errors" => |of| of.events(Kind::L2Error);
    count "L2.skipped" => |of| of.events(Kind::L2Skipped);
    count "L2.changes" => |of| of.events(Kind::L2Change);
    count "bus.publishErrors" => |of| of.events(Kind::BusPublishError);
    count "bus.publishSkipped" => |of| of.events(Kind::BusPublishSkipped);
    count "bus.received" => |of| of.events(Kind::InvalidationReceived);
    count "bus.duplicates" => |of| of.events(Kind::InvalidationDuplicate);
    count "bus.stale" => |of| of.events(Kind::InvalidationStale);
    count "bus.valuesReceived" => |of| of.events(Kind::SetReceived);
    count "bus.valuesSent" => |of| of.events(Kind::SetBroadcast);
    count "bus.valuesTooLarge" => |of| of.events(Kind::SetBroadcastSkipped);
    count "bus.gaps" => |of| of.events(Kind::BusGap);
}
