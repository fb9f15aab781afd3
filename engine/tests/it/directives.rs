//! The directives of a loader.

use std::sync::Arc;

use lazy_layers_engine::{
    cache::Layers,
    clock::{Clock, Ttl},
    entry::{key::Key, tags::Tags},
    load::directives::Verdict,
    observe::event::GapReason,
    options::Settings,
    store::Store,
    testing::{Answer, FakeStore, Harness, memory},
};

use crate::setup::*;

fn tagged(settings: &Settings, tag: &str) -> Settings {
    let tags: Tags = Arc::from([Key::from(tag)]);
    Settings { tags: Some(tags), ..settings.clone() }
}

#[tokio::test(start_paused = true)]
async fn a_skipped_value_is_returned_and_not_stored() {
    let cache = alone(fail_safe());
    let load = cache.get_or_set("a");
    load.finish_directed("one", cache.cache.settings().clone(), Verdict::Skip);
    assert_eq!(load.value(), some("one"));
    assert_eq!(cache.get("a").done(), None);
    assert!(!cache.events.take_lines().iter().any(|line| line.starts_with("set ")));
}

#[tokio::test(start_paused = true)]
async fn after_a_skip_callers_load_beside_each_other_for_a_while() {
    let cache = alone(options());
    let skip = |load: &lazy_layers_engine::testing::Request<Text>| {
        load.finish_directed("one", cache.cache.settings().clone(), Verdict::Skip);
    };
    skip(&cache.get_or_set("a"));
    let (one, other) = (cache.get_or_set("a"), cache.get_or_set("a"));
    assert!(one.has_loaded() && other.has_loaded());
    one.finish("two");
    other.finish("three");
    cache.delete("a").done();
    cache.pass(SECOND).await;
    let (one, other) = (cache.get_or_set("a"), cache.get_or_set("a"));
    assert_eq!(other.joined(), Some(one.id()));
}

#[tokio::test(start_paused = true)]
async fn with_a_lock_the_loads_of_an_uncacheable_key_do_not_wait_for_it() {
    let mut options = options();
    options.settings.lock.enabled = true;
    let layered = Layered::over(options, lazy_layers_engine::testing::memory(10), |store| store.with_locks());
    let cache = &layered.harness;
    let first = cache.get_or_set("a");
    first.finish_directed("one", cache.cache.settings().clone(), Verdict::Skip);
    let (one, other) = (cache.get_or_set("a"), cache.get_or_set("a"));
    assert!(one.has_loaded() && other.has_loaded());
    assert_eq!(layered.store.lock_holder(&"a".into()), None);
    assert_eq!(layered.stored("a"), None);
}

#[tokio::test(start_paused = true)]
async fn an_extended_value_has_a_whole_new_life_and_is_not_sent() {
    let mut options = fail_safe();
    (options.settings.l1_ttl, options.settings.l2_ttl) = (ttl(60 * SECOND), ttl(60 * SECOND));
    let layered = Layered::new(options);
    let cache = &layered.harness;
    let first = cache.get_or_set("a");
    let settings = Settings { etag: Some("v1".into()), ..cache.cache.settings().clone() };
    first.finish_directed("one", settings, Verdict::Keep);
    assert_eq!(layered.broadcast(), ["one"]);
    cache.pass(61 * SECOND).await;
    let load = cache.get_or_set("a");
    let stale = cache.cache.stale_of(&"a".into(), cache.cache.settings()).expect("a copy");
    assert_eq!((Some(stale.value), stale.age), (some("one"), 61 * SECOND));
    assert_eq!(stale.etag.as_deref(), Some("v1"));
    cache.events.take();
    load.finish_directed("one", cache.cache.settings().clone(), Verdict::Extend);
    assert_eq!(load.value(), some("one"));
    assert!(cache.events.take_lines().contains(&"extend a".to_owned()));
    assert_eq!(layered.broadcast(), ["one"], "nothing was sent");
    assert_eq!(layered.stored("a"), some("one"));
    cache.pass(59 * SECOND).await;
    assert_eq!(cache.get("a").done(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn the_settings_of_a_loader_are_those_of_its_value() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    let load = cache.get_or_set("a");
    let settings = Settings { l1_ttl: ttl(SECOND), l2_ttl: Ttl::NONE, ..cache.cache.settings().clone() };
    load.finish_directed("one", settings, Verdict::Keep);
    assert_eq!((cache.get("a").done(), layered.stored("a")), (some("one"), None));
    cache.pass(SECOND).await;
    assert_eq!(cache.get("a").done(), None);
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_is_named_at_the_end_of_a_load_counts_from_its_beginning() {
    let cache = alone(fail_safe());
    let settings = cache.cache.settings();
    let (touched, other) = (cache.get_or_set("a"), cache.get_or_set("b"));
    cache.delete_by_tag("x").done();
    touched.finish_directed("one", tagged(settings, "x"), Verdict::Keep);
    other.finish_directed("two", tagged(settings, "y"), Verdict::Keep);
    assert_eq!((touched.value(), other.value()), (some("one"), some("two")));
    assert_eq!((cache.get("a").done(), cache.get("b").done()), (None, some("two")));
    let fails = cache.get_or_set("a");
    fails.fail("boom");
    assert_eq!(fails.answer(), Some(Answer::Thrown(text("boom"))), "nor is there a stale copy");
    cache.get_or_set("a").finish_directed("three", tagged(settings, "x"), Verdict::Keep);
    assert_eq!(cache.get("a").done(), some("three"));
}

#[tokio::test(start_paused = true)]
async fn the_tag_of_a_stale_copy_counts_for_the_load_that_extends_it_under_another() {
    for expires in [false, true] {
        let mut options = fail_safe();
        options.settings.l1_ttl = ttl(60 * SECOND);
        let cache = alone(options);
        let settings = cache.cache.settings();
        cache.get_or_set_with("a", &tagged(settings, "x")).finish("one");
        cache.pass(61 * SECOND).await;
        let load = cache.get_or_set("a");
        assert!(cache.cache.stale_of(&"a".into(), settings).is_some());
        if expires {
            cache.expire_by_tag("x").done()
        } else {
            cache.delete_by_tag("x").done()
        }
        let joins = cache.get_or_set("a");
        load.finish_directed("one", tagged(settings, "y"), Verdict::Extend);
        assert_eq!(cache.get("a").done(), None, "expires: {expires}");
        assert!(joins.has_loaded(), "it has not joined the load from before");
    }
}

#[tokio::test(start_paused = true)]
async fn an_etag_belongs_to_the_value_that_was_stored_last() {
    let cache = alone(fail_safe());
    let etag = || cache.cache.stale_of(&"a".into(), cache.cache.settings()).and_then(|stale| stale.etag);
    let load = || {
        let settings = Settings { etag: Some("v1".into()), ..cache.cache.settings().clone() };
        let load = cache.get_or_set("a");
        load.finish_directed("one", settings, Verdict::Keep);
    };
    load();
    assert_eq!(etag().as_deref(), Some("v1"));
    cache.set("a", "two").done();
    assert_eq!(etag(), None);
    cache.delete("a").done();
    load();
    cache.expire("a").done();
    assert_eq!(etag().as_deref(), Some("v1"), "the stale copy has it");
    cache.delete("a").done();
    cache.set("a", "three").done();
    assert_eq!(etag(), None);
}

#[tokio::test(start_paused = true)]
async fn an_etag_goes_with_its_value_through_the_second_layer() {
    let clock = Clock::new();
    let store = Arc::new(FakeStore::new(clock.clone()).with_locks().shared());
    let instance = || {
        let l2 = Some(Arc::clone(&store) as Arc<dyn Store<Text>>);
        Harness::new(fail_safe(), Layers { l1: memory(10), l2, bus: None }, clock.clone())
    };
    let (one, other) = (instance(), instance());
    let etag = || other.cache.stale_of(&"a".into(), other.cache.settings()).and_then(|stale| stale.etag);
    let settings = Settings { etag: Some("v1".into()), ..one.cache.settings().clone() };
    one.get_or_set("a").finish_directed("one", settings, Verdict::Keep);
    assert_eq!((other.get("a").done(), etag().as_deref()), (some("one"), Some("v1")));
    one.set("a", "two").done();
    other.cache.heal(GapReason::Sequence, 1).await;
    assert_eq!((other.get("a").done(), etag()), (some("two"), None));
}
