//! The three queues beside naive ones.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
};

use proptest::prelude::*;

use super::*;

fn s3fifo(entries: usize) -> Bounded<u32> {
    map(entries, None, PolicyKind::S3Fifo)
}

/// Inserts keys that were not there before.
fn fill(map: &mut Bounded<u32>, keys: std::ops::Range<u32>) {
    for n in keys {
        put(map, &n.to_string(), n);
    }
}

fn used(map: &mut Bounded<u32>, key: &str, times: u32) {
    (0..times).for_each(|_| assert!(map.get(key.as_bytes(), Time(0)).is_some()));
}

#[test]
fn a_scan_does_not_wash_out_entries_that_were_used_twice() {
    let mut map = s3fifo(1000);
    for n in 0..500 {
        put(&mut map, &format!("hot{n}"), n);
        used(&mut map, &format!("hot{n}"), 2);
    }
    fill(&mut map, 0..10_000);
    assert!((0..500).all(|n| has(&map, &format!("hot{n}"))));
    assert_eq!(map.len(Time(0)), 1000);
}

#[test]
fn one_use_proves_nothing_two_do() {
    let mut map = s3fifo(200);
    put(&mut map, "once", 0);
    put(&mut map, "twice", 0);
    used(&mut map, "once", 1);
    used(&mut map, "twice", 2);
    fill(&mut map, 0..300);
    assert!(!has(&map, "once") && has(&map, "twice"));
}

#[test]
fn who_comes_back_soon_after_its_eviction_is_not_on_trial_again() {
    let mut map = s3fifo(100);
    fill(&mut map, 0..101);
    assert!(!has(&map, "0"));
    put(&mut map, "0", 0);
    // Each of them fails its trial.
    fill(&mut map, 200..280);
    assert!(has(&map, "0"));
}

#[test]
fn the_small_queue_is_bounded_in_bytes_as_well() {
    let mut map = map(1000, Some(1000), PolicyKind::S3Fifo);
    for n in 0..9 {
        map.insert(&format!("hot{n}").as_str().into(), n, 100, Time::NEVER, Time(0));
        used(&mut map, &format!("hot{n}"), 2);
    }
    for n in 0..100 {
        map.insert(&format!("once{n}").as_str().into(), n, 50, Time::NEVER, Time(0));
    }
    assert!((0..9).all(|n| has(&map, &format!("hot{n}"))));
}

#[test]
fn a_removed_entry_is_not_remembered_as_one_that_failed() {
    let mut map = s3fifo(100);
    put(&mut map, "removed", 0);
    map.remove(b"removed");
    put(&mut map, "removed", 0);
    fill(&mut map, 0..100);
    assert!(!has(&map, "removed"));
}

#[test]
fn chosen_victims_make_room_in_their_order_and_one_that_is_used_stays() {
    let mut map = s3fifo(100);
    fill(&mut map, 0..100);
    assert_eq!(map.victims(3).copied().collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(map.len(Time(0)), 100);
    used(&mut map, "1", 1);
    assert_eq!(map.victims(2).copied().collect::<Vec<_>>(), [0, 2]);
    fill(&mut map, 100..102);
    assert!(!has(&map, "0") && has(&map, "1") && !has(&map, "2"));
}

#[test]
fn a_victim_that_is_removed_makes_no_room_twice() {
    let mut map = s3fifo(4);
    fill(&mut map, 0..4);
    assert_eq!(map.victims(2).copied().collect::<Vec<_>>(), [0, 1]);
    map.remove(b"0");
    fill(&mut map, 4..6);
    assert!(!has(&map, "1") && has(&map, "2"));
}

/// The queues the obvious way, the oldest first; an entry is its key and how often it was used.
#[derive(Default)]
struct Naive {
    small: VecDeque<(u8, u8)>,
    main: VecDeque<(u8, u8)>,
    /// Keys that make room next.
    leaving: VecDeque<u8>,
    /// Keys, and the order in which they were remembered.
    ghost: VecDeque<(u8, bool)>,
}

impl Naive {
    fn touch(&mut self, key: u8) -> bool {
        if self.leaving.contains(&key) {
            self.leaving.retain(|other| *other != key);
            self.main.push_back((key, 0));
            return true;
        }
        let found = self.small.iter_mut().chain(&mut self.main).find(|entry| entry.0 == key);
        found.map(|entry| entry.1 = 3.min(entry.1 + 1)).is_some()
    }

    fn held(&self) -> usize {
        self.small.len() + self.main.len() + self.leaving.len()
    }

    fn insert(&mut self, key: u8, most: usize) {
        if self.touch(key) {
            return;
        }
        if self.held() == most {
            self.choose(1, most);
            self.leaving.pop_front();
        }
        let known = self.ghost.iter_mut().find(|known| known.0 == key && known.1);
        if known.map(|known| known.1 = false).is_some() {
            self.main.push_back((key, 0));
        } else {
            self.small.push_back((key, 0));
        }
    }

    fn remove(&mut self, key: u8) {
        self.small.retain(|entry| entry.0 != key);
        self.main.retain(|entry| entry.0 != key);
        self.leaving.retain(|other| *other != key);
    }

    fn choose(&mut self, victims: usize, most: usize) {
        let trial = (most / if most < 100 { 2 } else { 10 }).max(1);
        while self.leaving.len() < victims && self.small.len() + self.main.len() > 0 {
            let is_full = !self.small.is_empty() && self.small.len() + self.leaving.len() >= trial;
            if is_full || self.main.is_empty() {
                let (key, uses) = self.small.pop_front().expect("it is not empty");
                if uses > 1 {
                    self.main.push_back((key, 0));
                    continue;
                }
                self.ghost.iter_mut().filter(|known| known.0 == key).for_each(|known| known.1 = false);
                self.ghost.push_back((key, true));
                let held = self.held() + 1;
                self.ghost.drain(..self.ghost.len().saturating_sub(held - held / 10));
                self.leaving.push_back(key);
                continue;
            }
            let (key, uses) = self.main.pop_front().expect("it is not empty");
            if uses == 0 {
                self.leaving.push_back(key);
            } else {
                self.main.push_back((key, uses - 1));
            }
        }
    }

    fn keys(&self) -> Vec<u8> {
        let tried = self.small.iter().chain(&self.main).map(|entry| entry.0);
        let mut keys: Vec<u8> = tried.chain(self.leaving.iter().copied()).collect();
        keys.sort_unstable();
        keys
    }
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u8),
    Get(u8),
    /// A use that is counted elsewhere; of a victim the map is told.
    Count(u8),
    Remove(u8),
    Choose(u8),
}

/// Values that count their uses.
fn counted(entries: usize) -> Bounded<Arc<AtomicU8>> {
    let limits = Limits { entries, bytes: None };
    Bounded::new(limits, PolicyKind::S3Fifo).counted_by(|uses: &Arc<AtomicU8>| uses.swap(0, Relaxed))
}

proptest! {
    #[test]
    fn it_holds_the_keys_that_naive_queues_hold(
        most in prop_oneof![1..12_usize, Just(100)],
        steps in proptest::collection::vec(
            prop_oneof![
                4 => any::<u8>().prop_map(Step::Insert),
                2 => any::<u8>().prop_map(Step::Get),
                4 => any::<u8>().prop_map(Step::Count),
                1 => any::<u8>().prop_map(Step::Remove),
                1 => (0..12_u8).prop_map(Step::Choose),
            ],
            1..600,
        ),
        few in 4..=u8::MAX,
    ) {
        let (mut map, mut naive) = (counted(most), Naive::default());
        for step in steps {
            match step {
                Step::Insert(key) => {
                    map.insert(&Key::from_wtf8(&[key % few]), Arc::default(), 1, Time::NEVER, Time(0));
                    naive.insert(key % few, most);
                }
                Step::Get(key) => {
                    map.get(&[key % few], Time(0));
                    naive.touch(key % few);
                }
                Step::Count(key) => {
                    if naive.leaving.contains(&(key % few)) {
                        map.get(&[key % few], Time(0));
                    } else if let Some((_, held)) = map.peek(&[key % few], Time(0)) {
                        held.value.store(3.min(held.value.load(Relaxed) + 1), Relaxed);
                    }
                    naive.touch(key % few);
                }
                Step::Remove(key) => {
                    map.remove(&[key % few]);
                    naive.remove(key % few);
                }
                Step::Choose(victims) => {
                    let chosen = map.victims(victims.into()).count();
                    naive.choose(victims.into(), most);
                    prop_assert_eq!(chosen, naive.leaving.len().min(victims.into()));
                }
            }
            let held: Vec<u8> = (0..few).filter(|key| map.peek(&[*key], Time(0)).is_some()).collect();
            prop_assert_eq!(held, naive.keys());
        }
    }
}
