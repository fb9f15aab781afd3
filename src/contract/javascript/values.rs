//! `lib/contract/values.js`: defaults that users may read, limits, and the form of payloads.

use lazy_layers_engine::{
    clock::Ttl,
    codec::{Encoding, GZIP_MIN_BYTES, GZIP_SAVINGS_THRESHOLD, Limits, NULL_SENTINEL, PREFIX_BYTES},
    options::{
        DEFAULT_DEDUPE_ENTRIES, DEFAULT_DEDUPE_TTL, DEFAULT_INFLIGHT_TTL, DEFAULT_L1_ENTRIES,
        DEFAULT_L2_TIMEOUT, DEFAULT_TTL,
    },
    resilience::breaker::BreakerOptions,
};

use super::text::{Style, comment, exports, head, list, number, quoted};

/// The file.
pub(super) fn file() -> String {
    let (limits, breaker) = (Limits::default(), BreakerOptions::default());
    let prefixes: Vec<_> =
        Encoding::PREFIXED.iter().map(|encoding| encoding.prefix().escape_ascii().to_string()).collect();
    let prefixes: Vec<_> = prefixes.iter().map(String::as_str).collect();
    let rows = [
        ("DEFAULT_CACHE_TTL_MS", " Lifetime of an entry, in milliseconds.", time(DEFAULT_TTL)),
        ("DEFAULT_L1_MAX_ENTRIES", " Entries of the memory layer.", count(DEFAULT_L1_ENTRIES)),
        (
            "DEFAULT_INFLIGHT_TTL_MS",
            " How long a running load is joined, in milliseconds.",
            time(DEFAULT_INFLIGHT_TTL),
        ),
        ("DEFAULT_DEDUPE_MAX_ENTRIES", " Ids of events that are remembered.", count(DEFAULT_DEDUPE_ENTRIES)),
        ("DEFAULT_DEDUPE_TTL_MS", " For how long they are, in milliseconds.", time(DEFAULT_DEDUPE_TTL)),
        (
            "DEFAULT_L2_TIMEOUT_MS",
            " How long an operation of L2 may take, in milliseconds.",
            time(DEFAULT_L2_TIMEOUT),
        ),
        (
            "DEFAULT_FAILURE_THRESHOLD",
            " Failures in a row that open a circuit.",
            number(f64::from(breaker.failure_threshold), Style::Count),
        ),
        ("DEFAULT_COOLDOWN_MS", " How long it stays open, in milliseconds.", time(breaker.cooldown)),
        ("DEFAULT_MAX_DEPTH", " How deep values may be nested that are read.", count(limits.depth)),
        (
            "DEFAULT_MAX_BYTES",
            " How many bytes such a value may have when it is inflated.",
            count(limits.inflated_bytes),
        ),
        ("PREFIX_BYTES", " Length of the prefix of a payload.", count(PREFIX_BYTES)),
        (
            "PREFIXES",
            " The prefixes, by number of the encoding.",
            format!("Object.freeze([{}])", list(&prefixes)),
        ),
        ("NULL_SENTINEL", " Stands for `null` and `undefined`.", quoted(NULL_SENTINEL)),
        (
            "GZIP_MIN_BYTES",
            " Packed values of this size in bytes and more are gzipped, if that pays.",
            count(GZIP_MIN_BYTES),
        ),
        (
            "GZIP_SAVINGS_THRESHOLD",
            " The share of bytes that gzip has to save.",
            GZIP_SAVINGS_THRESHOLD.to_string(),
        ),
    ];
    let names: Vec<_> = rows.iter().map(|row| row.0.to_owned()).collect();
    let mut file = head("Defaults that users may read, limits, and the form of stored values.");
    file.push('\n');
    for (name, about, value) in rows {
        let kind = if value.starts_with(|c: char| c.is_ascii_digit()) {
            format!("{about} @type {{{value}}}")
        } else {
            about.to_owned()
        };
        file += &format!("{}const {name} = {value};\n", comment(&[&kind], ""));
    }
    file + &exports(&names)
}

fn time(ttl: Ttl) -> String {
    number(ttl.as_millis_f64(), Style::Count)
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn count(count: usize) -> String {
    number(count as f64, Style::Count)
}
