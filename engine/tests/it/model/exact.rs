//! A cache beside the naive one.

use std::sync::Arc;

use lazy_layers_engine::{
    bounded::PolicyKind,
    bus::{Body, Message},
    cache::Layers,
    clock::{Clock, Ttl},
    entry::{key::Key, pattern::Pattern},
    l1::{Layer1, Memory, MemoryOptions},
    observe::Kind,
    options::{CacheOptions, Settings},
    store::Store,
    testing::{Answer, FakeStore, Harness, Request, Weighed, describe, kind_of},
};
use proptest::{prelude::*, test_runner::TestCaseResult};

use super::{
    naive::{self, NEVER, Naive},
    steps::*,
};
use crate::setup::ttl;

type Number = Weighed<u32>;

#[derive(Debug, Clone)]
pub(crate) struct Setup {
    entries: usize,
    l2: bool,
    negative: Option<u32>,
    stale: Option<u32>,
    inflight: (bool, u32, Option<usize>),
}

pub(crate) fn setup() -> impl Strategy<Value = Setup> {
    let inflight = (prop::bool::weighted(0.9), 5..40_u32, prop::option::of(1..3_usize));
    (1..5_usize, any::<bool>(), prop::option::of(1..30_u32), prop::option::of(10..60_u32), inflight)
        .prop_map(|(entries, l2, negative, stale, inflight)| Setup { entries, l2, negative, stale, inflight })
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Get(&'static str),
    Has(&'static str),
    Size,
    Set(&'static str, Option<u32>),
    GetOrSet(&'static str),
    End(usize, End),
    Delete(&'static str),
    Pattern(&'static str),
    RemoteDelete(&'static str, Option<u64>, bool),
    RemotePattern(&'static str, bool),
    RemoteSet(&'static str, Option<u64>, u32),
    Again,
    Pass(u32),
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let generation = || prop::option::of(0..4_u64);
    let step = prop_oneof![
        6 => key().prop_map(Step::Get),
        2 => key().prop_map(Step::Has),
        1 => Just(Step::Size),
        6 => (key(), life()).prop_map(|(key, life)| Step::Set(key, life)),
        10 => key().prop_map(Step::GetOrSet),
        8 => (nth(), end()).prop_map(|(nth, end)| Step::End(nth, end)),
        3 => key().prop_map(Step::Delete),
        2 => pattern().prop_map(Step::Pattern),
        2 => (key(), generation(), any::<bool>()).prop_map(|(key, sent, late)| Step::RemoteDelete(key, sent, late)),
        1 => (pattern(), any::<bool>()).prop_map(|(pattern, late)| Step::RemotePattern(pattern, late)),
        2 => (key(), generation(), 1..30_u32).prop_map(|(key, sent, life)| Step::RemoteSet(key, sent, life)),
        1 => Just(Step::Again),
        5 => (1..20_u32).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..40)
}

fn options(setup: &Setup) -> CacheOptions {
    let mut options = CacheOptions { stale_entries: 3, ..crate::setup::options() };
    let units = |units: u32| ttl(units * UNIT);
    let settings = &mut options.settings;
    settings.l1_ttl = units(25);
    settings.l2_ttl = units(40);
    settings.negative.entries = 2;
    settings.negative.ttl = setup.negative.map(units);
    settings.fail_safe.enabled = setup.stale.is_some();
    settings.fail_safe.ttl = setup.stale.map(units);
    settings.inflight.enabled = setup.inflight.0;
    settings.inflight.ttl = units(setup.inflight.1);
    settings.inflight.entries = setup.inflight.2;
    options
}

struct Run {
    cache: Harness<Number>,
    memory: Arc<Memory<Number>>,
    store: Option<Arc<FakeStore<Number>>>,
    naive: Naive,
    requests: Vec<Request<Number>>,
    next_value: u32,
    stamp: u64,
    last_message: Option<Message<Number>>,
    totals: Vec<u64>,
}

pub(crate) async fn run(setup: Setup, steps: Vec<Step>) -> TestCaseResult {
    let clock = Clock::new();
    let limits = MemoryOptions { entries: setup.entries, bytes: None, policy: PolicyKind::Lru };
    let memory = Arc::new(Memory::new(limits, Vec::new()));
    let store = setup.l2.then(|| Arc::new(FakeStore::new(clock.clone())));
    let l2 = store.clone().map(|store| store as Arc<dyn Store<Number>>);
    let layers = Layers { l1: Layer1::Memory(Arc::clone(&memory)), l2, bus: None };
    let mut run = Run {
        cache: Harness::new(options(&setup), layers, clock),
        memory,
        store,
        naive: Naive::new(options(&setup), setup.entries, setup.l2),
        requests: Vec::new(),
        next_value: 0,
        stamp: 0,
        last_message: None,
        totals: vec![0; Kind::COUNT],
    };
    for step in &steps {
        run.step(step).await?;
        run.compare(step)?;
    }
    run.finish()
}

impl Run {
    async fn step(&mut self, step: &Step) -> TestCaseResult {
        match *step {
            Step::Get(key) => {
                let got = self.cache.get(key).done().map(|value| *value.as_inner());
                prop_assert_eq!(got, self.naive.get(key));
            }
            Step::Has(key) => prop_assert_eq!(self.cache.has(key).done(), self.naive.has(key)),
            Step::Size => {
                prop_assert_eq!(self.cache.size().done(), self.naive.l1.entries.len() as u64);
            }
            Step::Set(key, life) => {
                let (value, ttl) = (self.value(), life.map_or(Ttl::FOREVER, |units| ttl(units * UNIT)));
                let settings = Settings { l1_ttl: ttl, l2_ttl: ttl, ..self.cache.cache.settings().clone() };
                self.cache.set_with(key, Number::new(value), &settings).done();
                self.naive.set(key, value, if life.is_some() { ttl.0 } else { NEVER });
            }
            Step::GetOrSet(key) => {
                let request = self.cache.get_or_set(key);
                let expected = self.naive.get_or_set(request.id(), key);
                prop_assert_eq!(answer_of(&request), expected);
                self.requests.push(request);
            }
            Step::End(nth, end) => self.end(nth, end)?,
            Step::Delete(key) => {
                self.cache.delete(key).done();
                self.naive.delete(key);
            }
            Step::Pattern(pattern) => {
                self.cache.delete_by_pattern(pattern).done();
                self.naive.delete_by_pattern(pattern);
            }
            Step::Pass(units) => {
                self.cache.pass(units * UNIT).await;
                self.naive.pass(ttl(units * UNIT).0);
            }
            _ => self.remote(step),
        }
        Ok(())
    }

    fn remote(&mut self, step: &Step) {
        match *step {
            Step::RemoteDelete(key, generation, late) => {
                let stamp = self.stamp(late);
                self.apply(generation, stamp, Body::Delete(vec![key.into()]));
                self.naive.remote_delete(key, generation);
            }
            Step::RemotePattern(pattern, late) => {
                let stamp = self.stamp(late);
                self.apply(None, stamp, Body::Pattern(pattern.into()));
                self.naive.remote_pattern(pattern);
            }
            Step::RemoteSet(key, generation, units) => {
                let (number, life) = (self.value(), ttl(units * UNIT));
                let body = Body::Set { keys: vec![key.into()], value: Number::new(number), ttl: Some(life) };
                // Its age is not known: it lives as long as it says.
                self.apply(generation, 0, body);
                self.naive.remote_set(key, number, life.0, generation);
            }
            _ => {
                let Some(message) = self.last_message.clone() else { return };
                self.naive.events.push(format!("invalidation:duplicate {}", message.body.kind().as_str()));
                self.cache.apply(message).done();
            }
        }
    }

    fn apply(&mut self, generation: Option<u64>, stamp: u64, body: Body<Number>) {
        let message = Message::new("peer", stamp, generation, body);
        self.last_message = Some(message.clone());
        self.cache.apply(message).done();
    }

    fn end(&mut self, nth: usize, end: End) -> TestCaseResult {
        let running = self.naive.running();
        let Some(&id) = running.get(nth) else { return Ok(()) };
        let request = self.requests.iter().find(|request| request.id() == id).expect("it was started");
        let value = self.next_value;
        let expected = match end {
            End::Dropped => {
                request.abandon();
                self.naive.drop_load(id);
                return Ok(());
            }
            End::Value => {
                request.finish(Number::new(value));
                self.next_value += 1;
                self.naive.finish(id, value)
            }
            End::Nothing => {
                request.finish_empty();
                self.naive.finish_empty(id)
            }
            End::Error => {
                request.fail(Number::new(NO_VALUE));
                self.naive.fail(id)
            }
        };
        prop_assert!(request.is_over());
        prop_assert_eq!(answer_of(request), expected);
        for joined in self.requests.iter().filter(|other| other.joined() == Some(id)) {
            prop_assert_eq!(joined.answer(), request.answer());
        }
        Ok(())
    }

    /// Compares events, entries and tracked state.
    fn compare(&mut self, step: &Step) -> TestCaseResult {
        let events = self.cache.events.take();
        events.iter().for_each(|event| self.totals[kind_of(event) as usize] += 1);
        let lines: Vec<_> = events.iter().map(describe).collect();
        prop_assert_eq!(lines, std::mem::take(&mut self.naive.events), "events after {:?}", step);
        let now = self.cache.cache.now();
        prop_assert_eq!(now.0, self.naive.now);
        let mut held = self.memory.scan(0, 100, &Pattern::from("*"), now).0;
        held.sort_by(|one, other| one.key.as_bytes().cmp(other.key.as_bytes()));
        let held: Vec<_> = held.iter().map(|one| (one.key.clone(), *one.value.as_inner())).collect();
        let mut expected: Vec<_> = self.naive.l1.entries.iter().map(|one| (one.key, one.value)).collect();
        expected.sort_unstable();
        let expected: Vec<_> = expected.into_iter().map(|(key, value)| (Key::from(key), value)).collect();
        prop_assert_eq!(held, expected, "held after {:?}", step);
        for key in KEYS {
            let stored = self.store.as_ref().and_then(|store| store.peek(&key.into()));
            let expected = self.naive.l2.as_ref().and_then(|l2| l2.get(key)).map(|entry| entry.value);
            prop_assert_eq!(
                stored.map(|value| *value.as_inner()),
                expected,
                "{} in L2 after {:?}",
                key,
                step
            );
        }
        let inspection = self.cache.cache.inspect();
        prop_assert_eq!(inspection.joinable_loads, self.naive.joinable());
        prop_assert_eq!(inspection.fenced_keys, self.naive.keys_in_flight());
        let oldest = inspection.oldest_load.map(|time| ttl(time).0);
        prop_assert_eq!(oldest, self.naive.oldest());
        prop_assert_eq!(inspection.negative_entries, self.naive.negatives.entries.len());
        prop_assert_eq!(inspection.stale_copies, self.naive.stale.entries.len());
        Ok(())
    }

    /// Every event was counted once, and no handle of a value is left when all is let go of.
    fn finish(self) -> TestCaseResult {
        for &kind in Kind::ALL {
            let counted = self.cache.cache.counters().total(kind);
            prop_assert_eq!(counted, self.totals[kind as usize], "{:?}", kind);
        }
        self.requests.iter().for_each(Request::abandon);
        let inspection = self.cache.cache.inspect();
        let tracked = (inspection.running_loads, inspection.fenced_keys, inspection.oldest_load);
        prop_assert_eq!(tracked, (0, 0, None));
        Ok(())
    }

    fn value(&mut self) -> u32 {
        self.next_value += 1;
        self.next_value - 1
    }

    /// A stamp from before or after all that happens here.
    fn stamp(&mut self, late: bool) -> u64 {
        self.stamp += 1;
        self.stamp + if late { 1_000_000_000_000_000 } else { 0 }
    }
}

/// The error of a loader.
const NO_VALUE: u32 = u32::MAX;

fn answer_of(request: &Request<Number>) -> naive::Answer {
    if let Some(leader) = request.joined() {
        return naive::Answer::Joined(leader);
    }
    match request.answer() {
        None => naive::Answer::Loads,
        Some(Answer::Value(value)) => naive::Answer::Value(*value.as_inner()),
        Some(Answer::Absent) => naive::Answer::Absent,
        Some(_) => naive::Answer::Thrown,
    }
}
