//! Running loads are visible, and how long they have been running.

use lazy_layers_engine::{options::CacheOptions, testing::Harness};

use crate::setup::*;

fn oldest(cache: &Harness<Text>) -> Option<std::time::Duration> {
    cache.cache.inspect().oldest_load
}

#[tokio::test(start_paused = true)]
async fn the_oldest_running_load_is_visible() {
    let cache = alone(options());
    assert_eq!(oldest(&cache), None);
    let first = cache.get_or_set("a");
    cache.pass(SECOND).await;
    let second = cache.get_or_set("b");
    cache.pass(SECOND).await;
    assert_eq!((oldest(&cache), cache.cache.inspect().running_loads), (Some(2 * SECOND), 2));
    first.finish("one");
    assert_eq!(oldest(&cache), Some(SECOND));
    second.fail("boom");
    assert_eq!((oldest(&cache), cache.cache.inspect().running_loads), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn a_hung_load_stays_visible_when_another_takes_its_place() {
    let cache = alone(options());
    let hung = cache.get_or_set("a");
    cache.pass(5 * SECOND).await;
    cache.load("a", "one");
    cache.pass(SECOND).await;
    assert_eq!(oldest(&cache), Some(6 * SECOND));
    hung.finish("late");
    assert_eq!(oldest(&cache), None);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_was_overtaken_stays_visible() {
    let cache = alone(options());
    let loads = ["a", "b", "c"].map(|key| cache.get_or_set(key));
    cache.delete("a").done();
    cache.delete_by_pattern("b*").done();
    cache.set("c", "one").done();
    cache.pass(SECOND).await;
    assert_eq!(oldest(&cache), Some(SECOND));
    loads.iter().for_each(|load| load.finish("late"));
    assert_eq!(oldest(&cache), None);
}

#[tokio::test(start_paused = true)]
async fn loads_that_nobody_can_join_are_visible() {
    let mut full = options();
    full.settings.inflight.entries = Some(1);
    let mut alone_each = options();
    alone_each.settings.inflight.enabled = false;
    let visible = async |options: CacheOptions| {
        let cache = alone(options);
        let joinable = cache.get_or_set("a");
        cache.pass(SECOND).await;
        let load = cache.get_or_set("b");
        joinable.finish("one");
        cache.pass(SECOND).await;
        assert_eq!(oldest(&cache), Some(SECOND));
        load.abandon();
        assert_eq!(oldest(&cache), None);
    };
    visible(full).await;
    visible(alone_each).await;
}

#[tokio::test(start_paused = true)]
async fn a_load_that_goes_on_in_the_background_is_visible() {
    let mut options = fail_safe();
    options.settings.l1_ttl = ttl(SECOND);
    options.settings.timeouts.soft = Some(ttl(SECOND));
    let cache = alone(options);
    cache.set("a", "old").done();
    cache.pass(SECOND).await;
    let load = cache.get_or_set("a");
    cache.pass(3 * SECOND).await;
    assert_eq!(load.value(), some("old"));
    assert_eq!(oldest(&cache), Some(3 * SECOND));
    load.finish("new");
    assert_eq!(oldest(&cache), None);
}
