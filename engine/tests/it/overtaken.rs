//! Loads that another instance's invalidation overtakes in a second layer that both use.

use lazy_layers_engine::{
    bus::Body,
    clock::Ttl,
    entry::key::Key,
    options::{CacheOptions, Settings},
    testing::memory,
};

use crate::setup::*;

fn shared(options: CacheOptions) -> Layered {
    Layered::over(options, memory(100), |store| store.shared().marking().with_locks())
}

fn broadcasting() -> CacheOptions {
    CacheOptions { broadcast_set: true, ..fail_safe() }
}

fn kinds() -> [CacheOptions; 2] {
    let mut locked = broadcasting();
    locked.settings.lock.enabled = true;
    [broadcasting(), locked]
}

#[tokio::test(start_paused = true)]
async fn a_load_whose_key_was_invalidated_elsewhere_is_kept_in_no_layer_and_sent_to_nobody() {
    for options in kinds() {
        let layered = shared(options);
        let cache = &layered.harness;
        let load = cache.get_or_set("a");
        assert!(load.has_loaded());
        layered.store.invalidate(&Key::from("a"));
        drop(cache.events.take());
        load.finish("old");
        assert_eq!(load.value(), some("old"), "its caller gets it");
        assert_eq!(layered.stored("a"), None);
        assert!(layered.broadcast().is_empty());
        let told = cache.events.take_lines();
        assert!(told.contains(&"load:overtaken a".to_owned()), "{told:?}");
        assert!(!told.iter().any(|line| line.starts_with("set ")), "{told:?}");
        assert_eq!(cache.get("a").done(), None);
        let again = cache.get_or_set("a");
        again.fail("down");
        assert_eq!(again.value(), None, "nor is there a stale copy of it");
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_is_stored_when_other_keys_were_invalidated() {
    for options in kinds() {
        let layered = shared(options);
        let load = layered.harness.get_or_set("a");
        layered.store.invalidate(&Key::from("b"));
        load.finish("one");
        assert_eq!(layered.stored("a"), some("one"));
        assert_eq!(layered.broadcast(), ["one"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_from_after_the_invalidation_is_stored() {
    for options in kinds() {
        let layered = shared(options);
        layered.store.invalidate(&Key::from("a"));
        layered.harness.load("a", "new");
        assert_eq!(layered.stored("a"), some("new"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_that_ran_while_the_layer_could_not_be_read_leaves_nothing_there() {
    for options in kinds() {
        let layered = shared(options);
        layered.plant("a", "older");
        layered.store.fail("get");
        let load = layered.harness.get_or_set("a");
        layered.store.mend();
        load.finish("one");
        assert_eq!(load.value(), some("one"));
        assert_eq!(layered.stored("a"), None, "which of the two is newer nobody knows");
        assert_eq!(layered.harness.get("a").done(), some("one"));
        layered.harness.delete("a").done();
        layered.harness.load("a", "two");
        assert_eq!(layered.stored("a"), some("two"), "the next one is stored");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_is_replaced_by_what_is_loaded() {
    let layered = shared(options());
    layered.store.spoil(&Key::from("a"));
    layered.harness.load("a", "one");
    assert_eq!(layered.stored("a"), some("one"));
}

#[tokio::test(start_paused = true)]
async fn where_somebody_else_has_read_the_load_is_ordered_too() {
    let layered = shared(options());
    let was_read = Settings { was_read: true, ..layered.harness.cache.settings().clone() };
    let load = layered.harness.get_or_set_with("a", &was_read);
    layered.store.invalidate(&Key::from("a"));
    load.finish("old");
    assert_eq!(layered.stored("a"), None);
    layered.harness.get_or_set_with("a", &was_read).finish("new");
    assert_eq!(layered.stored("a"), some("new"));
}

#[tokio::test(start_paused = true)]
async fn what_is_set_is_stored_whatever_was_invalidated() {
    let layered = shared(options());
    layered.store.invalidate(&Key::from("a"));
    layered.harness.set("a", "one").done();
    assert_eq!(layered.stored("a"), some("one"));
}

#[tokio::test(start_paused = true)]
async fn with_versions_all_instances_find_a_value_in_the_same_place_of_a_layer_that_they_share() {
    let layered = shared(CacheOptions { versioning: true, ..options() });
    let cache = &layered.harness;
    cache.load("a", "one");
    assert_eq!(layered.stored("a::v0"), some("one"));
    cache.delete("a").done();
    assert_eq!(layered.stored("a::v0"), None);
    cache.load("a", "two");
    assert_eq!(layered.stored("a::v0"), some("two"), "an instance that starts now counts from 0");
    assert!(cache.has("a").done());
    cache.apply(message(Some(9), 1, delete("a"))).done();
    assert_eq!(cache.get("a").done(), some("two"), "who deletes deletes for all");
    cache.delete_by_pattern("a*").done();
    assert_eq!(layered.stored("a::v0"), None);
    cache.set_with("a", "three", &Settings { l2_ttl: Ttl::FOREVER, ..cache.cache.settings().clone() }).done();
    assert_eq!(layered.stored("a::v0"), some("three"));
    let sent = layered.bus.published().into_iter().filter(|message| matches!(message.body, Body::Delete(_)));
    assert_eq!(sent.last().and_then(|message| message.generation), Some(1));
}
