//! Storage keys that change with each delete.

use lazy_layers_engine::{
    bus::{Body, Message},
    options::CacheOptions,
};

use crate::setup::*;

fn versioned() -> CacheOptions {
    CacheOptions { versioning: true, ..options() }
}

#[tokio::test(start_paused = true)]
async fn a_key_is_stored_under_its_generation_which_rises_with_each_delete() {
    let layered = Layered::new(versioned());
    let cache = &layered.harness;
    cache.set("a", "one").done();
    assert_eq!(layered.stored("a::v0"), some("one"));
    cache.delete("a").done();
    assert_eq!(layered.stored("a::v0"), None);
    cache.load("a", "two");
    assert_eq!(layered.stored("a::v1"), some("two"));
    assert_eq!(cache.get("a").done(), some("two"));
    assert!(cache.has("a").done());
}

#[tokio::test(start_paused = true)]
async fn an_old_generation_in_the_second_layer_is_not_read() {
    let layered = Layered::new(versioned());
    layered.store.fail("delete");
    layered.harness.set("a", "one").done();
    layered.harness.delete("a").done();
    assert_eq!(layered.stored("a::v0"), some("one"), "the store could not delete");
    assert_eq!(layered.harness.get("a").done(), None);
}

#[tokio::test(start_paused = true)]
async fn events_and_messages_carry_the_key_without_its_generation() {
    let layered = Layered::new(versioned());
    layered.harness.delete("a").done();
    layered.harness.load("a", "one");
    layered.harness.delete("a").done();
    let lines = layered.harness.events.take_lines();
    assert!(lines.iter().all(|line| !line.contains("::v")), "{lines:?}");
    let deletes = layered.bus.published().into_iter().filter_map(|message| match message.body {
        Body::Delete(keys) => Some((keys, message.generation)),
        _ => None,
    });
    assert_eq!(deletes.collect::<Vec<_>>(), [(vec!["a".into()], Some(1)), (vec!["a".into()], Some(2))]);
}

#[tokio::test(start_paused = true)]
async fn a_pattern_is_about_keys_and_not_about_their_generations() {
    let layered = Layered::new(versioned());
    let cache = &layered.harness;
    for key in ["user:1", "user:2", "post:1"] {
        cache.set(key, key).done();
    }
    cache.delete_by_pattern("user:?").done();
    assert_eq!(cache.get("user:1").done(), None);
    assert_eq!(cache.get("user:2").done(), None);
    assert_eq!(cache.get("post:1").done(), some("post:1"));
    cache.delete_by_pattern("*::v0").done();
    assert_eq!(cache.get("post:1").done(), some("post:1"));
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_a_peer_raises_the_generation_here() {
    let layered = Layered::new(versioned());
    let cache = &layered.harness;
    cache.set("a", "one").done();
    cache.apply(message(Some(7), 1, delete("a"))).done();
    assert_eq!(cache.get("a").done(), None);
    cache.set("a", "two").done();
    assert_eq!(layered.stored("a::v7"), some("two"));
    cache.delete("a").done();
    cache.set("a", "three").done();
    assert_eq!(layered.stored("a::v8"), some("three"));
}

#[tokio::test(start_paused = true)]
async fn a_message_of_a_peer_without_a_count_raises_it_by_one() {
    let layered = Layered::new(versioned());
    layered.harness.apply(message(None, 1, delete("a"))).done();
    layered.harness.set("a", "one").done();
    assert_eq!(layered.stored("a::v1"), some("one"));
}

/// A cache with a value of `k` under a generation that it has forgotten since, and a newer one.
fn forgetful() -> Layered {
    let layered = Layered::new(versioned());
    let cache = &layered.harness;
    cache.delete("k").done();
    cache.load("k", "old");
    // Long keys leave no room for the count of others.
    let long = "x".repeat(200_000);
    (0..90).for_each(|number| cache.delete(&format!("{number} {long}")).done());
    assert_eq!(cache.get("k").done(), None, "it is under another generation");
    cache.load("k", "new");
    layered
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_a_peer_that_counts_less_brings_no_forgotten_generation_back() {
    let layered = forgetful();
    // As if this delete failed: the value of the last generation stays there.
    layered.store.fail("delete");
    layered.harness.apply(message(Some(1), 0, delete("k"))).done();
    assert_eq!(layered.harness.get("k").done(), None);
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_peer_that_counts_less_brings_no_forgotten_generation_back() {
    let layered = forgetful();
    let cache = &layered.harness;
    let value = message(Some(1), 0, set("k", "newer"));
    cache.apply(Message { id: None, is_redelivered: true, ..value.clone() }).done();
    assert_eq!(cache.get("k").done(), some("new"), "it is refused");
    cache.apply(value).done();
    assert_eq!(cache.get("k").done(), some("newer"));
}
