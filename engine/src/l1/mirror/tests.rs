//! Tests of mirrors: of the entries that each may answer, and of the records that the layer gets from all of them.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;

use super::*;
use crate::{
    bounded::PolicyKind,
    clock::Ttl,
    l1::{Life, Memory, MemoryOptions, Origin},
    testing::Weighed,
};

type Number = Weighed<u32>;

/// The state of a mirror, and its records since the last drain.
#[derive(Default)]
struct State {
    /// The values that it may answer.
    answered: BTreeMap<u32, NodeId>,
    victims: Vec<u32>,
    headroom: usize,
    journal: Vec<Did>,
    hits: u64,
}

enum Did {
    Hit(u32),
    Overwrite(u32),
    Insert(u32),
}

/// A mirror in the hands of a test. Cloning shares it.
#[derive(Clone, Default)]
struct Toy(Arc<Mutex<State>>);

impl Mirror<Number> for Toy {
    fn publish(&mut self, value: &Number, node: NodeId, until: Time) {
        self.retract(value);
        if until > Time::ZERO {
            self.0.lock().answered.insert(*value.as_inner(), node);
        }
    }

    fn ask_for(&mut self, value: &Number) {
        self.retract(value);
        self.0.lock().victims.push(*value.as_inner());
    }

    fn retract(&mut self, value: &Number) {
        let mut state = self.0.lock();
        state.answered.remove(value.as_inner());
        state.victims.retain(|victim| victim != value.as_inner());
    }

    fn drain(&mut self, apply: &mut dyn FnMut(Record<'_, Number>) -> Option<NodeId>) {
        let mut state = self.0.lock();
        for did in std::mem::take(&mut state.journal) {
            match did {
                Did::Hit(number) => {
                    apply(Record::Read(&[state.answered[&number]]));
                }
                Did::Overwrite(number) => {
                    let node = state.answered[&number];
                    apply(Record::Overwrite { node, stamp: Time(2), expires: Time::NEVER });
                }
                Did::Insert(number) => {
                    let (key, value) = (Key::from_number(number.into()), Weighed::new(number));
                    let node = apply(Record::Insert { key, value, stamp: Time(2), expires: Time::NEVER });
                    state.answered.extend(node.map(|node| (number, node)));
                }
            }
        }
    }

    fn stats(&self) -> MirrorStats {
        MirrorStats { hits: self.0.lock().hits, sets: 0 }
    }

    fn headroom(&mut self, entries: usize) {
        self.0.lock().headroom = entries;
    }
}

impl Toy {
    fn does(&self, did: Did) {
        let mut state = self.0.lock();
        state.hits += u64::from(matches!(did, Did::Hit(_)));
        state.journal.push(did);
    }

    fn answered(&self) -> Vec<u32> {
        self.0.lock().answered.keys().copied().collect()
    }

    fn victims(&self) -> Vec<u32> {
        self.0.lock().victims.clone()
    }

    fn headroom(&self) -> usize {
        self.0.lock().headroom
    }
}

/// A layer of four entries with that number of mirrors.
fn layer(policy: PolicyKind, mirrors: usize) -> (Memory<Number>, Vec<Toy>) {
    let toys = vec![(); mirrors].into_iter().map(|()| Toy::default()).collect::<Vec<_>>();
    let boxed = toys.iter().map(|toy| Box::new(toy.clone()) as Box<dyn Mirror<Number>>).collect();
    (Memory::new(MemoryOptions { entries: 4, bytes: None, policy }, boxed), toys)
}

fn put(memory: &Memory<Number>, number: u32) {
    let life = Life {
        stamp: Time(1),
        expires: Time::NEVER,
        lease: Ttl::FOREVER,
        asks: Time::NEVER,
        origin: Origin::Made,
        tags: None,
    };
    memory.put(&key(number), Weighed::new(number), life, Time(1));
}

fn key(number: u32) -> Key {
    Key::from_number(number.into())
}

fn held(memory: &Memory<Number>) -> Vec<u32> {
    (0..10).filter(|number| memory.peek(&key(*number), Time(1)).is_some()).collect()
}

#[test]
fn what_makes_room_next_is_asked_for_until_it_has_or_is_used() {
    let (memory, toys) = layer(PolicyKind::Lru, 1);
    (1..=4).for_each(|number| put(&memory, number));
    memory.drain(2);
    assert_eq!(toys[0].victims(), [1, 2]);
    memory.get(&key(1), Time(1));
    assert_eq!(toys[0].victims(), [2]);
    put(&memory, 5);
    assert!(toys[0].victims().is_empty());
    memory.drain(9);
    assert_eq!(toys[0].victims(), [3, 4, 1, 5]);
}

#[test]
fn s3fifo_chooses_its_victims_when_it_is_asked_for_them() {
    let (memory, toys) = layer(PolicyKind::S3Fifo, 1);
    (1..=4).for_each(|number| put(&memory, number));
    memory.drain(2);
    assert_eq!(toys[0].victims(), [1, 2]);
    memory.get(&key(1), Time(1));
    assert_eq!(toys[0].victims(), [2]);
    put(&memory, 5);
    assert!(toys[0].victims().is_empty());
    assert_eq!(held(&memory), [1, 3, 4, 5]);
}

#[test]
fn there_are_no_victims_where_the_policy_picks_or_several_mirrors_would_share_them() {
    for (policy, mirrors) in [(PolicyKind::TinyLfu, 1), (PolicyKind::Lru, 2)] {
        let (memory, toys) = layer(policy, mirrors);
        (1..=4).for_each(|number| put(&memory, number));
        memory.drain(2);
        assert!(toys.iter().all(|toy| toy.victims().is_empty()), "{policy:?}");
    }
}

#[test]
fn each_mirror_is_told_what_it_may_answer_and_what_not_any_more() {
    let (memory, toys) = layer(PolicyKind::Lru, 2);
    (1..=5).for_each(|number| put(&memory, number));
    assert!(toys.iter().all(|toy| toy.answered() == [2, 3, 4, 5]), "the first has made room");
    memory.remove(&key(3));
    assert!(toys.iter().all(|toy| toy.answered() == [2, 4, 5]));
    memory.remove_where(|held| *held != key(5));
    assert!(toys.iter().all(|toy| toy.answered() == [5]));
    memory.get(&key(5), Time(1));
    assert!(toys.iter().all(|toy| toy.answered() == [5]));
    memory.answer_absent(&Weighed::new(9), Time::NEVER);
    assert!(toys.iter().all(|toy| toy.answered() == [5, 9]));
    memory.retract(&Weighed::new(9));
    memory.clear();
    assert!(toys.iter().all(|toy| toy.answered().is_empty()));
}

#[test]
fn hits_of_each_mirror_count_before_anything_makes_room() {
    let (memory, toys) = layer(PolicyKind::Lru, 2);
    (1..=4).for_each(|number| put(&memory, number));
    toys[0].does(Did::Hit(1));
    toys[1].does(Did::Hit(2));
    put(&memory, 5);
    assert_eq!(held(&memory), [1, 2, 4, 5]);
    assert_eq!(memory.stats(Time(1)).mirror, MirrorStats { hits: 2, sets: 0 });
    assert_eq!(memory.glance().mirror.hits, 2);
}

#[test]
fn what_one_mirror_overwrites_the_others_do_not_answer_any_more() {
    let (memory, toys) = layer(PolicyKind::Lru, 3);
    (1..=2).for_each(|number| put(&memory, number));
    toys[1].does(Did::Overwrite(1));
    memory.drain(0);
    assert_eq!([toys[0].answered(), toys[1].answered(), toys[2].answered()], [vec![2], vec![1, 2], vec![2]]);
    memory.get(&key(1), Time(1));
    assert!(toys.iter().all(|toy| toy.answered() == [1, 2]), "who has asked may answer");
}

#[test]
fn mirrors_share_the_headroom_so_that_what_they_take_fits() {
    let (memory, toys) = layer(PolicyKind::Lru, 2);
    memory.drain(0);
    assert_eq!([toys[0].headroom(), toys[1].headroom()], [2, 2]);
    for number in 1..=2 {
        toys[0].does(Did::Insert(number));
        toys[1].does(Did::Insert(number + 2));
    }
    assert_eq!(held(&memory), [1, 2, 3, 4]);
    assert_eq!(memory.stats(Time(1)).evicted.capacity, 0);
    assert_eq!([toys[0].headroom(), toys[1].headroom()], [0, 0]);
}

#[test]
fn a_layer_without_a_mirror_works() {
    let (memory, _) = layer(PolicyKind::Lru, 0);
    (1..=5).for_each(|number| put(&memory, number));
    memory.drain(3);
    assert_eq!(held(&memory), [2, 3, 4, 5]);
}

#[test]
fn while_a_cache_is_blind_nothing_is_answered_that_was_not_asked_for() {
    let (memory, toys) = layer(PolicyKind::Lru, 1);
    let answered = || toys[0].0.lock().answered.keys().copied().collect::<Vec<_>>();
    put(&memory, 1);
    memory.blind();
    memory.blind();
    put(&memory, 2);
    memory.get(&key(1), Time(1));
    memory.see();
    memory.get(&key(1), Time(1));
    assert!(answered().is_empty());
    memory.see();
    assert!(answered().is_empty());
    memory.get(&key(2), Time(1));
    assert_eq!(answered(), [2]);
}
