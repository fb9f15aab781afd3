//! Values of peers come in bytes, which are read before a caller gets them.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use lazy_layers_engine::{
    bus::{Body, Message},
    cache::Layers,
    clock::Clock,
    entry::key::Key,
    options::{CacheOptions, refresh::Refresh},
    store::{LockOf, Locks, Store},
    testing::{FakeStore, Harness, Point, memory},
    value::{Failure, Value},
};

use crate::setup::{SECOND, fail_safe, ttl};

/// A value that knows whether it was read.
#[derive(Debug, Clone)]
struct Sent {
    is_read: Arc<AtomicBool>,
    can_be_read: bool,
}

impl Sent {
    fn new(can_be_read: bool) -> Sent {
        Sent { is_read: Arc::default(), can_be_read }
    }
}

impl Value for Sent {
    fn weight(&self) -> u64 {
        1
    }

    fn realize(&self) -> Result<(), Failure<Sent>> {
        self.is_read.store(true, SeqCst);
        if self.can_be_read { Ok(()) } else { Err(Failure::Message("these bytes are none".to_owned())) }
    }
}

/// Values live 100 seconds, and are loaded anew from 80 on; one instance loads at a time.
fn cache() -> (Harness<Sent>, Arc<FakeStore<Sent>>) {
    let mut options: CacheOptions = fail_safe();
    options.settings.l1_ttl = ttl(100 * SECOND);
    options.settings.refresh = Refresh { ahead: Some(0.8), ..Refresh::default() };
    options.settings.lock.enabled = true;
    let clock = Clock::new();
    let store = Arc::new(FakeStore::new(clock.clone()).with_locks().shared());
    let layers = Layers { l1: memory(10), l2: Some(Arc::clone(&store) as Arc<dyn Store<Sent>>), bus: None };
    (Harness::new(options, layers, clock), store)
}

fn told(value: &Sent) -> Message<Sent> {
    let body = Body::Set { keys: vec![Key::from("a")], value: value.clone(), ttl: None };
    Message::new("peer", 0, None, body)
}

#[tokio::test(start_paused = true)]
async fn who_joined_a_refresh_gets_the_value_that_a_peer_has_sent_meanwhile_read() {
    for can_be_read in [true, false] {
        for is_locked_out in [false, true] {
            let (cache, store) = cache();
            cache.load("a", Sent::new(true));
            store.remove(&Key::from("a"));
            cache.pass(100 * SECOND - SECOND / 10).await;
            let key = Key::from("a");
            if is_locked_out {
                let other = store.acquire(LockOf { key: &key, stored: &key }, "other", ttl(60 * SECOND));
                assert!(other.await.expect("it works"));
                store.gates.hold("acquireLock", Point::Before);
            }
            let refresh = cache.get_or_set("a");
            cache.pass(SECOND / 10).await;
            let joins = cache.get_or_set("a");
            assert_eq!(joins.joined(), Some(refresh.id()));
            let sent = Sent::new(can_be_read);
            cache.apply(told(&sent)).done();
            store.gates.open_all();
            cache.settle();
            refresh.fail(Sent::new(true));
            assert!(sent.is_read.load(SeqCst), "locked out: {is_locked_out}");
            let is_sent = joins.value().is_some_and(|value| Arc::ptr_eq(&value.is_read, &sent.is_read));
            assert_eq!(is_sent, can_be_read);
        }
    }
}
