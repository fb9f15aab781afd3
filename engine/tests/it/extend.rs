//! Values that a loader found still true: peers that have the same version give it another life.

use std::{sync::Arc, time::Duration};

use lazy_layers_engine::{
    bus::{Body, Bus, Message},
    cache::Layers,
    clock::Clock,
    coherence::recent::JOINING,
    entry::{key::Key, tags::Tags},
    load::directives::Verdict,
    options::{CacheOptions, Settings},
    testing::{FakeBus, Harness, memory},
};

use crate::setup::*;

const LIFE: Duration = Duration::from_secs(60);

/// An instance with memory, stale copies and a bus.
struct Instance {
    cache: Harness<Text>,
    bus: Arc<FakeBus<Text>>,
}

impl Instance {
    fn new(name: &str, options: CacheOptions) -> Instance {
        let bus = Arc::new(FakeBus::default());
        let layers = Layers { l1: memory(100), l2: None, bus: Some(Arc::clone(&bus) as Arc<dyn Bus<Text>>) };
        let mut options = CacheOptions { source: name.to_owned(), ..options };
        options.settings.l1_ttl = ttl(LIFE);
        Instance { cache: Harness::new(options, layers, Clock::new()), bus }
    }

    fn hears(&self, messages: &[Message<Text>]) {
        messages.iter().for_each(|message| self.cache.apply(message.clone()).done());
    }

    fn get(&self, key: &str) -> Option<String> {
        self.cache.get(key).done().map(|value| value.as_inner().clone())
    }

    fn settings(&self) -> Settings {
        self.cache.cache.settings().clone()
    }

    fn tagged(&self, tag: &str) -> Settings {
        let tags: Tags = Arc::from([Key::from(tag)]);
        Settings { tags: Some(tags), ..self.settings() }
    }

    fn loads(&self, key: &str, value: &str, settings: Settings) -> Vec<Message<Text>> {
        self.cache.get_or_set(key).finish_directed(value, settings, Verdict::Keep);
        self.bus.take()
    }

    /// Begins a load. Returns how it ends with the stale value, which says what is sent.
    fn extends(&self, key: &str, settings: Settings) -> impl FnOnce() -> Vec<Message<Text>> + '_ {
        let load = self.cache.get_or_set(key);
        assert!(load.has_loaded(), "the value has expired");
        let stale = self.cache.cache.stale_of(&key.into(), &self.settings()).expect("a copy");
        let (etag, tags) = (settings.etag.or(stale.etag), settings.tags.or(stale.tags));
        let settings = Settings { etag, tags, extends: stale.version, ..self.settings() };
        move || {
            load.finish_directed(stale.value.as_inner().as_str(), settings, Verdict::Extend);
            self.bus.take()
        }
    }

    fn extensions(&self) -> usize {
        self.cache.events.take_lines().iter().filter(|line| line.starts_with("extend:received")).count()
    }
}

async fn instances<const N: usize>() -> [Instance; N] {
    let mut number = 0;
    let all = std::array::from_fn(|_| {
        number += 1;
        Instance::new(&format!("i{number}"), fail_safe())
    });
    pass(JOINING.duration().expect("it ends")).await;
    all
}

async fn pass(time: Duration) {
    tokio::time::advance(time).await;
}

#[tokio::test(start_paused = true)]
async fn the_same_version_gets_another_life_whether_it_lives_or_is_a_stale_copy() {
    let [one, live, over, other] = instances().await;
    for etag in [None, Some("v1".into())] {
        let settings = Settings { etag, ..one.settings() };
        let value = one.loads("k", "old", settings.clone());
        over.hears(&value);
        pass(LIFE / 2).await;
        // A second `set` of the same value: its life ends later there.
        live.hears(&value.iter().map(|sent| Message { stamped: 0, ..sent.clone() }).collect::<Vec<_>>());
        other.loads("k", "its own", settings.clone());
        pass(LIFE / 2 + SECOND).await;
        let told = one.extends("k", settings)();
        assert!(matches!(&told[0].body, Body::Extend { .. }), "{told:?}");
        let all = [&live, &over, &other];
        all.iter().for_each(|instance| instance.hears(&told));
        let by_etag = told[0].etag.is_some();
        assert_eq!(all.map(Instance::extensions), [1, 1, usize::from(by_etag)]);
        pass(LIFE - SECOND).await;
        assert_eq!((live.get("k"), over.get("k")), (Some("old".to_owned()), Some("old".to_owned())));
        pass(LIFE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_extension_is_extended_again_also_by_another_instance() {
    let [one, two, three] = instances().await;
    let sent = one.loads("k", "old", one.settings());
    two.hears(&sent);
    three.hears(&sent);
    for (by, others) in [(&one, [&two, &three]), (&two, [&one, &three]), (&three, [&one, &two])] {
        pass(LIFE).await;
        let told = by.extends("k", by.settings())();
        for other in others {
            other.hears(&told);
            assert_eq!(other.get("k").as_deref(), Some("old"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_of_a_value_that_nobody_else_has() {
    let [one] = instances().await;
    one.cache.set("k", "old").done();
    pass(LIFE).await;
    assert!(one.extends("k", one.settings())().is_empty());
    assert_eq!(one.get("k").as_deref(), Some("old"));
}

#[tokio::test(start_paused = true)]
async fn an_extension_whose_loader_had_not_seen_an_invalidation_is_refused() {
    for what in ["delete", "expire", "pattern", "tag", "clear"] {
        let [one, two] = instances().await;
        let sent = one.loads("k", "old", one.tagged("t"));
        two.hears(&sent);
        pass(LIFE).await;
        let ends = one.extends("k", one.settings());
        match what {
            "delete" => two.cache.delete("k").done(),
            "expire" => two.cache.expire("k").done(),
            "pattern" => two.cache.expire_by_pattern("k*").done(),
            "tag" => two.cache.delete_by_tag("t").done(),
            _ => two.cache.delete_by_pattern("*").done(),
        }
        let told = ends();
        assert_eq!(told.len(), 1, "it has not heard of it");
        two.hears(&told);
        assert_eq!((two.get("k"), two.extensions()), (None, 0), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_came_meanwhile_is_not_extended() {
    let [one, two, three, four] = instances().await;
    let sent = one.loads("k", "old", one.settings());
    [&two, &three, &four].iter().for_each(|other| other.hears(&sent));
    pass(LIFE).await;
    let ends = one.extends("k", one.settings());
    two.cache.set("k", "set").done();
    let newer = three.loads("k", "loaded", three.settings());
    four.hears(&newer);
    let told = ends();
    pass(LIFE / 2).await;
    for (other, value) in [(&two, "set"), (&three, "loaded"), (&four, "loaded")] {
        other.hears(&told);
        assert_eq!((other.get("k").as_deref(), other.extensions()), (Some(value), 0));
    }
    pass(LIFE / 2).await;
    for other in [&two, &three, &four] {
        assert_eq!(other.get("k"), None, "its life is over");
    }
}

#[tokio::test(start_paused = true)]
async fn an_extension_of_an_instance_that_has_heard_of_the_newer_value_is_not_sent() {
    let [one, two] = instances().await;
    two.hears(&one.loads("k", "old", one.settings()));
    pass(LIFE).await;
    let ends = one.extends("k", one.settings());
    pass(SECOND).await;
    one.hears(&two.loads("k", "new", two.settings()));
    assert!(ends().is_empty());
    assert_eq!(one.get("k").as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn an_extension_does_not_shorten_a_life() {
    let [one, two] = instances().await;
    two.hears(&one.loads("k", "old", one.settings()));
    pass(LIFE / 2).await;
    one.cache.expire("k").done();
    drop(one.bus.take());
    let ends = one.extends("k", one.settings());
    let told: Vec<_> = ends()
        .into_iter()
        .map(|sent| match sent.body {
            Body::Extend { keys, version, .. } => {
                Message { body: Body::Extend { keys, version, ttl: Some(ttl(SECOND)) }, seen: None, ..sent }
            }
            body => Message { body, ..sent },
        })
        .collect();
    two.hears(&told);
    pass(LIFE / 2 - SECOND).await;
    assert_eq!(two.get("k").as_deref(), Some("old"));
}

#[tokio::test(start_paused = true)]
async fn one_that_was_delivered_before_is_ignored_and_so_is_one_of_an_unknown_name() {
    let [one, two] = instances().await;
    two.hears(&one.loads("k", "old", one.settings()));
    pass(LIFE).await;
    let told = one.extends("k", one.settings())();
    let again = Message { is_redelivered: true, id: Some("x".to_owned()), ..told[0].clone() };
    let named = Message { cache: Some("users".to_owned()), id: Some("y".to_owned()), ..told[0].clone() };
    two.hears(&[again, named]);
    assert_eq!(two.get("k"), None);
    two.hears(&told);
    assert_eq!(two.get("k").as_deref(), Some("old"));
}

#[tokio::test(start_paused = true)]
async fn tags_stay_and_those_that_a_loader_adds_are_added() {
    let [one, two] = instances().await;
    two.hears(&one.loads("k", "old", one.tagged("t")));
    for tag in ["t", "more"] {
        pass(LIFE).await;
        let told = one.extends("k", one.tagged("more"))();
        two.hears(&told);
        assert_eq!(two.get("k").as_deref(), Some("old"));
        two.cache.expire_by_tag(tag).done();
        assert_eq!(two.get("k"), None, "{tag}");
        one.hears(&two.bus.take());
    }
}

#[tokio::test(start_paused = true)]
async fn an_extension_waits_for_no_bus_that_is_down() {
    let [one] = instances().await;
    one.loads("k", "old", one.settings());
    pass(LIFE).await;
    one.bus.set_failing(true);
    let ends = one.extends("k", one.settings());
    assert!(ends().is_empty() && one.bus.postponed().is_empty());
}

#[tokio::test(start_paused = true)]
async fn while_the_bus_is_down_another_life_is_limited_as_the_one_before() {
    let [one] = instances().await;
    let capped = CacheOptions { bus_down_l1_ttl: Some(ttl(10 * SECOND)), ..fail_safe() };
    let other = Instance::new("other", capped);
    pass(JOINING.duration().expect("it ends")).await;
    let value = one.loads("k", "old", one.settings());
    pass(LIFE / 2).await;
    other.hears(&value.iter().map(|sent| Message { stamped: 0, ..sent.clone() }).collect::<Vec<_>>());
    pass(LIFE / 2 + SECOND).await;
    let told = one.extends("k", one.settings())();
    // One of the other instances has fallen silent.
    let outage = other.cache.bus_down();
    pass(SECOND).await;
    other.hears(&told);
    assert_eq!(other.extensions(), 1);
    pass(9 * SECOND).await;
    assert!(outage.is_over());
    assert_eq!(other.get("k").as_deref(), Some("old"), "it was known to be true a second after");
    pass(SECOND).await;
    assert_eq!(other.get("k"), None);
}
