//! A line of the log, made from an event of `tracing`.

use std::fmt::{self, Write as _};

use tracing::{
    Event, Level,
    field::{Field, Visit},
};

use super::filter::name_of;

/// Longer lines are cut: a server's messages may be of any length.
const LONGEST: usize = 1000;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) level: Level,
    /// Milliseconds since 1970.
    pub(super) at: u64,
    /// The message, and the fields as `name=value`.
    pub(super) text: String,
}

impl Line {
    pub(super) fn of(event: &Event<'_>, at: u64) -> Line {
        let metadata = event.metadata();
        let mut words = Words::default();
        event.record(&mut words);
        let target = name_of(metadata.target()).unwrap_or_default();
        let text = printable(&format!("{target}: {}{}", words.message, words.fields));
        Line { level: *metadata.level(), at, text }
    }
}

/// A text in one line: a server's message could contain line breaks, and pass for lines of others.
fn printable(text: &str) -> String {
    let mut shown: String =
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST).collect();
    if shown.len() < text.len() && text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            // Writing to a string does not fail.
            let _ = write!(self.fields, " {}={value:?}", field.name());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_of_a_bounded_length() {
        assert_eq!(printable("a\nb\r\n\u{1b}[31mc"), "a b   [31mc");
        let long = printable(&"ä".repeat(5000));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
        assert_eq!(printable(&"b".repeat(LONGEST)).len(), LONGEST);
    }
}
