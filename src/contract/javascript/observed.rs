//! `lib/contract/observed.js`: the names of what the dashboard counts.

use super::text::{exports, head};
use crate::contract::observed::{BESIDE, COUNTERS, durations};

/// The file.
pub(super) fn file() -> String {
    let mut file = head("What the dashboard counts.");
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
    file + &exports(&["BESIDE", "COUNTERS", "DURATIONS"].map(str::to_owned))
}

fn names(name: &str, names: &[&str]) -> String {
    let names: String = names.iter().map(|name| format!("  '{name}',\n")).collect();
    format!("const {name} = Object.freeze(/** @type {{const}} */ ([\n{names}]));\n")
}
