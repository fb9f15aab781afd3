//! `lib/contract/options.js`: where options cross, and how they are checked.

use super::text::{constant, exports, head, quoted};
use crate::contract::options::{CACHE, CALL, LAYERS, Row};

/// The file.
pub(super) fn file() -> String {
    let places: String = (0..).zip([CALL, LAYERS, CACHE].concat()).map(|(at, row)| place(at, &row)).collect();
    let mut file = head("The options that cross to Rust.");
    let mut checks: Vec<_> =
        [CALL, LAYERS, CACHE].concat().iter().flat_map(|row| [row.check, row.call_check]).collect();
    checks.sort_unstable();
    checks.dedup();
    let checks: Vec<_> = checks.into_iter().map(quoted).collect();
    file += &format!(
        "\n/** @typedef {{{}}} OptionCheck a function in lib/options/checks.js */\n",
        checks.join(" | ")
    );
    file += "/** @typedef {{ path: string, check: OptionCheck }} OptionRow where an option is given, and how it is checked */\n";
    file += &format!(
        "\n/** Place of each option in a record. */\nconst OPTION = Object.freeze({{\n{places}}});\n"
    );
    file += &rows("OF_CALLS", "Options of a call.", CALL, |row| row.call_check);
    file += &rows(
        "OF_LAYERS",
        "Options of a cache or a layer; first those for all of its calls.",
        &[CALL, LAYERS].concat(),
        |row| row.check,
    );
    file +=
        &rows("OF_CACHES", "Options of a cache alone. They follow in the record.", CACHE, |row| row.check);
    file + &exports(&["OPTION", "OF_CALLS", "OF_LAYERS", "OF_CACHES"].map(str::to_owned))
}

fn place(at: usize, row: &Row) -> String {
    format!("  {}: {at},\n", constant(&row.path.replace('.', "_")))
}

fn rows(name: &str, about: &str, rows: &[Row], check: impl Fn(&Row) -> &str) -> String {
    let row = |row: &Row| format!("  {{ path: {}, check: {} }},\n", quoted(row.path), quoted(check(row)));
    let rows: String = rows.iter().map(row).collect();
    format!("\n/** {about} @type {{readonly OptionRow[]}} */\nconst {name} = Object.freeze([\n{rows}]);\n")
}
