//! A look at the state of a key in memory.

use lazy_layers_engine::options::CacheOptions;

use crate::setup::*;

#[tokio::test(start_paused = true)]
async fn an_entry_has_an_age_and_what_is_left_and_its_copy_as_well() {
    let mut options = fail_safe();
    options.settings.l1_ttl = ttl(60 * SECOND);
    let cache = alone(options);
    cache.set("a", "one").done();
    cache.pass(10 * SECOND).await;
    let seen = cache.cache.explain(&"a".into());
    let entry = seen.entry.expect("it is there");
    assert_eq!((entry.value, entry.age, entry.left), (text("one"), 10 * SECOND, Some(50 * SECOND)));
    let stale = seen.stale.expect("a copy");
    assert_eq!((stale.value, stale.age, stale.left), (text("one"), 10 * SECOND, Some(3590 * SECOND)));
    assert_eq!(seen.absent, None);
    cache.pass(50 * SECOND).await;
    let seen = cache.cache.explain(&"a".into());
    assert!(seen.entry.is_none() && seen.stale.is_some());
}

#[tokio::test(start_paused = true)]
async fn the_age_is_counted_from_the_beginning_of_the_load() {
    let cache = alone(options());
    let load = cache.get_or_set("a");
    cache.pass(3 * SECOND).await;
    load.finish("one");
    let entry = cache.cache.explain(&"a".into()).entry.expect("it is there");
    assert_eq!(entry.age, 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_known_of_a_key_that_was_never_there() {
    let cache = alone(fail_safe());
    let seen = cache.cache.explain(&"none".into());
    assert!(seen.entry.is_none() && seen.stale.is_none() && seen.absent.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_known_absence_says_how_long_it_lasts() {
    let mut options = options();
    options.settings.negative.ttl = Some(ttl(60 * SECOND));
    let cache = alone(options);
    cache.get_or_set("a").finish_empty();
    cache.pass(20 * SECOND).await;
    assert_eq!(cache.cache.explain(&"a".into()).absent, Some(40 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_versioned_key_is_found_by_itself_and_as_listings_name_it() {
    let cache = alone(CacheOptions { versioning: true, ..options() });
    cache.delete("a").done();
    cache.set("a", "one").done();
    for key in ["a", "a::v1"] {
        let seen = cache.cache.explain(&key.into());
        assert_eq!(seen.stored, "a::v1".into(), "{key}");
        assert_eq!(seen.entry.map(|entry| entry.value), some("one"), "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_changes_no_recency() {
    let cache = alone(options());
    for at in 0..100 {
        cache.set(&format!("k{at}"), "one").done();
    }
    assert!(cache.cache.explain(&"k0".into()).entry.is_some());
    cache.set("newest", "one").done();
    assert!(cache.cache.explain(&"k0".into()).entry.is_none(), "it was the oldest");
}
