//! `lib/contract/codes.js`: enums that cross by their number. `lib/contract/numbers.js`: bits, places and sizes.

use super::text::{Table, constant, exports, head, object};
use crate::contract::{codes::CODES, numbers::NUMBERS};

/// The part of `src/bridge.js`.
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

/// The file of the enums.
pub(super) fn codes() -> String {
    file("Enums that cross between JavaScript and Rust by their number.", CODES)
}

/// The file of the bits, places and sizes.
pub(super) fn numbers() -> String {
    file("Bits, places and sizes that JavaScript and Rust share.", NUMBERS)
}

fn file(about: &str, tables: &[Table]) -> String {
    let names: Vec<_> = tables.iter().map(|table| constant(table.name)).collect();
    let objects: String = tables.iter().map(object).collect();
    head(about) + &objects + &exports(&names)
}
