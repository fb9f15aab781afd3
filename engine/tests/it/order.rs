//! Values of peers beside invalidations: one whose load had not seen an invalidation of its key is not kept.

use std::sync::Arc;

use lazy_layers_engine::{
    bus::{Body, Bus, Message, SeenNumbers, ShortName, wire::Number},
    cache::Layers,
    clock::Clock,
    coherence::recent::{JOINING, REMEMBERED, SENT_WITHIN},
    l1::Layer1,
    observe::event::GapReason,
    options::Settings,
    testing::{FakeBus, FakeStore, Harness, Point, memory},
};

use crate::setup::*;

/// An instance with memory alone, and its messages.
struct Instance {
    cache: Harness<Text>,
    bus: Arc<FakeBus<Text>>,
}

impl Instance {
    fn new(name: &str) -> Instance {
        let bus = Arc::new(FakeBus::default());
        let layers = Layers { l1: memory(100), l2: None, bus: Some(Arc::clone(&bus) as Arc<dyn Bus<Text>>) };
        let options = lazy_layers_engine::options::CacheOptions { source: name.to_owned(), ..options() };
        Instance { cache: Harness::new(options, layers, Clock::new()), bus }
    }

    fn hears(&self, messages: &[Message<Text>]) {
        messages.iter().for_each(|message| self.cache.apply(message.clone()).done());
    }

    fn holds(&self, key: &str) -> Option<String> {
        self.cache.get(key).done().map(|value| value.as_inner().clone())
    }
}

/// Instances that have been listening for a while.
async fn instances<const N: usize>() -> [Instance; N] {
    let mut number = 0;
    let all = std::array::from_fn(|_| {
        number += 1;
        Instance::new(&format!("i{number}"))
    });
    tokio::time::advance(JOINING.duration().expect("it ends")).await;
    all
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_load_from_before_a_pattern_or_clear_is_kept_by_nobody() {
    for pattern in ["user:*", "*"] {
        let [loader, clearer, third, late] = instances().await;
        let load = loader.cache.get_or_set("user:1");
        clearer.cache.delete_by_pattern(pattern).done();
        let cleared = clearer.bus.take();
        load.finish("old");
        let value = loader.bus.take();
        assert_eq!(value.len(), 1, "it has not heard of the pattern");
        clearer.hears(&value);
        third.hears(&[&cleared[..], &value].concat());
        late.hears(&[&value[..], &cleared].concat());
        for instance in [clearer, third, late] {
            assert_eq!(instance.holds("user:1"), None, "{pattern}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_between_two_deletes_of_the_same_generation_is_kept_by_nobody() {
    let [first, second, third] = instances().await;
    first.cache.delete("k").done();
    let one = first.bus.take();
    let load = first.cache.get_or_set("k");
    second.cache.delete("k").done();
    let two = second.bus.take();
    load.finish("from between");
    let value = first.bus.take();
    assert_eq!((value[0].generation, two[0].generation), (Some(1), Some(1)));
    second.hears(&[&one[..], &value].concat());
    third.hears(&[&two[..], &one, &value].concat());
    assert_eq!((second.holds("k"), third.holds("k")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_load_that_had_seen_the_invalidation_is_kept_also_where_it_was_made() {
    let [loader, deleter, third] = instances().await;
    deleter.cache.delete("k").done();
    deleter.cache.delete_by_pattern("k*").done();
    deleter.cache.delete_by_pattern("*").done();
    let deleted = deleter.bus.take();
    loader.hears(&deleted);
    third.hears(&deleted);
    loader.cache.load("k", "new");
    let value = loader.bus.take();
    deleter.hears(&value);
    third.hears(&value);
    for instance in [deleter, third] {
        assert_eq!(instance.holds("k").as_deref(), Some("new"));
    }
}

#[tokio::test(start_paused = true)]
async fn invalidations_of_other_keys_refuse_nothing() {
    let [loader, deleter] = instances().await;
    let load = loader.cache.get_or_set("k");
    deleter.cache.delete("other").done();
    deleter.cache.delete_by_pattern("user:*").done();
    load.finish("value");
    deleter.hears(&loader.bus.take());
    assert_eq!(deleter.holds("k").as_deref(), Some("value"));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_told_as_stale() {
    let [loader, deleter] = instances().await;
    let load = loader.cache.get_or_set("k");
    deleter.cache.delete_by_pattern("*").done();
    load.finish("old");
    deleter.cache.events.take();
    deleter.hears(&loader.bus.take());
    assert_eq!(
        deleter.cache.events.take_lines(),
        ["invalidation:received set", "invalidation:stale set k 0 0"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_delivered_again_is_not_kept() {
    let [loader, successor] = instances().await;
    loader.cache.load("k", "old");
    let value = loader.bus.take().remove(0);
    successor.hears(&[Message { is_redelivered: true, ..value }]);
    assert_eq!(successor.holds("k"), None);
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_is_delivered_again_deletes_and_refuses_no_later_value() {
    let [loader, deleter, third] = instances().await;
    deleter.cache.delete("k").done();
    let deleted = deleter.bus.take();
    loader.hears(&deleted);
    third.hears(&deleted);
    loader.cache.load("k", "new");
    let value = loader.bus.take();
    let again = Message { id: Some("again".to_owned()), is_redelivered: true, ..deleted[0].clone() };
    third.hears(&[again]);
    third.hears(&value);
    assert_eq!(third.holds("k").as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_value_of_another_version_is_judged_by_its_generation() {
    let [deleter] = instances().await;
    deleter.cache.delete("k").done();
    deleter.hears(&[message(Some(0), 0, set("k", "old"))]);
    assert_eq!(deleter.holds("k"), None);
    deleter.hears(&[message(Some(1), 0, set("k", "new"))]);
    assert_eq!(deleter.holds("k").as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn while_an_own_invalidation_is_under_way_no_value_that_it_touches_is_kept() {
    for pattern in [false, true] {
        let layered = Layered::new(options());
        tokio::time::advance(JOINING.duration().expect("it ends")).await;
        let operation = if pattern { "deleteByPattern" } else { "delete" };
        layered.store.gates.hold(operation, Point::After);
        let cache = &layered.harness;
        let deleting = if pattern { cache.delete_by_pattern("k*") } else { cache.delete("k") };
        let seen = Some(SeenNumbers::default());
        cache.apply(Message { seen: seen.clone(), ..message(Some(9), 0, set("k", "old")) }).done();
        cache.apply(Message { seen, ..message(Some(9), 0, set("other", "value")) }).done();
        assert!(!deleting.is_over());
        assert_eq!((cache.get("k").done(), cache.get("other").done()), (None, some("value")));
        layered.store.gates.open_all();
        deleting.done();
        assert_eq!(cache.get("k").done(), None);
    }
}

fn numbered(publisher: &str, sequence: u64, body: Body<Text>) -> Message<Text> {
    let number = Number { publisher: publisher.to_owned(), sequence };
    Message { number: Some(number), ..message(None, 0, body) }
}

fn having_seen(publisher: &str, sequence: u64, body: Body<Text>) -> Message<Text> {
    let mut seen = SeenNumbers::default();
    assert!(seen.add(ShortName::of(publisher), sequence));
    Message { seen: Some(seen), ..message(None, 0, body) }
}

#[tokio::test(start_paused = true)]
async fn numbers_that_were_left_out_may_be_about_any_key() {
    let [receiver] = instances().await;
    receiver.hears(&[numbered("p", 5, delete("other")), numbered("p", 8, delete("other"))]);
    receiver.hears(&[having_seen("p", 6, set("k", "old"))]);
    assert_eq!(receiver.holds("k"), None);
    receiver.hears(&[having_seen("p", 7, set("k", "new"))]);
    assert_eq!(receiver.holds("k").as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_publisher_that_starts_anew_is_another_one() {
    let [receiver] = instances().await;
    receiver.hears(&[numbered("first run", 900, delete("k")), numbered("second run", 1, delete("k"))]);
    for (publisher, sequence) in [("first run", 900), ("second run", 1)] {
        receiver.hears(&[having_seen(publisher, sequence, set("k", "old"))]);
        assert_eq!(receiver.holds("k"), None, "it has to have seen both");
    }
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_is_remembered_for_five_minutes_of_listening() {
    let value = || vec![having_seen("q", 1, set("k", "value"))];
    let remembered = REMEMBERED.duration().expect("it ends");
    let [receiver, cut_off, frozen] = instances().await;
    for instance in [&receiver, &cut_off, &frozen] {
        instance.hears(&[numbered("p", 1, delete("k"))]);
    }
    let outage = cut_off.cache.bus_down();
    for minute in 0..5 {
        for instance in [&receiver, &cut_off] {
            instance.hears(&value());
            assert_eq!(instance.holds("k"), None, "{minute}");
        }
        for _ in 0..3 {
            tokio::time::advance(remembered / 15).await;
            receiver.hears(&[numbered("p", 1, delete("other"))]);
            cut_off.cache.get_or_set("other").finish("value");
        }
    }
    cut_off.cache.cache.bus_up("fake");
    drop(outage);
    for instance in [&receiver, &cut_off, &frozen] {
        instance.hears(&value());
    }
    assert_eq!(receiver.holds("k").as_deref(), Some("value"));
    assert_eq!(cut_off.holds("k"), None, "it did not listen");
    assert_eq!(frozen.holds("k"), None, "it did not run");
}

#[tokio::test(start_paused = true)]
async fn what_was_loaded_long_ago_or_across_an_outage_is_not_sent() {
    let [loader] = instances().await;
    let (slow, across) = (loader.cache.get_or_set("slow"), loader.cache.get_or_set("across"));
    let outage = loader.cache.bus_down();
    loader.cache.cache.bus_up("fake");
    across.finish("value");
    tokio::time::advance(SENT_WITHIN.duration().expect("it ends")).await;
    slow.finish("value");
    assert_eq!((loader.holds("slow"), loader.holds("across")), (Some("value".into()), Some("value".into())));
    assert!(loader.bus.take().is_empty());
    drop(outage);
    loader.cache.load("next", "value");
    assert_eq!(loader.bus.take().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_cannot_be_sent_now_is_not_sent_later_and_a_delete_is() {
    let [loader] = instances().await;
    loader.bus.set_failing(true);
    loader.cache.delete("k").done();
    loader.cache.load("k", "value");
    for key in ["a", "b", "c"] {
        loader.cache.load(key, "value");
    }
    loader.cache.delete("k").done();
    let postponed = loader.bus.postponed();
    assert!(postponed.iter().all(|message| matches!(message.body, Body::Delete(_))), "{postponed:?}");
    assert_eq!(postponed.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_arrives_as_an_instance_begins_to_listen_lives_for_two_seconds() {
    let seen = || Some(SeenNumbers::default());
    let joining = JOINING.duration().expect("it ends");
    let joiner = Instance::new("joiner");
    let value = |key| Message { seen: seen(), ..message(None, 0, set(key, "value")) };
    joiner.hears(&[value("a")]);
    assert_eq!(joiner.holds("a").as_deref(), Some("value"));
    tokio::time::advance(joining).await;
    assert_eq!(joiner.holds("a"), None, "what invalidates it may have gone out before");
    joiner.hears(&[value("b")]);
    tokio::time::advance(joining).await;
    assert_eq!(joiner.holds("b").as_deref(), Some("value"));
    joiner.cache.heal(GapReason::Resubscribed, 0).done();
    joiner.hears(&[value("c")]);
    tokio::time::advance(joining).await;
    assert_eq!(joiner.holds("c"), None);
}

#[tokio::test(start_paused = true)]
async fn a_value_tells_first_of_the_publishers_that_matter_for_its_key() {
    let [loader, receiver] = instances().await;
    let publishers: Vec<String> = (0..30).map(|n| format!("publisher {n}")).collect();
    for (n, publisher) in publishers.iter().enumerate() {
        let about = if n == 3 { delete("k") } else { delete("other") };
        loader.hears(&[numbered(publisher, 100_000, about)]);
    }
    loader.cache.load("k", "value");
    let value = loader.bus.take();
    let seen = value[0].seen.clone().expect("it tells");
    assert!(seen.bytes().len() <= 57, "{}", seen.bytes().len());
    assert_eq!(seen.of(ShortName::of("publisher 3")), 100_000);
    receiver.hears(&[numbered("publisher 3", 100_000, delete("k"))]);
    receiver.hears(&value);
    assert_eq!(receiver.holds("k").as_deref(), Some("value"));
}

/// The settings of calls with a tag.
fn tagged(instance: &Instance, tag: &str) -> Settings {
    Settings { tags: Some([tag.into()].into()), ..instance.cache.cache.settings().clone() }
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_load_from_before_an_invalidation_of_its_tag_is_kept_by_nobody() {
    let [loader, clearer, third, late] = instances().await;
    let load = loader.cache.get_or_set_with("k", &tagged(&loader, "x"));
    clearer.cache.delete_by_tag("x").done();
    let cleared = clearer.bus.take();
    load.finish("old");
    let value = loader.bus.take();
    assert_eq!(value.len(), 1, "it has not heard of the tag");
    clearer.hears(&value);
    third.hears(&cleared);
    third.hears(&value);
    late.hears(&value);
    assert_eq!((clearer.holds("k"), third.holds("k")), (None, None));
    assert_eq!(late.holds("k").as_deref(), Some("old"));
    late.hears(&cleared);
    loader.hears(&cleared);
    assert_eq!((late.holds("k"), loader.holds("k")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_load_that_had_seen_the_invalidation_of_its_tag_is_kept_with_its_tag() {
    let [loader, clearer, third] = instances().await;
    clearer.cache.delete_by_tag("x").done();
    let cleared = clearer.bus.take();
    [&loader, &third].iter().for_each(|instance| instance.hears(&cleared));
    loader.cache.get_or_set_with("k", &tagged(&loader, "x")).finish("new");
    loader.cache.get_or_set_with("other", &tagged(&loader, "y")).finish("other");
    let values = loader.bus.take();
    [&clearer, &third].iter().for_each(|instance| instance.hears(&values));
    assert_eq!((clearer.holds("k").as_deref(), third.holds("k").as_deref()), (Some("new"), Some("new")));
    third.cache.delete_by_tag("x").done();
    let cleared = third.bus.take();
    [&loader, &clearer].iter().for_each(|instance| instance.hears(&cleared));
    let all = [&loader, &clearer, &third];
    assert!(all.iter().all(|instance| instance.holds("k").is_none()));
    assert!(all.iter().all(|instance| instance.holds("other").is_some()));
}

#[tokio::test(start_paused = true)]
async fn a_value_with_tags_is_not_kept_where_it_would_not_be_found_by_them() {
    let custom = Layer1::Custom(Arc::new(FakeStore::new(Clock::new())));
    let layered = Layered::over(options(), custom, |store| store);
    layered.harness.apply(message(None, 0, set("k", "value")).of_tags(&["x".into()])).done();
    assert_eq!(layered.harness.get("k").done(), None);
    assert!(layered.harness.events.take_lines().iter().all(|line| !line.starts_with("set:received")));
}
