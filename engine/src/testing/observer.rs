//! An observer that keeps what it is told.

use parking_lot::Mutex;

use crate::{
    observe::{Event, Kind, Level, Observer},
    value::Value,
};

/// Keeps every event.
pub struct Recorder<V> {
    events: Mutex<Vec<Event<V>>>,
}

impl<V> Default for Recorder<V> {
    fn default() -> Self {
        Recorder { events: Mutex::default() }
    }
}

impl<V: Value> Recorder<V> {
    /// Empties the record and gives what was in it.
    pub fn take(&self) -> Vec<Event<V>> {
        std::mem::take(&mut *self.events.lock())
    }

    /// The same, an event a line, as [`describe`] puts it.
    #[must_use]
    pub fn take_lines(&self) -> Vec<String> {
        self.take().iter().map(describe).collect()
    }
}

impl<V: Value> Observer<V> for Recorder<V> {
    fn wants(&self, _: Kind) -> bool {
        true
    }

    fn observe(&self, event: Event<V>) {
        self.events.lock().push(event);
    }
}

/// Every kind of event.
pub const KINDS: [Kind; Kind::COUNT] = [
    Kind::HitL1,
    Kind::HitL2,
    Kind::MissL1,
    Kind::MissL2,
    Kind::MissNegative,
    Kind::Set,
    Kind::Delete,
    Kind::DeletePattern,
    Kind::LoaderStart,
    Kind::LoaderSuccess,
    Kind::LoaderError,
    Kind::LoaderTimeout,
    Kind::InflightReuse,
    Kind::InflightBypass,
    Kind::StaleHit,
    Kind::NegativeSet,
    Kind::L1Error,
    Kind::L2Error,
    Kind::L2Skipped,
    Kind::BusPublishError,
    Kind::BusPublishSkipped,
    Kind::InvalidationReceived,
    Kind::InvalidationDuplicate,
    Kind::InvalidationStale,
    Kind::SetReceived,
    Kind::SetBroadcast,
    Kind::SetBroadcastSkipped,
    Kind::BusStatus,
    Kind::BusGap,
];

/// An event in a few words: its public name, its key, what else decides. `"hit a L1"`, `"set a L1,L2"`.
#[must_use]
pub fn describe<V>(event: &Event<V>) -> String {
    // Keys and patterns print quoted.
    quoted(event).replace('"', "")
}

fn quoted<V>(event: &Event<V>) -> String {
    match event {
        Event::Hit { key, level } => format!("hit {key:?} {}", level.as_str()),
        Event::Miss { key, level } => format!("miss {key:?} {}", level.as_str()),
        Event::Set { key, l1, l2 } => {
            let levels: Vec<_> = [("L1", *l1), ("L2", *l2)].into_iter().filter(|one| one.1).collect();
            format!("set {key:?} {}", levels.iter().map(|one| one.0).collect::<Vec<_>>().join(","))
        }
        Event::Delete { key, remote } => format!("delete {key:?}{}", remotely(*remote)),
        Event::DeletePattern { pattern, remote } => {
            format!("delete-pattern {:?}{}", String::from_utf8_lossy(pattern.as_bytes()), remotely(*remote))
        }
        Event::LoaderStart { key } => format!("loader:start {key:?}"),
        Event::LoaderSuccess { key, .. } => format!("loader:success {key:?}"),
        Event::LoaderError { key, .. } => format!("loader:error {key:?}"),
        Event::LoaderTimeout { key, kind, .. } => format!("loader:timeout {key:?} {}", kind.as_str()),
        Event::InflightReuse { key } => format!("inflight:reuse {key:?}"),
        Event::InflightBypass { key } => format!("inflight:bypass {key:?}"),
        Event::StaleHit { key, reason } => format!("stale:hit {key:?} {}", reason.as_str()),
        Event::NegativeSet { key, .. } => format!("negative:set {key:?}"),
        Event::L1Error { operation, .. } => format!("l1:error {operation}"),
        Event::L2Error { operation, state, .. } => format!("l2:error {operation} {}", state.as_str()),
        Event::L2Skipped { operation, state, .. } => format!("l2:skipped {operation} {}", state.as_str()),
        Event::BusPublishError { message, state, .. } => {
            format!("event-bus:publish-error {message} {}", state.as_str())
        }
        Event::BusPublishSkipped { message, state } => {
            format!("event-bus:publish-skipped {message} {}", state.as_str())
        }
        Event::InvalidationReceived { message } => {
            format!("invalidation:received {}", message.body.kind().as_str())
        }
        Event::InvalidationDuplicate { message } => {
            format!("invalidation:duplicate {}", message.body.kind().as_str())
        }
        Event::InvalidationStale { key, generation, known, .. } => {
            format!("invalidation:stale {key:?} {generation}<{known}")
        }
        Event::SetReceived { key } => format!("set:received {key:?}"),
        Event::SetBroadcast { key } => format!("set:broadcast {key:?}"),
        Event::SetBroadcastSkipped { key, bytes, most } => {
            format!("set:broadcast-skipped {key:?} {bytes}>{most}")
        }
        Event::BusStatus { connected, transport, .. } => format!("bus:status {transport} {connected}"),
        Event::BusGap { missed, .. } => format!("bus:gap {missed}"),
    }
}

/// The counter that an event belongs to.
#[must_use]
pub fn kind_of<V>(event: &Event<V>) -> Kind {
    match event {
        Event::Hit { level: Level::L2, .. } => Kind::HitL2,
        Event::Hit { .. } => Kind::HitL1,
        Event::Miss { level: Level::L1, .. } => Kind::MissL1,
        Event::Miss { level: Level::L2, .. } => Kind::MissL2,
        Event::Miss { level: Level::Negative, .. } => Kind::MissNegative,
        Event::Set { .. } => Kind::Set,
        Event::Delete { .. } => Kind::Delete,
        Event::DeletePattern { .. } => Kind::DeletePattern,
        Event::LoaderStart { .. } => Kind::LoaderStart,
        Event::LoaderSuccess { .. } => Kind::LoaderSuccess,
        Event::LoaderError { .. } => Kind::LoaderError,
        Event::LoaderTimeout { .. } => Kind::LoaderTimeout,
        Event::InflightReuse { .. } => Kind::InflightReuse,
        Event::InflightBypass { .. } => Kind::InflightBypass,
        Event::StaleHit { .. } => Kind::StaleHit,
        Event::NegativeSet { .. } => Kind::NegativeSet,
        Event::L1Error { .. } => Kind::L1Error,
        Event::L2Error { .. } => Kind::L2Error,
        Event::L2Skipped { .. } => Kind::L2Skipped,
        Event::BusPublishError { .. } => Kind::BusPublishError,
        Event::BusPublishSkipped { .. } => Kind::BusPublishSkipped,
        Event::InvalidationReceived { .. } => Kind::InvalidationReceived,
        Event::InvalidationDuplicate { .. } => Kind::InvalidationDuplicate,
        Event::InvalidationStale { .. } => Kind::InvalidationStale,
        Event::SetReceived { .. } => Kind::SetReceived,
        Event::SetBroadcast { .. } => Kind::SetBroadcast,
        Event::SetBroadcastSkipped { .. } => Kind::SetBroadcastSkipped,
        Event::BusStatus { .. } => Kind::BusStatus,
        Event::BusGap { .. } => Kind::BusGap,
    }
}

fn remotely(remote: bool) -> &'static str {
    if remote { " remotely" } else { "" }
}
