//! The behaviour of a cache after messages may have been lost, and while the bus is down.

use std::{
    sync::atomic::Ordering::{Relaxed, SeqCst},
    time::Duration,
};

use tracing::warn;

use crate::{
    clock::Time,
    coherence::fence::Ticket,
    entry::pattern::Pattern,
    flow::state::CacheState,
    l1::Layer1,
    observe::{
        Event, Kind,
        event::{BusState, GapReason},
    },
    targets::BUS,
    value::{Failure, Value},
};

/// No time: no message has arrived yet.
const NEVER: u64 = Time::NEVER.0;

/// How long a read waits for messages that are about to arrive, before it asks the second layer or the loader instead.
const SIGHT: Duration = Duration::from_millis(250);

impl<V: Value> CacheState<V> {
    /// Serves nothing from here on that was read or loaded before now: it is read or loaded again. Stale copies
    /// of fail-safe stay, for loads that fail.
    pub(crate) async fn heal(&self, reason: GapReason, missed: u64) {
        let (cache, reason_word) = (self.options.name.as_deref(), reason.as_str());
        warn!(target: BUS, cache, reason = reason_word, missed, "a gap: what L1 holds is not served any more");
        let everything = Pattern::from("*");
        self.recent.joins(self.now());
        self.kept.counts.forget_all();
        // Before the layer: running loads may have read values that were deleted since.
        self.void_running_matching(&everything);
        match &self.l1 {
            Layer1::Memory(memory) => memory.clear(),
            Layer1::Custom(store) => {
                let named = everything.as_key();
                self.run_l1("deleteByPattern", Some(&named), store.delete_by_pattern(&everything)).await;
            }
            Layer1::Off => {}
        }
        self.observe.emit(Kind::BusGap, || Event::BusGap { reason, missed });
    }

    /// Messages of other instances arrive from now on. Before the first time their invalidations were not
    /// heard, so values that a shared second layer also has are read from there again.
    pub(crate) fn listens(&self) {
        let now = self.now();
        self.recent.joins(now);
        self.kept.counts.set_told(true);
        let is_first = self.listened.compare_exchange(NEVER, now.0, SeqCst, SeqCst).is_ok();
        if !is_first || !self.shares_l2() {
            return;
        }
        // Nobody can read these again: they are found by loads alone.
        self.kept.negatives.remove_matching(&Pattern::from("*"));
        if let Layer1::Memory(memory) = &self.l1 {
            memory.remove_older(now);
        }
    }

    /// Whether a load began before messages arrived for the first time: over a shared second layer its marks order
    /// values, but no absence.
    pub(super) fn began_unheard(&self, ticket: &Ticket) -> bool {
        let listened = self.listened.load(SeqCst);
        listened != NEVER && ticket.started().0 < listened && self.shares_l2()
    }

    /// Whether messages of other instances have ever arrived.
    pub(crate) fn has_listened(&self) -> bool {
        self.listened.load(SeqCst) != NEVER
    }

    fn shares_l2(&self) -> bool {
        self.l2.as_ref().is_some_and(|l2| l2.store().is_shared())
    }

    /// The process did not run, and messages of other instances have yet to arrive. Until then no value in
    /// memory is served, nor the knowledge that there is none.
    pub(crate) fn blind(&self) {
        if self.is_closed.load(Relaxed) {
            return;
        }
        let is_first = self.outage.begin_blindness();
        self.kept.counts.forget_all();
        if let Layer1::Memory(memory) = &self.l1 {
            if is_first {
                memory.blind();
            } else {
                memory.hide();
            }
        }
        // Once the layer is blind: before, mirrors could be given another absence to answer.
        self.kept.negatives.hide();
    }

    /// The messages of that blindness have arrived. A newer blindness stays.
    pub(crate) fn see(&self, blindness: u64) {
        if self.outage.end_blindness(blindness)
            && let Layer1::Memory(memory) = &self.l1
        {
            memory.see();
        }
    }

    /// Waits for a moment until values in memory may be served. Returns whether they may.
    pub(crate) async fn sees(&self) -> bool {
        tokio::select! {
            biased;
            () = self.outage.sight() => {}
            () = self.timers.sleep(SIGHT) => {}
        }
        !self.outage.is_blind()
    }

    /// The bus is down. Ends when entries from before the outage have been served for as long as they may be,
    /// or when it is certain that this limit will not apply.
    pub(crate) async fn bus_down(&self, transport: String, error: Option<String>) {
        self.observe.emit(Kind::BusStatus, || Event::BusStatus {
            transport,
            status: BusState::Disconnected,
            error: error.map(Failure::Message),
        });
        self.recent.set_down(true, self.now());
        self.kept.counts.set_told(false);
        let Some((outage, longest)) = self.outage.begin() else { return };
        let began = self.now();
        self.timers.sleep_ttl(Some(longest)).await;
        if self.outage.goes_on(outage) {
            // Those that were found since go as well: how old they are is not recorded.
            self.kept.negatives.remove_matching(&Pattern::from("*"));
            if let Layer1::Memory(memory) = &self.l1 {
                memory.remove_older(began);
            }
        }
    }

    /// The bus is up.
    pub(crate) fn bus_up(&self, transport: &str) {
        self.outage.end();
        self.recent.set_down(false, self.now());
        self.recent.joins(self.now());
        self.kept.counts.set_told(self.has_listened());
        self.observe.emit(Kind::BusStatus, || Event::BusStatus {
            transport: transport.to_owned(),
            status: BusState::Connected,
            error: None,
        });
    }
}
