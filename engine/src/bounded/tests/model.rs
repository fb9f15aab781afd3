//! Random steps on a map, compared with an obvious one after each.

use proptest::prelude::*;

use crate::bounded::*;

#[derive(Debug, Clone)]
enum Step {
    Insert { key: u8, weight: u64, life: u64 },
    Get(u8),
    Touch(u8),
    Remove(u8),
    RemoveBelow(u8),
    Clear,
    Pass(u64),
    Choose(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..12_u8;
    let life = prop_oneof![3 => 0..40_u64, 1 => Just(u64::MAX)];
    let insert = (key.clone(), 0..8_u64, life);
    let step = prop_oneof![
        8 => insert.prop_map(|(key, weight, life)| Step::Insert { key, weight, life }),
        4 => key.clone().prop_map(Step::Get),
        2 => key.clone().prop_map(Step::Touch),
        1 => key.clone().prop_map(Step::Remove),
        1 => key.prop_map(Step::RemoveBelow),
        1 => Just(Step::Clear),
        4 => (0..10_u64).prop_map(Step::Pass),
        1 => (0..4_usize).prop_map(Step::Choose),
    ];
    proptest::collection::vec(step, 1..200)
}

/// Key, value, weight and expiry.
type Modelled = (u8, u32, u64, Time);

/// The behaviour of the map, the obvious way: oldest first, everything looked at each time.
#[derive(Default)]
struct Model {
    entries: Vec<Modelled>,
}

impl Model {
    fn expire(&mut self, now: Time) {
        self.entries.retain(|entry| now < entry.3);
    }

    fn touch(&mut self, key: u8) -> Option<u32> {
        let at = self.entries.iter().position(|entry| entry.0 == key)?;
        let entry = self.entries.remove(at);
        self.entries.push(entry);
        Some(entry.1)
    }

    fn insert(&mut self, entry: Modelled, limits: Limits, now: Time) {
        self.entries.retain(|old| old.0 != entry.0);
        if entry.3 <= now || limits.bytes.is_some_and(|bytes| entry.2 > bytes) {
            return;
        }
        self.entries.push(entry);
        let over = |entries: &[Modelled]| {
            entries.len() > limits.entries
                || limits.bytes.is_some_and(|bytes| entries.iter().map(|entry| entry.2).sum::<u64>() > bytes)
        };
        while over(&self.entries) {
            self.entries.remove(0);
        }
    }
}

/// A map under test, and the fate of every value in it.
struct Run {
    map: Bounded<u32>,
    limits: Limits,
    now: Time,
    given: u32,
    weights: Vec<u64>,
    back: Vec<u32>,
}

impl Run {
    fn new(limits: Limits, policy: PolicyKind) -> Run {
        Run {
            map: Bounded::new(limits, policy),
            limits,
            now: Time(0),
            given: 0,
            weights: Vec::new(),
            back: Vec::new(),
        }
    }

    fn step(&mut self, step: &Step, model: &mut Model) -> Result<(), TestCaseError> {
        match *step {
            Step::Insert { key, weight, life } => {
                let expires = Time(self.now.0.saturating_add(life));
                let id = self.map.insert(&Key::from_wtf8(&[key]), self.given, weight, expires, self.now);
                prop_assert_eq!(id.is_some(), self.map.peek(&[key], self.now).is_some());
                model.insert((key, self.given, weight, expires), self.limits, self.now);
                self.given += 1;
                self.weights.push(weight);
            }
            Step::Get(key) => {
                self.map.get(&[key], self.now);
                model.touch(key);
            }
            Step::Touch(key) => {
                let unused = (0..).find(|&id| self.map.node_value(id).is_none());
                let id = self.map.peek(&[key], self.now).map(|(id, _)| id);
                id.or(unused).into_iter().for_each(|id| self.map.touch(id));
                model.touch(key);
            }
            Step::Remove(key) => {
                self.back.extend(self.map.remove(&[key]));
                model.entries.retain(|entry| entry.0 != key);
            }
            Step::RemoveBelow(below) => {
                self.map.remove_where(|key| key.as_bytes()[0] < below);
                model.entries.retain(|entry| entry.0 >= below);
            }
            Step::Clear => {
                self.map.clear();
                model.entries.clear();
            }
            Step::Choose(victims) => {
                let held = self.map.held();
                prop_assert!(self.map.victims(victims).count() <= held.min(victims));
            }
            Step::Pass(time) => self.now = Time(self.now.0 + time),
        }
        model.expire(self.now);
        self.map.drain_removed(&mut self.back);
        self.check_bounds()
    }

    fn check_bounds(&mut self) -> Result<(), TestCaseError> {
        let weight = self.map.weight().unwrap_or(0);
        prop_assert!(self.limits.bytes.is_none_or(|bytes| weight <= bytes));
        let (mut live, mut held) = (0, 0);
        let end = self.map.scan(0, usize::MAX, self.now, |_, entry| {
            live += 1;
            held += self.weights[entry.value as usize];
            true
        });
        prop_assert_eq!(end, None);
        prop_assert!(live <= self.limits.entries);
        prop_assert!(self.limits.bytes.is_none() || held <= weight);
        Ok(())
    }

    /// Each inserted value is either still held or came back, once.
    fn finish(mut self) -> Result<(), TestCaseError> {
        self.map.clear();
        self.map.drain_removed(&mut self.back);
        self.back.sort_unstable();
        prop_assert_eq!(self.back, (0..self.given).collect::<Vec<_>>());
        Ok(())
    }
}

fn limits() -> impl Strategy<Value = Limits> {
    (1..8_usize, proptest::option::of(1..20_u64)).prop_map(|(entries, bytes)| Limits { entries, bytes })
}

proptest! {
    #[test]
    fn lru_holds_what_a_naive_one_holds(limits in limits(), steps in steps(), count in any::<bool>()) {
        let (mut run, mut model) = (Run::new(limits, PolicyKind::Lru), Model::default());
        for step in &steps {
            run.step(step, &mut model)?;
            for key in 0..12 {
                let held = run.map.peek(&[key], run.now).map(|(_, entry)| entry.value);
                let expected = model.entries.iter().find(|entry| entry.0 == key).map(|entry| entry.1);
                prop_assert_eq!(held, expected, "key {} after {:?}", key, step);
            }
            if count {
                prop_assert_eq!(run.map.len(run.now), model.entries.len());
            }
        }
        prop_assert_eq!(run.map.len(run.now), model.entries.len());
        run.finish()?;
    }

    #[test]
    fn the_others_keep_their_bounds_and_lose_no_value(limits in limits(), steps in steps()) {
        for policy in [PolicyKind::TinyLfu, PolicyKind::S3Fifo] {
            let (mut run, mut model) = (Run::new(limits, policy), Model::default());
            for step in &steps {
                run.step(step, &mut model)?;
            }
            prop_assert!(run.map.len(run.now) <= limits.entries);
            run.finish()?;
        }
    }
}
