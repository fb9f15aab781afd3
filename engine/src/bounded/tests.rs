mod model;
mod s3fifo;

use super::*;

fn map(entries: usize, bytes: Option<u64>, policy: PolicyKind) -> Bounded<u32> {
    Bounded::new(Limits { entries, bytes }, policy)
}

fn lru(entries: usize) -> Bounded<u32> {
    map(entries, None, PolicyKind::Lru)
}

/// Inserts a value that does not expire and weighs 1.
fn put(map: &mut Bounded<u32>, key: &str, value: u32) -> Option<NodeId> {
    map.insert(&key.into(), value, 1, Time::NEVER, Time(0))
}

fn has(map: &Bounded<u32>, key: &str) -> bool {
    map.peek(key.as_bytes(), Time(0)).is_some()
}

mod lru_policy {
    use super::*;

    #[test]
    fn the_least_recently_used_makes_room() {
        let mut map = lru(2);
        put(&mut map, "a", 1);
        put(&mut map, "b", 2);
        map.get(b"a", Time(0));
        put(&mut map, "c", 3);
        assert!(has(&map, "a") && !has(&map, "b") && has(&map, "c"));
        assert_eq!(map.take_removed(), [2]);
    }

    #[test]
    fn a_recorded_use_counts_and_a_peek_does_not() {
        let mut map = lru(2);
        let a = put(&mut map, "a", 1).expect("room");
        put(&mut map, "b", 2);
        map.touch(a);
        assert!(map.peek(b"b", Time(0)).is_some());
        map.touch(99);
        put(&mut map, "c", 3);
        assert!(has(&map, "a") && !has(&map, "b"));
    }

    #[test]
    fn an_expired_entry_makes_room_before_a_live_one() {
        let mut map = lru(2);
        put(&mut map, "old", 1);
        map.insert(&"brief".into(), 2, 1, Time(10), Time(0));
        map.insert(&"new".into(), 3, 1, Time::NEVER, Time(10));
        assert!(has(&map, "old") && has(&map, "new"));
        assert_eq!(map.take_removed(), [2]);
    }

    #[test]
    fn heavier_entries_push_out_as_many_as_they_need() {
        let mut map = map(10, Some(10), PolicyKind::Lru);
        for (key, weight) in [("a", 4), ("b", 4), ("c", 2), ("b", 7)] {
            assert!(map.insert(&key.into(), 0, weight, Time::NEVER, Time(0)).is_some());
        }
        assert!(!has(&map, "a") && has(&map, "b") && has(&map, "c"));
        assert_eq!(map.weight(), Some(9));
    }
}

#[test]
fn an_entry_is_live_until_its_time_and_not_at_it() {
    let mut map = lru(2);
    map.insert(&"a".into(), 1, 1, Time(10), Time(0));
    assert!(map.get(b"a", Time(9)).is_some());
    assert_eq!(map.len(Time(9)), 1);
    assert!(map.peek(b"a", Time(10)).is_none());
    assert!(map.get(b"a", Time(10)).is_none());
    assert_eq!(map.len(Time(10)), 0);
    assert_eq!(map.take_removed(), [1]);
}

#[test]
fn an_overwrite_changes_value_weight_and_time() {
    let mut map = map(2, Some(10), PolicyKind::Lru);
    let id = map.insert(&"a".into(), 1, 5, Time(10), Time(0)).expect("it fits");
    map.set_flags(id, 7);
    assert_eq!(map.peek(b"a", Time(0)).map(|(_, entry)| entry.flags), Some(7));
    map.insert(&"a".into(), 2, 3, Time(20), Time(0));
    let (_, entry) = map.peek(b"a", Time(15)).expect("live");
    assert_eq!((entry.value, entry.flags, entry.expires), (2, 0, Time(20)));
    assert_eq!((map.weight(), map.len(Time(19)), map.len(Time(20))), (Some(3), 1, 0));
    assert_eq!(map.take_removed(), [1, 2]);
}

#[test]
fn what_cannot_be_stored_takes_the_older_entry_with_it() {
    for (weight, expires) in [(11, Time::NEVER), (1, Time(5))] {
        let mut map = map(2, Some(10), PolicyKind::Lru);
        put(&mut map, "a", 1);
        assert!(map.insert(&"a".into(), 2, weight, expires, Time(5)).is_none());
        assert!(!has(&map, "a"));
        assert_eq!((map.weight(), map.take_removed()), (Some(0), vec![1, 2]));
    }
}

#[test]
fn remove_gives_the_value_and_the_rest_is_collected() {
    let mut map = lru(9);
    for (value, key) in (1..).zip(["a1", "a2", "b1", "b2"]) {
        put(&mut map, key, value);
    }
    assert_eq!((map.remove(b"a1"), map.remove(b"a1")), (Some(1), None));
    assert_eq!(map.remove_where(|key| key.as_bytes().starts_with(b"b")), 2);
    assert_eq!(map.take_removed(), [3, 4]);
    map.clear();
    let mut removed = vec![0];
    map.drain_removed(&mut removed);
    assert_eq!((removed, map.len(Time(0)), map.weight()), (vec![0, 2], 0, None));
    assert!(map.take_removed().is_empty());
    assert!(put(&mut map, "a1", 5).is_some());
}

#[test]
fn values_change_in_place() {
    let mut map = lru(1);
    let id = put(&mut map, "a", 1).expect("room");
    *map.node_value_mut(id).expect("held") = 7;
    assert_eq!((map.node_value(id), map.node_value(id + 1)), (Some(&7), None));
}

#[test]
fn a_scan_visits_each_live_entry_once_in_bounded_steps() {
    let mut map = lru(1000);
    for n in 0..1000 {
        let expires = if n % 10 == 0 { Time(5) } else { Time::NEVER };
        map.insert(&format!("{n}").as_str().into(), n, 1, expires, Time(0));
    }
    let (mut seen, mut cursor, mut calls) = (Vec::new(), Some(0), 0);
    while let Some(from) = cursor {
        let mut looked = 0;
        cursor = map.scan(from, 4, Time(5), |_, entry| {
            looked += 1;
            let wanted = entry.value >= 500;
            seen.extend(wanted.then_some(entry.value));
            wanted
        });
        assert!(looked <= 64);
        calls += 1;
    }
    assert!(calls > 100);
    assert_eq!(seen, (500..1000).rev().filter(|n| n % 10 != 0).collect::<Vec<_>>());
    assert_eq!(map.scan(5000, 0, Time(5), |_, _| true), None);
}

#[test]
fn a_scan_begins_with_the_most_recently_used_and_is_no_use_itself() {
    let mut map = lru(4);
    for (key, value) in [("a", 0), ("b", 1), ("c", 2), ("d", 3)] {
        put(&mut map, key, value);
    }
    map.get(b"b", Time(0));
    for _ in 0..2 {
        let mut seen = Vec::new();
        map.scan(0, 10, Time(0), |_, entry| {
            seen.push(entry.value);
            true
        });
        assert_eq!(seen, [1, 3, 2, 0]);
    }
}

mod tinylfu_policy {
    use super::*;

    #[test]
    fn a_scan_does_not_wash_out_what_is_popular() {
        let mut map = map(100, None, PolicyKind::TinyLfu);
        for _ in 0..20 {
            for n in 0..50 {
                let key = format!("hot{n}");
                if map.get(key.as_bytes(), Time(0)).is_none() {
                    put(&mut map, &key, n);
                }
            }
        }
        for n in 0..10_000 {
            put(&mut map, &format!("once{n}"), n);
        }
        let kept = (0..50).filter(|n| has(&map, &format!("hot{n}"))).count();
        assert!(kept >= 45, "{kept} of 50 kept");
        assert_eq!(map.len(Time(0)), 100);
    }

    #[test]
    fn a_newcomer_that_is_asked_for_often_stays_once_others_have_come_after_it() {
        let mut map = map(10, None, PolicyKind::TinyLfu);
        for n in 0..10 {
            put(&mut map, &format!("{n}"), n);
        }
        // Two are in the window.
        for key in ["new", "x", "y"] {
            assert!(put(&mut map, key, 0).is_some());
        }
        assert!(!has(&map, "new"));
        for _ in 0..10 {
            assert!(map.get(b"new", Time(0)).is_none());
        }
        for key in ["new", "v", "w"] {
            assert!(put(&mut map, key, 0).is_some());
        }
        assert!(has(&map, "new"));
        assert_eq!(map.len(Time(0)), 10);
    }

    #[test]
    fn a_key_that_is_in_use_for_a_short_time_is_held_for_it() {
        let mut map = map(100, None, PolicyKind::TinyLfu);
        for n in 0..100 {
            put(&mut map, &n.to_string(), n);
            (0..5).for_each(|_| assert!(map.get(n.to_string().as_bytes(), Time(0)).is_some()));
        }
        for n in 1000..2000 {
            put(&mut map, &n.to_string(), n);
            assert!((n.max(1010) - 10..n).all(|recent| has(&map, &recent.to_string())));
        }
    }

    #[test]
    fn expired_entries_make_room_without_asking_for_frequency() {
        let mut map = map(10, Some(1000), PolicyKind::TinyLfu);
        for n in 0..20 {
            let (now, expires) = if n < 10 { (Time(0), Time(5)) } else { (Time(5), Time(9)) };
            assert!(map.insert(&format!("{n}").as_str().into(), n, 1, expires, now).is_some());
        }
        assert_eq!(map.len(Time(5)), 10);
    }
}
