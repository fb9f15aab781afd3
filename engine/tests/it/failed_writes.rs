//! A second layer that refuses single operations, and the values that failed writes and deletes leave in it.

use lazy_layers_engine::options::CacheOptions;

use crate::setup::*;

/// A cache over a store that other instances read, without a first layer.
fn over_shared(options: CacheOptions) -> Layered {
    Layered::over(options, lazy_layers_engine::l1::Layer1::Off, |store| store.with_locks().shared())
}

#[tokio::test(start_paused = true)]
async fn refusals_of_a_store_that_is_there_leave_the_circuit_closed() {
    let layered = over_shared(options());
    let cache = &layered.harness;
    layered.store.refuse("set");
    for key in ["a", "b", "c", "d"] {
        cache.set(key, "one").done();
    }
    cache.events.take();
    layered.plant("e", "there");
    assert_eq!(cache.get("e").done(), some("there"));
    assert_eq!(cache.events.take_lines(), ["hit e L2"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_removes_the_value_before_it() {
    let layered = over_shared(options());
    layered.plant("a", "old");
    layered.store.refuse("set");
    layered.harness.set("a", "new").done();
    assert_eq!(layered.stored("a"), None);
    assert_eq!(layered.store.calls(), ["set", "delete"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_whose_delete_is_refused_too_leaves_nothing_that_is_read() {
    let layered = over_shared(options());
    let cache = &layered.harness;
    cache.upkeep();
    layered.plant("a", "old");
    layered.store.refuse("set");
    layered.store.refuse("delete");
    cache.set("a", "new").done();
    assert_eq!(layered.stored("a"), some("old"));
    assert_eq!(cache.get("a").done(), None);
    layered.store.mend();
    cache.pass(SECOND).await;
    assert_eq!(layered.stored("a"), None, "it is repaired");
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_delete_is_owed_is_not_read_by_the_call_that_finds_the_store_back() {
    let layered = over_shared(options());
    let cache = &layered.harness;
    cache.upkeep();
    for read in ["get", "has"] {
        layered.plant("a", "old");
        layered.store.fail("delete");
        cache.delete("a").done();
        layered.store.mend();
        // The delete is repeated later.
        if read == "get" {
            assert_eq!(cache.get("a").done(), None);
        } else {
            assert!(!cache.has("a").done());
        }
        assert_eq!(layered.stored("a"), some("old"));
        cache.pass(SECOND).await;
        assert_eq!(layered.stored("a"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_of_the_users_own_that_refuses_a_value_loses_the_one_before_it_and_hears_of_no_failure_twice()
{
    let layered = Layered::over(options(), lazy_layers_engine::l1::Layer1::Off, |store| store);
    layered.plant("a", "old");
    layered.store.refuse("set");
    layered.store.refuse("delete");
    layered.harness.set("a", "new").done();
    assert_eq!(layered.store.calls(), ["set", "delete"]);
    assert_eq!(layered.harness.events.take_lines(), ["l2:error set closed", "set a L2"]);
}

#[tokio::test(start_paused = true)]
async fn a_write_without_an_answer_is_not_followed_by_a_call_to_the_private_store() {
    let layered = Layered::over(options(), lazy_layers_engine::l1::Layer1::Off, |store| store);
    layered.store.fail("set");
    layered.harness.set("a", "new").done();
    assert_eq!(layered.store.calls(), ["set"]);
}

#[tokio::test(start_paused = true)]
async fn deletes_are_tried_while_the_circuit_is_open_if_the_store_can_be_reached() {
    let layered = over_shared(options());
    let cache = &layered.harness;
    layered.plant("a", "old");
    layered.plant("b", "old");
    layered.store.fail("get");
    for _ in 0..3 {
        cache.get("x").done();
    }
    cache.events.take();
    cache.delete("a").done();
    assert_eq!(cache.events.take_lines()[0], "l2:skipped delete open");
    assert_eq!(layered.stored("a"), some("old"));

    layered.store.set_reachable(true);
    cache.get("x").done();
    assert_eq!(cache.events.take_lines(), ["l2:skipped get open", "miss x L2"]);
    cache.delete_by_pattern("b").done();
    assert_eq!(layered.stored("b"), None);
    cache.events.take();
}

#[tokio::test(start_paused = true)]
async fn what_a_store_has_to_say_about_itself_is_told_once() {
    let layered = over_shared(options());
    let cache = &layered.harness;
    layered.store.complain("it cannot do all it should");
    cache.set("a", "one").done();
    assert_eq!(cache.events.take_lines(), ["l2:error set closed", "set a L2"]);
    cache.set("a", "one").done();
    assert_eq!(cache.events.take_lines(), ["set a L2"]);
}
