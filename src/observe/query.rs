//! The target of a request: its path as it was sent, and its query as a form.

use std::collections::BTreeMap;

/// The parameters, the first of each name.
pub(crate) type Query = BTreeMap<String, String>;

/// The most parameters that are read.
const MOST: usize = 32;

/// The path and the query of a target, which is a path or an address. Dots in a path are not resolved: a proxy or a
/// handler before this one has judged the path as it stands.
pub(crate) fn split(target: &str) -> (&str, &str) {
    let target = target.split('#').next().unwrap_or_default();
    let path = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => rest.find('/').map_or("/", |at| &rest[at..]),
        _ => target,
    };
    path.split_once('?').unwrap_or((path, ""))
}

/// Reads a query.
pub(crate) fn parse(query: &str) -> Query {
    let mut params = Query::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()).take(MOST) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        params.entry(decode(name)).or_insert_with(|| decode(value));
    }
    params
}

/// Text of a form: `+` is a space, `%` and two digits a byte; anything else stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            (b'+', ..) => {
                decoded.push(b' ');
                at += 1;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
