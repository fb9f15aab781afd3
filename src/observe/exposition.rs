//! Metrics of one cache in the text format of Prometheus: first those of the contract with 0.4.0.

use std::fmt::Write as _;

use crate::contract::observed::counter;

/// A family: its name, its help, the label that its lines differ in, and the value and counter of each.
type Family = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const FAMILIES: &[Family] = &[
    ("hits_total", "Cache hits by level", "level", &[("l1", "hitsL1"), ("l2", "hitsL2")]),
    (
        "misses_total",
        "Cache misses by level",
        "level",
        &[("l1", "missesL1"), ("l2", "missesL2"), ("negative", "missesNegative")],
    ),
    ("writes_total", "Set operations", "", &[("", "sets")]),
    (
        "deletes_total",
        "Delete operations by kind",
        "kind",
        &[("key", "deletes"), ("pattern", "deletePatterns")],
    ),
    (
        "loader_total",
        "Loader outcomes",
        "result",
        &[("success", "loaderSuccess"), ("error", "loaderError"), ("timeout", "loaderTimeout")],
    ),
    (
        "inflight_total",
        "Inflight dedupe outcomes",
        "kind",
        &[("reuse", "inflightReuse"), ("bypass", "inflightBypass")],
    ),
    ("stale_hits_total", "Stale values served (fail-safe)", "", &[("", "staleHit")]),
    ("negative_cached_total", "Negative entries stored", "", &[("", "negativeSet")]),
    ("l2_total", "L2 resilience events", "kind", &[("error", "l2Error"), ("skipped", "l2Skipped")]),
    (
        "eventbus_total",
        "Event-bus outcomes",
        "kind",
        &[
            ("publish_error", "eventBusPublishError"),
            ("publish_skipped", "eventBusPublishSkipped"),
            ("received", "invalidationReceived"),
            ("duplicate", "invalidationDuplicate"),
            ("stale", "invalidationStale"),
        ],
    ),
    (
        "set_broadcast_total",
        "Cross-instance L1 priming",
        "kind",
        &[("sent", "setBroadcast"), ("skipped", "setBroadcastSkipped"), ("received", "setReceived")],
    ),
    ("events_total", "Total cache events observed", "", &[("", "totalEvents")]),
];

/// The metrics of a cache: its counters, then the numbers beside them, as the contract orders them.
pub(crate) fn of_cache(prefix: &str, numbers: &[f64]) -> String {
    let mut text = String::new();
    for (name, help, label, lines) in FAMILIES {
        head(&mut text, prefix, name, help, "counter");
        for (value, of) in *lines {
            let labels = if label.is_empty() { String::new() } else { format!("{{{label}=\"{value}\"}}") };
            line(&mut text, &format!("{prefix}_{name}{labels}"), &show(counter(numbers, of)));
        }
    }
    let of = |name| counter(numbers, name);
    let ratio = format!("{:.6}", of("hitRatio"));
    let seconds = show((of("uptimeMs") / 1000.0).round());
    let gauges = [
        ("hit_ratio", "Hit ratio in [0,1]", ratio),
        ("uptime_seconds", "Collector uptime in seconds", seconds),
        ("events_buffered", "Events currently held in the in-memory ring buffer", show(of("bufferedEvents"))),
        ("l1_entries", "Approximate L1 entry count", show(of("l1Size"))),
        ("l2_entries", "Approximate L2 entry count", show(of("l2Size"))),
    ];
    for (name, help, value) in
        gauges.into_iter().filter(|(name, _, value)| value != "NaN" || *name == "hit_ratio")
    {
        head(&mut text, prefix, name, help, "gauge");
        line(&mut text, &format!("{prefix}_{name}"), &value);
    }
    text
}

fn head(text: &mut String, prefix: &str, name: &str, help: &str, kind: &str) {
    line(text, &format!("# HELP {prefix}_{name}"), help);
    line(text, &format!("# TYPE {prefix}_{name}"), kind);
}

fn line(text: &mut String, name: &str, value: &str) {
    // Writing to a text does not fail.
    let _ = writeln!(text, "{name} {value}");
}

fn show(number: f64) -> String {
    format!("{number}")
}
