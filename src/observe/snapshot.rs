//! The state of caches that can be read without a turn of their event loops, as JSON.

use lazy_layers_engine::{resilience::breaker::BreakerState, words::Word};

use super::{
    desk,
    json::{Object, array, number},
    pulse,
    watched::{self, Watched},
};
use crate::{
    contract::{
        observed::{self, COUNTERS, OTHER_EVENTS},
        stats::{COUNT, PATHS},
    },
    stats::{self, CacheStats, ELSEWHERE},
    ticker,
};

/// Milliseconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit 53 bits")]
pub(crate) fn wall_clock() -> f64 {
    ticker::clock().wall_millis() as f64
}

/// The counters of the dashboard and the numbers beside them, in the order of the contract.
#[expect(clippy::cast_precision_loss, reason = "counts fit 53 bits")]
pub(crate) fn counted(watched: &Watched) -> Vec<f64> {
    let numbers = watched.stats.read(ELSEWHERE);
    let of = |path: &str| observed::number(&numbers, path);
    let mut counted: Vec<f64> = COUNTERS.iter().map(|row| of(row.1)).collect();
    let others: f64 = OTHER_EVENTS.iter().map(|path| of(path)).sum();
    let total = counted.iter().sum::<f64>() + others + watched.stats.bus_statuses() as f64;
    let hits = of("hits.L1") + of("hits.L2");
    let looked = hits + of("misses.L1") + of("misses.L2") + of("hits.negative");
    let buffered = watched.stats.kept().min(watched.about.max_events as f64);
    let uptime = (wall_clock() - watched.about.started_at).max(0.0);
    let ratio = if looked > 0.0 { hits / looked } else { 0.0 };
    let l2_size = watched.l2_size.lock().unwrap_or(f64::NAN);
    counted.extend([total, uptime, buffered, ratio, of("L1.entries"), l2_size]);
    counted
}

/// The number of events so far.
pub(crate) fn total_events(watched: &Watched) -> f64 {
    observed::counter(&counted(watched), "totalEvents")
}

/// `api/overview`.
#[expect(clippy::cast_precision_loss, reason = "a bound of users'")]
pub(crate) fn overview(watched: &Watched) -> String {
    let counted = counted(watched);
    let of = |name| observed::counter(&counted, name);
    let hits = of("hitsL1") + of("hitsL2");
    let misses = of("missesL1") + of("missesL2") + of("missesNegative");
    let counters = COUNTERS.iter().fold(Object::default(), |object, row| object.number(row.0, of(row.0)));
    Object::default()
        .number("startedAt", watched.about.started_at)
        .number("uptimeMs", of("uptimeMs"))
        .number("totalEvents", of("totalEvents"))
        .number("bufferedEvents", of("bufferedEvents"))
        .number("maxEvents", watched.about.max_events as f64)
        .number("hits", hits)
        .number("misses", misses)
        .number("hitRatio", of("hitRatio"))
        .raw("counters", counters.end())
        .end()
}

/// `stats()` of a cache.
fn stats_of(numbers: &[f64; COUNT]) -> String {
    let mut object = Object::default();
    let mut at = 0;
    while let Some(path) = PATHS.get(at) {
        let Some((group, _)) = path.split_once('.') else {
            object = object.number(path, numbers[at]);
            at += 1;
            continue;
        };
        let mut inner = Object::default();
        while let Some((_, name)) =
            PATHS.get(at).and_then(|path| path.split_once('.')).filter(|of| of.0 == group)
        {
            inner = inner.number(name, numbers[at]);
            at += 1;
        }
        object = object.raw(group, inner.end());
    }
    object.end()
}

/// The word of a state; `null` for none.
fn state(state: Option<BreakerState>) -> String {
    state.map_or("null".to_owned(), |state| {
        super::json::quoted(BreakerState::WORDS.get(usize::from(state.number())).copied().unwrap_or_default())
    })
}

/// The states of a cache's circuits.
pub(crate) fn circuits(stats: &CacheStats) -> String {
    let [l2, bus] = stats.circuits();
    Object::default().raw("l2", state(l2)).raw("bus", state(bus)).end()
}

/// A cache of `api/caches`.
pub(crate) fn cache(stats: &CacheStats) -> String {
    let watched = watched::find(stats.number);
    let about = watched.as_ref().map(|watched| watched.about.clone()).unwrap_or_default();
    let [l2, bus] = stats.circuits();
    let layers = Object::default()
        .flag("l1", stats.has_first_layer())
        .flag("l2", l2.is_some())
        .flag("bus", bus.is_some())
        .end();
    let bounds = Object::default()
        .raw("maxEntries", about.max_entries.map_or("null".into(), number))
        .raw("maxBytes", about.max_bytes.map_or("null".into(), number))
        .end();
    Object::default()
        .text("id", &stats.id())
        .text("name", &stats.name)
        .text("source", stats.source())
        .number("environment", f64::from(stats.environment))
        .flag("observed", watched.is_some())
        .raw("layers", layers)
        .raw("bounds", bounds)
        .raw("breakers", circuits(stats))
        .raw("stats", stats_of(&stats.read(ELSEWHERE)))
        .end()
}

/// `api/caches`; with `watched`, for the dashboard of that cache.
pub(crate) fn caches(watched: Option<&Watched>, node: &str) -> String {
    let loops = desk::all().into_iter().map(|desk| {
        let [delay, longest] = desk.beat.delays();
        Object::default()
            .number("environment", f64::from(desk.environment))
            .number("stalledMs", pulse::stalled(&desk))
            .number("delayMs", delay)
            .number("maxDelayMs", longest)
            .end()
    });
    let about = watched.map(|watched| watched.about.clone()).unwrap_or_default();
    Object::default()
        .number("now", wall_clock())
        .raw("self", watched.map_or("null".into(), |watched| super::json::quoted(&watched.stats.id())))
        .text("version", env!("CARGO_PKG_VERSION"))
        .number("pid", f64::from(std::process::id()))
        .text("node", node)
        .number("uptimeMs", pulse::uptime())
        .raw("memory", Object::default().number("rssBytes", rss()).end())
        .raw("eventLoops", array(loops))
        .flag("actions", about.actions)
        .text("values", if about.values.is_empty() { "shown" } else { &about.values })
        .raw("caches", array(stats::all().iter().map(|stats| cache(stats))))
        .end()
}

/// The bytes of memory that the process has now; not a number if the system does not tell.
fn rss() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|rest| rest.trim().split(' ').next()?.parse::<f64>().ok());
    kibibytes.map_or(f64::NAN, |kibibytes| kibibytes * 1024.0)
}

/// The health of the process: `ok`, `degraded` if a circuit is not closed, `stalled` if a loop does not turn.
pub(crate) struct Health {
    pub(crate) status: &'static str,
    pub(crate) stalled_seconds: f64,
}

/// A loop that has not turned for this time is stalled.
const STALLED_MS: f64 = 1000.0;

/// The health of the process.
pub(crate) fn health() -> Health {
    let longest = desk::all().iter().map(|desk| pulse::stalled(desk)).fold(0.0, f64::max);
    let is_whole = |stats: &CacheStats| {
        stats.circuits().into_iter().flatten().all(|state| matches!(state, BreakerState::Closed))
    };
    let status = if longest >= STALLED_MS {
        "stalled"
    } else if stats::all().iter().all(|stats| is_whole(stats)) {
        "ok"
    } else {
        "degraded"
    };
    Health { status, stalled_seconds: longest / 1000.0 }
}

/// `healthz`, for everybody: no names.
pub(crate) fn short_health() -> String {
    let Health { status, stalled_seconds } = health();
    Object::default().text("status", status).number("eventLoopStalledSeconds", stalled_seconds).end()
}

/// `api/health`.
pub(crate) fn long_health() -> String {
    let Health { status, stalled_seconds } = health();
    let desks = desk::all();
    let caches = stats::all().into_iter().map(|stats| {
        let desk = desks.iter().find(|desk| desk.environment == stats.environment);
        let [l2, bus] = stats.circuits();
        Object::default()
            .text("id", &stats.id())
            .text("name", &stats.name)
            .raw("l2", state(l2))
            .raw("bus", state(bus))
            .number("eventLoopStalledSeconds", desk.map_or(f64::NAN, |desk| pulse::stalled(desk) / 1000.0))
            .end()
    });
    Object::default()
        .text("status", status)
        .number("eventLoopStalledSeconds", stalled_seconds)
        .number("uptimeSeconds", (pulse::uptime() / 1000.0).round())
        .raw("caches", array(caches))
        .end()
}
