//! `lib/contract/codes.js`: codes, bits, places and words.

use lazy_layers_engine::{
    bounded::PolicyKind,
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

use super::text::{comment, constant, exports, head, list, object};
use crate::{
    contract::{codes::CODES, methods::METHODS, numbers::NUMBERS},
    memory::Slot,
};

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
        of("MISS_LEVELS", " What did not have a value, by number.", MissLevel::WORDS),
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
        of("LIMIT_OUTCOMES", " What became of a load at the limit, by number.", LimitOutcome::WORDS),
        of("TIMEOUT_KINDS", " Which limit a load passed, by number.", TimeoutKind::WORDS),
        of("BREAKER_STATES", " States of a circuit, by number.", BreakerState::WORDS),
        of("MESSAGE_KINDS", " Kinds of messages between instances, by number.", MessageKind::WORDS),
        of("SOURCES", " Where an answer came from, by number.", Source::WORDS),
        of("POLICIES", " Which entries make room, by number.", PolicyKind::WORDS),
        of("ENCODINGS", " What a payload is encoded as, by number.", Encoding::WORDS),
    ]
}

/// What `src/bridge.js` has of it.
pub(super) fn of_bridge() -> String {
    let tables = CODES.iter().chain(NUMBERS);
    let tables = tables.filter(|table| {
        ["BusItem", "SessionStep", "params", "behalf", "clock", "line", "shared"].contains(&table.name)
    });
    let text: String = tables.map(object).collect();
    text.trim_start()
        .lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") })
        .collect()
}

/// The file.
pub(super) fn file() -> String {
    let tables = CODES.iter().chain(NUMBERS);
    let words = words();
    let mut names: Vec<_> = tables.clone().map(|table| constant(table.name)).collect();
    names.extend(words.iter().map(|words| words.name.to_owned()));
    let mut file = head("Numbers that cross between JavaScript and Rust, and names by their number.");
    file.extend(tables.map(object));
    let rows = Event::<Slot>::ROWS.iter();
    let faults: Vec<_> =
        rows.filter(|row| row.kinds.iter().any(|kind| kind.is_fault())).map(|row| row.name).collect();
    file += &format!(
        "\n/** Events of what went wrong outside the cache. */\nconst FAULTS = Object.freeze([{}]);\n",
        list(&faults)
    );
    names.push("FAULTS".to_owned());
    file.extend(words.iter().map(|words| {
        let about = comment(&[words.about], "");
        format!(
            "\n{about}const {} = Object.freeze(/** @type {{const}} */ ([{}]));\n",
            words.name,
            list(words.words)
        )
    }));
    file + &exports(&names)
}
