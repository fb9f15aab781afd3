//! An observer that keeps its events.

use parking_lot::Mutex;

use crate::{
    observe::{
        Event, Kind, Observer,
        event::EventRow,
        field::{FieldKind, FieldValue},
    },
    value::Value,
};

/// Keeps every event.
pub struct Recorder<V> {
    events: Mutex<Vec<Event<V>>>,
}

impl<V> Default for Recorder<V> {
    fn default() -> Self {
        Recorder { events: Mutex::default() }
    }
}

impl<V: Value> Recorder<V> {
    /// Empties the record; returns its contents.
    pub fn take(&self) -> Vec<Event<V>> {
        std::mem::take(&mut *self.events.lock())
    }

    /// The same, one line for each event, as [`describe`] writes it.
    #[must_use]
    pub fn take_lines(&self) -> Vec<String> {
        self.take().iter().map(describe).collect()
    }
}

impl<V: Value> Observer<V> for Recorder<V> {
    fn wants(&self, _: Kind) -> bool {
        true
    }

    fn observe(&self, event: Event<V>) {
        self.events.lock().push(event);
    }
}

/// An event in a few words: its public name, its key and its deciding fields. `"hit a L1"`, `"set a L1,L2"`.
#[must_use]
pub fn describe<V>(event: &Event<V>) -> String {
    let EventRow { name, fields, .. } = Event::<V>::ROWS[event.number()];
    let mut line = name.to_owned();
    let mut fields = fields.iter();
    event.each_field(|value| {
        let Some((name, kind)) = fields.next() else { return };
        if let Some(word) = shown(name, *kind, &value) {
            line.push(' ');
            line.push_str(&word);
        }
    });
    line
}

/// The text of a field, if it tells anything that the others do not.
fn shown<V>(name: &str, kind: FieldKind, value: &FieldValue<'_, V>) -> Option<String> {
    match (kind, value) {
        // Keys and patterns print quoted.
        (FieldKind::Key, FieldValue::Key(key)) => Some(format!("{key:?}").replace('"', "")),
        (FieldKind::Pattern, FieldValue::Pattern(pattern)) => {
            Some(String::from_utf8_lossy(pattern.as_bytes()).into_owned())
        }
        (FieldKind::Text, FieldValue::Text(text)) if name != "event_id" => Some((*text).to_owned()),
        (FieldKind::Word(words), FieldValue::Number(number)) => words
            .iter()
            .zip(0_u8..)
            .find(|(_, at)| f64::from(*at) == *number)
            .map(|(word, _)| (*word).to_owned()),
        (FieldKind::Flag, FieldValue::Number(1.0)) => Some(name.to_owned()),
        (FieldKind::Number, FieldValue::Number(number)) if !name.ends_with("_ms") => Some(number.to_string()),
        (FieldKind::Levels, FieldValue::Number(bits)) => Some(
            [(1.0, "L1"), (2.0, "L2"), (3.0, "L1,L2")]
                .iter()
                .find(|(of, _)| of == bits)
                .map_or_else(String::new, |(_, levels)| (*levels).to_owned()),
        ),
        _ => None,
    }
}

/// The counter that an event belongs to.
#[must_use]
pub fn kind_of<V>(event: &Event<V>) -> Kind {
    let EventRow { kinds, fields, .. } = Event::<V>::ROWS[event.number()];
    let mut words = Vec::new();
    let mut fields = fields.iter();
    event.each_field(|value| {
        if let (Some((_, FieldKind::Word(_))), FieldValue::Number(number)) = (fields.next(), value) {
            words.push(number);
        }
    });
    let first = words.first().copied().unwrap_or_default();
    let at = (0_u8..).zip(kinds.iter()).find(|(at, _)| kinds.len() > 1 && f64::from(*at) == first);
    at.map_or(kinds[0], |(_, kind)| *kind)
}
