//! `lib/contract/observed.js`: the names of the counters of the dashboard.

use super::text::{Style, exports, head, number, quoted};
use crate::contract::observed::{BESIDE, COUNTERS, durations, streams};

/// The file.
pub(super) fn file() -> String {
    let mut file = head("The counters of the dashboard.");
    let counters: Vec<_> = COUNTERS.iter().map(|row| row.0).collect();
    file += "\n/** The counters, in the order in which users are given them. */\n";
    file += &names("COUNTERS", &counters);
    file += "\n/** Numbers that metrics are made of beside them. */\n";
    file += &names("BESIDE", BESIDE);
    let places = [
        ("LOADS", durations::LOADS),
        ("CALLS", durations::CALLS),
        ("SUM", durations::SUM),
        ("LONGEST", durations::LONGEST),
        ("KEPT", durations::KEPT),
        ("LENGTH", durations::LENGTH),
    ];
    let places: String = places.iter().map(|(name, place)| format!("  {name}: {place},\n")).collect();
    file += "\n/** The array of durations, see src/contract/observed.rs: of loads in microseconds, of calls in nanoseconds. */\n";
    file += &format!("const DURATIONS = Object.freeze({{\n{places}}});\n");
    file +=
        "\n/** Streams of events: how many, how often, how much of a storm, and the end of a slow one. */\n";
    file += &format!("const STREAMS = Object.freeze({{\n{}}});\n", of_streams());
    file + &exports(&["BESIDE", "COUNTERS", "DURATIONS", "STREAMS"].map(str::to_owned))
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn of_streams() -> String {
    let count = |count: f64| number(count, Style::Count);
    [
        ("MOST", count(streams::MOST as f64)),
        ("ROUND_MS", count(streams::ROUND_MS as f64)),
        ("BURST", count(streams::BURST as f64)),
        ("PING_MS", count(streams::PING_MS as f64)),
        ("DROPPED", quoted(streams::DROPPED)),
    ]
    .iter()
    .map(|(name, value)| format!("  {name}: {value},\n"))
    .collect()
}

fn names(name: &str, names: &[&str]) -> String {
    let names: String = names.iter().map(|name| format!("  '{name}',\n")).collect();
    format!("const {name} = Object.freeze(/** @type {{const}} */ ([\n{names}]));\n")
}
