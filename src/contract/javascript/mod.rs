//! The contract as JavaScript reads it.

mod codes;
mod described;
mod entries;
mod events;
mod observed;
mod options;
mod raw;
mod stats;
mod text;
mod values;
mod words;

use std::{fs, path::Path};

pub(super) use text::{Row, Style, Table};

/// Each file that is generated, with its text.
fn files(root: &Path) -> Vec<(&'static str, String)> {
    let mut files = vec![
        ("lib/contract/codes.js", codes::codes()),
        ("lib/contract/described.js", described::file()),
        ("lib/contract/crossing.js", events::crossing()),
        ("lib/contract/events.js", events::events()),
        ("lib/contract/numbers.js", codes::numbers()),
        ("lib/contract/observed.js", observed::file()),
        ("lib/contract/raw.d.ts", raw::file()),
        ("lib/contract/options.js", options::file()),
        ("lib/contract/stats.js", stats::file()),
        ("lib/contract/values.js", values::file()),
        ("lib/contract/words.js", words::file()),
        ("src/bridge.js", within(&read(&root.join("src/bridge.js")), &codes::of_bridge())),
    ];
    files.extend(entries::files(root));
    files
}

/// A file that is generated between two of its lines.
fn within(file: &str, generated: &str) -> String {
    let (before, rest) = file.split_once("<contract>\n").expect("a line that ends in <contract>");
    let (_, after) = rest.split_once("  // </contract>").expect("a line that ends it");
    format!("{before}<contract>\n{generated}  // </contract>{after}")
}

/// A file, in the lines of every system.
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n")
}

/// Set to write the files: `npm run contract` does.
const WRITES: &str = "WRITE_CONTRACT";

#[test]
fn javascript_has_what_the_contract_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, wanted) in files(root) {
        let path = root.join(path);
        if std::env::var_os(WRITES).is_some() {
            fs::write(&path, &wanted).expect("a file that can be written");
        }
        assert!(read(&path) == wanted, "{} differs from the contract: npm run contract", path.display());
    }
}
