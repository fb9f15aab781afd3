//! `lib/contract/words.js`: names that cross by their number.

use lazy_layers_engine::{
    bounded::{Left, PolicyKind},
    bus::MessageKind,
    codec::Encoding,
    observe::{
        Event,
        event::{
            BusState, BypassReason, EVENT_TYPES, GapReason, Level, LimitOutcome, MissLevel, ReceivedLevel,
            SkipReason, StaleReason, TimeoutKind,
        },
    },
    options::source::Source,
    resilience::breaker::BreakerState,
    words::Word,
};

use super::text::{comment, exports, head, list};
use crate::{contract::methods::METHODS, memory::Slot};

/// Names that cross by their number.
pub(super) struct Words {
    pub(super) name: &'static str,
    about: &'static str,
    pub(super) words: &'static [&'static str],
}

/// Every such list.
pub(super) fn words() -> Vec<Words> {
    let of = |name, about, words| Words { name, about, words };
    vec![
        of("EVENT_TYPES", " Types of events, by number.", EVENT_TYPES),
        of("METHODS", " Methods of users' objects, by number.", METHODS),
        of("LEVELS", " Layers, by number.", Level::WORDS),
        of("MISS_LEVELS", " Layers that had no value, by number.", MissLevel::WORDS),
        of("RECEIVED_LEVELS", " Where a value of another instance went, by number.", ReceivedLevel::WORDS),
        of("BYPASS_REASONS", " Why a load runs that others cannot join, by number.", BypassReason::WORDS),
        of("SKIP_REASONS", " Why a value was not sent to other instances, by number.", SkipReason::WORDS),
        of("BUS_STATES", " Whether a bus is there, by number.", BusState::WORDS),
        of("STALE_REASONS", " Why a stale value was served, by number.", StaleReason::WORDS),
        of(
            "GAP_REASONS",
            " Why events of other instances may have been missed, by number.",
            GapReason::WORDS,
        ),
        of("LIMIT_OUTCOMES", " Outcomes of loads at the limit, by number.", LimitOutcome::WORDS),
        of("EVICT_REASONS", " Why an entry left the memory layer, by number.", Left::WORDS),
        of("TIMEOUT_KINDS", " Which limit a load passed, by number.", TimeoutKind::WORDS),
        of("BREAKER_STATES", " States of a circuit, by number.", BreakerState::WORDS),
        of("MESSAGE_KINDS", " Kinds of messages between instances, by number.", MessageKind::WORDS),
        of("SOURCES", " Where an answer came from, by number.", Source::WORDS),
        of("POLICIES", " Which entries make room, by number.", PolicyKind::WORDS),
        of("ENCODINGS", " Encodings of payloads, by number.", Encoding::WORDS),
    ]
}

/// The file.
pub(super) fn file() -> String {
    let words = words();
    let rows = Event::<Slot>::ROWS.iter();
    let faults: Vec<_> =
        rows.filter(|row| row.kinds.iter().any(|kind| kind.is_fault())).map(|row| row.name).collect();
    let mut file = head("Names by the numbers by which they cross.");
    file += &format!(
        "\n/** Events of failures outside the cache. */\nconst FAULTS = Object.freeze([{}]);\n",
        list(&faults)
    );
    file.extend(words.iter().map(|words| {
        let about = comment(&[words.about], "");
        format!(
            "\n{about}const {} = Object.freeze(/** @type {{const}} */ ([{}]));\n",
            words.name,
            list(words.words)
        )
    }));
    let mut names = vec!["FAULTS".to_owned()];
    names.extend(words.iter().map(|words| words.name.to_owned()));
    file + &exports(&names)
}
