//! The pulse while dashboards are viewed: asks event loops whether they turn, and samples statistics. It does not run
//! before there is a first viewer, or a server.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use lazy_layers_drivers::runtime;
use lazy_layers_engine::clock::Time;
use parking_lot::Mutex;

use super::{
    desk::{self, Desk},
    json::{Object, array, number},
    snapshot,
};
use crate::{
    contract::observed,
    stats::{self, CacheStats},
    ticker,
};

/// The time between two questions whether a loop turns.
const BEAT: Duration = Duration::from_millis(250);
/// The number of beats between two samples.
const SAMPLE: u32 = 4;
/// The most samples that are kept: five minutes.
const SAMPLES: usize = 300;
/// How long it runs after the last look, in microseconds.
const LOOKS_LAST: u64 = 120_000_000;

/// The numbers of a sample. Its time comes before them, and how long the event loop has not turned comes after.
const COLUMNS: &[&str] = &[
    "hits.L1",
    "hits.L2",
    "hits.negative",
    "hits.stale",
    "misses.L1",
    "misses.L2",
    "joins",
    "loads.started",
    "loads.failed",
    "loads.totalMs",
    "loads.running",
    "loads.oldestMs",
    "sets",
    "deletes",
    "evictions.capacity",
    "evictions.expired",
    "L1.entries",
    "L1.bytes",
];

static LISTENERS: AtomicUsize = AtomicUsize::new(0);
static LOOKED_UNTIL: AtomicU64 = AtomicU64::new(0);
static IS_RUNNING: AtomicBool = AtomicBool::new(false);
static HISTORY: Mutex<Option<HashMap<u32, VecDeque<Vec<f64>>>>> = Mutex::new(None);

/// A listening server, until this is dropped.
pub(crate) struct Listening(());

impl Listening {
    pub(crate) fn new() -> Listening {
        LISTENERS.fetch_add(1, SeqCst);
        start();
        Listening(())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENERS.fetch_sub(1, SeqCst);
    }
}

/// A view begins.
pub(crate) fn look() {
    LOOKED_UNTIL.store(ticker::clock().now().0 + LOOKS_LAST, SeqCst);
    start();
}

/// Milliseconds since the first dashboard of the process.
pub(crate) fn uptime() -> f64 {
    static BEGAN: OnceLock<Time> = OnceLock::new();
    let now = ticker::clock().now();
    now.since(*BEGAN.get_or_init(|| now)).as_secs_f64() * 1000.0
}

/// How long a loop has not turned, in milliseconds; 0 if that is no longer than a busy loop may take.
pub(crate) fn stalled(desk: &Desk) -> f64 {
    const BUSY_MS: f64 = 50.0;
    let stalled = desk.stalled();
    if stalled < BUSY_MS { 0.0 } else { stalled.round() }
}

fn is_wanted() -> bool {
    LISTENERS.load(SeqCst) > 0 || ticker::clock().now().0 < LOOKED_UNTIL.load(SeqCst)
}

fn start() {
    uptime();
    let Ok(runtime) = runtime::handle() else { return };
    if IS_RUNNING.swap(true, SeqCst) {
        return;
    }
    runtime.spawn(async {
        loop {
            run().await;
            IS_RUNNING.store(false, SeqCst);
            // Goes on if it was wanted again between these two.
            if !is_wanted() || IS_RUNNING.swap(true, SeqCst) {
                return;
            }
        }
    });
}

async fn run() {
    let mut beats = 0_u32;
    while is_wanted() {
        for desk in desk::all() {
            desk.ping();
        }
        if beats.is_multiple_of(SAMPLE) {
            sample();
        }
        beats = beats.wrapping_add(1);
        tokio::time::sleep(BEAT).await;
    }
    *HISTORY.lock() = None;
}

fn sample() {
    let (all, desks, now) = (stats::all(), desk::all(), snapshot::wall_clock());
    let mut history = HISTORY.lock();
    let history = history.get_or_insert_default();
    history.retain(|number, _| all.iter().any(|stats| stats.number == *number));
    for stats in all {
        let numbers = stats.read(stats::ELSEWHERE);
        let desk = desks.iter().find(|desk| desk.environment == stats.environment);
        let mut sample = vec![now];
        sample.extend(COLUMNS.iter().map(|path| observed::number(&numbers, path)));
        sample.push(desk.map_or(f64::NAN, |desk| stalled(desk)));
        let samples = history.entry(stats.number).or_default();
        samples.push_back(sample);
        if samples.len() > SAMPLES {
            samples.pop_front();
        }
    }
}

/// `api/history` of a cache.
pub(crate) fn history(stats: &CacheStats) -> String {
    look();
    let columns = ["at"].iter().chain(COLUMNS).chain(&["stalledMs"]).map(|name| super::json::quoted(name));
    let history = HISTORY.lock();
    let samples = history.as_ref().and_then(|history| history.get(&stats.number));
    let samples =
        samples.into_iter().flatten().map(|sample| array(sample.iter().map(|value| number(*value))));
    Object::default()
        .number("everyMs", BEAT.as_secs_f64() * 1000.0 * f64::from(SAMPLE))
        .raw("columns", array(columns))
        .raw("samples", array(samples))
        .end()
}
