//! Closing lets go of everything.

use lazy_layers_engine::options::CacheOptions;

use crate::setup::*;

#[tokio::test(start_paused = true)]
async fn closing_lets_go_of_values_and_of_what_is_kept_beside_them() {
    let mut options = fail_safe();
    options.settings.negative.ttl = Some(ttl(SECOND));
    let cache = alone(options);
    let value = text("one");
    cache.set("a", value.clone()).done();
    cache.get_or_set("b").finish_empty();
    assert!(value.handles() > 1);
    cache.events.take();
    cache.cache.close(true);
    assert_eq!(value.handles(), 1);
    let inspection = cache.cache.inspect();
    assert_eq!((inspection.negative_entries, inspection.stale_copies), (0, 0));
    assert_eq!(cache.size().done(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_memory_layer_that_others_use_keeps_what_it_holds() {
    let cache = alone(options());
    cache.set("a", "one").done();
    cache.cache.close(false);
    assert_eq!(cache.size().done(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_ends_after_the_close_stores_nothing_and_tells_nobody() {
    let layered = Layered::new(CacheOptions { ..fail_safe() });
    let load = layered.harness.get_or_set("a");
    layered.harness.cache.close(true);
    load.finish("late");
    assert_eq!(load.value(), some("late"));
    assert_eq!((layered.stored("a"), layered.harness.size().done()), (None, 0));
    assert!(layered.bus.published().is_empty());
    assert_eq!(layered.harness.cache.inspect().fenced_keys, 0);
}

#[tokio::test(start_paused = true)]
async fn closing_gives_the_bus_back() {
    let layered = Layered::new(options());
    assert_eq!(std::sync::Arc::strong_count(&layered.bus), 2);
    layered.harness.cache.close(true);
    assert_eq!(std::sync::Arc::strong_count(&layered.bus), 1);
    layered.harness.delete("a").done();
    assert!(layered.bus.published().is_empty());
}

#[tokio::test(start_paused = true)]
async fn loads_dropped_at_the_close_leave_nothing_behind() {
    let cache = alone(fail_safe());
    let loads: Vec<_> = (0..10).map(|n| cache.get_or_set(&format!("{n}"))).collect();
    cache.cache.close(true);
    loads.iter().for_each(|load| load.abandon());
    let inspection = cache.cache.inspect();
    assert_eq!((inspection.running_loads, inspection.fenced_keys, inspection.oldest_load), (0, 0, None));
}
