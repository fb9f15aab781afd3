//! Ending the life of a value before its time: it is served no more, but for loads that fail.

use lazy_layers_engine::{
    bus::Body,
    options::CacheOptions,
    testing::{Answer, Point},
};

use crate::setup::*;

#[tokio::test(start_paused = true)]
async fn an_expired_value_is_gone_from_both_layers_and_the_others_hear_a_delete() {
    let layered = Layered::new(fail_safe());
    layered.harness.set("a", "one").done();
    layered.harness.events.take();
    layered.harness.expire("a").done();
    assert_eq!(layered.harness.get("a").done(), None);
    assert_eq!(layered.stored("a"), None);
    let deletes = layered.bus.published().into_iter().filter_map(|message| match message.body {
        Body::Delete(keys) => Some(keys),
        _ => None,
    });
    assert_eq!(deletes.collect::<Vec<_>>(), [vec!["a".into()]]);
    assert_eq!(layered.harness.events.take_lines()[0], "delete a expired");
}

#[tokio::test(start_paused = true)]
async fn a_load_that_fails_after_it_is_answered_with_what_was_expired() {
    for versioning in [false, true] {
        let layered = Layered::new(CacheOptions { versioning, ..fail_safe() });
        layered.harness.set("a", "one").done();
        layered.harness.expire("a").done();
        let load = layered.harness.get_or_set("a");
        load.fail("boom");
        assert_eq!(load.value(), some("one"), "versioning: {versioning}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_fail_safe_it_is_a_delete() {
    let cache = alone(options());
    cache.set("a", "one").done();
    cache.expire("a").done();
    assert_eq!(cache.get("a").done(), None);
    let load = cache.get_or_set("a");
    load.fail("boom");
    assert_eq!(load.answer(), Some(Answer::Thrown(text("boom"))));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_only_the_layer_had_becomes_the_copy() {
    let cache = alone(fail_safe());
    // Its copy is over before the value is, as nothing has read it.
    let mut settings = cache.cache.settings().clone();
    settings.l1_ttl = ttl(7200 * SECOND);
    cache.set_with("a", "one", &settings).done();
    cache.pass(3601 * SECOND).await;
    cache.expire("a").done();
    let load = cache.get_or_set("a");
    load.fail("boom");
    assert_eq!(load.value(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn what_had_expired_by_itself_is_not_brought_back() {
    let mut options = fail_safe();
    options.settings.l1_ttl = ttl(60 * SECOND);
    let cache = alone(options);
    cache.set("a", "one").done();
    cache.pass(3600 * SECOND).await;
    cache.expire("a").done();
    let load = cache.get_or_set("a");
    load.fail("boom");
    assert_eq!(load.answer(), Some(Answer::Thrown(text("boom"))));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_runs_is_not_stored_over_it_nor_joined_afterwards() {
    let cache = alone(fail_safe());
    let before = cache.get_or_set("a");
    cache.expire("a").done();
    let after = cache.get_or_set("a");
    before.finish("before");
    assert_eq!(cache.get("a").done(), None, "it began before the end of the value");
    after.finish("after");
    assert_eq!((before.value(), after.value()), (some("before"), some("after")));
    assert_eq!(cache.get("a").done(), some("after"));
}

#[tokio::test(start_paused = true)]
async fn a_read_of_the_second_layer_that_is_under_way_brings_nothing_back() {
    let layered = Layered::new(fail_safe());
    layered.plant("a", "one");
    layered.store.gates.hold("get", Point::After);
    let reading = layered.harness.get("a");
    layered.harness.expire("a").done();
    layered.store.gates.open("get");
    layered.harness.settle();
    assert_eq!(reading.done(), some("one"), "it was asked before");
    assert_eq!(layered.harness.get("a").done(), None);
}

#[tokio::test(start_paused = true)]
async fn an_absence_that_was_known_is_not_any_more() {
    let mut options = fail_safe();
    options.settings.negative.ttl = Some(ttl(60 * SECOND));
    let cache = alone(options);
    cache.get_or_set("a").finish_empty();
    cache.expire("a").done();
    let load = cache.get_or_set("a");
    load.finish("one");
    assert_eq!(load.value(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn what_matches_a_pattern_expires_and_the_others_hear_of_it() {
    for versioning in [false, true] {
        let layered = Layered::new(CacheOptions { versioning, ..fail_safe() });
        layered.harness.set("a:1", "one").done();
        layered.harness.set("b", "two").done();
        layered.harness.events.take();
        layered.harness.expire_by_pattern("a:*").done();
        assert_eq!(layered.harness.events.take_lines()[0], "delete-pattern a:* expired");
        assert_eq!(layered.harness.get("a:1").done(), None);
        assert_eq!(layered.harness.get("b").done(), some("two"));
        let load = layered.harness.get_or_set("a:1");
        load.fail("boom");
        assert_eq!(load.value(), some("one"), "versioning: {versioning}");
        let sent = layered.bus.published();
        assert!(sent.iter().any(|sent| sent.expires && matches!(sent.body, Body::Pattern(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_pattern_that_deletes_leaves_no_copy() {
    let cache = alone(fail_safe());
    cache.set("a:1", "one").done();
    cache.expire_by_pattern("a:*").done();
    cache.delete_by_pattern("a:*").done();
    let load = cache.get_or_set("a:1");
    load.fail("boom");
    assert_eq!(load.answer(), Some(Answer::Thrown(text("boom"))));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_runs_is_not_stored_over_a_pattern() {
    let layered = Layered::new(fail_safe());
    let before = layered.harness.get_or_set("a:1");
    layered.harness.expire_by_pattern("a:*").done();
    before.finish("before");
    assert_eq!(layered.harness.get("a:1").done(), None);
    assert_eq!(layered.stored("a:1"), None);
}

#[tokio::test(start_paused = true)]
async fn what_another_instance_expires_stays_for_loads_that_fail() {
    for body in [delete("a"), Body::Pattern("a*".into())] {
        let layered = Layered::new(fail_safe());
        layered.harness.set("a", "one").done();
        layered.harness.events.take();
        layered.harness.apply(message(None, 1, body.clone()).expiring(true)).done();
        let lines = layered.harness.events.take_lines();
        assert!(lines.iter().any(|line| line.ends_with("remote expired")), "{lines:?}");
        assert_eq!((layered.harness.get("a").done(), layered.stored("a")), (None, None));
        let load = layered.harness.get_or_set("a");
        load.fail("boom");
        assert_eq!(load.value(), some("one"), "{body:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_that_runs_as_another_instance_expires_its_key_is_not_stored() {
    for body in [delete("a"), Body::Pattern("a*".into())] {
        let layered = Layered::new(fail_safe());
        let before = layered.harness.get_or_set("a");
        layered.harness.apply(message(None, 1, body).expiring(true)).done();
        before.finish("before");
        assert_eq!((layered.harness.get("a").done(), layered.stored("a")), (None, None));
    }
}
