//! `lib/contract/stats.js`: the statistics of a cache as an object.

use super::text::{exports, head};
use crate::contract::stats::{COUNT, ROWS};

/// The file.
pub(super) fn file() -> String {
    let mut file = head("The statistics of a cache.");
    file += &format!("\n/** How many numbers cross. */\nconst COUNT = {COUNT};\n");
    file += "\n/** @param {number} number */\nconst known = (number) => (Number.isNaN(number) ? undefined : number);\n";
    file += "\n/**\n * The object of the numbers of a cache.\n * @param {ArrayLike<number>} n\n */\n";
    file += "function statsOf(n) {\n  return {\n";
    for rows in grouped() {
        let group = rows[0].0;
        let entries: Vec<_> = rows.iter().map(|(_, entry)| entry.as_str()).collect();
        file += &if group.is_empty() {
            packed(&entries, "    ")
        } else {
            format!("    {group}: {{\n{}    }},\n", packed(&entries, "      "))
        };
    }
    file + "  };\n}\n" + &exports(&["COUNT", "statsOf"].map(str::to_owned))
}

/// The rows of each group with their expressions, in their order.
fn grouped() -> Vec<Vec<(&'static str, String)>> {
    let mut groups: Vec<Vec<(&str, String)>> = Vec::new();
    for (at, row) in ROWS.iter().enumerate() {
        let (group, name) = row.path.rsplit_once('.').unwrap_or(("", row.path));
        let value = if row.is_known { format!("known(n[{at}])") } else { format!("n[{at}]") };
        let entry = (group, format!("{name}: {value},"));
        match groups.last_mut().filter(|last| last[0].0 == group) {
            Some(last) => last.push(entry),
            None => groups.push(vec![entry]),
        }
    }
    groups
}

/// Entries in lines of a hundred columns.
fn packed(entries: &[&str], indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for entry in entries {
        match lines.last_mut().filter(|line| line.len() + entry.len() < 100) {
            Some(line) => *line += &format!(" {entry}"),
            None => lines.push(format!("{indent}{entry}")),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}
