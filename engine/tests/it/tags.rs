//! Entries with tags in a second layer that several instances share. Its counters tell which of them are valid.

use std::{sync::Arc, time::Duration};

use lazy_layers_engine::{
    bus::Body,
    cache::Layers,
    clock::{Clock, Ttl},
    entry::key::Key,
    observe::event::GapReason,
    options::Settings,
    store::Store,
    testing::{FakeStore, Harness, Point, memory},
};

use crate::setup::*;

fn shared() -> Layered {
    Layered::over(fail_safe(), memory(100), |store| store.shared().marking().with_locks().counting_tags())
}

/// Another instance over the same data, without a bus.
fn another(layered: &Layered) -> (Harness<Text>, Arc<FakeStore<Text>>) {
    let store = Arc::new(layered.store.another());
    let l2 = Arc::clone(&store) as Arc<dyn Store<Text>>;
    (Harness::new(fail_safe(), Layers { l1: memory(100), l2: Some(l2), bus: None }, Clock::new()), store)
}

fn tagged(layered: &Harness<Text>, tags: &[&str]) -> Settings {
    let tags = Some(tags.iter().map(|tag| Key::from(*tag)).collect());
    Settings { tags, ..layered.cache.settings().clone() }
}

fn counts_of(layered: &Layered, key: &str) -> Vec<u64> {
    let tags = layered.store.tags_at(&Key::from(key));
    tags.map(|tags| tags.iter().map(|tag| tag.count).collect()).unwrap_or_default()
}

fn invalidation(tag: &str) -> lazy_layers_engine::bus::Message<Text> {
    message(None, 1, Body::Delete(Vec::new())).of_tags(&[Key::from(tag)])
}

#[tokio::test(start_paused = true)]
async fn what_has_tags_is_found_by_other_instances_until_one_of_them_is_invalidated() {
    let layered = shared();
    let cache = &layered.harness;
    cache.get_or_set_with("a", &tagged(cache, &["x", "y"])).finish("one");
    cache.set_with("b", "two", &tagged(cache, &["y"])).done();
    cache.load("c", "three");
    let found = |key: &str| {
        let (other, _) = another(&layered);
        let has = other.has(key).done();
        let value = other.get(key).done();
        assert_eq!(has, value.is_some(), "{key}");
        value
    };
    assert_eq!([found("a"), found("b"), found("c")], [some("one"), some("two"), some("three")]);
    let (other, _) = another(&layered);
    other.delete_by_tag("x").done();
    assert_eq!([found("a"), found("b"), found("c")], [None, some("two"), some("three")]);
    cache.delete_by_tag("y").done();
    assert_eq!([found("a"), found("b"), found("c")], [None, None, some("three")]);
    assert_eq!(cache.get("b").done(), None);
}

#[tokio::test(start_paused = true)]
async fn an_entry_has_the_tags_that_it_was_stored_with_where_it_is_taken_over() {
    let layered = shared();
    layered.harness.set_with("a", "one", &tagged(&layered.harness, &["x"])).done();
    let (other, _) = another(&layered);
    assert_eq!(other.get_with("a", &tagged(&other, &["y"])).done(), some("one"));
    other.delete_by_tag("y").done();
    assert!(other.cache.peek(&"a".into()).is_some());
    other.delete_by_tag("x").done();
    assert!(other.cache.peek(&"a".into()).is_none());
    let load = other.get_or_set("a");
    load.fail("down");
    assert_eq!(load.value(), None, "its stale copy went by its tag too");
}

#[tokio::test(start_paused = true)]
async fn a_load_that_a_tag_overtakes_elsewhere_is_kept_in_no_layer() {
    let layered = shared();
    let (cache, store) = another(&layered);
    let load = cache.get_or_set_with("a", &tagged(&cache, &["x"]));
    assert!(load.has_loaded());
    store.invalidate_tag(&"x".into());
    load.finish("old");
    assert_eq!(load.value(), some("old"), "its caller gets it");
    assert_eq!(cache.get("a").done(), None);
    assert_eq!(another(&layered).0.get("a").done(), None);
    cache.get_or_set_with("a", &tagged(&cache, &["x"])).finish("new");
    assert_eq!(another(&layered).0.get("a").done(), some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_a_tag_overtakes_here_is_kept_in_no_layer() {
    for lock in [false, true] {
        let layered = shared();
        let cache = &layered.harness;
        let mut settings = tagged(cache, &["x"]);
        settings.lock.enabled = lock;
        let load = cache.get_or_set_with("a", &settings);
        cache.delete_by_tag("x").done();
        load.finish("old");
        assert_eq!((cache.get("a").done(), another(&layered).0.get("a").done()), (None, None));
        assert!(layered.broadcast().is_empty());
        cache.get_or_set_with("a", &settings).finish("new");
        assert_eq!(another(&layered).0.get("a").done(), some("new"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_whose_tag_is_invalidated_or_whose_key_is_written_again_before_it_is_stored_is_not() {
    for newer in [None, Some("newer")] {
        let layered = shared();
        let cache = &layered.harness;
        layered.plant("a", "older");
        layered.store.gates.hold("begin", Point::After);
        let set = cache.set_with("a", "old", &tagged(cache, &["x"]));
        match newer {
            None => cache.delete_by_tag("x").done(),
            Some(value) => cache.set("a", value).done(),
        }
        layered.store.gates.open_all();
        set.done();
        assert!(layered.stored("a").is_none_or(|value| Some(value) == newer.map(text)));
        assert_eq!(cache.get("a").done(), newer.map(text));
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_a_tag_overtakes_takes_nothing_over() {
    for held in ["get", "counts"] {
        let layered = shared();
        layered.harness.set_with("a", "old", &tagged(&layered.harness, &["x"])).done();
        let (other, store) = another(&layered);
        store.gates.hold(held, Point::After);
        let read = other.get("a");
        assert!(!read.is_over(), "{held}");
        let deleted = other.delete_by_tag("x");
        store.gates.open_all();
        deleted.done();
        read.done();
        assert!(other.cache.peek(&"a".into()).is_none(), "{held}");
        assert_eq!(other.get("a").done(), None, "{held}");
        let load = other.get_or_set("a");
        load.fail("down");
        assert_eq!(load.value(), None, "{held}: no stale copy");
    }
}

#[tokio::test(start_paused = true)]
async fn a_counter_that_was_lost_makes_no_entry_valid_again() {
    let layered = shared();
    let cache = &layered.harness;
    cache.set_with("a", "old", &tagged(cache, &["x"])).done();
    let first = counts_of(&layered, "a");
    layered.store.lose_counters();
    assert_eq!(another(&layered).0.get("a").done(), None);
    let (other, _) = another(&layered);
    other.set_with("b", "new", &tagged(&other, &["x"])).done();
    assert_eq!(another(&layered).0.get("a").done(), None, "nor does the one that begins then");
    assert_eq!(another(&layered).0.get("b").done(), some("new"));
    assert_ne!(first, counts_of(&layered, "b"));
    other.delete_by_tag("x").done();
    layered.store.lose_counters();
    assert_eq!(another(&layered).0.get("b").done(), None);
}

#[tokio::test(start_paused = true)]
async fn without_tags_nothing_is_asked_for() {
    let layered = shared();
    let cache = &layered.harness;
    cache.load("a", "one");
    cache.set("b", "two").done();
    cache.cache.close(true);
    let (other, store) = another(&layered);
    other.get("a").done();
    other.has("b").done();
    let calls = [layered.store.calls(), store.calls()].concat();
    assert_eq!(calls, ["get", "set", "set", "get", "has"]);
}

/// How often counts were asked for since the last look.
fn asked(layered: &Layered, before: &mut usize) -> usize {
    let calls = layered.store.calls();
    let count = calls[*before..].iter().filter(|call| ["counts", "begin"].contains(*call)).count();
    *before = calls.len();
    count
}

#[tokio::test(start_paused = true)]
async fn on_a_bus_counts_are_kept_until_it_tells_of_a_change_or_may_have_missed_one() {
    let layered = shared();
    let (cache, before) = (&layered.harness, &mut 0);
    cache.cache.listens();
    // Past the first layer.
    let settings = Settings { l1_ttl: Ttl::NONE, ..tagged(cache, &["x"]) };
    let read = || {
        cache.set_with("a", "one", &settings).done();
        cache.get_with("a", &settings).done()
    };
    assert_eq!((read(), asked(&layered, before)), (some("one"), 1));
    assert_eq!((read(), asked(&layered, before)), (some("one"), 0));
    cache.pass(Duration::from_secs(11)).await;
    assert_eq!((read(), asked(&layered, before)), (some("one"), 1), "not for long: others may have no bus");
    layered.store.invalidate_tag(&"x".into());
    cache.apply(invalidation("x")).done();
    assert_eq!((read(), asked(&layered, before)), (some("one"), 1));
    cache.apply(invalidation("y")).done();
    assert_eq!((read(), asked(&layered, before)), (some("one"), 0));
    cache.heal(GapReason::Sequence, 1).done();
    assert_eq!((read(), asked(&layered, before)), (some("one"), 1));
    drop(cache.bus_down());
    assert_eq!(
        (read(), asked(&layered, before)),
        (some("one"), 2),
        "asked for in the write, and in the read"
    );
    cache.cache.bus_up("fake");
    assert_eq!((read(), asked(&layered, before)), (some("one"), 1));
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_that_was_lost_with_a_gap_is_not_read_from_counts_in_memory() {
    let layered = shared();
    let cache = &layered.harness;
    cache.cache.listens();
    cache.set_with("a", "old", &tagged(cache, &["x"])).done();
    layered.store.invalidate_tag(&"x".into());
    cache.heal(GapReason::Sequence, 1).done();
    assert_eq!(cache.get("a").done(), None);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_set_while_there_is_a_gap_is_in_the_second_layer() {
    let layered = shared();
    let cache = &layered.harness;
    cache.cache.listens();
    layered.store.gates.hold("begin", Point::After);
    let set = cache.set_with("a", "one", &tagged(cache, &["x"]));
    layered.store.invalidate_tag(&"x".into());
    cache.heal(GapReason::Sequence, 1).done();
    layered.store.gates.open_all();
    set.done();
    assert_eq!(cache.get("a").done(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn counts_that_were_asked_for_before_a_message_are_not_kept_after_it() {
    let layered = shared();
    let cache = &layered.harness;
    cache.cache.listens();
    cache.set_with("a", "old", &tagged(cache, &["x"])).done();
    cache.heal(GapReason::Sequence, 1).done();
    layered.store.gates.hold("counts", Point::After);
    let read = cache.get("a");
    layered.store.invalidate_tag(&"x".into());
    cache.apply(invalidation("x")).done();
    layered.store.gates.open_all();
    read.done();
    assert_eq!(cache.get("a").done(), None);
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_that_the_layer_has_missed_is_made_up_for_and_told_again() {
    let layered = shared();
    let cache = &layered.harness;
    cache.cache.listens();
    cache.upkeep();
    cache.set_with("a", "old", &tagged(cache, &["x"])).done();
    layered.store.fail("invalidateTags");
    cache.delete_by_tag("x").done();
    assert_eq!(another(&layered).0.get("a").done(), some("old"), "the layer has missed it");
    assert_eq!((cache.get("a").done(), cache.has("a").done()), (None, false), "but it is not read here");
    cache.set_with("b", "new", &tagged(cache, &["x"])).done();
    assert_eq!(layered.stored("b"), None, "nor is anything stored under a count that has yet to change");
    layered.store.mend();
    let sent = layered.bus.published().len();
    cache.pass(SECOND).await;
    assert_eq!(another(&layered).0.get("a").done(), None);
    assert_eq!(cache.get("a").done(), None);
    let again = layered.bus.published().split_off(sent);
    assert_eq!(again.iter().map(|message| message.tags.clone()).collect::<Vec<_>>(), [[Key::from("x")]]);
    cache.set_with("b", "new", &tagged(cache, &["x"])).done();
    assert_eq!(another(&layered).0.get("b").done(), some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_replaced_is_told_the_last_invalidations_again() {
    let layered = shared();
    let cache = &layered.harness;
    cache.upkeep();
    cache.set_with("a", "old", &tagged(cache, &["x"])).done();
    let before = layered.store.calls().len();
    cache.delete_by_tag("x").done();
    layered.store.replace();
    cache.settle();
    cache.pass(SECOND).await;
    let calls = layered.store.calls().split_off(before);
    assert_eq!(calls.iter().filter(|call| **call == "invalidateTags").count(), 2, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn where_counts_cannot_be_read_what_has_tags_stays_in_the_first_layer() {
    let layered = shared();
    let cache = &layered.harness;
    layered.plant("a", "older");
    layered.store.fail("begin");
    cache.set_with("a", "one", &tagged(cache, &["x"])).done();
    cache.get_or_set_with("b", &tagged(cache, &["x"])).finish("two");
    assert_eq!((layered.stored("a"), layered.stored("b")), (None, None));
    assert_eq!((cache.get("a").done(), cache.get("b").done()), (some("one"), some("two")));
    layered.store.mend();
    layered.store.fail("counts");
    let (other, store) = another(&layered);
    cache.set_with("a", "one", &tagged(cache, &["x"])).done();
    store.fail("counts");
    assert_eq!(other.get("a").done(), None, "nor is it read where they cannot be compared");
}
