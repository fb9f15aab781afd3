//! A load that runs beside a read of the second layer, which may hold an older value: it failed as the load began.
//! The value of the load is newer than the value of the read, whichever of the two ends first.

use std::sync::Arc;

use lazy_layers_engine::{
    clock::{Clock, Ttl},
    l1::Layer1,
    options::CacheOptions,
    testing::{FakeStore, Point, Request, memory},
};

use crate::setup::*;

/// Values live a minute, their stale copies an hour, absences ten seconds.
fn short_lived() -> CacheOptions {
    let mut options = fail_safe();
    options.settings.l1_ttl = ttl(60 * SECOND);
    options.settings.l2_ttl = ttl(60 * SECOND);
    options.settings.negative.ttl = Some(ttl(10 * SECOND));
    options
}

/// Each kind of first layer, in front of a store that no other instance writes to.
fn caches() -> Vec<Layered> {
    let custom = Layer1::Custom(Arc::new(FakeStore::new(Clock::new())));
    [memory(100), custom, Layer1::Off].map(|l1| Layered::over(short_lived(), l1, |store| store)).into()
}

/// The second layer holds an older value, and fails until a load of the key has begun.
async fn load_beside_an_older_value(layered: &Layered) -> Request<Text> {
    layered.plant("k", "old");
    layered.store.fail("get");
    let load = layered.harness.get_or_set("k");
    assert!(load.has_loaded());
    layered.store.mend();
    layered.harness.pass(SECOND).await;
    load
}

/// The value of the load is in each layer and at the peers.
fn assert_newest(layered: &Layered, what: &str) {
    let cache = &layered.harness;
    assert_eq!(cache.get("k").done(), some("new"), "{what}");
    assert_eq!(layered.stored("k"), some("new"), "in the second layer: {what}");
    assert_eq!(layered.broadcast(), ["new"], "{what}");
    assert_eq!(cache.cache.inspect().fenced_keys, 0, "{what}");
}

/// It answers when no layer has the value any more, and a load fails.
async fn assert_stale_copy(layered: &Layered, what: &str) {
    layered.store.remove(&"k".into());
    layered.harness.pass(60 * SECOND).await;
    let next = layered.harness.get_or_set("k");
    next.fail("boom");
    assert_eq!(next.value(), some("new"), "the stale copy: {what}");
}

#[tokio::test(start_paused = true)]
async fn what_a_read_has_taken_over_before_the_load_ends_is_older() {
    for (at, layered) in caches().iter().enumerate() {
        let load = load_beside_an_older_value(layered).await;
        assert_eq!(layered.harness.get("k").done(), some("old"));
        load.finish("new");
        assert_eq!(load.value(), some("new"));
        assert_newest(layered, &at.to_string());
        assert_stale_copy(layered, &at.to_string()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_read_finds_is_not_put_over_the_value_of_a_load_that_ended_meanwhile() {
    for keeps in [false, true] {
        for (at, layered) in caches().iter().enumerate() {
            read_beside_a_load(layered, keeps).await;
            assert_newest(layered, &format!("{at} {keeps}"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_read_finds_is_no_stale_copy_in_the_place_of_the_value_of_a_load() {
    for keeps in [false, true] {
        for (at, layered) in caches().iter().enumerate() {
            read_beside_a_load(layered, keeps).await;
            assert_stale_copy(layered, &format!("{at} {keeps}")).await;
        }
    }
}

/// A read has found the older value and has its answer when the load is over. It may keep a stale copy, or not.
async fn read_beside_a_load(layered: &Layered, keeps: bool) {
    let load = load_beside_an_older_value(layered).await;
    layered.store.gates.hold("get", Point::After);
    let mut settings = short_lived().settings;
    settings.fail_safe.enabled = keeps;
    let read = layered.harness.get_with("k", &settings);
    load.finish("new");
    layered.store.gates.open("get");
    assert_eq!(read.done(), some("old"));
}

/// The first layer holds the value of the load no longer, so that nothing there is newer than the older one.
#[tokio::test(start_paused = true)]
async fn what_a_read_finds_is_not_kept_where_the_value_of_the_load_had_to_make_room() {
    let layered = Layered::over(short_lived(), memory(1), |store| store);
    let load = load_beside_an_older_value(&layered).await;
    layered.store.gates.hold("get", Point::After);
    let read = layered.harness.get("k");
    load.finish("new");
    layered.harness.set("other", "one").done();
    layered.store.gates.open("get");
    assert_eq!(read.done(), some("old"));
    assert_newest(&layered, "");
}

#[tokio::test(start_paused = true)]
async fn what_is_read_while_the_value_of_the_load_is_on_its_way_is_not_kept() {
    for point in [Point::Before, Point::After] {
        let layered = Layered::over(short_lived(), memory(1), |store| store);
        let load = load_beside_an_older_value(&layered).await;
        layered.store.gates.hold("set", Point::Before);
        load.finish("new");
        let evicts = layered.harness.set("other", "one");
        layered.store.gates.hold("get", point);
        let read = layered.harness.get("k");
        layered.store.gates.open("set");
        layered.store.gates.open("get");
        evicts.done();
        let expected = if point == Point::Before { "new" } else { "old" };
        assert_eq!(read.done(), some(expected));
        assert_newest(&layered, expected);
    }
}

/// A user's first layer answers late, and with a value that was there before.
#[tokio::test(start_paused = true)]
async fn what_is_read_in_a_first_layer_of_the_users_is_no_stale_copy_over_that_of_a_load() {
    let custom = Arc::new(FakeStore::new(Clock::new()));
    let l1 = Layer1::Custom(Arc::clone(&custom) as Arc<_>);
    let layered = Layered::over(short_lived(), l1, |store| store);
    custom.put(&"k".into(), text("old"), ttl(60 * SECOND));
    custom.fail("get");
    let load = layered.harness.get_or_set("k");
    assert!(load.has_loaded());
    custom.mend();
    layered.harness.pass(SECOND).await;
    custom.gates.hold("get", Point::After);
    let read = layered.harness.get("k");
    load.finish("new");
    custom.gates.open("get");
    assert_eq!(read.done(), some("old"));
    custom.remove(&"k".into());
    assert_stale_copy(&layered, "").await;
}

#[tokio::test(start_paused = true)]
async fn that_there_is_nothing_is_newer_than_what_was_taken_over_meanwhile() {
    let layered = Layered::new(short_lived());
    let load = load_beside_an_older_value(&layered).await;
    assert_eq!(layered.harness.get("k").done(), some("old"));
    load.finish_empty();
    assert_eq!(layered.harness.get("k").done(), None);
}

/// A `set` that wants no stale copy leaves none of the value before it either.
#[tokio::test(start_paused = true)]
async fn what_is_read_while_a_set_is_on_its_way_is_no_stale_copy() {
    for l2_ttl in [Ttl::NONE, ttl(60 * SECOND)] {
        let layered = Layered::over(short_lived(), memory(1), |store| store);
        let cache = &layered.harness;
        layered.plant("k", "old");
        let operation = if l2_ttl == Ttl::NONE { "delete" } else { "set" };
        layered.store.gates.hold(operation, Point::Before);
        let mut settings = options().settings;
        settings.l2_ttl = l2_ttl;
        let set = cache.set_with("k", "new", &settings);
        cache.load("other", "one");
        assert_eq!(cache.get("k").done(), some("old"));
        layered.store.gates.open(operation);
        set.done();
        let expected = (l2_ttl != Ttl::NONE).then(|| text("new"));
        assert_eq!(cache.get("k").done(), expected);
        layered.store.remove(&"k".into());
        cache.load("other", "two");
        cache.pass(60 * SECOND).await;
        let next = cache.get_or_set("k");
        next.fail("boom");
        assert_ne!(next.value(), some("old"), "{l2_ttl:?}");
    }
}

/// Another instance may have written there since the load began.
#[tokio::test(start_paused = true)]
async fn what_was_read_in_a_layer_that_others_write_to_stays() {
    let layered = Layered::over(short_lived(), memory(100), |store| store.shared());
    let load = load_beside_an_older_value(&layered).await;
    layered.plant("k", "of another instance");
    assert_eq!(layered.harness.get("k").done(), some("of another instance"));
    load.finish("loaded");
    assert_eq!(load.value(), some("loaded"));
    assert_eq!(layered.harness.get("k").done(), some("of another instance"));
    assert_eq!(layered.stored("k"), some("of another instance"));
}
