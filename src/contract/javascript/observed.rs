//! `lib/contract/observed.js`: the names of what the dashboard counts.

use super::text::{exports, head};
use crate::contract::observed::{BESIDE, COUNTERS};

/// The file.
pub(super) fn file() -> String {
    let mut file = head("What the dashboard counts.");
    let counters: Vec<_> = COUNTERS.iter().map(|row| row.0).collect();
    file += "\n/** The counters, in the order in which users are given them. */\n";
    file += &names("COUNTERS", &counters);
    file += "\n/** Numbers that metrics are made of beside them. */\n";
    file += &names("BESIDE", BESIDE);
    file + &exports(&["BESIDE", "COUNTERS"].map(str::to_owned))
}

fn names(name: &str, names: &[&str]) -> String {
    let names: String = names.iter().map(|name| format!("  '{name}',\n")).collect();
    format!("const {name} = Object.freeze(/** @type {{const}} */ ([\n{names}]));\n")
}
