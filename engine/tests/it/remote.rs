//! Messages of other instances: applied once, here alone, and never passed on.

use lazy_layers_engine::{
    bus::{Body, Message, wire::Number},
    l1::Layer1,
    testing::memory,
};

use crate::setup::*;

fn pattern(text: &str) -> Body<Text> {
    Body::Pattern(text.into())
}

#[tokio::test(start_paused = true)]
async fn a_message_is_applied_once() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    let delete = message(None, 1, delete("a"));
    cache.set("a", "one").done();
    cache.apply(delete.clone()).done();
    assert_eq!(cache.get("a").done(), None);
    cache.set("a", "two").done();
    cache.events.take();
    cache.apply(delete).done();
    assert_eq!(cache.get("a").done(), some("two"));
    assert_eq!(cache.events.take_lines(), ["invalidation:duplicate del", "hit a L1"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_without_an_id_is_told_by_its_sender_time_kind_and_keys() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    let unnamed = |body: Body<Text>| Message { id: None, ..message(None, 1, body) };
    let different = [
        unnamed(delete("a")),
        unnamed(delete("b")),
        unnamed(pattern("a")),
        unnamed(set("a", "one")),
        Message { stamped: 2, ..unnamed(delete("a")) },
        Message { source: "other".to_owned(), ..unnamed(delete("a")) },
    ];
    for message in &different {
        cache.apply(message.clone()).done();
    }
    let lines = cache.events.take_lines();
    assert!(lines.iter().all(|line| !line.starts_with("invalidation:duplicate")), "{lines:?}");
    for message in &different {
        cache.apply(message.clone()).done();
    }
    let lines = cache.events.take_lines();
    assert!(lines.iter().all(|line| line.starts_with("invalidation:duplicate")), "{lines:?}");
    assert_eq!(lines.len(), different.len());
}

#[tokio::test(start_paused = true)]
async fn an_own_message_that_comes_back_changes_nothing() {
    let layered = Layered::new(options());
    layered.harness.set("a", "one").done();
    layered.harness.events.take();
    let own = Message { source: SELF.to_owned(), ..message(Some(9), 1, delete("a")) };
    layered.harness.apply(own).done();
    assert!(layered.harness.events.take().is_empty());
    assert_eq!(layered.harness.get("a").done(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn deletes_of_another_instance_under_the_own_name_are_applied_and_told_once() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    let number = |sequence| Some(Number { publisher: "another".to_owned(), sequence });
    let since = |sequence, stamped| Message {
        source: SELF.to_owned(),
        number: number(sequence),
        ..message(None, stamped, delete("a"))
    };
    cache.set("a", "one").done();
    // From an earlier run of this instance.
    cache.apply(since(1, 1)).done();
    assert_eq!(cache.get("a").done(), some("one"));
    cache.events.take();
    cache.apply(since(2, u64::MAX >> 12)).done();
    assert_eq!(cache.get("a").done(), None);
    cache.apply(since(3, u64::MAX >> 12)).done();
    let lines = cache.events.take_lines();
    assert_eq!(lines.iter().filter(|line| line.starts_with("bus:gap")).count(), 1, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("delete a remote")).count(), 2, "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_applied_is_told_as_remote_and_not_passed_on() {
    let layered = Layered::new(options());
    for body in [delete("a"), pattern("*"), set("a", "one")] {
        layered.harness.apply(message(None, 1, body)).done();
    }
    assert!(layered.bus.published().is_empty());
    let expected = [
        "invalidation:received del",
        "delete a remote",
        "invalidation:received pattern",
        "delete-pattern * remote",
        "invalidation:received set",
        "set:received a L1",
    ];
    assert_eq!(layered.harness.events.take_lines(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_value_of_an_older_generation_is_ignored_and_told() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    cache.apply(message(Some(5), 100, delete("a"))).done();
    cache.set("a", "one").done();
    cache.events.take();
    cache.apply(message(Some(4), 101, set("a", "theirs"))).done();
    assert_eq!(cache.events.take_lines(), ["invalidation:received set", "invalidation:stale set a 4 5"]);
    assert_eq!(cache.get("a").done(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_an_older_generation_deletes_and_is_told_as_stale_only_where_there_is_nothing() {
    let cache = alone(options());
    cache.apply(message(Some(5), 100, delete("a"))).done();
    cache.events.take();
    cache.apply(message(Some(4), 99, delete("a"))).done();
    assert_eq!(cache.events.take_lines(), ["invalidation:received del", "invalidation:stale del a 4 5"]);
    cache.set("a", "one").done();
    cache.events.take();
    cache.apply(message(Some(3), 98, delete("a"))).done();
    assert_eq!(cache.events.take_lines(), ["invalidation:received del", "delete a remote"]);
    assert_eq!(cache.get("a").done(), None);
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_an_older_generation_ends_loads_absences_and_stale_copies() {
    let mut options = fail_safe();
    options.settings.negative.ttl = Some(ttl(SECOND));
    let cache = alone(options);
    cache.apply(message(Some(5), 100, delete("a"))).done();
    let running = cache.get_or_set("a");
    cache.apply(message(Some(1), 1, delete("a"))).done();
    running.finish("old");
    assert_eq!(cache.get("a").done(), None, "a load from before it is not stored");
    cache.get_or_set("a").finish_empty();
    cache.apply(message(Some(2), 2, delete("a"))).done();
    cache.load("a", "new");
    assert_eq!(cache.get("a").done(), some("new"), "an absence from before it does not answer");
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_a_restarted_peer_deletes() {
    for versioning in [false, true] {
        let layered = Layered::new(lazy_layers_engine::options::CacheOptions { versioning, ..options() });
        let cache = &layered.harness;
        cache.apply(message(Some(5), 100, delete("a"))).done();
        // Also one whose clock is behind.
        for (generation, stamped) in [(1, 101), (2, 102), (3, 5), (3, 5)] {
            cache.set("a", "one").done();
            cache.apply(message(Some(generation), stamped, delete("a"))).done();
            assert_eq!(cache.get("a").done(), None, "{versioning}");
        }
        let lines = cache.events.take_lines();
        assert!(!lines.iter().any(|line| line.starts_with("invalidation:stale")), "{lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_peers_that_count_alike_both_delete() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    for _ in 0..2 {
        cache.set("a", "one").done();
        cache.apply(message(Some(1), 100, delete("a"))).done();
        assert_eq!(cache.get("a").done(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_peer_goes_into_memory_alone_for_the_time_it_names() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    let body = Body::Set { keys: vec!["a".into()], value: text("one"), ttl: Some(ttl(SECOND)) };
    cache.apply(message(Some(0), 0, body)).done();
    assert_eq!(cache.get("a").done(), some("one"));
    assert!(layered.store.calls().is_empty());
    cache.pass(SECOND).await;
    assert_eq!(cache.get("a").done(), None);
}

#[tokio::test(start_paused = true)]
async fn a_delete_leaves_a_shared_store_to_its_sender_and_clears_a_private_one() {
    for shared in [false, true] {
        let layered =
            Layered::over(options(), memory(10), |store| if shared { store.shared() } else { store });
        for body in [delete("a"), pattern("?")] {
            layered.harness.set("a", "one").done();
            layered.harness.apply(message(None, 1, body)).done();
            assert_eq!(layered.stored("a").is_some(), shared);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_pattern_of_a_peer_deletes_what_matches() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    for key in ["user:1", "user:22", "post:1"] {
        cache.set(key, key).done();
    }
    cache.apply(message(None, 1, pattern("user:?"))).done();
    assert_eq!(cache.get("user:1").done(), None);
    assert_eq!(cache.get("user:22").done(), some("user:22"));
    assert_eq!(cache.get("post:1").done(), some("post:1"));
}

#[tokio::test(start_paused = true)]
async fn one_message_may_be_about_many_keys() {
    let layered = Layered::over(options(), Layer1::Off, |store| store);
    let cache = &layered.harness;
    cache.set("a", "one").done();
    cache.set("b", "two").done();
    cache.apply(message(None, 1, Body::Delete(vec!["a".into(), "b".into()]))).done();
    assert_eq!(cache.size().done(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_peer_ends_a_negative_entry() {
    let mut options = options();
    options.settings.negative.ttl = Some(ttl(SECOND));
    let cache = alone(options);
    cache.get_or_set("a").finish_empty();
    cache.apply(message(None, 1, set("a", "one"))).done();
    assert_eq!(cache.get("a").done(), some("one"));
}
