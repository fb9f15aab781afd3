//! Limits on the time of a load.

use lazy_layers_engine::{
    options::{CacheOptions, Timeouts, refresh::Refresh},
    testing::{Answer, Harness},
};

use crate::setup::*;

fn limits(soft: Option<u32>, hard: Option<u32>) -> CacheOptions {
    let mut options = fail_safe();
    options.settings.l1_ttl = ttl(60 * SECOND);
    let limit = |seconds: u32| ttl(seconds * SECOND);
    options.settings.timeouts = Timeouts { soft: soft.map(limit), hard: hard.map(limit) };
    options
}

/// A cache whose value of `a` has expired, but for its stale copy.
async fn expired(options: CacheOptions) -> Harness<Text> {
    let cache = alone(options);
    cache.set("a", "old").done();
    cache.pass(60 * SECOND).await;
    cache.events.take();
    cache
}

#[tokio::test(start_paused = true)]
async fn past_the_soft_limit_the_stale_value_answers_and_the_late_one_is_kept() {
    let cache = expired(limits(Some(1), None)).await;
    let (leader, other) = (cache.get_or_set("a"), cache.get_or_set("a"));
    cache.pass(SECOND / 2).await;
    assert_eq!(leader.answer(), None);
    cache.pass(SECOND / 2).await;
    assert_eq!((leader.value(), other.value()), (some("old"), some("old")));
    assert_eq!(leader.loader().aborted(), None, "the loader goes on");
    let lines = cache.events.take_lines();
    assert_eq!(lines[lines.len() - 2..], ["loader:timeout a soft", "stale:hit a soft-timeout"]);
    leader.finish("new");
    assert!(leader.is_over());
    assert_eq!(leader.value(), some("old"), "it was answered before");
    assert_eq!(cache.get("a").done(), some("new"));
    assert_eq!(cache.events.take_lines(), ["loader:success a", "set a L1", "hit a L1"]);
}

#[tokio::test(start_paused = true)]
async fn a_soft_limit_of_zero_answers_at_once() {
    let cache = expired(limits(Some(0), None)).await;
    let load = cache.get_or_set("a");
    assert_eq!(load.value(), some("old"));
    load.finish("new");
    assert_eq!(cache.get("a").done(), some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_comes_after_the_soft_limit_gets_the_stale_value() {
    let cache = expired(limits(Some(1), None)).await;
    let leader = cache.get_or_set("a");
    cache.pass(2 * SECOND).await;
    let late = cache.get_or_set("a");
    assert_eq!((late.joined(), late.value()), (Some(leader.id()), some("old")));
}

#[tokio::test(start_paused = true)]
async fn a_late_error_is_told_and_changes_nothing() {
    let cache = expired(limits(Some(1), None)).await;
    let leader = cache.get_or_set("a");
    cache.pass(SECOND).await;
    cache.events.take();
    leader.fail("boom");
    assert!(leader.is_over());
    assert_eq!(leader.value(), some("old"));
    assert_eq!(cache.events.take_lines(), ["loader:error a"]);
}

#[tokio::test(start_paused = true)]
async fn a_late_value_of_an_invalidated_key_is_not_kept() {
    let cache = expired(limits(Some(1), None)).await;
    let leader = cache.get_or_set("a");
    cache.pass(SECOND).await;
    cache.delete("a").done();
    leader.finish("new");
    assert!(leader.is_over());
    assert_eq!(cache.get("a").done(), None);
}

#[tokio::test(start_paused = true)]
async fn without_a_stale_value_the_soft_limit_waits() {
    let cache = alone(limits(Some(1), None));
    let load = cache.get_or_set("a");
    cache.pass(10 * SECOND).await;
    assert_eq!(load.answer(), None);
    load.finish("one");
    assert_eq!(load.value(), some("one"));
    assert!(!cache.events.take_lines().iter().any(|line| line.starts_with("loader:timeout")));
}

#[tokio::test(start_paused = true)]
async fn past_the_hard_limit_the_load_is_aborted_and_the_callers_get_an_error() {
    let cache = alone(limits(None, Some(2)));
    let (leader, other) = (cache.get_or_set("a"), cache.get_or_set("a"));
    cache.pass(2 * SECOND).await;
    let limit = ttl(2 * SECOND);
    assert_eq!(leader.loader().aborted(), Some(limit));
    assert_eq!(leader.answer(), Some(Answer::HardTimeout(limit)));
    assert_eq!(other.answer(), Some(Answer::HardTimeout(limit)));
    let lines = cache.events.take_lines();
    assert_eq!(lines[lines.len() - 2..], ["loader:timeout a hard", "loader:error a"]);
    leader.finish("late");
    assert_eq!(cache.get("a").done(), None, "what an aborted load comes to is dropped");
    assert!(cache.get_or_set("a").has_loaded());
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_there_after_a_freeze_comes_before_its_hard_limit() {
    let cache = alone(limits(None, Some(12)));
    let request = cache.get_or_set("a");
    // Both are due: the limit is heard of first.
    cache.pass(20 * SECOND).await;
    assert_eq!((request.answer(), request.loader().aborted()), (None, None));
    request.finish("loaded");
    assert_eq!(request.value(), some("loaded"));
    assert_eq!(cache.get("a").done(), some("loaded"));
}

#[tokio::test(start_paused = true)]
async fn a_hard_limit_that_comes_late_waits_no_longer_than_a_tenth_of_a_second() {
    let cache = alone(limits(None, Some(12)));
    let request = cache.get_or_set("a");
    cache.pass(20 * SECOND).await;
    cache.pass(SECOND / 20).await;
    assert_eq!(request.loader().aborted(), None);
    cache.pass(SECOND / 20).await;
    assert!(request.loader().aborted().is_some());
    assert!(request.is_over());
}

#[tokio::test(start_paused = true)]
async fn past_the_hard_limit_a_stale_value_answers() {
    let cache = expired(limits(None, Some(2))).await;
    let load = cache.get_or_set("a");
    cache.pass(2 * SECOND).await;
    assert_eq!(load.value(), some("old"));
    assert!(load.loader().aborted().is_some());
    let lines = cache.events.take_lines();
    assert_eq!(
        lines[lines.len() - 3..],
        ["loader:timeout a hard", "loader:error a", "stale:hit a hard-timeout"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_load_answered_at_the_soft_limit_is_aborted_at_the_hard_one() {
    let cache = expired(limits(Some(1), Some(2))).await;
    let load = cache.get_or_set("a");
    cache.pass(SECOND).await;
    assert_eq!(load.value(), some("old"));
    cache.events.take();
    cache.pass(SECOND).await;
    assert!(load.loader().aborted().is_some() && load.is_over());
    assert_eq!(cache.events.take_lines(), ["loader:timeout a hard", "loader:error a"]);
    assert_eq!(cache.cache.inspect().running_loads, 0);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_ends_in_time_meets_no_limit() {
    let cache = expired(limits(Some(1), Some(2))).await;
    let load = cache.get_or_set("a");
    load.finish("new");
    cache.pass(10 * SECOND).await;
    assert_eq!(load.value(), some("new"));
    assert_eq!(load.loader().aborted(), None);
}

/// Values live 100 seconds, and are loaded anew from 80 on. Callers wait for 4 seconds while there is a copy.
fn patient() -> CacheOptions {
    let mut options = fail_safe();
    options.settings.l1_ttl = ttl(100 * SECOND);
    options.settings.refresh = Refresh { ahead: Some(0.8), ..Refresh::default() };
    options.settings.timeouts.soft = Some(ttl(4 * SECOND));
    options
}

#[tokio::test(start_paused = true)]
async fn who_comes_once_the_value_has_expired_waits_for_its_refresh_no_longer_than_for_another_load() {
    for joins_early in [false, true] {
        let cache = alone(patient());
        cache.load("a", "one");
        cache.pass(98 * SECOND).await;
        let refresh = cache.get_or_set("a");
        assert!(refresh.has_loaded());
        cache.pass(2 * SECOND).await;
        cache.events.take();
        let early = joins_early.then(|| cache.get_or_set("a"));
        cache.pass(2 * SECOND).await;
        let told = cache.events.take_lines();
        let hit = "stale:hit a soft-timeout".to_owned();
        assert_eq!(told.contains(&hit), joins_early, "{told:?}");
        if let Some(early) = early {
            assert_eq!((early.joined(), early.value()), (Some(refresh.id()), some("one")));
        } else {
            let late = cache.get_or_set("a");
            assert_eq!((late.joined(), late.value(), late.has_loaded()), (None, some("one"), false));
            assert!(cache.events.take_lines().contains(&hit));
        }
        refresh.finish("two");
        assert_eq!(cache.get("a").done(), some("two"));
    }
}
