//! Several instances in one process, on a bus that delays, reorders, duplicates and drops, on paused time.
//!
//! A source of truth counts the versions of each key. A writer raises one, then invalidates the key at one of the
//! instances, by `delete`, `deleteByPattern` or `clear`. A loader returns the version from when it started, and ends
//! when the seed says so. Two rules must hold:
//!
//! - An instance does not serve a value again that it has invalidated, or whose remote invalidation it has applied.
//! - After quiet, when all has arrived, no instance holds a value that was invalidated.
//!
//! Seeds: `CLUSTER_SEEDS=100000` runs that number, `CLUSTER_SEED=17` that one, and tells its steps.

mod hub;
mod random;
mod world;

use std::env;

use world::{Figures, Kind, World};

/// Seeds of each kind in CI.
const SEEDS: u64 = 3_400;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a number"))
}

fn run(kind: Kind) -> Figures {
    let one = number("CLUSTER_SEED");
    let count = number("CLUSTER_SEEDS").unwrap_or(SEEDS * 3) / 3;
    let seeds = one.map_or(0..count, |seed| seed..seed + 1);
    let mut all = Figures::default();
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let figures = runtime.expect("a runtime").block_on(World::run(seed, kind, one.is_some()));
        match figures {
            Ok(figures) => all.add(&figures),
            Err(wrong) => panic!("{wrong}\nCLUSTER_SEED={seed}, {kind:?}"),
        }
    }
    println!("{kind:?}: {all:?}");
    if one.is_none() {
        // Refusing everything would be right as well.
        assert!(all.kept * 5 > all.values, "few values are kept: {all:?}");
        assert!(all.refused > all.values / 200, "hardly any race: {all:?}");
        assert!(all.extended > 0, "none lives on: {all:?}");
    }
    all
}

/// Events arrive in any order, twice, and up to a minute late; nothing is lost.
#[test]
fn late_and_reordered_events_bring_nothing_back() {
    run(Kind::Late);
}

/// A broker without memory: events arrive in its order within a second or not at all, which is noticed within a second;
/// connections are cut, instances start anew.
#[test]
fn lost_events_and_cut_connections_bring_nothing_back() {
    let figures = run(Kind::Lossy);
    assert!(figures.gaps > 0 && figures.restarts > 0 || figures.runs < 100, "{figures:?}");
}

/// A broker with a queue for each instance: an instance that comes back finds its unacknowledged messages once more,
/// and then the rest.
#[test]
fn redelivered_events_bring_nothing_back() {
    let figures = run(Kind::Durable);
    assert!(figures.again > 0 && figures.restarts > 0 || figures.runs < 100, "{figures:?}");
}
