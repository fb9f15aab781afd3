//! Values that were read before messages were missed are not served after; while the bus is down, they may be for a
//! limited time.

use std::{thread, time::Duration};

use lazy_layers_engine::{
    entry::key::Key,
    observe::event::GapReason,
    options::CacheOptions,
    testing::{Point, memory},
};

use crate::{meanwhile::Meanwhile, setup::*};

#[tokio::test(start_paused = true)]
async fn after_a_gap_nothing_is_served_from_before_it() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    cache.set("a", "old").done();
    cache.set("b", "b").done();
    layered.plant("a", "new");
    cache.events.take();
    cache.heal(GapReason::Sequence, 2).done();
    assert_eq!(cache.events.take_lines(), ["bus:gap sequence 2"]);
    assert_eq!(cache.get("a").done(), some("new"));
    assert_eq!(cache.events.take_lines(), ["miss a L1", "hit a L2"]);
    assert_eq!(cache.get("b").done(), some("b"));
    assert_eq!(cache.get("a").done(), some("new"), "what was read after the gap is served");
    assert!(layered.stored("b").is_some(), "the second layer stays as it is");
    assert!(layered.bus.published().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_load_or_read_that_runs_across_a_gap_stores_nothing() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    let load = cache.get_or_set("a");
    layered.plant("b", "old");
    layered.store.gates.hold("get", Point::After);
    let read = cache.get("b");
    cache.heal(GapReason::Resubscribed, 0).done();
    let later = cache.get_or_set("a");
    layered.store.gates.open("get");
    load.finish("old");
    assert_eq!((load.value(), read.done()), (some("old"), some("old")), "its callers have it");
    later.finish("new");
    assert_eq!(later.value(), some("new"), "a caller after the gap does not join a load from before it");
    assert_eq!(layered.broadcast(), ["new"]);
    layered.plant("b", "new");
    assert_eq!(cache.get("b").done(), some("new"));
}

#[tokio::test(start_paused = true)]
async fn fail_safe_still_has_what_was_true_before_the_gap() {
    let cache = alone(fail_safe());
    cache.load("a", "old");
    cache.heal(GapReason::Sequence, 1).done();
    let load = cache.get_or_set("a");
    load.fail("boom");
    assert_eq!(load.value(), some("old"));
}

#[tokio::test(start_paused = true)]
async fn a_negative_entry_from_before_the_gap_ends_no_read() {
    let mut with_negative = options();
    with_negative.settings.negative.ttl = Some(ttl(60 * SECOND));
    let cache = alone(with_negative);
    cache.get_or_set("a").finish_empty();
    cache.heal(GapReason::Sequence, 1).done();
    assert!(!cache.get_or_set("a").is_over());
}

#[tokio::test(start_paused = true)]
async fn without_a_cap_an_outage_changes_nothing() {
    let cache = alone(options());
    cache.set("a", "one").done();
    assert!(cache.bus_down().is_over());
    cache.pass(600 * SECOND).await;
    assert_eq!(cache.get("a").done(), some("one"));
}

fn capped() -> CacheOptions {
    CacheOptions { bus_down_l1_ttl: Some(ttl(10 * SECOND)), ..options() }
}

#[tokio::test(start_paused = true)]
async fn with_a_cap_entries_are_served_so_long_into_an_outage() {
    let cache = alone(capped());
    cache.set("before", "one").done();
    let outage = cache.bus_down();
    cache.pass(5 * SECOND).await;
    cache.set("during", "two").done();
    cache.pass(4 * SECOND).await;
    assert_eq!(cache.get("before").done(), some("one"));
    cache.pass(SECOND).await;
    assert!(outage.is_over());
    assert_eq!(cache.get("before").done(), None);
    assert_eq!(cache.get("during").done(), some("two"));
    cache.pass(5 * SECOND).await;
    assert_eq!(cache.get("during").done(), None);
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_ends_in_time_leaves_the_entries_alone() {
    let cache = alone(capped());
    cache.set("a", "one").done();
    let outage = cache.bus_down();
    cache.pass(5 * SECOND).await;
    cache.cache.bus_up("fake");
    cache.set("b", "two").done();
    cache.pass(60 * SECOND).await;
    assert!(outage.is_over());
    assert_eq!((cache.get("a").done(), cache.get("b").done()), (some("one"), some("two")));
    assert_eq!(
        cache.events.take_lines()[1..3],
        ["bus:status fake disconnected", "bus:status fake connected"]
    );
}

#[tokio::test(start_paused = true)]
async fn while_missed_messages_are_about_to_arrive_nothing_is_served_from_memory() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    cache.set("a", "old").done();
    layered.plant("a", "of the second layer");
    cache.cache.blind();
    let (read, has) = (cache.get("a"), cache.has("b"));
    cache.settle();
    assert!(!read.is_over() && !has.is_over(), "they wait");
    cache.apply(message(None, 1, delete("a"))).done();
    layered.store.remove(&Key::from("a"));
    cache.cache.see(cache.cache.blindness());
    cache.settle();
    assert_eq!((read.done(), has.done()), (None, false));
}

#[tokio::test(start_paused = true)]
async fn while_the_bus_is_down_absences_are_served_for_a_limited_time_too() {
    let mut options = capped();
    options.settings.negative.ttl = Some(ttl(3600 * SECOND));
    let layered = Layered::new(options);
    let cache = &layered.harness;
    let is_absent = |key: &str| {
        let load = cache.get_or_set(key);
        let is_absent = !load.has_loaded();
        load.abandon();
        is_absent
    };
    cache.get_or_set("before").finish_empty();
    let outage = cache.bus_down();
    cache.pass(5 * SECOND).await;
    cache.get_or_set("during").finish_empty();
    cache.pass(4 * SECOND).await;
    assert!(is_absent("before") && is_absent("during"));
    cache.pass(SECOND).await;
    assert!(outage.is_over() && !is_absent("before"));
    cache.get_or_set("later").finish_empty();
    cache.pass(9 * SECOND).await;
    assert!(is_absent("later") && !is_absent("during"));
    cache.pass(SECOND).await;
    assert!(!is_absent("later"));
}

/// A cache that knows `a` to be absent, and is blind.
fn blind_to_an_absence() -> Layered {
    let mut options = options();
    options.settings.negative.ttl = Some(ttl(60 * SECOND));
    let layered = Layered::new(options);
    layered.harness.get_or_set("a").finish_empty();
    layered.plant("a", "new");
    layered.harness.cache.blind();
    layered
}

#[tokio::test(start_paused = true)]
async fn while_missed_messages_are_about_to_arrive_no_absence_is_served_either() {
    for is_told in [false, true] {
        let layered = blind_to_an_absence();
        let cache = &layered.harness;
        let (get, has, many) = (cache.get("a"), cache.has("a"), cache.get_many(&["a", "b"]));
        let load = cache.get_or_set("a");
        cache.settle();
        assert!(!get.is_over() && !has.is_over() && !many.is_over() && load.answer().is_none(), "they wait");
        if is_told {
            cache.apply(message(None, 1, delete("a"))).done();
            layered.plant("a", "new");
        }
        cache.cache.see(cache.cache.blindness());
        cache.settle();
        let found = is_told.then(|| text("new"));
        assert_eq!(
            (get.done(), has.done(), many.done()),
            (found.clone(), is_told, vec![found.clone(), None])
        );
        assert_eq!(load.value(), found);
    }
}

#[tokio::test(start_paused = true)]
async fn an_absence_that_may_be_over_is_not_served_after_a_wait() {
    let layered = blind_to_an_absence();
    let cache = &layered.harness;
    let (get, has, load) = (cache.get("a"), cache.has("a"), cache.get_or_set("a"));
    cache.pass(SECOND / 4).await;
    assert_eq!((get.done(), has.done(), load.value()), (some("new"), true, some("new")));
}

#[tokio::test(start_paused = true)]
async fn reads_do_not_wait_for_long_for_missed_messages() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    cache.set("a", "in memory").done();
    layered.plant("a", "of the second layer");
    cache.cache.blind();
    let read = cache.get("a");
    cache.pass(SECOND / 2).await;
    assert_eq!(read.done(), some("of the second layer"));
    cache.cache.see(cache.cache.blindness());
    assert!(cache.get("a").done().is_some());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_an_earlier_blindness_says_nothing_of_a_later_one() {
    let cache = alone(options());
    cache.set("a", "in memory").done();
    cache.cache.blind();
    let first = cache.cache.blindness();
    cache.cache.blind();
    cache.cache.see(first);
    let read = cache.get("a");
    cache.settle();
    assert!(!read.is_over(), "it waits");
    cache.cache.see(cache.cache.blindness());
    cache.settle();
    assert_eq!(read.done(), some("in memory"));
    // A late message changes nothing.
    cache.cache.see(first);
    assert_eq!(cache.get("a").done(), some("in memory"));
}

#[tokio::test(start_paused = true)]
async fn as_it_begins_to_listen_a_cache_reads_again_what_a_shared_layer_has() {
    for shared in [true, false] {
        let layered =
            Layered::over(options(), memory(100), |store| if shared { store.shared() } else { store });
        let cache = &layered.harness;
        cache.set("a", text("old")).done();
        let mut settings = cache.cache.settings().clone();
        settings.negative.ttl = Some(ttl(60 * SECOND));
        cache.get_or_set_with("absent", &settings).finish_empty();
        let load = cache.get_or_set_with("under way", &settings);
        cache.pass(SECOND).await;
        // Another instance deletes them, which nobody can tell yet.
        layered.store.remove(&Key::from("a"));
        cache.cache.listens();
        assert_eq!(cache.get("a").done(), if shared { None } else { some("old") });
        load.finish_empty();
        for key in ["absent", "under way"] {
            assert_eq!(cache.get_or_set(key).has_loaded(), shared, "{key}");
        }
        cache.get_or_set_with("later", &settings).finish_empty();
        assert!(!cache.get_or_set("later").has_loaded());
        cache.set("b", text("kept")).done();
        layered.store.remove(&Key::from("b"));
        cache.cache.listens();
        assert_eq!(cache.get("b").done(), some("kept"), "later on messages tell");
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_from_before_that_which_no_mark_orders_is_kept_nowhere() {
    for listens in [false, true] {
        let layered = Layered::over(options(), memory(100), |store| store.shared().marking());
        let cache = &layered.harness;
        layered.store.fail("get");
        let load = cache.get_or_set("a");
        cache.pass(SECOND).await;
        layered.store.mend();
        if listens {
            // Another instance has deleted it, which nobody could tell.
            layered.store.invalidate(&Key::from("a"));
            cache.cache.listens();
        }
        load.finish("old");
        assert_eq!(load.value(), some("old"));
        assert_eq!((cache.get("a").done().is_some(), layered.stored("a")), (!listens, None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_from_before_that_is_kept_nowhere_either() {
    for listens in [false, true] {
        let layered = Layered::over(fail_safe(), memory(100), |store| store.shared());
        let cache = &layered.harness;
        for key in ["a", "b"] {
            layered.plant(key, "old");
        }
        layered.store.gates.hold("get", Point::After);
        let (get, many) = (cache.get("a"), cache.get_many(&["b", "c"]));
        cache.pass(SECOND / 10).await;
        if listens {
            // Another instance deletes them, which nobody can tell.
            for key in ["a", "b"] {
                layered.store.remove(&Key::from(key));
            }
            cache.cache.listens();
        }
        layered.store.gates.open("get");
        assert_eq!((get.done(), many.done()), (some("old"), vec![some("old"), None]));
        for key in ["a", "b"] {
            assert_eq!(cache.get(key).done().is_some(), !listens, "{key}");
            let load = cache.get_or_set(key);
            load.fail("down");
            assert_eq!(load.value().is_some(), !listens, "{key}: nor is there a stale copy");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_absence_that_is_found_just_as_messages_begin_to_arrive_is_not_remembered() {
    let (meanwhile, l1) = Meanwhile::and_memory();
    let mut options = options();
    options.settings.negative.ttl = Some(ttl(60 * SECOND));
    let layered = Layered::over(options, l1, |store| store.shared());
    let cache = &layered.harness;
    cache.get_or_set("before").finish_empty();
    let load = cache.get_or_set("a");
    cache.pass(SECOND).await;
    let listening = cache.cache.clone();
    meanwhile.act(move || {
        let other = listening.clone();
        thread::spawn(move || other.listens());
        while !listening.has_listened() {
            thread::yield_now();
        }
        // All that it does before it looks at the layer, which is locked.
        thread::sleep(Duration::from_millis(20));
    });
    load.finish_empty();
    assert!(meanwhile.has_acted());
    for key in ["before", "a"] {
        assert!(cache.get_or_set(key).has_loaded(), "{key}");
    }
}
