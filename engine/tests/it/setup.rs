//! Caches to test.

use std::{sync::Arc, time::Duration};

use lazy_layers_engine::{
    bus::{Body, Bus, Message},
    cache::Layers,
    clock::{Clock, Ttl},
    entry::key::Key,
    l1::Layer1,
    options::{CacheOptions, FailSafe},
    store::Store,
    testing::{FakeBus, FakeStore, Harness, Weighed, memory},
};

pub(crate) type Text = Weighed<String>;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn text(value: &str) -> Text {
    Text::from(value)
}

pub(crate) fn some(value: &str) -> Option<Text> {
    Some(Text::from(value))
}

pub(crate) fn ttl(time: Duration) -> Ttl {
    Ttl(u64::try_from(time.as_micros()).expect("short"))
}

/// The name of the instance under test on the bus.
pub(crate) const SELF: &str = "self";

pub(crate) fn options() -> CacheOptions {
    CacheOptions { source: SELF.to_owned(), ..CacheOptions::default() }
}

pub(crate) fn fail_safe() -> CacheOptions {
    let mut options = options();
    options.settings.fail_safe =
        FailSafe { enabled: true, ttl: Some(ttl(3600 * SECOND)), ..FailSafe::default() };
    options
}

/// Memory alone.
pub(crate) fn alone(options: CacheOptions) -> Harness<Text> {
    Harness::new(options, Layers { l1: memory(100), l2: None, bus: None }, Clock::new())
}

/// Memory, a private store, a bus.
pub(crate) struct Layered {
    pub(crate) harness: Harness<Text>,
    pub(crate) store: Arc<FakeStore<Text>>,
    pub(crate) bus: Arc<FakeBus<Text>>,
}

impl Layered {
    pub(crate) fn new(options: CacheOptions) -> Layered {
        Layered::over(options, memory(100), |store| store)
    }

    pub(crate) fn over(
        options: CacheOptions,
        l1: Layer1<Text>,
        shape: impl FnOnce(FakeStore<Text>) -> FakeStore<Text>,
    ) -> Layered {
        let clock = Clock::new();
        let store = Arc::new(shape(FakeStore::new(clock.clone())));
        let bus = Arc::new(FakeBus::default());
        let l2 = Arc::clone(&store) as Arc<dyn Store<Text>>;
        let layers = Layers { l1, l2: Some(l2), bus: Some(Arc::clone(&bus) as Arc<dyn Bus<Text>>) };
        Layered { harness: Harness::new(options, layers, clock), store, bus }
    }

    pub(crate) fn stored(&self, key: &str) -> Option<Text> {
        self.store.peek(&Key::from(key))
    }

    /// Puts a value into the store behind the cache's back.
    pub(crate) fn plant(&self, key: &str, value: &str) {
        self.store.put(&Key::from(key), text(value), Ttl::FOREVER);
    }

    /// The values that were sent to the other instances.
    pub(crate) fn broadcast(&self) -> Vec<String> {
        let sent = self.bus.published().into_iter().filter_map(|message| match message.body {
            Body::Set { value, .. } => Some(value.as_inner().clone()),
            Body::Delete(_) | Body::Pattern(_) | Body::Extend { .. } => None,
        });
        sent.collect()
    }
}

/// A message of another instance, stamped `stamped`.
pub(crate) fn message(generation: Option<u64>, stamped: u64, body: Body<Text>) -> Message<Text> {
    Message::new("peer", stamped, generation, body)
}

pub(crate) fn delete(key: &str) -> Body<Text> {
    Body::Delete(vec![Key::from(key)])
}

pub(crate) fn set(key: &str, value: &str) -> Body<Text> {
    Body::Set { keys: vec![Key::from(key)], value: text(value), ttl: None }
}
