//! A load whose key is invalidated meanwhile answers its callers, and stores nothing.
//!
//! Each way to invalidate is tried at each point at which a load or a read can be overtaken.

use lazy_layers_engine::{
    bus::Body,
    l1::Layer1,
    options::CacheOptions,
    store::Store,
    testing::{Answer, FakeStore, Point, memory},
};
use std::sync::Arc;

use crate::setup::*;

#[derive(Debug, Clone, Copy)]
enum Invalidation {
    Delete,
    DeleteMany,
    Pattern,
    Clear,
    RemoteDelete,
    RemotePattern,
}

use Invalidation::*;

const ALL: [Invalidation; 6] = [Delete, DeleteMany, Pattern, Clear, RemoteDelete, RemotePattern];

/// Invalidates `user:1` and others; everything that the store still holds back then goes through.
fn invalidate(layered: &Layered, how: Invalidation) {
    let cache = &layered.harness;
    match how {
        Delete => cache.delete("user:1").done(),
        DeleteMany => cache.delete_many(&["other", "user:1"]).done(),
        Pattern => cache.delete_by_pattern("user:*").done(),
        Clear => cache.delete_by_pattern("*").done(),
        RemoteDelete => cache.apply(message(Some(1), 1, delete("user:1"))).done(),
        RemotePattern => cache.apply(message(None, 1, Body::Pattern("user:?".into()))).done(),
    }
}

/// Nothing of the value is left anywhere: not in a layer, not at the peers, not as a stale copy.
fn assert_gone(layered: &Layered, what: &str) {
    let cache = &layered.harness;
    assert_eq!(cache.open_calls(), 0, "{what}");
    assert_eq!(layered.stored("user:1"), None, "in the second layer: {what}");
    assert_eq!(cache.get("user:1").done(), None, "in a layer: {what}");
    assert!(!cache.has("user:1").done(), "{what}");
    let next = cache.get_or_set("user:1");
    assert!(next.has_loaded(), "a new caller loads: {what}");
    next.fail("boom");
    assert_eq!(next.answer(), Some(Answer::Thrown(text("boom"))), "a stale copy: {what}");
    let inspection = cache.cache.inspect();
    assert_eq!(
        (inspection.running_loads, inspection.fenced_keys, inspection.stale_copies),
        (0, 0, 0),
        "{what}"
    );
}

/// A private store, a shared one, and none behind a custom first layer.
fn caches(options: fn() -> CacheOptions) -> Vec<Layered> {
    let clock = lazy_layers_engine::clock::Clock::new();
    vec![
        Layered::over(options(), memory(100), |store| store),
        Layered::over(CacheOptions { versioning: true, ..options() }, memory(100), |store| store),
        Layered::over(options(), Layer1::Custom(Arc::new(FakeStore::new(clock))), |store| store),
        Layered::over(options(), Layer1::Off, |store| store),
    ]
}

#[tokio::test(start_paused = true)]
async fn during_the_load() {
    for how in ALL {
        for layered in caches(fail_safe) {
            let (load, other) = (layered.harness.get_or_set("user:1"), layered.harness.get_or_set("user:1"));
            invalidate(&layered, how);
            load.finish("old");
            assert_eq!((load.value(), other.value()), (some("old"), some("old")), "{how:?}");
            assert_eq!(layered.broadcast(), [""; 0], "{how:?}");
            assert_gone(&layered, &format!("{how:?}"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn during_a_load_in_memory_alone() {
    for how in 0..3 {
        let cache = alone(fail_safe());
        let load = cache.get_or_set("user:1");
        match how {
            0 => cache.delete("user:1").done(),
            1 => cache.delete_by_pattern("user*").done(),
            _ => cache.delete_by_pattern("*").done(),
        }
        load.finish("old");
        assert_eq!(load.value(), some("old"));
        assert_eq!(cache.get("user:1").done(), None);
        let lines = cache.events.take_lines();
        assert!(!lines.iter().any(|line| line.starts_with("set ")), "{lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_after_the_invalidation_starts_a_load_of_its_own() {
    for how in ALL {
        let layered = Layered::new(fail_safe());
        let old = layered.harness.get_or_set("user:1");
        invalidate(&layered, how);
        let new = layered.harness.get_or_set("user:1");
        assert!(new.has_loaded(), "{how:?}");
        let joins = layered.harness.get_or_set("user:1");
        assert_eq!(joins.joined(), Some(new.id()), "{how:?}");
        new.finish("new");
        old.finish("old");
        assert_eq!(old.value(), some("old"), "{how:?}");
        assert_eq!(layered.harness.get("user:1").done(), some("new"), "{how:?}");
        assert_eq!(layered.stored("user:1"), some("new"), "{how:?}");
        assert_eq!(layered.broadcast(), ["new"], "{how:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn during_the_write_to_the_second_layer() {
    for how in ALL {
        for point in [Point::Before, Point::After] {
            for layered in caches(fail_safe) {
                let what = format!("{how:?} {point:?}");
                layered.store.gates.hold("set", point);
                let load = layered.harness.get_or_set("user:1");
                load.finish("old");
                assert!(!load.is_over(), "{what}");
                invalidate(&layered, how);
                layered.store.gates.open("set");
                assert_eq!(load.value(), some("old"), "{what}");
                assert_eq!(layered.broadcast(), [""; 0], "{what}");
                assert_gone(&layered, &what);
            }
        }
    }
}

/// The value is written after the delete, and has yet to be cleaned up.
#[tokio::test(start_paused = true)]
async fn what_a_late_write_left_is_not_read() {
    for how in ALL {
        for layered in caches(fail_safe) {
            let what = format!("{how:?}");
            let cache = &layered.harness;
            layered.store.gates.hold("set", Point::Before);
            let load = cache.get_or_set("user:1");
            load.finish("old");
            invalidate(&layered, how);
            layered.store.gates.hold("delete", Point::Before);
            layered.store.gates.open("set");
            cache.settle();
            assert_eq!(cache.get("user:1").done(), None, "{what}");
            assert_eq!(cache.get_many(&["user:1", "user:2"]).done(), [None, None], "{what}");
            assert!(!cache.has("user:1").done(), "{what}");
            let other = cache.get_or_set("user:1");
            assert!(other.has_loaded(), "{what}");
            other.fail("boom");
            layered.store.gates.open("delete");
            cache.settle();
            assert_gone(&layered, &what);
        }
    }
}

/// The same in a first layer that takes its time.
#[tokio::test(start_paused = true)]
async fn what_a_late_write_left_in_a_custom_first_layer_is_not_read() {
    for how in ALL {
        let what = format!("{how:?}");
        let l1 = Arc::new(FakeStore::new(lazy_layers_engine::clock::Clock::new()));
        let custom = Layer1::Custom(Arc::clone(&l1) as Arc<dyn Store<Text>>);
        let layered = Layered::over(fail_safe(), custom, |store| store);
        let cache = &layered.harness;
        l1.gates.hold("set", Point::Before);
        let load = cache.get_or_set("user:1");
        load.finish("old");
        invalidate(&layered, how);
        l1.gates.hold("delete", Point::Before);
        l1.gates.open("set");
        cache.settle();
        assert_eq!(l1.peek(&"user:1".into()), some("old"), "{what}");
        assert_eq!((cache.get("user:1").done(), cache.has("user:1").done()), (None, false), "{what}");
        l1.gates.open("delete");
        cache.settle();
        assert_gone(&layered, &what);
    }
}

/// The write is answered after the delete; the clean-up has reached the store, which has not answered yet.
#[tokio::test(start_paused = true)]
async fn what_a_late_write_left_is_not_read_before_it_is_answered_nor_while_it_is_cleaned_up() {
    for how in ALL {
        for layered in caches(fail_safe) {
            let what = format!("{how:?}");
            let gates = &layered.store.gates;
            gates.hold("set", Point::Before);
            let load = layered.harness.get_or_set("user:1");
            load.finish("old");
            invalidate(&layered, how);
            gates.hold("set", Point::After);
            gates.let_go(gates.waiting()[0].id);
            layered.harness.settle();
            assert_eq!(layered.harness.get("user:1").done(), None, "{what}");
            gates.hold("delete", Point::After);
            gates.open("set");
            layered.harness.settle();
            assert_eq!(layered.harness.get("user:1").done(), None, "{what}");
            gates.open("delete");
            layered.harness.settle();
            assert_gone(&layered, &what);
        }
    }
}

/// The same, and the read has its answer only after the clean-up.
#[tokio::test(start_paused = true)]
async fn a_slow_read_of_what_a_late_write_left_finds_nothing() {
    for how in ALL {
        for layered in caches(fail_safe) {
            let what = format!("{how:?}");
            layered.store.gates.hold("set", Point::Before);
            let load = layered.harness.get_or_set("user:1");
            load.finish("old");
            invalidate(&layered, how);
            layered.store.gates.hold("delete", Point::Before);
            layered.store.gates.open("set");
            layered.harness.settle();
            layered.store.gates.hold("get", Point::After);
            let between = layered.harness.get("user:1");
            layered.store.gates.open("delete");
            layered.harness.settle();
            layered.store.gates.open("get");
            assert_eq!(between.done(), None, "{what}");
            assert_gone(&layered, &what);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn during_the_promotion_from_the_second_layer() {
    for how in ALL {
        for point in [Point::Before, Point::After] {
            for layered in caches(fail_safe) {
                let what = format!("{how:?} {point:?}");
                layered.plant("user:1", "old");
                layered.plant("user:1::v0", "old");
                layered.store.gates.hold("get", point);
                let read = layered.harness.get("user:1");
                let request = layered.harness.get_or_set("user:1");
                invalidate(&layered, how);
                layered.store.remove(&"user:1".into());
                layered.store.gates.open("get");
                let expected = if point == Point::After { some("old") } else { None };
                assert_eq!(read.done(), expected, "{what}");
                assert_eq!(request.value(), expected, "{what}");
                if expected.is_none() {
                    assert!(request.has_loaded(), "{what}");
                    request.fail("boom");
                }
                assert_gone(&layered, &what);
            }
        }
    }
}

/// A read of the old value in the second layer while it is being deleted there does not keep it.
#[tokio::test(start_paused = true)]
async fn a_read_between_the_two_layers_of_a_delete() {
    for how in ALL {
        for layered in caches(fail_safe) {
            let what = format!("{how:?}");
            let operation =
                if matches!(how, Delete | DeleteMany | RemoteDelete) { "delete" } else { "deleteByPattern" };
            layered.harness.set("user:1", "old").done();
            layered.store.gates.hold(operation, Point::Before);
            let invalidation = match how {
                Delete => layered.harness.delete("user:1"),
                DeleteMany => layered.harness.delete_many(&["other", "user:1"]),
                Pattern => layered.harness.delete_by_pattern("user:*"),
                Clear => layered.harness.delete_by_pattern("*"),
                RemoteDelete => layered.harness.apply(message(Some(1), 1, delete("user:1"))),
                RemotePattern => layered.harness.apply(message(None, 1, Body::Pattern("user:?".into()))),
            };
            assert!(!invalidation.is_over(), "{what}");
            let read = layered.harness.get("user:1");
            let _ = read.take();
            layered.store.gates.open(operation);
            invalidation.done();
            assert_gone(&layered, &what);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_that_starts_between_the_two_layers_of_a_delete_is_not_kept() {
    let layered = Layered::new(fail_safe());
    layered.store.gates.hold("delete", Point::Before);
    let delete = layered.harness.delete("user:1");
    let load = layered.harness.get_or_set("user:1");
    assert!(load.has_loaded());
    layered.store.gates.open("delete");
    delete.done();
    load.finish("old");
    assert_gone(&layered, "delete");
}

#[tokio::test(start_paused = true)]
async fn keys_that_do_not_match_are_not_touched() {
    for how in [Delete, Pattern, RemoteDelete, RemotePattern] {
        let layered = Layered::new(fail_safe());
        let load = layered.harness.get_or_set("post:1");
        let read = {
            layered.plant("post:2", "two");
            layered.store.gates.hold("get", Point::After);
            layered.harness.get("post:2")
        };
        invalidate(&layered, how);
        layered.store.gates.open("get");
        load.finish("one");
        assert_eq!(read.done(), some("two"), "{how:?}");
        layered.harness.events.take();
        assert_eq!(layered.harness.get("post:1").done(), some("one"), "{how:?}");
        assert_eq!(layered.harness.get("post:2").done(), some("two"), "{how:?}");
        assert_eq!(layered.harness.events.take_lines(), ["hit post:1 L1", "hit post:2 L1"], "{how:?}");
        assert_eq!(layered.broadcast(), ["one"], "{how:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_is_newer_than_the_load_it_overtakes() {
    for point in [None, Some(Point::Before), Some(Point::After)] {
        let layered = Layered::new(fail_safe());
        let cache = &layered.harness;
        let load = cache.get_or_set("user:1");
        if let Some(point) = point {
            layered.store.gates.hold("set", point);
            load.finish("old");
            layered.store.gates.hold("set", Point::Before);
            let set = cache.set("user:1", "new");
            layered.store.gates.open("set");
            set.done();
        } else {
            cache.set("user:1", "new").done();
            load.finish("old");
        }
        assert_eq!(load.value(), some("old"), "{point:?}");
        assert_eq!(layered.broadcast(), [""; 0], "{point:?}");
        assert_eq!(cache.get("user:1").done(), some("new"), "{point:?}");
        assert!(layered.stored("user:1") != some("old"), "{point:?}");
    }
}

/// With no room in memory a read goes to the second layer while the new value is on its way there.
#[tokio::test(start_paused = true)]
async fn a_read_overtaken_by_a_set_does_not_keep_the_older_value() {
    let layered = Layered::over(options(), memory(1), |store| store);
    let cache = &layered.harness;
    layered.plant("user:1", "old");
    layered.store.gates.hold("set", Point::Before);
    let set = cache.set("user:1", "new");
    let evicts = cache.set("user:2", "other");
    layered.store.gates.hold("get", Point::After);
    let read = cache.get("user:1");
    layered.store.gates.open("set");
    set.done();
    evicts.done();
    layered.store.gates.open("get");
    assert_eq!(read.done(), some("old"));
    assert_eq!(cache.get("user:1").done(), some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_peer_overtaken_by_a_delete_is_not_kept() {
    let clock = lazy_layers_engine::clock::Clock::new();
    let l1 = Arc::new(FakeStore::new(clock));
    let layered = Layered::over(fail_safe(), Layer1::Custom(Arc::clone(&l1) as Arc<_>), |store| store);
    for point in [Point::Before, Point::After] {
        l1.gates.hold("set", point);
        let applying = layered.harness.apply(message(None, 1, set("user:1", "old")));
        assert!(!applying.is_over());
        layered.harness.delete("user:1").done();
        l1.gates.open("set");
        applying.done();
        assert_gone(&layered, &format!("{point:?}"));
    }
}
