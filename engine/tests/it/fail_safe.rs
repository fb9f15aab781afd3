//! Serving the last known value when a load fails.

use lazy_layers_engine::{
    cache::Layers,
    clock::{Clock, Ttl},
};
use lazy_layers_engine::{
    l1::Layer1,
    options::{CacheOptions, FailSafe},
    testing::{Answer, FakeStore, Harness, Point},
};
use std::sync::Arc;

use crate::setup::*;

/// Values live a minute, their stale copies an hour.
fn short_lived() -> CacheOptions {
    let mut options = fail_safe();
    options.settings.l1_ttl = ttl(60 * SECOND);
    options.settings.l2_ttl = ttl(60 * SECOND);
    options
}

#[tokio::test(start_paused = true)]
async fn a_failing_load_is_answered_with_the_stale_value() {
    let cache = alone(short_lived());
    cache.load("a", "one");
    cache.pass(60 * SECOND).await;
    cache.events.take();
    let (leader, other) = (cache.get_or_set("a"), cache.get_or_set("a"));
    leader.fail("boom");
    assert_eq!((leader.value(), other.value()), (some("one"), some("one")));
    let lines = cache.events.take_lines();
    assert_eq!(lines[lines.len() - 2..], ["loader:error a", "stale:hit a loader-error"]);
    assert_eq!(cache.get("a").done(), None, "a stale value is no hit");
}

#[tokio::test(start_paused = true)]
async fn a_loader_that_finds_nothing_ends_the_stale_value() {
    for ticks in [0, 1] {
        let cache = alone(short_lived());
        cache.load("a", "one");
        cache.pass(60 * SECOND).await;
        cache.get_or_set("a").finish_empty();
        cache.pass(ticks * SECOND).await;
        let load = cache.get_or_set("a");
        load.fail("boom");
        assert_eq!(
            load.answer(),
            Some(Answer::Thrown(text("boom"))),
            "a row that was deleted does not come back"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_loader_that_finds_nothing_leaves_the_stale_value_of_a_later_write() {
    let cache = alone(short_lived());
    cache.load("a", "one");
    cache.pass(60 * SECOND).await;
    let load = cache.get_or_set("a");
    cache.set("a", "two").done();
    load.finish_empty();
    cache.pass(60 * SECOND).await;
    let later = cache.get_or_set("a");
    later.fail("boom");
    assert_eq!(later.value(), some("two"));
}

#[tokio::test(start_paused = true)]
async fn a_stale_value_ends_with_its_own_time() {
    let cache = alone(short_lived());
    cache.set("a", "one").done();
    cache.pass(3600 * SECOND).await;
    let load = cache.get_or_set("a");
    load.fail("boom");
    assert_eq!(load.answer(), Some(Answer::Thrown(text("boom"))));
}

#[tokio::test(start_paused = true)]
async fn a_read_prolongs_the_stale_value() {
    let cache = alone(short_lived());
    cache.set("a", "one").done();
    cache.pass(59 * SECOND).await;
    assert_eq!(cache.get("a").done(), some("one"));
    cache.pass(3599 * SECOND).await;
    let load = cache.get_or_set("a");
    load.fail("boom");
    assert_eq!(load.value(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn a_value_read_from_the_second_layer_is_remembered_as_stale() {
    let layered = Layered::new(short_lived());
    layered.plant("a", "one");
    assert_eq!(layered.harness.get("a").done(), some("one"));
    layered.store.remove(&"a".into());
    layered.harness.pass(60 * SECOND).await;
    let load = layered.harness.get_or_set("a");
    load.fail("boom");
    assert_eq!(load.value(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn a_call_may_ask_for_it_and_a_call_may_refuse_it() {
    let cache = alone(options());
    let mut asks = cache.cache.settings().clone();
    asks.fail_safe = FailSafe { enabled: true, ttl: Some(ttl(10 * SECOND)), ..FailSafe::default() };
    asks.l1_ttl = ttl(SECOND);
    cache.set_with("a", "one", &asks).done();
    cache.pass(SECOND).await;
    let refused = cache.get_or_set("a");
    refused.fail("boom");
    assert_eq!(refused.answer(), Some(Answer::Thrown(text("boom"))));
    let asked = cache.get_or_set_with("a", &asks);
    asked.fail("boom");
    assert_eq!(asked.value(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn what_was_invalidated_is_not_served_as_stale() {
    for how in 0..4 {
        let cache = alone(fail_safe());
        cache.load("a", "one");
        match how {
            0 => cache.delete("a").done(),
            1 => cache.delete_by_pattern("?").done(),
            2 => cache.apply(message(None, 1, delete("a"))).done(),
            _ => cache.apply(message(None, 1, lazy_layers_engine::bus::Body::Pattern("*".into()))).done(),
        }
        let load = cache.get_or_set("a");
        load.fail("boom");
        assert_eq!(load.answer(), Some(Answer::Thrown(text("boom"))), "{how}");
    }
}

/// The first layer is a store object, whose answers take their time.
#[tokio::test(start_paused = true)]
async fn a_read_overtaken_by_a_delete_leaves_no_stale_copy() {
    let clock = Clock::new();
    let l1 = Arc::new(FakeStore::new(clock.clone()));
    let layers = Layers { l1: Layer1::Custom(Arc::clone(&l1) as Arc<_>), l2: None, bus: None };
    let cache: Harness<Text> = Harness::new(fail_safe(), layers, clock);
    cache.set("a", "old").done();
    l1.gates.hold("get", Point::After);
    let read = cache.get("a");
    cache.delete("a").done();
    l1.gates.open("get");
    assert_eq!(read.done(), some("old"));
    let load = cache.get_or_set("a");
    load.fail("boom");
    assert_eq!(load.answer(), Some(Answer::Thrown(text("boom"))));
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_of_nothing_keeps_no_copy() {
    let mut options = short_lived();
    options.settings.fail_safe.ttl = Some(Ttl(0));
    let cache = alone(options);
    cache.set("a", "one").done();
    assert_eq!(cache.cache.inspect().stale_copies, 0);
}

#[tokio::test(start_paused = true)]
async fn the_copy_that_an_expire_keeps_outlives_the_write_of_the_load_before_it() {
    let l1 = lazy_layers_engine::testing::memory(100);
    let layered = Layered::over(fail_safe(), l1, |store| store.shared());
    let cache = &layered.harness;
    layered.store.gates.hold("set", Point::Before);
    let load = cache.get_or_set("a");
    load.finish("one");
    cache.settle();
    let expired = cache.expire("a");
    layered.store.gates.open("set");
    cache.settle();
    expired.done();
    let again = cache.get_or_set("a");
    again.fail("down");
    assert_eq!(again.value(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_finds_nothing_ends_the_stale_value_of_those_who_read_meanwhile() {
    let mut options = short_lived();
    options.settings.refresh.ahead = Some(0.5);
    options.settings.negative.ttl = Some(ttl(SECOND));
    let cache = alone(options);
    cache.load("a", "one");
    cache.pass(59 * SECOND).await;
    let refresh = cache.get_or_set("a");
    assert!(refresh.has_loaded());
    cache.pass(SECOND / 2).await;
    assert_eq!(cache.get("a").done(), some("one"));
    refresh.finish_empty();
    cache.pass(2 * SECOND).await;
    let load = cache.get_or_set("a");
    load.fail("boom");
    assert_eq!(load.answer(), Some(Answer::Thrown(text("boom"))));
}
