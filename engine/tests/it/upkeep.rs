//! Work of a cache by itself: it makes up for deletes that a shared store has missed, and repeats its last
//! invalidations.

use std::sync::Arc;

use lazy_layers_engine::{
    bus::Body,
    cache::Layers,
    clock::Clock,
    l1::Layer1,
    options::CacheOptions,
    store::Store,
    testing::{Harness, Point},
};

use crate::setup::*;

/// A cache over a store that other instances read, whose upkeep runs.
fn kept_up(options: CacheOptions) -> Layered {
    let layered = Layered::over(options, Layer1::Off, |store| store.with_locks().shared());
    layered.harness.upkeep();
    layered
}

/// The invalidations that others were told of since the last time.
fn told(layered: &Layered) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let told = layered.bus.take().into_iter().flat_map(|message| match message.body {
        Body::Delete(keys) => keys.iter().map(|key| text(key.as_bytes())).collect(),
        Body::Pattern(pattern) => vec![format!("pattern {}", text(pattern.as_bytes()))],
        Body::Set { .. } | Body::Extend { .. } => Vec::new(),
    });
    let mut told: Vec<String> = told.collect();
    told.sort();
    told
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_a_store_has_missed_is_made_up_for_without_a_call_and_told_again() {
    let layered = kept_up(options());
    let cache = &layered.harness;
    layered.plant("a", "old");
    layered.plant("b:1", "old");
    layered.store.fail("delete");
    layered.store.fail("deleteByPattern");
    cache.delete("a").done();
    cache.delete_by_pattern("b:*").done();
    assert_eq!(told(&layered), ["a", "pattern b:*"]);
    cache.pass(10 * SECOND).await;
    assert_eq!((layered.stored("a"), told(&layered).len()), (some("old"), 0), "it is still away");
    layered.store.mend();
    cache.pass(SECOND).await;
    assert_eq!((layered.stored("a"), layered.stored("b:1")), (None, None));
    assert_eq!(told(&layered), ["a", "pattern b:*"]);
    cache.pass(60 * SECOND).await;
    assert!(told(&layered).is_empty(), "once");
}

#[tokio::test(start_paused = true)]
async fn no_call_waits_for_what_a_store_has_missed_of_other_keys() {
    let layered = kept_up(options());
    let cache = &layered.harness;
    layered.plant("a", "old");
    layered.plant("b", "there");
    layered.store.fail("delete");
    cache.delete("a").done();
    layered.store.gates.hold("delete", Point::Before);
    layered.store.mend();
    cache.pass(SECOND).await;
    assert_eq!(cache.get("b").done(), some("there"));
    cache.set("b", "new").done();
    assert_eq!(layered.stored("a"), some("old"), "its delete is under way");
    layered.store.gates.open("delete");
    cache.settle();
    assert_eq!(layered.stored("a"), None);
}

#[tokio::test(start_paused = true)]
async fn a_closed_cache_makes_up_for_nothing() {
    let layered = kept_up(options());
    let cache = &layered.harness;
    layered.plant("a", "old");
    layered.store.fail("delete");
    cache.delete("a").done();
    cache.pass(10 * SECOND).await;
    cache.cache.close(true);
    layered.store.mend();
    let before = layered.store.calls();
    cache.pass(60 * SECOND).await;
    assert_eq!((layered.stored("a"), layered.store.calls()), (some("old"), before));
}

#[tokio::test(start_paused = true)]
async fn that_it_cannot_be_made_up_for_yet_is_neither_told_nor_counted_as_a_failure_of_calls() {
    let layered = kept_up(options());
    let cache = &layered.harness;
    layered.store.fail("delete");
    cache.delete("a").done();
    cache.events.take();
    cache.pass(60 * SECOND).await;
    assert!(cache.events.take_lines().is_empty());
    layered.plant("b", "there");
    assert_eq!(cache.get("b").done(), some("there"), "the circuit is closed");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_failed_is_made_up_for_and_tells_nobody() {
    let layered = kept_up(options());
    let cache = &layered.harness;
    layered.plant("a", "old");
    layered.store.fail("set");
    cache.set("a", "new").done();
    layered.store.mend();
    cache.pass(SECOND).await;
    assert_eq!(layered.stored("a"), None);
    assert!(told(&layered).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_write_over_what_a_store_had_to_lose_tells_of_the_invalidation_again() {
    let layered = kept_up(options());
    let cache = &layered.harness;
    layered.plant("a", "old");
    layered.store.fail("delete");
    cache.delete("a").done();
    assert_eq!(told(&layered), ["a"]);
    // Others may have read the old value until now.
    cache.set("a", "new").done();
    cache.settle();
    assert_eq!(told(&layered), ["a"]);
    layered.store.mend();
    cache.pass(SECOND).await;
    assert_eq!(layered.stored("a"), some("new"), "it is not removed");
}

#[tokio::test(start_paused = true)]
async fn a_write_to_a_store_that_answers_again_is_not_taken_for_what_it_had_to_lose() {
    for marks in [false, true] {
        let layered = Layered::over(options(), Layer1::Off, |store| {
            if marks { store.shared().marking() } else { store.shared() }
        });
        let cache = &layered.harness;
        layered.store.fail("delete");
        cache.delete("a").done();
        layered.store.mend();
        cache.set("a", text("new")).done();
        cache.pass(60 * SECOND).await;
        assert_eq!(layered.stored("a"), some("new"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_over_what_a_store_had_to_lose_lets_no_load_from_before_the_invalidation_follow() {
    let layered = Layered::over(options(), Layer1::Off, |store| store.shared().marking());
    let cache = &layered.harness;
    let l2 = Arc::new(layered.store.another()) as Arc<dyn Store<Text>>;
    let other = Harness::new(options(), Layers { l1: Layer1::Off, l2: Some(l2), bus: None }, Clock::new());
    let load = other.get_or_set("a");
    assert!(load.has_loaded());
    layered.store.fail("delete");
    cache.delete("a").done();
    layered.store.mend();
    cache.set("a", text("new")).done();
    load.finish("old");
    assert_eq!(load.value(), some("old"), "its caller gets it");
    assert_eq!(layered.stored("a"), some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_refused_does_not_hold_up_the_others() {
    let layered = kept_up(options());
    let cache = &layered.harness;
    layered.plant("a", "old");
    layered.store.fail("delete");
    layered.store.refuse("deleteByPattern");
    cache.delete_by_pattern("b:*").done();
    cache.delete("a").done();
    layered.store.mend();
    layered.store.refuse("deleteByPattern");
    for _ in 0..4 {
        cache.pass(SECOND).await;
    }
    assert_eq!(layered.stored("a"), None);
}

#[tokio::test(start_paused = true)]
async fn another_server_is_told_of_the_last_invalidations_and_so_are_the_other_instances() {
    let layered = kept_up(options());
    let cache = &layered.harness;
    cache.delete("early").done();
    cache.pass(61 * SECOND).await;
    cache.delete("a").done();
    cache.delete_by_pattern("b:*").done();
    told(&layered);
    // Its entries are from before the deletes.
    for key in ["early", "a", "b:1", "c"] {
        layered.plant(key, "old");
    }
    layered.store.replace();
    cache.settle();
    let left: Vec<_> = ["early", "a", "b:1", "c"].map(|key| layered.stored(key).is_some()).into();
    assert_eq!(left, [true, false, false, true]);
    assert_eq!(told(&layered), ["a", "pattern b:*"]);
}

#[tokio::test(start_paused = true)]
async fn with_versions_another_server_loses_the_entries_of_the_last_invalidations() {
    let mut versioned = options();
    versioned.versioning = true;
    let layered = kept_up(versioned);
    let cache = &layered.harness;
    // Generations of this instance rise with each of them, the name of the entry in a shared store does not.
    cache.delete("a").done();
    cache.delete("a").done();
    cache.expire("b").done();
    told(&layered);
    for key in ["a::v0", "b::v0", "c::v0"] {
        layered.plant(key, "old");
    }
    layered.store.replace();
    cache.settle();
    let left = ["a::v0", "b::v0", "c::v0"].map(|key| layered.stored(key).is_some());
    assert_eq!(left, [false, false, true]);
    assert_eq!(told(&layered), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn another_server_is_told_of_what_was_expired_of_late() {
    let layered = kept_up(options());
    let cache = &layered.harness;
    cache.expire("a").done();
    told(&layered);
    layered.plant("a", "old");
    layered.store.replace();
    cache.settle();
    assert_eq!(layered.stored("a"), None);
    assert_eq!(told(&layered), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn while_another_server_has_not_answered_its_older_values_are_not_read() {
    let layered = kept_up(options());
    let cache = &layered.harness;
    cache.delete("a").done();
    layered.plant("a", "old");
    layered.store.fail("delete");
    layered.store.replace();
    cache.settle();
    assert_eq!(cache.get("a").done(), None);
    assert_eq!(layered.stored("a"), some("old"));
}

#[tokio::test(start_paused = true)]
async fn after_a_bus_was_away_the_last_invalidations_are_sent_again() {
    let layered = kept_up(options());
    let cache = &layered.harness;
    layered.bus.come_back();
    cache.settle();
    cache.delete("early").done();
    cache.pass(11 * SECOND).await;
    cache.delete("a").done();
    told(&layered);
    layered.bus.come_back();
    cache.settle();
    assert_eq!(told(&layered), ["a"]);
    assert_eq!(layered.store.calls(), ["delete", "delete"], "the store has heard of them");
}

#[tokio::test(start_paused = true)]
async fn with_versions_keys_are_told_by_their_names() {
    let mut versioned = options();
    versioned.versioning = true;
    let layered = kept_up(versioned);
    let cache = &layered.harness;
    layered.store.fail("delete");
    layered.store.fail("deleteByPattern");
    cache.delete("a").done();
    cache.delete_by_pattern("b:*").done();
    told(&layered);
    layered.store.mend();
    cache.pass(SECOND).await;
    assert_eq!(told(&layered), ["a", "pattern b:*"]);
}

#[tokio::test(start_paused = true)]
async fn upkeep_ends_with_the_cache() {
    let layered = Layered::new(options());
    let mut upkeep = layered.harness.cache.upkeep();
    let due = upkeep.due();
    tokio::pin!(due);
    let is_due = tokio::select! {
        biased;
        _ = &mut due => true,
        () = std::future::ready(()) => false,
    };
    assert!(!is_due);
    drop(layered);
    assert!(due.await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_was_read_of_another_server_before_it_is_repaired_leaves_the_first_layer() {
    let layered = Layered::over(options(), lazy_layers_engine::testing::memory(100), |store| {
        store.with_locks().shared()
    });
    let cache = &layered.harness;
    cache.upkeep();
    cache.delete("a").done();
    cache.delete_by_pattern("b:*").done();
    // It has taken over, which is not known yet.
    for key in ["a", "b:1", "c"] {
        layered.plant(key, "old");
        assert_eq!(cache.get(key).done(), some("old"));
    }
    layered.store.replace();
    cache.pass(SECOND).await;
    assert_eq!((layered.stored("a"), layered.stored("b:1")), (None, None));
    assert_eq!((cache.get("a").done(), cache.get("b:1").done()), (None, None));
    assert_eq!(cache.get("c").done(), some("old"));
}

#[tokio::test(start_paused = true)]
async fn so_does_what_was_read_under_the_name_of_a_version() {
    let mut options = options();
    options.versioning = true;
    let layered = Layered::over(options, lazy_layers_engine::testing::memory(100), |store| store.shared());
    let cache = &layered.harness;
    cache.upkeep();
    cache.delete("a").done();
    layered.plant("a::v0", "old");
    assert_eq!(cache.get("a").done(), some("old"));
    layered.store.replace();
    cache.pass(SECOND).await;
    assert_eq!(cache.get("a").done(), None);
}

#[tokio::test(start_paused = true)]
async fn the_copy_that_an_expire_keeps_outlives_its_repair() {
    let l1 = lazy_layers_engine::testing::memory(100);
    let layered = Layered::over(fail_safe(), l1, |store| store.shared());
    let cache = &layered.harness;
    cache.upkeep();
    cache.set("a", "old").done();
    layered.store.fail("delete");
    cache.expire("a").done();
    layered.store.mend();
    cache.pass(SECOND).await;
    assert_eq!(layered.stored("a"), None, "it is repaired");
    let load = cache.get_or_set("a");
    load.fail("down");
    assert_eq!(load.value(), some("old"));
}
