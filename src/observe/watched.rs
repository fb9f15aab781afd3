//! Caches whose dashboards are on, with the state that can be read without their event loops.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use bytes::Bytes;
use parking_lot::Mutex;
use serde::Deserialize;

use super::desk::{Answered, Desk, Unanswered};
use crate::stats::CacheStats;

/// The facade's description of a cache when its dashboard is switched on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct About {
    /// When its collector began, in milliseconds since 1970.
    pub(crate) started_at: f64,
    pub(crate) max_events: usize,
    pub(crate) max_entries: Option<f64>,
    pub(crate) max_bytes: Option<f64>,
    pub(crate) actions: bool,
    pub(crate) values: String,
}

/// A cache whose dashboard is on.
pub(crate) struct Watched {
    pub(crate) stats: Arc<CacheStats>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) seat: usize,
    pub(crate) about: About,
    /// Its configuration, as JavaScript last reported it.
    pub(crate) config: Mutex<Option<String>>,
    /// The number of entries in its second layer, as JavaScript last reported it.
    pub(crate) l2_size: Mutex<Option<f64>>,
    pub(crate) feed: Mutex<Feed>,
}

/// The last events, as lines of a stream.
#[derive(Default)]
pub(crate) struct Feed {
    /// By number, oldest first.
    lines: VecDeque<(u64, Bytes)>,
    bytes: usize,
}

/// The most bytes of events that are kept for streams.
const FEED_BYTES: usize = 4 << 20;

impl Feed {
    /// The number of the last event.
    pub(crate) fn last(&self) -> u64 {
        self.lines.back().map_or(0, |line| line.0)
    }

    pub(crate) fn push(&mut self, number: u64, line: Bytes, most: usize) {
        self.bytes += line.len();
        self.lines.push_back((number, line));
        while self.lines.len() > most.max(1) || (self.bytes > FEED_BYTES && self.lines.len() > 1) {
            self.bytes -= self.lines.pop_front().map_or(0, |line| line.1.len());
        }
    }

    /// The events with higher numbers in one piece, and the number of the last one.
    pub(crate) fn after(&self, number: u64) -> Option<(Bytes, u64)> {
        let from = self.lines.partition_point(|line| line.0 <= number);
        let mut text = Vec::new();
        for (_, line) in self.lines.range(from..) {
            text.extend_from_slice(line);
        }
        (!text.is_empty()).then(|| (Bytes::from(text), self.last()))
    }
}

/// The caches whose dashboards are on, of all environments.
static ALL: Mutex<Vec<Weak<Watched>>> = Mutex::new(Vec::new());

/// Registers a cache for as long as it is held.
pub(crate) fn register(watched: &Arc<Watched>) {
    let mut all = ALL.lock();
    all.retain(|held| held.strong_count() > 0);
    all.push(Arc::downgrade(watched));
}

/// The watched cache of that number.
pub(crate) fn find(cache: u32) -> Option<Arc<Watched>> {
    ALL.lock().iter().filter_map(Weak::upgrade).find(|watched| watched.stats.number == cache)
}

impl Watched {
    /// Asks JavaScript.
    pub(crate) async fn ask(
        &self,
        what: &'static str,
        params: String,
        deadline: std::time::Duration,
    ) -> Result<Answered, Unanswered> {
        self.desk.ask(self.seat, what, params, deadline).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_bounded_in_lines_and_bytes() {
        let mut feed = Feed::default();
        for number in 1..=5 {
            feed.push(number, Bytes::from(format!("{number};")), 3);
        }
        assert_eq!(feed.after(0), Some((Bytes::from("3;4;5;"), 5)));
        assert_eq!(feed.after(4), Some((Bytes::from("5;"), 5)));
        assert_eq!(feed.after(5), None);
        feed.push(6, Bytes::from(vec![b'x'; FEED_BYTES]), 3);
        assert_eq!(feed.lines.len(), 1);
    }
}
