//! Deletes of so many keys that other tasks have their turns in between.

use std::{sync::Arc, time::Duration};

use lazy_layers_engine::{
    bus::{Body, Bus, Message, SeenNumbers, ShortName, wire::Number},
    cache::Layers,
    clock::Clock,
    testing::{FakeBus, Harness, Pending, memory},
};

use crate::setup::*;

/// More than one slice of removals, and of deletes that are counted.
const KEYS: usize = 25_000;
const TURN: Duration = Duration::from_millis(1);

fn name(number: usize) -> String {
    format!("k{number}")
}

/// A cache with as many keys and a bus.
fn filled() -> Harness<Text> {
    let bus = Arc::new(FakeBus::default());
    let layers = Layers { l1: memory(KEYS), l2: None, bus: Some(bus as Arc<dyn Bus<Text>>) };
    let cache = Harness::new(options(), layers, Clock::new());
    (0..KEYS).for_each(|number| cache.set(&name(number), "value").done());
    cache
}

/// Calls `act` in each turn of others during a delete. Returns how many there were.
async fn in_each_turn(cache: &Harness<Text>, deleting: Pending<()>, mut act: impl FnMut(usize)) -> usize {
    let mut turns = 0;
    while !deleting.is_over() {
        act(turns);
        turns += 1;
        cache.pass(TURN).await;
    }
    turns
}

#[tokio::test(start_paused = true)]
async fn a_value_that_tells_nothing_of_a_pattern_is_kept_in_none_of_its_turns() {
    // From an older version; or by a pattern of one, which has no number that the value could have seen.
    let unaware = |key: &str| message(Some(0), 0, set(key, "old"));
    let aware = |key: &str| Message { seen: Some(SeenNumbers::default()), ..unaware(key) };
    for is_remote in [false, true] {
        let cache = filled();
        let pattern = || message(None, 0, Body::Pattern("k*".into()));
        let deleting = if is_remote { cache.apply(pattern()) } else { cache.delete_by_pattern("k*") };
        let every = |turn: usize| (turn * 7 % 500..KEYS).step_by(500).map(name);
        let turns = in_each_turn(&cache, deleting, |turn| {
            for (at, key) in every(turn).enumerate() {
                cache.apply(if at % 2 == 0 { unaware(&key) } else { aware(&key) }).done();
            }
        })
        .await;
        assert!(turns > 3, "{turns} turns");
        for key in (0..turns).flat_map(every) {
            assert_eq!(cache.get(&key).done(), None, "{key}, remote: {is_remote}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_has_seen_the_pattern_of_another_instance_is_kept_in_each_of_its_turns() {
    let cache = filled();
    let number = Some(Number { publisher: "p".to_owned(), sequence: 1 });
    let deleting = cache.apply(Message { number, ..message(None, 0, Body::Pattern("k*".into())) });
    let mut seen = SeenNumbers::default();
    assert!(seen.add(ShortName::of("p"), 1));
    let turns = in_each_turn(&cache, deleting, |turn| {
        let seen = Some(seen.clone());
        cache.apply(Message { seen, ..message(Some(1), 0, set(&name(turn), "new")) }).done();
        cache.apply(message(Some(1), 0, set(&name(KEYS - turn - 1), "unknown"))).done();
    })
    .await;
    for turn in 0..turns {
        assert_eq!(cache.get(&name(turn)).done(), some("new"));
        assert_eq!(cache.get(&name(KEYS - turn - 1)).done(), None);
    }
    cache.apply(message(Some(9), 0, set(&name(0), "newer"))).done();
    assert_eq!(cache.get(&name(0)).done(), some("newer"), "it refuses nothing once it is over");
}
