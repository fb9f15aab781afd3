//! Metrics of the whole process: of all caches in all threads, with no other labels than `cache`, `layer` and
//! `result`.

use std::collections::BTreeMap;

use lazy_layers_engine::resilience::breaker::BreakerState;
use prometheus::{
    CounterVec, Encoder, Gauge, GaugeVec, Opts, Registry, TextEncoder,
    core::{Collector, GenericCounterVec, GenericGaugeVec},
    proto,
};

use super::{desk, latency, listener, pulse};
use crate::{
    contract::observed::number,
    stats,
    totals::{Total, durations::Timed},
};

/// Whether a number only grows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
}

/// A line of a family: its labels beside `cache`, its number in `stats()`, and the factor for it.
type Line = (&'static [&'static str], &'static str, f64);

/// A family: its name, its help, its kind, the names of its labels beside `cache`, and its lines.
type Family = (&'static str, &'static str, Kind, &'static [&'static str], &'static [Line]);

const SECONDS: f64 = 0.001;

const FAMILIES: &[Family] = &[
    (
        "cache_lookups_total",
        "Look-ups by layer and result; those of a negative entry and of a stale copy ask no layer",
        Kind::Counter,
        &["layer", "result"],
        &[
            (&["l1", "hit"], "hits.L1", 1.0),
            (&["l1", "miss"], "misses.L1", 1.0),
            (&["l2", "hit"], "hits.L2", 1.0),
            (&["l2", "miss"], "misses.L2", 1.0),
            (&["none", "negative"], "hits.negative", 1.0),
            (&["none", "stale"], "hits.stale", 1.0),
        ],
    ),
    (
        "cache_joins_total",
        "Calls that shared the load of another",
        Kind::Counter,
        &[],
        &[(&[], "joins", 1.0)],
    ),
    (
        "cache_loads_total",
        "Loads: success and error have ended, refused never ran; timeout, bypassed and queued are counted beside",
        Kind::Counter,
        &["result"],
        &[
            (&["success"], "loads.succeeded", 1.0),
            (&["error"], "loads.failed", 1.0),
            (&["timeout"], "loads.timeouts", 1.0),
            (&["bypassed"], "loads.bypassed", 1.0),
            (&["queued"], "loads.queued", 1.0),
            (&["refused"], "loads.refused", 1.0),
        ],
    ),
    (
        "cache_loads_overtaken_total",
        "Loads that were not kept: another instance had invalidated the key since they began, or has its lock",
        Kind::Counter,
        &[],
        &[(&[], "loads.overtaken", 1.0)],
    ),
    (
        "cache_refreshes_total",
        "Loads of values that are still alive, before their end",
        Kind::Counter,
        &[],
        &[(&[], "loads.refreshes", 1.0)],
    ),
    (
        "cache_extended_total",
        "Values that got another life, as their loader said that they still hold",
        Kind::Counter,
        &[],
        &[(&[], "loads.extended", 1.0)],
    ),
    (
        "cache_load_seconds_total",
        "Time of all loads that are over",
        Kind::Counter,
        &[],
        &[(&[], "loads.totalMs", SECONDS)],
    ),
    ("cache_loads_running", "Loads that run now", Kind::Gauge, &[], &[(&[], "loads.running", 1.0)]),
    (
        "cache_load_oldest_seconds",
        "For how long the oldest load has been running",
        Kind::Gauge,
        &[],
        &[(&[], "loads.oldestMs", SECONDS)],
    ),
    (
        "cache_audits_total",
        "Hits whose value was loaded again, by layer and by whether it was the same",
        Kind::Counter,
        &["layer", "result"],
        &[
            (&["l1", "fresh"], "audits.freshL1", 1.0),
            (&["l1", "stale"], "audits.staleL1", 1.0),
            (&["l2", "fresh"], "audits.freshL2", 1.0),
            (&["l2", "stale"], "audits.staleL2", 1.0),
            (&["none", "unknown"], "audits.unknown", 1.0),
        ],
    ),
    (
        "cache_writes_total",
        "Values stored and keys deleted",
        Kind::Counter,
        &["result"],
        &[
            (&["set"], "sets", 1.0),
            (&["delete"], "deletes", 1.0),
            (&["delete_pattern"], "patternDeletes", 1.0),
            (&["delete_tag"], "tagDeletes", 1.0),
            (&["negative"], "negativeSets", 1.0),
        ],
    ),
    (
        "cache_evictions_total",
        "Entries that left L1 by themselves",
        Kind::Counter,
        &["result"],
        &[(&["capacity"], "evictions.capacity", 1.0), (&["expired"], "evictions.expired", 1.0)],
    ),
    ("cache_entries", "Live entries", Kind::Gauge, &["layer"], &[(&["l1"], "L1.entries", 1.0)]),
    (
        "cache_bytes",
        "Bytes by estimate, with a bound on them",
        Kind::Gauge,
        &["layer"],
        &[(&["l1"], "L1.bytes", 1.0)],
    ),
    (
        "cache_l2_changes_total",
        "Changes of entries by others that the second layer has told",
        Kind::Counter,
        &[],
        &[(&[], "L2.changes", 1.0)],
    ),
    (
        "cache_errors_total",
        "Operations that failed, or were not tried as the circuit was open",
        Kind::Counter,
        &["layer", "result"],
        &[
            (&["l1", "error"], "L1.errors", 1.0),
            (&["l2", "error"], "L2.errors", 1.0),
            (&["l2", "skipped"], "L2.skipped", 1.0),
            (&["bus", "error"], "bus.publishErrors", 1.0),
            (&["bus", "skipped"], "bus.publishSkipped", 1.0),
        ],
    ),
    (
        "cache_bus_events_total",
        "Events of and for other instances",
        Kind::Counter,
        &["result"],
        &[
            (&["received"], "bus.received", 1.0),
            (&["duplicate"], "bus.duplicates", 1.0),
            (&["stale"], "bus.stale", 1.0),
            (&["value_received"], "bus.valuesReceived", 1.0),
            (&["value_sent"], "bus.valuesSent", 1.0),
            (&["value_too_large"], "bus.valuesTooLarge", 1.0),
        ],
    ),
    (
        "cache_bus_gaps_total",
        "Times that events of other instances may have been missed",
        Kind::Counter,
        &[],
        &[(&[], "bus.gaps", 1.0)],
    ),
];

/// The totals of each name.
type Named = BTreeMap<String, Total>;

/// The metrics of the process, read on the thread of an environment. Anything that cannot be shown is left out.
pub(crate) fn of_process(prefix: &str, streams: usize, environment: u32) -> String {
    let registry = Registry::new();
    let named = stats::totals(environment);
    for family in FAMILIES {
        let _ = add(&registry, prefix, family, &named);
    }
    let _ = add_circuits(&registry, prefix);
    let _ = add_process(&registry, prefix, streams);
    let mut families = registry.gather();
    families.extend(durations(prefix, &named));
    families.sort_by(|one, other| one.name().cmp(other.name()));
    let mut text = Vec::new();
    let _ = TextEncoder::new().encode(&families, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn options(prefix: &str, name: &str, help: &str) -> Opts {
    Opts::new(format!("{prefix}_{name}"), help)
}

fn register(registry: &Registry, family: impl Collector + 'static) -> prometheus::Result<()> {
    registry.register(Box::new(family))
}

fn add(registry: &Registry, prefix: &str, family: &Family, named: &Named) -> prometheus::Result<()> {
    let (name, help, kind, labels, lines) = family;
    let all: Vec<&str> = ["cache"].iter().chain(*labels).copied().collect();
    let counters: CounterVec = GenericCounterVec::new(options(prefix, name, help), &all)?;
    let gauges: GaugeVec = GenericGaugeVec::new(options(prefix, name, help), &all)?;
    for (cache, total) in named {
        for (values, path, scale) in *lines {
            let sum = number(&total.numbers, path) * scale;
            if !sum.is_finite() {
                continue;
            }
            let values: Vec<&str> = [cache.as_str()].iter().chain(*values).copied().collect();
            match kind {
                Kind::Counter => counters.with_label_values(&values).inc_by(sum.max(0.0)),
                Kind::Gauge => gauges.with_label_values(&values).set(sum),
            }
        }
    }
    if *kind == Kind::Counter { register(registry, counters) } else { register(registry, gauges) }
}

/// The durations of loads, of the second layer, of the bus, and of calls that L1 answered.
fn durations(prefix: &str, named: &Named) -> Vec<proto::MetricFamily> {
    let of = |kinds: &[(Timed, &str)], bounds: &[f64]| {
        let mut series = Vec::new();
        for (cache, total) in named {
            for (timed, layer) in kinds {
                let durations = total.durations.get(timed);
                series.extend(durations.map(|durations| latency::series(cache, layer, bounds, durations)));
            }
        }
        series
    };
    [
        (
            "cache_duration_seconds",
            "How long loads, operations of L2 and messages to the bus took",
            of(&[(Timed::SecondLayer, "l2"), (Timed::Bus, "bus"), (Timed::Loads, "loader")], latency::BOUNDS),
        ),
        (
            "cache_l1_call_seconds",
            "How long calls took that L1 answered, of each 64th of a cache with a dashboard",
            of(&[(Timed::Calls, "l1")], latency::BOUNDS_OF_CALLS),
        ),
    ]
    .into_iter()
    .filter(|(_, _, series)| !series.is_empty())
    .map(|(name, help, series)| {
        let mut family = proto::MetricFamily::default();
        family.set_name(format!("{prefix}_{name}"));
        family.set_help(help.to_owned());
        family.set_field_type(proto::MetricType::HISTOGRAM);
        family.set_metric(series);
        family
    })
    .collect()
}

/// 0: closed, 1: half-open, 2: open; for caches with the same name, the worst.
fn add_circuits(registry: &Registry, prefix: &str) -> prometheus::Result<()> {
    let help = "State of a circuit breaker: 0 closed, 1 half-open, 2 open";
    let gauges = GaugeVec::new(options(prefix, "cache_circuit_state", help), &["cache", "layer"])?;
    for stats in stats::all() {
        for (state, layer) in stats.circuits().into_iter().zip(["l2", "bus"]) {
            let Some(state) = state else { continue };
            let gauge = gauges.with_label_values(&[stats.name.as_str(), layer]);
            let state = match state {
                BreakerState::Closed => 0.0,
                BreakerState::HalfOpen => 1.0,
                BreakerState::Open => 2.0,
            };
            gauge.set(gauge.get().max(state));
        }
    }
    register(registry, gauges)
}

#[expect(clippy::cast_precision_loss, reason = "a few")]
fn add_process(registry: &Registry, prefix: &str, streams: usize) -> prometheus::Result<()> {
    let desks = desk::all();
    let stalled = desks.iter().map(|desk| pulse::stalled(desk)).fold(0.0, f64::max) * SECONDS;
    let delay =
        desks.iter().map(|desk| desk.beat.delays()[0]).filter(|delay| delay.is_finite()).fold(0.0, f64::max);
    let rows = [
        (
            "event_loop_stalled_seconds",
            "For how long an event loop has not turned, of those that do not",
            stalled,
        ),
        ("event_loop_delay_seconds", "How late the slowest event loop was when last asked", delay * SECONDS),
        ("dashboard_streams", "Streams of events that are open", streams as f64),
        (
            "dashboard_requests",
            "Requests that are being answered",
            listener::ANSWERING.load(std::sync::atomic::Ordering::Relaxed) as f64,
        ),
    ];
    for (name, help, value) in rows {
        let gauge = Gauge::with_opts(options(prefix, name, help))?;
        gauge.set(value);
        register(registry, gauge)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{FAMILIES, Kind};
    use crate::contract::stats::{PATHS, PRESENT};

    #[test]
    fn each_number_of_the_statistics_is_a_metric() {
        // Loads that have started are those that are over plus those that run.
        let shown = |path: &str| {
            path == "loads.started"
                || FAMILIES.iter().any(|family| family.4.iter().any(|(_, shown, _)| *shown == path))
        };
        let missing: Vec<_> = PATHS.iter().filter(|path| !shown(path)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn a_number_is_a_counter_unless_it_describes_the_present() {
        for (name, _, kind, _, lines) in FAMILIES {
            for (_, path, _) in *lines {
                assert_eq!(*kind == Kind::Gauge, PRESENT.contains(path), "{name}: {path}");
            }
        }
    }
}
