//! The distributed lock: one instance loads, the others wait for its value.

use lazy_layers_engine::{
    cache::Layers,
    clock::{Clock, Ttl},
    options::{CacheOptions, Lock},
    store::Store,
    testing::{FakeStore, Harness, Point, memory},
};
use std::{sync::Arc, time::Duration};

use crate::setup::*;

const POLL: Duration = Duration::from_millis(50);

fn locked() -> CacheOptions {
    let mut options = options();
    options.settings.lock.enabled = true;
    options
}

/// Two instances over one store.
struct Pair {
    one: Harness<Text>,
    other: Harness<Text>,
    store: Arc<FakeStore<Text>>,
}

impl Pair {
    fn new(options: &CacheOptions) -> Pair {
        let clock = Clock::new();
        let store = Arc::new(FakeStore::new(clock.clone()).with_locks().shared());
        let instance = || {
            let l2 = Some(Arc::clone(&store) as Arc<dyn Store<Text>>);
            Harness::new(options.clone(), Layers { l1: memory(10), l2, bus: None }, clock.clone())
        };
        Pair { one: instance(), other: instance(), store }
    }

    fn holder(&self) -> Option<String> {
        self.store.lock_holder(&"a".into())
    }

    async fn pass(&self, time: Duration) {
        self.one.pass(time).await;
        self.other.settle();
    }
}

#[tokio::test(start_paused = true)]
async fn the_winner_loads_and_the_others_find_its_value() {
    let pair = Pair::new(&locked());
    let winner = pair.one.get_or_set("a");
    let waits = pair.other.get_or_set("a");
    assert!(winner.has_loaded() && !waits.has_loaded());
    pair.pass(POLL).await;
    assert!(waits.answer().is_none() && !waits.has_loaded());
    winner.finish("one");
    assert_eq!(pair.holder(), None, "the lock is given back");
    assert!(waits.answer().is_none(), "it looks when it is time");
    pair.pass(POLL).await;
    assert_eq!(waits.value(), some("one"));
    assert!(!waits.has_loaded());
    assert_eq!(pair.other.get("a").done(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_lock_gets_the_stale_value_past_the_soft_limit() {
    for (soft, polls) in [(0, 0), (120, 3)] {
        let mut options = fail_safe();
        (options.settings.l1_ttl, options.settings.l2_ttl) = (ttl(60 * SECOND), ttl(60 * SECOND));
        options.settings.lock.enabled = true;
        options.settings.timeouts.soft = Some(ttl(Duration::from_millis(soft)));
        let pair = Pair::new(&options);
        pair.one.load("a", "old");
        assert_eq!(pair.other.get("a").done(), some("old"));
        pair.pass(61 * SECOND).await;
        let winner = pair.one.get_or_set("a");
        let waits = pair.other.get_or_set("a");
        assert!(winner.has_loaded() && !waits.has_loaded());
        for _ in 0..polls {
            assert!(waits.answer().is_none(), "{soft} ms");
            pair.pass(Duration::from_millis(40)).await;
        }
        assert_eq!((waits.value(), waits.has_loaded()), (some("old"), false), "{soft} ms");
        winner.finish("new");
        assert_eq!(pair.other.get_or_set("a").value(), some("new"), "{soft} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn past_the_wait_the_others_load_themselves() {
    let pair = Pair::new(&locked());
    let winner = pair.one.get_or_set("a");
    let waits = pair.other.get_or_set("a");
    for _ in 0..39 {
        pair.pass(POLL).await;
    }
    assert!(!waits.has_loaded());
    pair.pass(POLL).await;
    assert!(waits.has_loaded());
    waits.finish("two");
    assert_eq!(waits.value(), some("two"));
    assert!(pair.holder().is_some(), "another's lock is not given back");
    winner.finish("one");
    assert_eq!(pair.holder(), None);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_in_time_however_seldom_it_looks() {
    for poll in [ttl(3600 * SECOND), Ttl::FOREVER] {
        let mut options = locked();
        options.settings.lock = Lock { poll, ..options.settings.lock };
        let pair = Pair::new(&options);
        let _winner = pair.one.get_or_set("a");
        let waits = pair.other.get_or_set("a");
        pair.pass(2 * SECOND).await;
        assert!(waits.has_loaded(), "{poll:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_winner_looks_again_before_it_loads() {
    let pair = Pair::new(&locked());
    pair.store.gates.hold("acquireLock", Point::Before);
    let late = pair.one.get_or_set("a");
    pair.store.put(&"a".into(), text("theirs"), Ttl::FOREVER);
    pair.store.gates.open("acquireLock");
    assert_eq!(late.value(), some("theirs"));
    assert!(!late.has_loaded());
    assert_eq!(pair.holder(), None);
}

#[tokio::test(start_paused = true)]
async fn a_failed_load_gives_the_lock_back() {
    let pair = Pair::new(&locked());
    let load = pair.one.get_or_set("a");
    assert!(pair.holder().is_some());
    load.fail("boom");
    assert_eq!(pair.holder(), None);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_ended_is_taken_by_the_next() {
    let mut options = locked();
    options.settings.lock.ttl = ttl(SECOND);
    let pair = Pair::new(&options);
    let first = pair.one.get_or_set("a");
    let token = pair.holder();
    pair.pass(SECOND).await;
    let second = pair.other.get_or_set("a");
    assert!(second.has_loaded());
    assert_ne!(pair.holder(), token);
    let token = pair.holder();
    first.finish("one");
    assert_eq!(pair.holder(), token, "who lost the lock does not give the next one's back");
    second.finish("two");
    assert_eq!(pair.holder(), None);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_tell_makes_nobody_wait() {
    let pair = Pair::new(&locked());
    pair.store.fail("acquireLock");
    let load = pair.one.get_or_set("a");
    assert!(load.has_loaded());
    load.finish("one");
    assert_eq!(load.value(), some("one"));
    assert!(pair.one.events.take_lines().contains(&"l2:error acquireLock closed".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_store_without_locks_is_not_asked() {
    let layered = Layered::new(locked());
    layered.harness.load("a", "one");
    assert_eq!(layered.harness.get("a").done(), some("one"));
    assert!(!layered.store.calls().contains(&"acquireLock"));
}

#[tokio::test(start_paused = true)]
async fn callers_of_one_instance_join_before_they_ask_for_the_lock() {
    let pair = Pair::new(&locked());
    let winner = pair.one.get_or_set("a");
    let joins = pair.one.get_or_set("a");
    assert_eq!(pair.store.calls().iter().filter(|call| **call == "acquireLock").count(), 1);
    winner.finish("one");
    assert_eq!(joins.value(), some("one"));
}

#[tokio::test(start_paused = true)]
async fn a_holder_overtaken_by_a_delete_stores_nothing() {
    let pair = Pair::new(&locked());
    let load = pair.one.get_or_set("a");
    pair.one.delete("a").done();
    load.finish("old");
    assert_eq!(load.value(), some("old"));
    assert_eq!(pair.store.peek(&"a".into()), None);
    assert_eq!(pair.holder(), None);
}

#[tokio::test(start_paused = true)]
async fn a_delete_by_another_instance_takes_the_lock_away_so_that_the_load_stores_nothing() {
    let pair = Pair::new(&locked());
    let load = pair.one.get_or_set("a");
    pair.other.delete("a").done();
    assert_eq!(pair.holder(), None);
    load.finish("old");
    assert_eq!(load.value(), some("old"));
    assert_eq!(pair.store.peek(&"a".into()), None);
    let again = pair.other.get_or_set("a");
    assert!(again.has_loaded(), "the lock is free for who loads next");
}

#[tokio::test(start_paused = true)]
async fn a_holder_whose_lock_is_gone_does_not_store_over_the_next_ones_value_whatever_its_clock_says() {
    let pair = Pair::new(&locked());
    let first = pair.one.get_or_set("a");
    pair.store.drop_locks();
    let second = pair.other.get_or_set("a");
    second.finish("newer");
    first.finish("older");
    assert_eq!(pair.store.peek(&"a".into()), some("newer"));
}

#[tokio::test(start_paused = true)]
async fn with_versioning_the_lock_has_the_name_of_the_key_and_fences_the_stored_one() {
    let mut options = locked();
    options.versioning = true;
    let pair = Pair::new(&options);
    let load = pair.one.get_or_set("a");
    assert!(pair.holder().is_some());
    load.finish("one");
    assert_eq!(pair.store.peek(&"a::v0".into()), some("one"), "what looks at the lock finds it");
    assert_eq!(pair.holder(), None);

    let overtaken = pair.one.get_or_set("b");
    pair.other.delete("b").done();
    assert_eq!(pair.store.lock_holder(&"b".into()), None, "a delete takes it away");
    overtaken.finish("old");
    assert_eq!(pair.store.peek(&"b::v0".into()), None);
}

#[tokio::test(start_paused = true)]
async fn who_waits_tries_the_lock_when_the_holder_has_come_to_nothing() {
    for how in ["threw", "found nothing", "was overtaken"] {
        let pair = Pair::new(&locked());
        let first = pair.one.get_or_set("a");
        let waits = pair.other.get_or_set("a");
        match how {
            "threw" => first.fail("boom"),
            "found nothing" => first.finish_empty(),
            _ => {
                pair.one.delete("a").done();
                first.finish("old");
            }
        }
        assert!(!waits.has_loaded(), "{how}: it looks when it is time");
        pair.pass(POLL).await;
        assert!(waits.has_loaded(), "{how}");
        assert!(pair.holder().is_some(), "{how}: under the lock");
        waits.finish("two");
        assert_eq!(waits.value(), some("two"));
        assert_eq!(pair.store.peek(&"a".into()), some("two"));
        assert_eq!(pair.holder(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn of_several_that_wait_one_takes_the_lock_and_the_others_find_its_value() {
    let pair = Pair::new(&locked());
    let third = {
        let l2 = Some(Arc::clone(&pair.store) as Arc<dyn Store<Text>>);
        Harness::new(locked(), Layers { l1: memory(10), l2, bus: None }, Clock::new())
    };
    let first = pair.one.get_or_set("a");
    let (second, last) = (pair.other.get_or_set("a"), third.get_or_set("a"));
    first.fail("boom");
    pair.pass(POLL).await;
    third.settle();
    assert!(second.has_loaded() && !last.has_loaded());
    second.finish("two");
    pair.pass(POLL).await;
    third.settle();
    assert_eq!(last.value(), some("two"));
    assert!(!last.has_loaded());
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_the_store_gives_too_late_is_given_back() {
    let pair = Pair::new(&locked());
    pair.store.gates.hold("acquireLock", Point::After);
    let load = pair.one.get_or_set("a");
    pair.pass(Duration::from_secs(5)).await;
    assert!(load.has_loaded(), "it does not wait for the lock any longer");
    pair.store.gates.open("acquireLock");
    pair.one.settle();
    load.finish("one");
    assert_eq!(load.value(), some("one"));
    assert_eq!(pair.holder(), None);
}
