//! Several caches on one bus, and how long the values of peers live.

use lazy_layers_engine::{
    bus::{Body, Message},
    clock::{Clock, Ttl},
    options::CacheOptions,
};

use crate::setup::*;

fn named(name: Option<&str>) -> CacheOptions {
    CacheOptions { name: name.map(str::to_owned), ..options() }
}

fn of(name: Option<&str>, body: Body<Text>) -> Message<Text> {
    message(None, 0, body).of_cache(name)
}

#[tokio::test(start_paused = true)]
async fn a_named_cache_applies_what_is_of_its_name_or_of_none() {
    for (name, applies) in [(Some("users"), true), (None, true), (Some("products"), false)] {
        let layered = Layered::new(named(Some("users")));
        let cache = &layered.harness;
        cache.apply(of(name, set("a", "theirs"))).done();
        assert_eq!(cache.get("a").done(), some("theirs").filter(|_| applies), "{name:?}");
        for body in [delete("b"), Body::Pattern("b*".into())] {
            cache.set("b", "ours").done();
            cache.events.take();
            cache.apply(of(name, body)).done();
            assert_eq!(cache.events.take().is_empty(), !applies, "{name:?}");
            assert_eq!(cache.get("b").done(), some("ours").filter(|_| !applies), "{name:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_nameless_cache_believes_every_delete_and_no_value_of_a_named_one() {
    let layered = Layered::new(named(None));
    let cache = &layered.harness;
    cache.apply(of(Some("users"), set("a", "theirs"))).done();
    assert_eq!(cache.get("a").done(), None);
    assert!(cache.events.take_lines().iter().all(|line| !line.starts_with("invalidation")));
    for body in [delete("b"), Body::Pattern("b*".into())] {
        cache.set("b", "ours").done();
        cache.apply(of(Some("users"), body)).done();
        assert_eq!(cache.get("b").done(), None);
    }
    cache.apply(of(None, set("a", "theirs"))).done();
    assert_eq!(cache.get("a").done(), some("theirs"));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_for_a_cache_is_not_remembered() {
    let layered = Layered::new(named(Some("users")));
    layered.harness.apply(of(Some("products"), delete("a"))).done();
    assert_eq!(layered.harness.cache.inspect().seen_events, 0);
}

#[tokio::test(start_paused = true)]
async fn messages_carry_the_name_of_the_cache() {
    for name in [Some("users"), None] {
        let layered = Layered::new(named(name));
        layered.harness.delete("a").done();
        layered.harness.delete_by_pattern("a").done();
        layered.harness.load("a", "one");
        let names = layered.bus.published().into_iter().map(|message| message.cache);
        assert_eq!(names.collect::<Vec<_>>(), vec![name.map(str::to_owned); 3]);
    }
}

#[test]
fn messages_without_an_id_of_two_caches_are_two() {
    let unnamed = |name| Message { id: None, ..of(name, delete("a")) };
    assert_ne!(unnamed(Some("users")).identity(), unnamed(Some("products")).identity());
    assert_ne!(unnamed(Some("users")).identity(), unnamed(None).identity());
}

fn value_for(seconds: u32) -> Body<Text> {
    Body::Set { keys: vec!["a".into()], value: text("one"), ttl: Some(ttl(seconds * SECOND)) }
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_peer_lives_for_what_is_left_of_it_at_most() {
    // Seconds since it was sent, its lifetime, that of entries loaded here; how long it lives.
    let cases = [(0, 10, 60, 10), (4, 10, 60, 6), (-30, 10, 60, 10), (0, 90, 60, 60), (50, 90, 60, 40)];
    for (age, theirs, ours, lives) in cases {
        let mut options = options();
        options.settings.l1_ttl = ttl(ours * SECOND);
        let cache = alone(options);
        let now = Clock::new().wall_millis();
        cache.apply(message(None, now.saturating_add_signed(age * -1000), value_for(theirs))).done();
        cache.pass(lives * SECOND - SECOND / 2).await;
        assert_eq!(cache.get("a").done(), some("one"), "{age} {theirs} {ours}");
        // The message is stamped by a clock that was made a little later than that of the cache.
        cache.pass(SECOND / 2 + SECOND / 10).await;
        assert_eq!(cache.get("a").done(), None, "{age} {theirs} {ours}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_without_end_lives_as_long_as_one_loaded_here() {
    let mut options = options();
    options.settings.l1_ttl = ttl(SECOND);
    let cache = alone(options);
    for life in [None, Some(Ttl::FOREVER)] {
        let body = Body::Set { keys: vec!["a".into()], value: text("one"), ttl: life };
        cache.apply(message(None, 1, body)).done();
        assert_eq!(cache.get("a").done(), some("one"));
        cache.pass(SECOND).await;
        assert_eq!(cache.get("a").done(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_whose_time_is_over_is_received_and_not_kept() {
    let cache = alone(options());
    cache.apply(message(None, Clock::new().wall_millis() - 5100, value_for(5))).done();
    assert_eq!(cache.get("a").done(), None);
    assert_eq!(cache.events.take_lines(), ["invalidation:received set", "miss a L1"]);
}
