//! Keys that a loader found nothing for.

use std::{
    future::Future,
    pin::pin,
    sync::mpsc,
    task::{Context, Waker},
    thread,
    time::Duration,
};

use lazy_layers_engine::{
    cache::Layers,
    clock::{Clock, Ttl},
    options::CacheOptions,
    testing::{Answer, Harness},
};

use crate::{meanwhile::Meanwhile, setup::*};

fn negative() -> CacheOptions {
    let mut options = options();
    options.settings.negative.ttl = Some(ttl(10 * SECOND));
    options
}

#[tokio::test(start_paused = true)]
async fn an_absent_key_is_remembered_for_its_time() {
    let cache = alone(negative());
    cache.get_or_set("a").finish_empty();
    assert_eq!(cache.events.take_lines().last().map(String::as_str), Some("negative:set a"));
    let again = cache.get_or_set("a");
    assert!(!again.has_loaded());
    assert_eq!(again.answer(), Some(Answer::Absent));
    assert_eq!(cache.get("a").done(), None);
    assert!(!cache.has("a").done());
    assert_eq!(cache.events.take_lines(), ["miss a negative", "miss a negative"]);
    cache.pass(10 * SECOND).await;
    assert!(cache.get_or_set("a").has_loaded());
}

#[tokio::test(start_paused = true)]
async fn a_live_negative_entry_hides_what_the_second_layer_has() {
    let layered = Layered::new(negative());
    layered.harness.get_or_set("a").finish_empty();
    layered.plant("a", "one");
    assert_eq!(layered.harness.get("a").done(), None);
    assert!(!layered.harness.has("a").done());
    layered.harness.pass(10 * SECOND).await;
    assert_eq!(layered.harness.get("a").done(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn a_set_and_a_delete_end_a_negative_entry() {
    let cache = alone(negative());
    cache.get_or_set("a").finish_empty();
    cache.set("a", "one").done();
    assert_eq!(cache.get("a").done(), some("one"));

    cache.get_or_set("b").finish_empty();
    cache.delete("b").done();
    assert!(cache.get_or_set("b").has_loaded());

    cache.get_or_set("c").finish_empty();
    cache.delete_by_pattern("c*").done();
    assert!(cache.get_or_set("c").has_loaded());
}

#[tokio::test(start_paused = true)]
async fn switched_off_nothing_is_remembered() {
    let mut options = negative();
    options.settings.negative.enabled = false;
    let cache = alone(options);
    cache.get_or_set("a").finish_empty();
    assert!(cache.get_or_set("a").has_loaded());
    assert_eq!(cache.cache.inspect().negative_entries, 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_may_bring_its_own_lifetime() {
    let cache = alone(options());
    let mut settings = cache.cache.settings().clone();
    settings.negative.ttl = Some(ttl(SECOND));
    cache.get_or_set_with("a", &settings).finish_empty();
    assert!(!cache.get_or_set("a").has_loaded());
    cache.pass(SECOND).await;
    assert!(cache.get_or_set("a").has_loaded());
}

#[tokio::test(start_paused = true)]
async fn an_absence_found_before_a_set_does_not_hide_the_value() {
    let cache = alone(negative());
    let load = cache.get_or_set("a");
    cache.set("a", "one").done();
    load.finish_empty();
    assert_eq!(load.answer(), Some(Answer::Absent));
    assert_eq!(cache.get("a").done(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn an_absence_found_before_a_delete_is_not_remembered() {
    let cache = alone(negative());
    let load = cache.get_or_set("a");
    cache.delete("a").done();
    load.finish_empty();
    assert_eq!(cache.cache.inspect().negative_entries, 0);
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_of_nothing_remembers_nothing() {
    let mut options = negative();
    options.settings.negative.ttl = Some(Ttl(0));
    let cache = alone(options);
    cache.get_or_set("a").finish_empty();
    assert_eq!(cache.cache.inspect().negative_entries, 0);
    assert!(cache.events.take_lines().iter().all(|line| !line.starts_with("negative:set")));
}

#[tokio::test(start_paused = true)]
async fn an_absence_is_not_remembered_beside_a_value_that_a_peer_sends_just_then() {
    let (meanwhile, l1) = Meanwhile::and_memory();
    let cache = Harness::new(negative(), Layers { l1, l2: None, bus: None }, Clock::new());
    let load = cache.get_or_set("a");
    cache.pass(SECOND).await;
    let (other, (done, is_done)) = (cache.cache.clone(), mpsc::channel());
    meanwhile.act(move || {
        thread::spawn(move || {
            let applied = pin!(other.apply(message(None, 0, set("a", "new"))));
            let is_over = applied.poll(&mut Context::from_waker(Waker::noop())).is_ready();
            done.send(is_over).expect("somebody waits");
        });
        // All that it does before it stores the value.
        thread::sleep(Duration::from_millis(20));
    });
    load.finish_empty();
    assert!(meanwhile.has_acted() && is_done.recv().expect("it ends"));
    assert_eq!(cache.get_or_set("a").value(), some("new"));
}
