//! `lib/contract/events.js`: functions that make events. `lib/contract/crossing.js`: functions that make them, and
//! messages, of the fields that cross.

use lazy_layers_engine::observe::{Event, event::EventRow, field::FieldKind};

use super::{
    text::{camel, exports, head, quoted},
    words::words,
};
use crate::{contract::MessageRecord, memory::Slot};

/// The functions that read the fields that cross; lib/events.js has them.
const READER: &str = "
/**
 * The values of fields that do not cross as they are.
 * @typedef {object} Reader
 * @property {(bits: number) => ('L1' | 'L2')[]} levels
 * @property {(failure: number | string) => unknown} failure the slot of the thrown error, or words
 * @property {(failure: number | string | undefined) => Error | undefined} optionalFailure
 * @property {(failure: number, key: string | number) => unknown} loaderFailure a slot, or below 0 the limit that passed
 * @property {(fields: MessageFields) => InvalidationEvent} message
 */
";

/// The type of an event.
const OF: &str = "
/**
 * The event of a name.
 * @template {string} T
 * @typedef {Extract<import('../../types/events.js').CacheEvent, { type: T }>} Of
 */
";

/// The functions that make events.
pub(super) fn events() -> String {
    let makers: Vec<_> = Event::<Slot>::ROWS.iter().map(maker).collect();
    let mut file = head("The events of a cache.");
    file += OF;
    file += &format!(
        "\n/** Makes the event of each name. */\nconst EVENT = Object.freeze({{\n{}}});\n",
        makers.join("\n")
    );
    file + &exports(&["EVENT".to_owned()])
}

/// The functions that read events as they cross.
pub(super) fn crossing() -> String {
    let rows = Event::<Slot>::ROWS;
    let kinds = rows.iter().flat_map(|row| row.fields).map(|(_, kind)| *kind);
    let mut lists: Vec<_> = kinds.filter_map(list_of).collect();
    lists.sort_unstable();
    lists.dedup();
    let readers: String = rows.iter().map(reader).collect();
    let mut file = head("Events of a cache and messages between its instances, as they cross.");
    file += "\nconst { EVENT } = require('./events.js');";
    file += &format!("\nconst {{\n  {},\n}} = require('./words.js');\n", lists.join(",\n  "));
    file += "\n/** @typedef {import('../../types/bus.js').InvalidationEvent} InvalidationEvent */\n";
    file += &message();
    file += READER;
    file += "\n/**\n * By number: makes an event of its fields as they cross.\n";
    file += " * @type {readonly ((read: Reader, ...fields: any[]) => import('../../types/events.js').CacheEvent)[]}\n */\n";
    file += &format!("const OF_FIELDS = [\n{readers}];\n");
    file + &exports(&["OF_FIELDS", "messageFields"].map(str::to_owned))
}

/// The function that reads a message.
fn message() -> String {
    let fields: Vec<_> = MessageRecord::FIELDS.iter().map(|(name, ..)| camel(name)).collect();
    let types: Vec<_> =
        MessageRecord::FIELDS.iter().map(|(name, kind, _)| format!("{}: {kind}", camel(name))).collect();
    let about: String = MessageRecord::FIELDS
        .iter()
        .map(|(name, _, about)| format!(" * {}:{about}\n", camel(name)))
        .collect();
    let (fields, types) = (fields.join(", "), types.join(", "));
    format!(
        "
/**
 * A message as it crosses: its fields, then its keys, or its pattern.
 *
{about} * @typedef {{[{types}, ...keys: (string | number)[]]}} MessageFields
 */

/** @param {{MessageFields}} fields */
function messageFields([{fields}, ...keys]) {{
  return {{ {fields}, keys }};
}}
"
    )
}

/// `loader:error` as `loaderError`.
fn function(row: &EventRow) -> String {
    camel(&row.name.replace([':', '-'], "_"))
}

/// A function that makes an event.
fn maker(row: &EventRow) -> String {
    let (name, kind) = (function(row), quoted(row.name));
    let fields: Vec<_> = row.fields.iter().map(|(field, _)| camel(field)).collect();
    let types: String =
        fields.iter().map(|field| format!("   * @param {{Of<{kind}>['{field}']}} {field}\n")).collect();
    let made = made(row, &fields);
    format!(
        "  /**
{types}   * @returns {{Of<{kind}>}}
   */
  {name}({}) {{
{made}  }},
",
        fields.join(", ")
    )
}

/// The statements that return the event. Each combination of fields that may be missing has an object of its own,
/// which costs less than a spread.
fn made(row: &EventRow, fields: &[String]) -> String {
    let kind = quoted(row.name);
    let optional: Vec<_> = row
        .fields
        .iter()
        .zip(fields)
        .filter_map(|((_, kind), field)| match kind {
            FieldKind::Flag => Some((field, field.clone())),
            FieldKind::OptionalKey | FieldKind::OptionalNumber | FieldKind::OptionalFailure => {
                Some((field, format!("{field} !== undefined")))
            }
            _ => None,
        })
        .collect();
    // The first combination has all of them, the last one none.
    let combinations = (0..1_u32 << optional.len()).rev();
    combinations
        .map(|given| {
            let is_given = |at: usize| given >> (optional.len() - 1 - at) & 1 == 1;
            let missing: Vec<_> =
                (0..optional.len()).filter(|at| !is_given(*at)).map(|at| optional[at].0).collect();
            let members: String = fields
                .iter()
                .filter(|field| !missing.contains(field))
                .map(|field| format!(", {field}"))
                .collect();
            let conditions: Vec<_> =
                (0..optional.len()).filter(|at| is_given(*at)).map(|at| optional[at].1.as_str()).collect();
            let condition = match conditions[..] {
                [] => String::new(),
                _ => format!("if ({}) ", conditions.join(" && ")),
            };
            format!("    {condition}return {{ type: {kind}{members} }};\n")
        })
        .collect()
}

/// A function that makes an event of the fields that cross.
fn reader(row: &EventRow) -> String {
    let name = function(row);
    let fields: Vec<_> = row.fields.iter().map(|(field, kind)| (camel(field), *kind)).collect();
    let taken = fields.iter().map(|(field, kind)| match kind {
        FieldKind::Message => format!(", ...{field}"),
        _ => format!(", {field}"),
    });
    let given = fields.iter().map(|(field, kind)| match kind {
        FieldKind::Word(_) => format!("{}[{field}]", list_of(*kind).unwrap_or_default()),
        FieldKind::Flag => format!("{field} === 1 ? true : undefined"),
        FieldKind::Levels => format!("read.levels({field})"),
        FieldKind::Failure => format!("read.failure({field})"),
        FieldKind::OptionalFailure => format!("read.optionalFailure({field})"),
        FieldKind::LoaderFailure => format!("read.loaderFailure({field}, key)"),
        FieldKind::Message => format!("read.message(/** @type {{MessageFields}} */ ({field}))"),
        FieldKind::Key
        | FieldKind::OptionalKey
        | FieldKind::OptionalNumber
        | FieldKind::Pattern
        | FieldKind::Text
        | FieldKind::Number => field.clone(),
    });
    let given: Vec<_> = given.collect();
    format!("  (read{}) => EVENT.{name}({}),\n", taken.collect::<String>(), given.join(", "))
}

/// The list that has the words of a field.
fn list_of(kind: FieldKind) -> Option<&'static str> {
    let FieldKind::Word(of) = kind else { return None };
    Some(words().iter().find(|list| list.words == of).expect("a list in words.js").name)
}
