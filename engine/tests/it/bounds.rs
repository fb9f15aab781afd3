//! The state beside the layers is bounded, whatever is asked of the cache.

use lazy_layers_engine::{
    bounded::PolicyKind,
    cache::Layers,
    clock::Clock,
    coherence::generations::GENERATIONS_KEPT,
    entry::key::Key,
    l1::{Layer1, Memory, MemoryOptions},
    options::{CacheOptions, Settings},
    testing::Harness,
};
use std::sync::Arc;

use crate::setup::*;

fn bounded() -> CacheOptions {
    let mut options = fail_safe();
    options.settings.negative.ttl = Some(ttl(3600 * SECOND));
    options.settings.negative.entries = 5;
    CacheOptions { stale_entries: 7, dedupe_entries: 9, ..options }
}

#[tokio::test(start_paused = true)]
async fn negative_entries_stale_copies_and_event_ids_are_bounded() {
    let cache = alone(bounded());
    for n in 0..100 {
        cache.get_or_set(&format!("absent:{n}")).finish_empty();
        cache.load(&format!("present:{n}"), "one");
        cache.apply(message(None, n, delete("other"))).done();
    }
    let inspection = cache.cache.inspect();
    assert_eq!(inspection.negative_entries, 5);
    assert_eq!(inspection.stale_copies, 7);
    assert_eq!(inspection.seen_events, 9);
    assert_eq!((inspection.running_loads, inspection.fenced_keys), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_oldest_negative_entry_makes_room() {
    let cache = alone(bounded());
    for n in 0..6 {
        cache.get_or_set(&format!("{n}")).finish_empty();
        assert!(!cache.has("0").done(), "reading does not keep it");
    }
    assert!(cache.get_or_set("0").has_loaded());
    assert!(!cache.get_or_set("1").has_loaded());
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_ends_with_its_time() {
    let cache = alone(bounded());
    cache.get_or_set("absent").finish_empty();
    cache.load("present", "one");
    cache.apply(message(None, 1, delete("other"))).done();
    cache.pass(3600 * SECOND).await;
    let inspection = cache.cache.inspect();
    let kept = (inspection.negative_entries, inspection.stale_copies, inspection.seen_events);
    assert_eq!(kept, (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_keys_whose_deletes_are_counted_are_bounded() {
    let cache = alone(options());
    for n in 0..GENERATIONS_KEPT + 1000 {
        cache.cache.delete(&Key::from(format!("{n}").as_str())).await;
    }
    assert_eq!(cache.cache.inspect().counted_keys, GENERATIONS_KEPT);
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded_in_entries_and_bytes_by_either_policy() {
    for policy in [PolicyKind::Lru, PolicyKind::TinyLfu, PolicyKind::S3Fifo] {
        let options = MemoryOptions { entries: 10, bytes: Some(50), policy };
        let memory = Arc::new(Memory::new(options, Vec::new()));
        let layers = Layers { l1: Layer1::Memory(Arc::clone(&memory)), l2: None, bus: None };
        let cache: Harness<Text> = Harness::new(crate::setup::options(), layers, Clock::new());
        let values: Vec<_> = (0..100).map(|n| Text::weighing(format!("{n}"), n % 20)).collect();
        for value in &values {
            cache.load(value.as_inner(), value.clone());
            // Only the entries of the layer count.
            cache.forget_answers();
            let held: u64 = values.iter().filter(|one| one.handles() > 1).map(weight).sum();
            assert!(cache.size().done() <= 10 && held <= 50, "{policy:?}: {held}");
        }
        drop(cache);
        memory.remove_where(|_| true);
        assert!(values.iter().all(|value| value.handles() == 1), "{policy:?}");
    }
}

fn weight(value: &Text) -> u64 {
    lazy_layers_engine::value::Value::weight(value)
}

#[tokio::test(start_paused = true)]
async fn an_expired_entry_neither_hits_nor_counts() {
    let cache = alone(options());
    let short = Settings { l1_ttl: ttl(SECOND), ..cache.cache.settings().clone() };
    cache.set_with("a", "one", &short).done();
    cache.set("b", "two").done();
    assert_eq!(cache.size().done(), 2);
    cache.pass(SECOND).await;
    assert_eq!((cache.size().done(), cache.get("a").done()), (1, None));
    assert!(!cache.has("a").done());
}
