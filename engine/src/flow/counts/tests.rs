//! Values whose tags only their loaders name.

use std::sync::Arc;

use crate::{
    bus::{Bus, Message},
    cache::Layers,
    clock::Clock,
    coherence::fence::Ticket,
    entry::key::Key,
    flow::get::Read,
    options::{CacheOptions, Settings},
    store::{MarkCell, Store},
    testing::{FakeBus, FakeStore, Harness, Weighed, memory},
};

type Text = Weighed<String>;

struct World {
    cache: Harness<Text>,
    store: Arc<FakeStore<Text>>,
}

fn world(has_bus: bool) -> World {
    let clock = Clock::new();
    let store = Arc::new(FakeStore::new(clock.clone()).shared().marking().counting_tags());
    let bus = has_bus.then(|| Arc::new(FakeBus::default()) as Arc<dyn Bus<Text>>);
    let layers = Layers { l1: memory(100), l2: Some(Arc::clone(&store) as Arc<dyn Store<Text>>), bus };
    let cache = Harness::new(CacheOptions::default(), layers, clock);
    if has_bus {
        cache.cache.listens();
    }
    World { cache, store }
}

impl World {
    /// A load without tags begins.
    async fn begin(&self) -> Ticket {
        let (state, cell) = (self.cache.cache.state(), MarkCell::default());
        let settings = self.cache.cache.settings();
        let read = state.read(&"a".into(), settings, Some(&cell)).await;
        let Read::Miss(missed) = read else { panic!("there is none") };
        assert!(missed.counts.is_none());
        state.load_ticket(&"a".into(), settings, missed)
    }

    /// It ends with a value that has the tag `x`. Returns whether the first and the second layer have it.
    async fn end(&self, ticket: Ticket) -> (bool, bool) {
        let tags = Some([Key::from("x")].into());
        let settings = Settings { tags, ..self.cache.cache.settings().clone() };
        let state = self.cache.cache.state();
        drop(state.finish(&"a".into(), &settings, &ticket, Ok(Some("one".into())).into()).await);
        (self.cache.cache.peek(&"a".into()).is_some(), self.store.peek(&"a".into()).is_some())
    }

    async fn load(&self) -> (bool, bool) {
        let ticket = self.begin().await;
        self.end(ticket).await
    }

    fn forget(&self) {
        self.cache.delete("a").done();
    }
}

#[tokio::test(start_paused = true)]
async fn a_tag_without_a_counter_was_not_invalidated_during_the_load() {
    for has_bus in [false, true] {
        let world = world(has_bus);
        assert_eq!(world.load().await, (true, true));
        world.cache.delete_by_tag("x").done();
        assert!(world.cache.cache.peek(&"a".into()).is_none());
        assert!(world.cache.get("a").done().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_stores_nothing_if_its_tag_was_invalidated_here_meanwhile() {
    for has_bus in [false, true] {
        let world = world(has_bus);
        let ticket = world.begin().await;
        world.cache.delete_by_tag("x").done();
        assert_eq!(world.end(ticket).await, (false, false));
        let ticket = world.begin().await;
        world.cache.delete_by_tag("y").done();
        assert!(world.end(ticket).await.0, "another tag is none of its business");
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_stores_nothing_if_its_tag_was_invalidated_elsewhere_meanwhile() {
    for begun in [false, true] {
        let world = world(false);
        if begun {
            world.load().await;
            world.forget();
        }
        let ticket = world.begin().await;
        world.store.invalidate_tag(&"x".into());
        assert_eq!(world.end(ticket).await, (false, false));
        assert_eq!(world.load().await, (true, true), "the next load knows the count from before it");
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_stores_nothing_if_the_bus_told_of_its_tag_meanwhile() {
    let world = world(true);
    let ticket = world.begin().await;
    world.store.invalidate_tag(&"x".into());
    let body = crate::bus::Body::Delete(Vec::new());
    world.cache.apply(Message::new("peer", 1, None, body).of_tags(&["x".into()])).done();
    assert_eq!(world.end(ticket).await, (false, false));
}

#[tokio::test(start_paused = true)]
async fn a_load_after_an_entry_whose_tag_was_invalidated_is_stored() {
    let world = world(false);
    world.load().await;
    world.store.invalidate_tag(&"x".into());
    let state = world.cache.cache.state();
    state.clear_l1(&"a".into(), &"a".into()).await;
    assert!(world.store.peek(&"a".into()).is_some(), "it is found, and no more valid");
    assert_eq!(world.load().await, (true, true));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_began_while_the_second_layer_failed_goes_to_the_first_alone() {
    let world = world(false);
    world.store.fail("get");
    let ticket = world.begin().await;
    world.store.mend();
    world.store.invalidate_tag(&"x".into());
    assert_eq!(world.end(ticket).await, (true, false), "as without tags");
}

#[tokio::test(start_paused = true)]
async fn while_the_bus_has_yet_to_tell_of_a_tag_the_second_layer_gets_nothing() {
    let world = world(true);
    let ticket = world.begin().await;
    world.store.invalidate_tag(&"x".into());
    assert_eq!(world.end(ticket).await, (true, false), "the message will remove it from the first");
    world.forget();
    assert_eq!(world.load().await, (true, true));
}

#[tokio::test(start_paused = true)]
async fn a_count_that_is_the_same_as_before_the_load_stands_though_an_invalidation_made_it() {
    let world = world(false);
    world.store.invalidate_tag(&"x".into());
    assert_eq!(world.load().await, (false, false), "it may have come during the load");
    assert_eq!(world.load().await, (true, true));
}
