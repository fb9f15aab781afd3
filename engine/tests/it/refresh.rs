//! Loading values anew before they expire.

use lazy_layers_engine::{
    cache::Layers,
    clock::{Clock, Ttl},
    load::directives::Verdict,
    options::{CacheOptions, Settings, refresh::Refresh},
    store::Store,
    testing::{Answer, FakeStore, Harness, Point, memory},
};
use std::{sync::Arc, time::Duration};

use crate::setup::*;

/// Values live 100 seconds, and are loaded anew from 80 on.
fn ahead(mut options: CacheOptions) -> CacheOptions {
    (options.settings.l1_ttl, options.settings.l2_ttl) = (ttl(100 * SECOND), ttl(100 * SECOND));
    options.settings.refresh = Refresh { ahead: Some(0.8), ..Refresh::default() };
    options
}

#[tokio::test(start_paused = true)]
async fn the_first_read_past_the_point_is_answered_and_starts_one_load() {
    let cache = alone(ahead(options()));
    cache.load("a", "one");
    cache.pass(79 * SECOND).await;
    assert!(!cache.get_or_set("a").has_loaded());
    cache.pass(SECOND).await;
    assert_eq!(cache.get("a").done(), some("one"), "a get loads nothing");
    cache.events.take();
    let first = cache.get_or_set("a");
    assert_eq!(first.value(), some("one"));
    assert!(first.has_loaded() && !first.is_over());
    let lines = cache.events.take_lines();
    assert_eq!(lines, ["hit a L1", "refresh a", "loader:start a"]);
    let second = cache.get_or_set("a");
    assert_eq!(second.value(), some("one"));
    assert!(!second.has_loaded() && second.is_over());
    first.finish("two");
    assert_eq!(cache.get("a").done(), some("two"));
    cache.pass(79 * SECOND).await;
    assert_eq!(cache.get("a").done(), some("two"), "it has a whole new life");
    assert!(!cache.get_or_set("a").has_loaded());
}

#[tokio::test(start_paused = true)]
async fn an_entry_without_an_end_is_not_refreshed() {
    let mut options = ahead(options());
    options.settings.l1_ttl = Ttl::FOREVER;
    let cache = alone(options);
    cache.load("a", "one");
    cache.pass(100_000 * SECOND).await;
    assert!(!cache.get_or_set("a").has_loaded());
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_during_a_refresh_drops_its_result() {
    let cache = alone(ahead(options()));
    for way in 0..4 {
        cache.load("a", "one");
        cache.pass(80 * SECOND).await;
        let refresh = cache.get_or_set("a");
        assert!(refresh.has_loaded());
        match way {
            0 => cache.delete("a").done(),
            1 => cache.delete_by_pattern("*").done(),
            2 => cache.expire("a").done(),
            _ => cache.set("a", "set").done(),
        }
        refresh.finish("old");
        assert_eq!(cache.get("a").done(), if way == 3 { some("set") } else { None });
        cache.delete("a").done();
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_come_once_it_has_expired_join_the_refresh() {
    let cache = alone(ahead(options()));
    cache.load("a", "one");
    cache.pass(99 * SECOND).await;
    let refresh = cache.get_or_set("a");
    assert_eq!(refresh.value(), some("one"));
    cache.pass(SECOND).await;
    let joins = cache.get_or_set("a");
    assert_eq!(joins.joined(), Some(refresh.id()));
    refresh.finish("two");
    assert_eq!(joins.value(), some("two"));
}

#[tokio::test(start_paused = true)]
async fn those_who_joined_a_refresh_that_fails_get_the_value_that_has_come_meanwhile() {
    for is_told in [false, true] {
        for serves in [false, true] {
            let cache = alone(ahead(if serves { fail_safe() } else { options() }));
            cache.load("a", "one");
            cache.pass(99 * SECOND).await;
            let refresh = cache.get_or_set("a");
            cache.pass(SECOND).await;
            let joins = cache.get_or_set("a");
            if is_told {
                cache.apply(message(None, 0, set("a", "two"))).done()
            } else {
                cache.set("a", "two").done()
            }
            refresh.fail("boom");
            let error = Answer::Thrown(text("boom"));
            assert_eq!(joins.answer(), Some(if serves { Answer::Value(text("two")) } else { error }));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_refresh_that_failed_the_next_one_waits() {
    for (name, fails) in [("throws", true), ("skips", false)] {
        let mut options = ahead(fail_safe());
        options.settings.skip_ttl = Ttl(0);
        options.settings.fail_safe.backoff = ttl(5 * SECOND);
        let cache = alone(options);
        cache.load("a", "one");
        cache.pass(80 * SECOND).await;
        let refresh = cache.get_or_set("a");
        if fails {
            refresh.fail("boom");
        } else {
            refresh.finish_directed("no", cache.cache.settings().clone(), Verdict::Skip);
        }
        let lines = cache.events.take_lines();
        assert!(!lines.iter().any(|line| line.starts_with("stale:hit")), "nobody has waited: {lines:?}");
        cache.pass(4999 * SECOND / 1000).await;
        assert!(!cache.get_or_set("a").has_loaded(), "{name}");
        cache.pass(SECOND / 1000).await;
        let again = cache.get_or_set("a");
        assert!(again.has_loaded(), "{name}");
        assert_eq!(again.value(), some("one"));
        again.finish("two");
        assert_eq!(cache.get("a").done(), some("two"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_once_its_value_has_expired_is_answered_stale() {
    let cache = alone(ahead(fail_safe()));
    cache.load("a", "one");
    cache.pass(99 * SECOND).await;
    let refresh = cache.get_or_set("a");
    cache.pass(SECOND).await;
    let joins = cache.get_or_set("a");
    refresh.fail("boom");
    assert_eq!(joins.value(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_does_not_end_keeps_no_later_one_from_beginning() {
    let cache = alone(ahead(options()));
    cache.load("a", "one");
    cache.pass(80 * SECOND).await;
    let hung = cache.get_or_set("a");
    cache.pass(20 * SECOND).await;
    let load = cache.get_or_set("a");
    assert!(load.has_loaded());
    load.finish("two");
    cache.pass(80 * SECOND).await;
    assert!(cache.get_or_set("a").has_loaded());
    assert!(!hung.is_over());
}

#[tokio::test(start_paused = true)]
async fn a_hard_limit_ends_a_refresh_and_a_soft_one_does_nothing() {
    let mut options = ahead(fail_safe());
    options.settings.timeouts.soft = Some(ttl(SECOND));
    options.settings.timeouts.hard = Some(ttl(2 * SECOND));
    let cache = alone(options);
    cache.load("a", "one");
    cache.pass(80 * SECOND).await;
    let refresh = cache.get_or_set("a");
    cache.events.take();
    cache.pass(2 * SECOND).await;
    assert!(refresh.is_over());
    let lines = cache.events.take_lines();
    assert!(!lines.iter().any(|line| line.starts_with("stale:hit")), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_has_refreshes_of_its_own() {
    let mut options = ahead(options());
    options.settings.refresh = Refresh::default();
    let cache = alone(options);
    cache.load("a", "one");
    cache.pass(60 * SECOND).await;
    let mut settings = cache.cache.settings().clone();
    settings.refresh.ahead = Some(0.5);
    assert!(!cache.get_or_set("a").has_loaded());
    assert!(cache.get_or_set_with("a", &settings).has_loaded());
}

#[tokio::test(start_paused = true)]
async fn xfetch_refreshes_expensive_values_before_they_expire() {
    let mut options = ahead(options());
    options.settings.refresh = Refresh { xfetch: Some(1.0), ..Refresh::default() };
    let cache = alone(options);
    let load = cache.get_or_set("a");
    cache.pass(5 * SECOND).await;
    load.finish("one");
    // At 95 seconds before the end it is one read in 178 million, at 5 it is one in 2.7.
    cache.pass(5 * SECOND).await;
    assert!((0..100).all(|_| !cache.get_or_set("a").has_loaded()));
    cache.pass(90 * SECOND).await;
    assert!((0..200).any(|_| cache.get_or_set("a").has_loaded()));
    assert_eq!(cache.get("a").done(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn jitter_shortens_lives_and_never_lengthens_them() {
    let mut options = options();
    (options.settings.l1_ttl, options.settings.l2_ttl) = (ttl(100 * SECOND), ttl(100 * SECOND));
    options.settings.jitter.l1 = 0.5;
    let cache = alone(options);
    for n in 0..50 {
        cache.load(&format!("k{n}"), "one");
        cache.set(&format!("s{n}"), "one").done();
    }
    let held = || {
        (0..50).flat_map(|n| [format!("k{n}"), format!("s{n}")]).filter(|key| cache.has(key).done()).count()
    };
    cache.pass(49 * SECOND).await;
    assert_eq!(held(), 100);
    cache.pass(26 * SECOND).await;
    assert!((20..80).contains(&held()));
    cache.pass(25 * SECOND).await;
    assert_eq!(held(), 0);
}

/// Two instances over one store.
struct Pair {
    one: Harness<Text>,
    other: Harness<Text>,
    store: Arc<FakeStore<Text>>,
}

impl Pair {
    fn new(options: &CacheOptions) -> Pair {
        Pair::over(options, |store| store)
    }

    fn over(options: &CacheOptions, shape: impl FnOnce(FakeStore<Text>) -> FakeStore<Text>) -> Pair {
        let clock = Clock::new();
        let store = Arc::new(shape(FakeStore::new(clock.clone()).with_locks().shared()));
        let instance = || {
            let l2 = Some(Arc::clone(&store) as Arc<dyn Store<Text>>);
            Harness::new(options.clone(), Layers { l1: memory(10), l2, bus: None }, clock.clone())
        };
        Pair { one: instance(), other: instance(), store }
    }

    async fn pass(&self, time: Duration) {
        self.one.pass(time).await;
        self.other.settle();
    }
}

#[tokio::test(start_paused = true)]
async fn xfetch_knows_of_a_value_out_of_the_second_layer_how_long_its_load_took_elsewhere() {
    let mut options = ahead(options());
    options.settings.refresh = Refresh { xfetch: Some(1.0), ..Refresh::default() };
    let pair = Pair::new(&options);
    let load = pair.one.get_or_set("a");
    pair.pass(5 * SECOND).await;
    load.finish("one");
    pair.one.load("cheap", "one");
    assert_eq!(pair.other.get("a").done(), some("one"));
    assert_eq!(pair.other.get("cheap").done(), some("one"));
    // So far from its end a refresh of one of them comes once in 100,000 runs.
    pair.pass(20 * SECOND).await;
    assert!((0..100).all(|_| !pair.other.get_or_set("a").has_loaded()));
    pair.pass(75 * SECOND).await;
    assert!((0..200).all(|_| !pair.other.get_or_set("cheap").has_loaded()));
    assert!((0..200).any(|_| pair.other.get_or_set("a").has_loaded()));
}

#[tokio::test(start_paused = true)]
async fn under_a_lock_one_instance_refreshes_and_the_others_take_its_value_over() {
    let mut options = ahead(options());
    options.settings.lock.enabled = true;
    let pair = Pair::new(&options);
    pair.one.load("a", "one");
    assert_eq!(pair.other.get("a").done(), some("one"));
    pair.pass(80 * SECOND).await;
    let refresh = pair.one.get_or_set("a");
    let other = pair.other.get_or_set("a");
    assert_eq!((refresh.value(), other.value()), (some("one"), some("one")));
    assert!(refresh.has_loaded());
    assert!(!other.has_loaded() && other.is_over(), "the lock is not waited for");
    refresh.finish("two");
    assert_eq!(pair.store.lock_holder(&"a".into()), None);
    assert_eq!(pair.other.get("a").done(), some("one"));
    pair.pass(Duration::from_millis(50)).await;
    let again = pair.other.get_or_set("a");
    assert_eq!(again.value(), some("two"), "the harness shows the outcome of the refresh");
    assert!(!again.has_loaded());
    assert_eq!(pair.other.get("a").done(), some("two"));
}

#[tokio::test(start_paused = true)]
async fn a_short_life_in_memory_is_prolonged_from_the_second_layer() {
    for shared in [false, true] {
        let mut options = ahead(options());
        options.settings.l1_ttl = ttl(10 * SECOND);
        let layered = Layered::over(options, memory(10), |store| if shared { store.shared() } else { store });
        let cache = &layered.harness;
        cache.load("a", "one");
        for _ in 0..8 {
            cache.pass(9 * SECOND).await;
            let read = cache.get_or_set("a");
            assert_eq!(read.value(), some("one"));
            assert!(!read.has_loaded(), "shared {shared}");
        }
        cache.pass(9 * SECOND).await;
        assert!(cache.get_or_set("a").has_loaded(), "the second layer has it for less than 20 seconds more");
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_another_instance_has_written_to_a_private_second_layer_is_taken() {
    let mut options = ahead(options());
    options.settings.l1_ttl = ttl(10 * SECOND);
    options.settings.fail_safe = fail_safe().settings.fail_safe;
    let layered = Layered::over(options, memory(10), |store| store);
    let cache = &layered.harness;
    cache.load("a", "one");
    layered.plant("a", "two");
    for _ in 0..8 {
        cache.pass(9 * SECOND).await;
        assert!(!cache.get_or_set("a").has_loaded());
        assert_eq!(cache.get("a").done(), some("two"));
    }
    cache.pass(9 * SECOND).await;
    assert!(cache.get_or_set("a").has_loaded(), "it counts as old as the value before");
}

#[tokio::test(start_paused = true)]
async fn who_joined_a_refresh_that_another_instance_does_gets_a_value_all_the_same() {
    let mut options = ahead(options());
    options.settings.lock.enabled = true;
    let pair = Pair::new(&options);
    pair.one.load("a", "one");
    assert_eq!(pair.other.get("a").done(), some("one"));
    pair.pass(100 * SECOND - Duration::from_millis(500)).await;
    let refresh = pair.one.get_or_set("a");
    assert!(refresh.has_loaded());
    pair.store.gates.hold("acquireLock", Point::Before);
    let other = pair.other.get_or_set("a");
    pair.pass(Duration::from_millis(500)).await;
    let joins = pair.other.get_or_set("a");
    assert_eq!(joins.joined(), Some(other.id()));
    pair.store.gates.open("acquireLock");
    pair.other.settle();
    refresh.finish("two");
    pair.pass(Duration::from_millis(50)).await;
    assert_eq!(joins.answer(), Some(Answer::Value(text("two"))));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_known_to_be_stale_is_loaded_anew_past_the_one_in_the_second_layer() {
    let mut options = options();
    options.settings.l1_ttl = Ttl::FOREVER;
    let pair = Pair::over(&options, FakeStore::marking);
    pair.one.load("a", "old");
    let settings = Settings {
        refresh: Refresh { at_once: true, ..Refresh::default() },
        ..pair.one.cache.settings().clone()
    };
    let load = pair.one.get_or_set_with("a", &settings);
    assert_eq!((load.value(), load.has_loaded()), (some("old"), true));
    load.finish("new");
    assert_eq!((pair.one.get("a").done(), pair.other.get("a").done()), (some("new"), some("new")));
    for invalidate in [Harness::delete, Harness::expire] {
        pair.pass(SECOND).await;
        pair.one.load("a", "old");
        pair.pass(SECOND).await;
        let load = pair.one.get_or_set_with("a", &settings);
        invalidate(&pair.other, "a").done();
        load.finish("from before");
        assert_eq!(pair.one.get("a").done(), None, "the store has refused it");
    }
}
