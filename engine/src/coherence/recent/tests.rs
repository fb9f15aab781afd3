use super::*;
use crate::bus::ShortName;

fn number(publisher: &str, sequence: u64) -> Number {
    Number { publisher: publisher.to_owned(), sequence }
}

fn seen(told: &[(&str, u64)]) -> SeenNumbers {
    let mut seen = SeenNumbers::default();
    for (publisher, number) in told {
        assert!(seen.add(ShortName::of(publisher), *number));
    }
    seen
}

fn key(text: &str) -> Target {
    Target::Key(text.into())
}

fn pattern(text: &str) -> Target {
    Target::Pattern(text.into())
}

const NOW: Time = Time(1);

#[test]
fn a_key_remembers_the_last_invalidation_of_each_publisher() {
    let recent = Recent::default();
    for (publisher, sequence) in [("p", 1), ("q", 7), ("p", 2), ("p", 1)] {
        recent.applies(&key("k"), &number(publisher, sequence), NOW);
    }
    let admits = |told: &[(&str, u64)]| recent.admits(&"k".into(), &seen(told), NOW);
    assert_eq!(admits(&[("p", 2), ("q", 7)]), Admission::Admitted);
    assert_eq!(admits(&[("p", 2), ("q", 6)]), Admission::Refused);
    assert_eq!(admits(&[("p", 1), ("q", 7)]), Admission::Refused);
    assert_eq!(recent.admits(&"other".into(), &seen(&[]), NOW), Admission::Admitted);
}

#[test]
fn more_keys_than_are_remembered_are_a_number_that_every_value_has_to_have_seen() {
    let recent = Recent::default();
    for sequence in 1..=KEYS as u64 + 100 {
        recent.applies(&key(&format!("k{sequence}")), &number("p", sequence), NOW);
    }
    assert!(recent.len(NOW) <= KEYS);
    let admits = |told| recent.admits(&"other".into(), &seen(&[("p", told)]), NOW);
    assert_eq!((admits(99), admits(100)), (Admission::Refused, Admission::Admitted));
    // Once their time is over they are forgotten.
    let mut now = NOW;
    for _ in 0..20 {
        now = now.after(Ttl(LONGEST_STEP));
        recent.heard(&number("q", 1), now);
    }
    assert_eq!(recent.admits(&"other".into(), &seen(&[]), now), Admission::Admitted);
    assert_eq!(recent.len(now), 0);
}

#[test]
fn long_keys_are_fewer() {
    let recent = Recent::default();
    for sequence in 1..=100 {
        let long = format!("{sequence} {}", "x".repeat(200_000));
        recent.applies(&key(&long), &number("p", sequence), NOW);
    }
    assert!(recent.len(NOW) <= 21, "{}", recent.len(NOW));
    assert_eq!(recent.admits(&"other".into(), &seen(&[("p", 50)]), NOW), Admission::Refused);
}

#[test]
fn more_patterns_than_are_remembered_are_one_too_and_the_same_one_counts_once() {
    let recent = Recent::default();
    for sequence in 1..=200 {
        recent.applies(&pattern("same*"), &number("p", sequence), NOW);
    }
    assert_eq!(recent.len(NOW), 1);
    assert_eq!(recent.admits(&"other".into(), &seen(&[]), NOW), Admission::Admitted);
    for sequence in 201..=200 + PATTERNS as u64 {
        recent.applies(&pattern(&format!("{sequence}*")), &number("p", sequence), NOW);
    }
    assert_eq!(recent.len(NOW), PATTERNS);
    assert_eq!(recent.admits(&"other".into(), &seen(&[("p", 199)]), NOW), Admission::Refused);
    assert_eq!(recent.admits(&"other".into(), &seen(&[("p", 200)]), NOW), Admission::Admitted);
}

#[test]
fn an_own_invalidation_that_came_to_nothing_is_forgotten() {
    let recent = Arc::new(Recent::default());
    let underway = recent.begin(key("k"));
    assert_eq!(recent.admits(&"k".into(), &seen(&[("me", 9)]), NOW), Admission::Refused);
    drop(underway);
    assert_eq!(recent.admits(&"k".into(), &seen(&[]), NOW), Admission::Admitted);
    let underway = recent.begin(key("k"));
    underway.published(&number("me", 9), NOW);
    drop(underway);
    assert_eq!(recent.admits(&"k".into(), &seen(&[("me", 8)]), NOW), Admission::Refused);
    assert_eq!(recent.admits(&"k".into(), &seen(&[("me", 9)]), NOW), Admission::Admitted);
}

#[test]
fn own_numbers_that_are_left_out_are_of_other_caches() {
    let recent = Arc::new(Recent::default());
    for sequence in [1, 5] {
        recent.begin(key("k")).published(&number("me", sequence), NOW);
    }
    assert_eq!(recent.admits(&"other".into(), &seen(&[]), NOW), Admission::Admitted);
}

/// Two names with the same 24 bits.
fn clashing() -> (String, String) {
    let mut names = std::collections::HashMap::new();
    for n in 0u64.. {
        let name = format!("p{n}");
        if let Some(other) = names.insert(ShortName::of(&name), name.clone()) {
            return (other, name);
        }
    }
    unreachable!("they are finite")
}

#[test]
fn publishers_that_cannot_be_told_apart_are_as_good_as_unseen() {
    let (one, other) = clashing();
    let recent = Recent::default();
    recent.applies(&key("k"), &number(&one, 5), NOW);
    assert_eq!(recent.admits(&"k".into(), &seen(&[(&one, 5)]), NOW), Admission::Admitted);
    recent.heard(&number(&other, 9), NOW);
    assert_eq!(recent.admits(&"k".into(), &seen(&[(&one, 9)]), NOW), Admission::Refused);
    let told = recent.tells(&["k".into()], &recent.seen(), NOW).expect("the bus was up");
    assert_eq!(told.of(ShortName::of(&one)), 0);
}

#[test]
fn publishers_without_end_take_no_memory_without_end() {
    let recent = Recent::default();
    for n in 0..6000 {
        recent.applies(&key("k"), &number(&format!("p{n}"), 1), NOW);
    }
    let state = recent.state.lock();
    assert!(state.publishers.count() <= 4096, "{}", state.publishers.count());
    drop(state);
    let admitted = recent.admits(&"other".into(), &seen(&[]), NOW);
    assert_eq!(admitted, Admission::Refused, "one that was forgotten may have invalidated it");
}

#[test]
fn what_a_publisher_invalidated_long_ago_is_forgotten_of_keys_that_others_go_on_deleting() {
    let recent = Recent::default();
    recent.applies(&key("k"), &number("gone", 1), NOW);
    let mut now = NOW;
    for sequence in 1..=20 {
        now = now.after(Ttl(LONGEST_STEP));
        recent.applies(&key("k"), &number("lives", sequence), now);
    }
    let admits = |told: &[(&str, u64)]| recent.admits(&"k".into(), &seen(told), now);
    assert_eq!(admits(&[("lives", 20)]), Admission::Admitted);
    assert_eq!(admits(&[("lives", 19)]), Admission::Refused);
}

#[test]
fn a_key_that_ever_new_publishers_delete_remembers_those_of_late() {
    let recent = Recent::default();
    let mut now = NOW;
    for at in 0..1000 {
        now = now.after(Ttl(LONGEST_STEP));
        recent.applies(&key("k"), &number(&format!("p{at}"), 1), now);
    }
    let state = recent.state.lock();
    let (_, entry) = state.keys.peek(b"k", Time::ZERO).expect("it is remembered");
    let remembered = 1 + entry.value.others.len();
    assert!(remembered <= 11, "{remembered}");
}

#[test]
fn more_publishers_than_are_remembered_of_a_key_are_numbers_that_every_value_has_to_have_seen() {
    let recent = Recent::default();
    for at in 0..=PUBLISHERS_OF_KEY {
        recent.applies(&key("k"), &number(&format!("p{at}"), 1), NOW);
    }
    let admits = |told: &[(&str, u64)]| recent.admits(&"other".into(), &seen(told), NOW);
    assert_eq!((admits(&[]), admits(&[("p0", 1)])), (Admission::Refused, Admission::Admitted));
}

#[test]
fn an_invalidation_that_is_not_published_is_under_way_no_more() {
    let recent = Arc::new(Recent::default());
    let admits = |name: &str| recent.admits(&name.into(), &seen(&[("p", 1)]), NOW);
    let (first, second) = (recent.begin(key("k")), recent.begin(key("k")));
    let (wide, wider) = (recent.begin(pattern("a*")), recent.begin(pattern("a*")));
    drop((first, wide));
    assert_eq!((admits("k"), admits("ab")), (Admission::Refused, Admission::Refused), "others are");
    drop((second, wider));
    assert_eq!((admits("k"), admits("ab")), (Admission::Admitted, Admission::Admitted));
}

#[test]
fn many_invalidations_that_are_under_way_cost_each_no_more_than_few() {
    const MANY: u64 = 30_000;
    let recent = Arc::new(Recent::default());
    let clock = crate::clock::Clock::new();
    let start = clock.now();
    let underway: Vec<_> = (0..MANY).map(|at| recent.begin(key(&format!("k{at}")))).collect();
    for (at, one) in (0..).zip(&underway) {
        one.published(&number("self", at + 1), NOW);
        assert_eq!(recent.admits(&"other".into(), &seen(&[("self", MANY)]), NOW), Admission::Admitted);
    }
    drop(underway);
    let took = clock.now().since(start);
    // If each looked at all others, this would take half a minute.
    assert!(took < std::time::Duration::from_secs(5), "{took:?}");
}
