//! Reads and deletes of several keys.

use lazy_layers_engine::{bus::Body, entry::key::Key, options::CacheOptions, testing::Point};

use crate::setup::*;

/// The deletes that were published: their keys and generations.
fn deletes(layered: &Layered) -> Vec<(Vec<Key>, Option<u64>)> {
    let published = layered.bus.take().into_iter();
    let deletes = published.filter_map(|message| match message.body {
        Body::Delete(keys) => Some((keys, message.generation)),
        _ => None,
    });
    deletes.collect()
}

#[tokio::test(start_paused = true)]
async fn values_come_in_the_order_of_the_keys_from_whichever_layer_has_them() {
    let layered = Layered::new(options());
    layered.harness.set("a", "one").done();
    layered.plant("b", "two");
    let found = layered.harness.get_many(&["x", "b", "a", "b"]).done();
    assert_eq!(found, [None, some("two"), some("one"), some("two")]);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_held_does_not_hold_the_questions_of_the_others() {
    let layered = Layered::new(options());
    layered.plant("a", "one");
    layered.plant("b", "two");
    layered.store.gates.hold("get", Point::Before);
    let found = layered.harness.get_many(&["a", "b"]);
    assert_eq!(layered.store.gates.waiting().len(), 2, "both are asked for at once");
    layered.store.gates.open_all();
    layered.harness.settle();
    assert_eq!(found.done(), [some("one"), some("two")]);
}

#[tokio::test(start_paused = true)]
async fn keys_that_were_deleted_equally_often_share_a_message() {
    let layered = Layered::new(options());
    layered.harness.delete("b").done();
    deletes(&layered);
    layered.harness.delete_many(&["a", "b", "c"]).done();
    assert_eq!(deletes(&layered), [(vec!["a".into(), "c".into()], Some(1)), (vec!["b".into()], Some(2)),]);
}

#[tokio::test(start_paused = true)]
async fn a_message_has_a_bound() {
    let layered = Layered::new(CacheOptions { versioning: true, ..options() });
    let names: Vec<String> = (0..2001).map(|number| format!("key {number}")).collect();
    layered.harness.delete_many(&names.iter().map(String::as_str).collect::<Vec<_>>()).done();
    let counts: Vec<usize> = deletes(&layered).iter().map(|(keys, _)| keys.len()).collect();
    assert_eq!(counts, [1000, 1000, 1]);
}

#[tokio::test(start_paused = true)]
async fn no_keys_are_no_message() {
    let layered = Layered::new(options());
    layered.harness.delete_many(&[]).done();
    assert_eq!(layered.harness.get_many(&[]).done(), []);
    assert_eq!(deletes(&layered), []);
}
