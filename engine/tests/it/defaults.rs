//! The defaults.

use lazy_layers_engine::{
    clock::Ttl,
    options::{CacheOptions, DEFAULT_L1_ENTRIES},
};

use crate::setup::*;

fn millis(count: u64) -> Ttl {
    Ttl(count * 1000)
}

#[test]
fn settings_are_those_that_users_are_promised() {
    let settings = CacheOptions::default().settings;
    assert_eq!((settings.l1_ttl, settings.l2_ttl), (millis(3_600_000), millis(3_600_000)));
    let inflight = settings.inflight;
    assert_eq!((inflight.enabled, inflight.ttl, inflight.entries), (true, millis(5000), None));
    assert_eq!(settings.negative.lifetime(), None);
    assert_eq!(settings.fail_safe.stale_ttl(), None);
    assert_eq!((settings.timeouts.soft, settings.timeouts.hard), (None, None));
    let lock = settings.lock;
    assert!(!lock.enabled);
    assert_eq!((lock.ttl, lock.wait, lock.poll), (millis(10_000), millis(2000), millis(50)));
}

#[test]
fn options_of_a_cache_are_those_that_users_are_promised() {
    let options = CacheOptions::default();
    assert_eq!(DEFAULT_L1_ENTRIES, 1000);
    for breaker in [options.l2_breaker, options.bus_breaker] {
        assert!(breaker.enabled);
        assert_eq!((breaker.failure_threshold, breaker.cooldown), (3, millis(30_000)));
    }
    assert!(!options.versioning);
    assert_eq!((options.broadcast_set, options.broadcast_set_max_bytes), (true, None));
    assert_eq!((options.dedupe_entries, options.dedupe_ttl), (10_000, millis(300_000)));
    assert_eq!((options.settings.negative.entries, options.stale_entries), (10_000, 10_000));
}

#[tokio::test(start_paused = true)]
async fn an_entry_lives_one_hour() {
    let cache = alone(options());
    cache.set("a", "one").done();
    cache.pass(3600 * SECOND - SECOND).await;
    assert_eq!(cache.get("a").done(), some("one"));
    cache.pass(SECOND).await;
    assert_eq!(cache.get("a").done(), None);
}

#[tokio::test(start_paused = true)]
async fn a_load_is_joined_for_five_seconds() {
    let cache = alone(options());
    let first = cache.get_or_set("a");
    cache.pass(5 * SECOND - SECOND / 10).await;
    assert!(!cache.get_or_set("a").has_loaded());
    cache.pass(SECOND / 10).await;
    assert!(cache.get_or_set("a").has_loaded());
    drop(first);
}
