//! Refreshes over a private second layer, whose value need not be that of the memory layer.

use lazy_layers_engine::{
    clock::Ttl,
    options::{CacheOptions, refresh::Refresh},
    testing::memory,
};

use crate::setup::*;

/// Values live 10 seconds in memory and 1000 in the second layer, and are loaded anew from four fifths on.
fn ahead() -> CacheOptions {
    let mut options = options();
    (options.settings.l1_ttl, options.settings.l2_ttl) = (ttl(10 * SECOND), ttl(1000 * SECOND));
    options.settings.refresh = Refresh { ahead: Some(0.8), ..Refresh::default() };
    options
}

/// Ways in which memory gets a value that the second layer does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A peer sends it.
    Sent,
    /// It is set while the second layer fails.
    Set,
    /// It is loaded while the second layer fails.
    Loaded,
    /// It is loaded for memory alone.
    LoadedAlone,
}

#[tokio::test(start_paused = true)]
async fn a_value_that_the_second_layer_does_not_have_is_loaded_anew() {
    for way in [Way::Sent, Way::Set, Way::Loaded, Way::LoadedAlone] {
        let layered = Layered::over(ahead(), memory(10), |store| store);
        let cache = &layered.harness;
        // By then it has listened for a while.
        cache.pass(2 * SECOND).await;
        cache.load("a", "one");
        if way == Way::Loaded || way == Way::LoadedAlone {
            cache.pass(8 * SECOND).await;
            let settings = cache.cache.settings();
            let mut alone = settings.clone();
            alone.l2_ttl = if way == Way::LoadedAlone { Ttl::NONE } else { settings.l2_ttl };
            layered.store.fail("get");
            layered.store.fail("set");
            let load = cache.get_or_set_with("a", &alone);
            assert!(load.has_loaded(), "{way:?}");
            load.finish("two");
        } else {
            layered.store.fail("set");
            match way {
                Way::Sent => cache.apply(message(None, 0, set("a", "two"))).done(),
                _ => cache.set("a", "two").done(),
            }
        }
        layered.store.mend();
        assert_eq!(layered.stored("a"), some("one"), "{way:?}");
        cache.pass(9 * SECOND).await;
        let refresh = cache.get_or_set("a");
        assert_eq!(refresh.value(), some("two"), "{way:?}");
        assert!(refresh.has_loaded(), "{way:?}: it has not the life of another value");
        refresh.finish("three");
        cache.pass(9 * SECOND).await;
        assert!(!cache.get_or_set("a").has_loaded(), "{way:?}: now both have the same");
        assert_eq!(cache.get("a").done(), some("three"));
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_bus_is_down_a_value_is_prolonged_for_a_limited_time() {
    let options = CacheOptions { bus_down_l1_ttl: Some(ttl(2 * SECOND)), ..ahead() };
    let layered = Layered::over(options, memory(10), |store| store);
    let cache = &layered.harness;
    let _outage = cache.bus_down();
    cache.pass(3 * SECOND).await;
    cache.load("a", "one");
    cache.pass(1900 * SECOND / 1000).await;
    let refresh = cache.get_or_set("a");
    assert_eq!((refresh.value(), refresh.has_loaded()), (some("one"), false));
    cache.pass(2 * SECOND).await;
    cache.events.take();
    assert_eq!(cache.get("a").done(), some("one"));
    assert_eq!(cache.events.take_lines(), ["miss a L1", "hit a L2"]);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_finds_nothing_ends_the_value_in_both_layers() {
    for negative in [None, Some(ttl(SECOND))] {
        let mut options = ahead();
        options.settings.negative.ttl = negative;
        let layered = Layered::over(options, memory(10), |store| store);
        let cache = &layered.harness;
        cache.load("a", "one");
        cache.pass(9 * SECOND).await;
        layered.store.fail("get");
        let refresh = cache.get_or_set("a");
        assert!(refresh.has_loaded(), "{negative:?}");
        layered.store.mend();
        refresh.finish_empty();
        assert_eq!(cache.get("a").done(), None, "{negative:?}");
        cache.pass(2 * SECOND).await;
        assert_eq!((cache.get("a").done(), layered.stored("a")), (None, None), "{negative:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_finds_nothing_leaves_a_value_that_was_set_meanwhile() {
    let layered = Layered::over(ahead(), memory(10), |store| store);
    let cache = &layered.harness;
    cache.load("a", "one");
    cache.pass(9 * SECOND).await;
    layered.store.fail("get");
    let refresh = cache.get_or_set("a");
    layered.store.mend();
    cache.set("a", "two").done();
    refresh.finish_empty();
    assert_eq!((cache.get("a").done(), layered.stored("a")), (some("two"), some("two")));
}
