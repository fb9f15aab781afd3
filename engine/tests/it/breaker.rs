//! Failures of the second layer and of the bus: told, skipped for a while, never passed on.

use std::time::Duration;

use lazy_layers_engine::{clock::Ttl, options::CacheOptions, testing::Point};

use crate::setup::*;

const OPERATIONS: [&str; 7] = ["get", "set", "has", "delete", "deleteByPattern", "size", "acquireLock"];

#[tokio::test(start_paused = true)]
async fn a_failing_second_layer_counts_as_empty_and_is_told() {
    let layered = Layered::new(options());
    OPERATIONS.into_iter().for_each(|operation| layered.store.fail(operation));
    let cache = &layered.harness;
    assert_eq!(cache.get("a").done(), None);
    assert!(!cache.has("a").done());
    assert_eq!(
        cache.events.take_lines(),
        ["miss a L1", "l2:error get closed", "miss a L2", "l2:error has closed"]
    );
    cache.set("a", "one").done();
    assert_eq!(cache.events.take_lines(), ["l2:error set open", "set a L1,L2"]);
    assert_eq!(cache.get("a").done(), some("one"));
    cache.delete("a").done();
    cache.delete_by_pattern("a").done();
    let lines = cache.events.take_lines();
    let expected = ["hit a L1", "l2:skipped delete open", "delete a"];
    assert_eq!(lines[..3], expected);
    assert_eq!(lines[3..], ["l2:skipped deleteByPattern open", "delete-pattern a"]);
}

#[tokio::test(start_paused = true)]
async fn a_load_goes_on_without_the_second_layer() {
    let layered = Layered::new(options());
    OPERATIONS.into_iter().for_each(|operation| layered.store.fail(operation));
    let load = layered.harness.get_or_set("a");
    load.finish("one");
    assert_eq!(load.value(), some("one"));
    assert_eq!(layered.harness.get("a").done(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn while_open_the_second_layer_is_not_asked_and_then_one_call_tries() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    layered.store.fail("get");
    for _ in 0..3 {
        cache.get("a").done();
    }
    let asked = layered.store.calls().len();
    cache.pass(30 * SECOND - SECOND).await;
    cache.events.take();
    cache.get("a").done();
    assert_eq!(cache.events.take_lines(), ["miss a L1", "l2:skipped get open", "miss a L2"]);
    assert_eq!(layered.store.calls().len(), asked);

    cache.pass(SECOND).await;
    layered.store.mend();
    layered.plant("a", "one");
    layered.store.gates.hold("get", Point::Before);
    let probe = cache.get("a");
    assert_eq!(cache.get("a").done(), None);
    assert!(cache.events.take_lines().contains(&"l2:skipped get half-open".to_owned()));
    layered.store.gates.open("get");
    assert_eq!(probe.done(), some("one"));
    assert_eq!(cache.get("b").done(), None);
    assert!(!cache.events.take_lines().iter().any(|line| line.starts_with("l2:")));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_opens_again() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    layered.store.fail("get");
    for _ in 0..3 {
        cache.get("a").done();
    }
    cache.pass(30 * SECOND).await;
    cache.events.take();
    cache.get("a").done();
    cache.get("a").done();
    let lines = cache.events.take_lines();
    assert_eq!(lines[1], "l2:error get open");
    assert_eq!(lines[4], "l2:skipped get open");
}

#[tokio::test(start_paused = true)]
async fn a_failing_bus_is_told_and_then_skipped() {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    layered.bus.set_failing(true);
    cache.delete("a").done();
    cache.delete_by_pattern("a").done();
    cache.load("b", "one");
    cache.delete("a").done();
    cache.load("c", "two");
    let lines = cache.events.take_lines();
    let about_bus: Vec<_> = lines.iter().filter(|line| line.starts_with("event-bus")).collect();
    let expected = [
        "event-bus:publish-error del closed",
        "event-bus:publish-error pattern closed",
        "event-bus:publish-error set open",
        "event-bus:publish-skipped del open",
        "event-bus:publish-skipped set open",
    ];
    assert_eq!(about_bus, expected);
    let broadcasts: Vec<_> = lines.iter().filter(|line| line.starts_with("set:broadcast")).collect();
    assert_eq!(
        broadcasts,
        ["set:broadcast c"],
        "one that failed was not sent, one that was skipped is to follow"
    );
    let last = lines.iter().rev().take(2).rev().map(String::as_str);
    assert_eq!(last.collect::<Vec<_>>(), ["set:broadcast c", "event-bus:publish-skipped set open"]);
    assert_eq!(cache.get("b").done(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn what_an_open_circuit_does_not_let_through_is_left_to_the_bus_and_a_bus_that_is_back_is_tried_at_once()
 {
    let layered = Layered::new(options());
    let cache = &layered.harness;
    layered.bus.set_failing(true);
    for key in ["a", "b", "c", "d"] {
        cache.delete(key).done();
    }
    assert_eq!(layered.bus.postponed().len(), 1, "the fourth was not tried");
    layered.bus.come_back();
    cache.events.take();
    cache.delete("e").done();
    assert_eq!(layered.bus.published().len(), 1);
    assert_eq!(cache.events.take_lines(), ["delete e"]);
}

#[tokio::test(start_paused = true)]
async fn the_bus_is_tried_again_after_the_cooldown() {
    let layered = Layered::new(options());
    layered.bus.set_failing(true);
    for _ in 0..3 {
        layered.harness.delete("a").done();
    }
    layered.bus.set_failing(false);
    layered.harness.delete("a").done();
    assert!(layered.bus.published().is_empty());
    layered.harness.pass(30 * SECOND).await;
    layered.harness.delete("a").done();
    assert_eq!(layered.bus.published().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_does_not_answer_counts_as_failed() {
    let layered = Layered::new(options());
    layered.bus.gates.hold("publish", Point::Before);
    let delete = layered.harness.delete("a");
    assert!(!delete.is_over());
    layered.harness.pass(SECOND).await;
    delete.done();
    let lines = layered.harness.events.take_lines();
    assert_eq!(lines, ["delete a", "event-bus:publish-error del closed"]);
}

#[tokio::test(start_paused = true)]
async fn a_failing_first_layer_of_the_users_counts_as_empty_and_is_told() {
    use lazy_layers_engine::{clock::Clock, l1::Layer1, testing::FakeStore};
    let l1 = std::sync::Arc::new(FakeStore::new(Clock::new()));
    let layered = Layered::over(options(), Layer1::Custom(std::sync::Arc::clone(&l1) as _), |store| store);
    OPERATIONS.into_iter().for_each(|operation| l1.fail(operation));
    let cache = &layered.harness;
    cache.set("a", "one").done();
    assert_eq!(cache.get("a").done(), some("one"));
    cache.delete("a").done();
    assert_eq!(cache.get("a").done(), None);
    assert_eq!(cache.size().done(), 0);
    let lines = cache.events.take_lines();
    assert_eq!(lines[..2], ["l1:error set", "set a L2"]);
    assert_eq!(lines.iter().filter(|line| *line == "l1:error get").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_second_layer_that_does_not_answer_is_left_at_its_deadline() {
    let layered = Layered::new(options());
    layered.store.gates.hold("get", Point::Before);
    let read = layered.harness.get("a");
    layered.harness.pass(SECOND - Duration::from_millis(1)).await;
    assert!(!read.is_over());
    layered.harness.pass(Duration::from_millis(1)).await;
    assert_eq!(read.done(), None);
    assert_eq!(layered.harness.events.take_lines(), ["miss a L1", "l2:error get closed", "miss a L2"]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_forever_is_none() {
    let layered = Layered::new(CacheOptions { l2_timeout: Ttl::FOREVER, ..options() });
    layered.store.gates.hold("get", Point::Before);
    let read = layered.harness.get("a");
    layered.harness.pass(3600 * SECOND).await;
    assert!(!read.is_over());
    layered.store.gates.open("get");
    layered.harness.settle();
    assert_eq!(read.done(), None);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_is_a_miss_and_does_not_open_the_circuit() {
    let layered = Layered::new(options());
    layered.store.spoil(&"a".into());
    for _ in 0..5 {
        assert_eq!(layered.harness.get("a").done(), None);
        assert_eq!(layered.harness.events.take_lines(), ["miss a L1", "l2:error get closed", "miss a L2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_layer_that_came_back_is_tried_at_once() {
    let layered = Layered::new(options());
    layered.store.fail("get");
    (0..3).for_each(|_| drop(layered.harness.get("a").done()));
    layered.plant("a", "one");
    assert_eq!(layered.harness.get("a").done(), None, "the circuit is open");
    layered.store.come_back();
    assert_eq!(layered.harness.get("a").done(), some("one"));
}
