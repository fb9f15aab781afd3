//! `getOrSet`: one load per key, shared by those who want it while it runs.

use std::time::Duration;

use lazy_layers_engine::testing::Answer;

use crate::setup::*;

#[tokio::test(start_paused = true)]
async fn a_miss_loads_stores_and_tells() {
    let cache = alone(options());
    let load = cache.get_or_set("a");
    assert!(load.has_loaded() && load.answer().is_none());
    load.finish("one");
    assert_eq!(load.value(), some("one"));
    assert_eq!(cache.get("a").done(), some("one"));
    let lines = ["miss a L1", "loader:start a", "loader:success a", "set a L1", "hit a L1"];
    assert_eq!(cache.events.take_lines(), lines);
}

#[tokio::test(start_paused = true)]
async fn a_hit_calls_no_loader_and_gives_the_very_value() {
    let cache = alone(options());
    let value = text("one");
    cache.set("a", value.clone()).done();
    let request = cache.get_or_set("a");
    assert!(request.value().expect("a hit").is_same(&value));
    assert!(!request.has_loaded());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_share_one_load() {
    let cache = alone(options());
    let leader = cache.get_or_set("a");
    let others: Vec<_> = (0..999).map(|_| cache.get_or_set("a")).collect();
    assert!(others.iter().all(|other| !other.has_loaded() && other.answer().is_none()));
    leader.finish("one");
    assert!(others.iter().all(|other| other.value() == some("one")));
    assert!(others.iter().all(|other| other.joined() == Some(leader.id())));
    assert_eq!(cache.events.take_lines().iter().filter(|line| *line == "inflight:reuse a").count(), 999);
}

#[tokio::test(start_paused = true)]
async fn a_load_too_old_to_join_is_replaced() {
    let cache = alone(options());
    let hung = cache.get_or_set("a");
    cache.pass(Duration::from_millis(4999)).await;
    let early = cache.get_or_set("a");
    assert_eq!(early.joined(), Some(hung.id()));
    cache.pass(Duration::from_millis(1)).await;
    let late = cache.get_or_set("a");
    assert!(late.has_loaded());
    late.finish("new");
    assert_eq!(cache.get("a").done(), some("new"));
    assert!(hung.answer().is_none());
}

#[tokio::test(start_paused = true)]
async fn the_value_of_a_replaced_load_does_not_replace_the_newer_one() {
    let cache = alone(options());
    let hung = cache.get_or_set("a");
    cache.pass(5 * SECOND).await;
    cache.get_or_set("a").finish("new");
    hung.finish("old");
    assert_eq!(hung.value(), some("old"));
    assert_eq!(cache.get("a").done(), some("new"));
}

#[tokio::test(start_paused = true)]
async fn loads_beyond_the_limit_run_untracked() {
    let mut options = options();
    options.settings.inflight.entries = Some(1);
    let cache = alone(options);
    let tracked = cache.get_or_set("a");
    let (first, second) = (cache.get_or_set("b"), cache.get_or_set("b"));
    assert!(first.has_loaded() && second.has_loaded());
    assert_eq!(cache.get_or_set("a").joined(), Some(tracked.id()));
    let lines = cache.events.take_lines();
    assert_eq!(lines.iter().filter(|line| *line == "inflight:bypass b maxEntries").count(), 2);
    first.finish("one");
    assert_eq!(cache.get("b").done(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn without_joining_every_caller_loads() {
    let mut options = options();
    options.settings.inflight.enabled = false;
    let cache = alone(options);
    let (first, second) = (cache.get_or_set("a"), cache.get_or_set("a"));
    assert!(first.has_loaded() && second.has_loaded());
    second.finish("two");
    first.finish("one");
    assert_eq!((first.value(), second.value()), (some("one"), some("two")));
}

#[tokio::test(start_paused = true)]
async fn an_error_reaches_every_caller_unchanged_and_nothing_is_kept() {
    let cache = alone(options());
    let (leader, other) = (cache.get_or_set("a"), cache.get_or_set("a"));
    let error = text("boom");
    leader.fail(error.clone());
    for request in [&leader, &other] {
        let Some(Answer::Thrown(thrown)) = request.answer() else { panic!("{:?}", request.answer()) };
        assert!(thrown.is_same(&error));
    }
    assert_eq!(cache.get("a").done(), None);
    let next = cache.get_or_set("a");
    assert!(next.has_loaded(), "a failed load is not joined");
}

#[tokio::test(start_paused = true)]
async fn nothing_loaded_is_not_stored() {
    let cache = alone(options());
    let request = cache.get_or_set("a");
    request.finish_empty();
    assert_eq!(request.answer(), Some(Answer::Absent));
    assert!(!cache.has("a").done());
    assert!(cache.get_or_set("a").has_loaded());
}

#[tokio::test(start_paused = true)]
async fn a_request_dropped_halfway_leaves_nothing_behind() {
    let cache = alone(options());
    let request = cache.get_or_set("a");
    request.abandon();
    let inspection = cache.cache.inspect();
    assert_eq!((inspection.running_loads, inspection.fenced_keys, inspection.oldest_load), (0, 0, None));
    assert!(cache.get_or_set("a").has_loaded());
}

#[tokio::test(start_paused = true)]
async fn a_value_from_the_second_layer_is_taken_over_for_what_is_left_of_it() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    layered.store.put(&"a".into(), text("one"), ttl(10 * SECOND));
    cache.pass(4 * SECOND).await;
    assert_eq!(cache.get_or_set("a").value(), some("one"));
    assert_eq!(cache.events.take_lines(), ["miss a L1", "hit a L2"]);
    cache.pass(5 * SECOND).await;
    assert_eq!(cache.get("a").done(), some("one"));
    assert_eq!(cache.events.take_lines(), ["hit a L1"]);
    cache.pass(SECOND).await;
    assert_eq!(cache.get("a").done(), None);
}

#[tokio::test(start_paused = true)]
async fn a_loaded_value_goes_into_both_layers_and_to_the_peers() {
    let layered = Layered::new(options());
    layered.harness.load("a", "one");
    assert_eq!(layered.stored("a"), some("one"));
    assert_eq!(layered.broadcast(), ["one"]);
    let lines = layered.harness.events.take_lines();
    let expected =
        ["miss a L1", "miss a L2", "loader:start a", "loader:success a", "set a L1,L2", "set:broadcast a"];
    assert_eq!(lines, expected);
}

#[tokio::test(start_paused = true)]
async fn a_value_set_by_the_user_is_not_sent_to_the_peers() {
    let layered = Layered::new(options());
    layered.harness.set("a", "one").done();
    assert!(layered.bus.published().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_value_too_large_to_send_is_told_and_not_sent() {
    let layered = Layered::new(lazy_layers_engine::options::CacheOptions {
        broadcast_set_max_bytes: Some(10),
        ..options()
    });
    layered.harness.load("a", Text::weighing("big".to_owned(), 11));
    assert!(layered.bus.published().is_empty());
    let lines = layered.harness.events.take_lines();
    assert_eq!(lines.last().map(String::as_str), Some("set:broadcast-skipped a max-bytes 11 10"));
}
