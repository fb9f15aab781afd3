//! A cache whose second layer answers whenever it likes.
//!
//! Every value knows when it came to be: a loaded one when its load started, one that was set when the
//! `set` ended. A read that starts after an invalidation or a `set` ended must not come to a value from before
//! that began. While a load that was overtaken is still writing (and then cleaning up) in the second
//! layer, a read may see that there; afterwards nobody may.

use std::{collections::BTreeMap, sync::Arc};

use lazy_layers_engine::{
    bounded::PolicyKind,
    bus::{Body, Message},
    cache::Layers,
    clock::{Clock, Ttl},
    entry::{key::Key, pattern::Pattern},
    l1::{Layer1, Memory, MemoryOptions},
    observe::Kind,
    options::{CacheOptions, FailSafe, Timeouts},
    store::Store,
    testing::{Answer, FakeStore, Harness, Pending, Point, Request, Weighed, kind_of},
};
use proptest::{prelude::*, test_runner::TestCaseResult};

use super::steps::{End, KEYS, UNIT, end, nth, pattern};
use crate::setup::ttl;

type Number = Weighed<usize>;
type Name = &'static str;

#[derive(Debug, Clone)]
pub(crate) struct Setup {
    entries: usize,
    policy: PolicyKind,
    l2: bool,
    shared: bool,
    versioning: bool,
    fail_safe: bool,
    limits: bool,
}

pub(crate) fn setup() -> impl Strategy<Value = Setup> {
    let policy = prop_oneof![Just(PolicyKind::Lru), Just(PolicyKind::TinyLfu), Just(PolicyKind::S3Fifo)];
    let flags = any::<[bool; 4]>();
    (1..4_usize, policy, prop::bool::weighted(0.95), flags).prop_map(|(entries, policy, l2, flags)| {
        let [shared, versioning, fail_safe, limits] = flags;
        Setup { entries, policy, l2, shared, versioning, fail_safe, limits }
    })
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Get(Name),
    Set(Name),
    GetOrSet(Name),
    End(usize, End),
    Delete(Name),
    Pattern(Name),
    RemoteDelete(Name),
    RemotePattern(Name),
    RemoteSet(Name),
    Hold(Name, Point),
    LetGo(usize),
    OpenAll,
    Pass(u32),
}

/// One key most of the time, so that operations on it overlap.
fn key() -> impl Strategy<Value = Name> {
    prop_oneof![6 => Just(KEYS[0]), 1 => prop::sample::select(&KEYS[1..])]
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let operation = prop::sample::select(&["get", "set", "delete", "deleteByPattern"][..]);
    let point = prop_oneof![Just(Point::Before), Just(Point::After)];
    let step = prop_oneof![
        6 => key().prop_map(Step::Get),
        3 => key().prop_map(Step::Set),
        8 => key().prop_map(Step::GetOrSet),
        8 => (nth(), end()).prop_map(|(nth, end)| Step::End(nth, end)),
        4 => key().prop_map(Step::Delete),
        2 => pattern().prop_map(Step::Pattern),
        1 => key().prop_map(Step::RemoteDelete),
        1 => pattern().prop_map(Step::RemotePattern),
        1 => key().prop_map(Step::RemoteSet),
        5 => (operation, point).prop_map(|(operation, point)| Step::Hold(operation, point)),
        10 => (0..4_usize).prop_map(Step::LetGo),
        1 => Just(Step::OpenAll),
        3 => (1..30_u32).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 10..50)
}

fn options(setup: &Setup) -> CacheOptions {
    let mut options = CacheOptions { versioning: setup.versioning, ..crate::setup::options() };
    // A second layer that fails still holds the values of missed deletes.
    options.l2_timeout = Ttl::FOREVER;
    let settings = &mut options.settings;
    settings.l1_ttl = ttl(25 * UNIT);
    settings.l2_ttl = ttl(60 * UNIT);
    settings.inflight.ttl = ttl(20 * UNIT);
    settings.fail_safe =
        FailSafe { enabled: setup.fail_safe, ttl: Some(ttl(50 * UNIT)), ..FailSafe::default() };
    if setup.limits {
        settings.timeouts = Timeouts { soft: Some(ttl(5 * UNIT)), hard: Some(ttl(30 * UNIT)) };
    }
    options
}

/// Steps, counted from 1.
type When = usize;

/// A `getOrSet` or `get`, and the oldest value it may come to.
struct Read {
    key: Name,
    oldest: When,
    /// When its loader was called.
    loading: Option<When>,
    /// Its loader has ended: it may be writing.
    ended: bool,
    request: Asked,
}

enum Asked {
    Get(Pending<Option<Number>>),
    GetOrSet(Request<Number>),
}

/// Something that ends at some time.
struct Doing {
    pending: Pending<()>,
    started: When,
    /// Whose older values end with it.
    pattern: Option<Pattern>,
    /// The step in which it was seen to have ended.
    ended: Option<When>,
    /// The value that it stores.
    value: Option<usize>,
}

struct World {
    cache: Harness<Number>,
    memory: Arc<Memory<Number>>,
    store: Arc<FakeStore<Number>>,
    setup: Setup,
    now: When,
    reads: Vec<Read>,
    doings: Vec<Doing>,
    /// By value, when it came to be; `None` is not settled yet.
    born: Vec<Option<When>>,
    totals: BTreeMap<usize, u64>,
}

pub(crate) async fn run(setup: Setup, steps: Vec<Step>) -> TestCaseResult {
    let clock = Clock::new();
    let limits = MemoryOptions { entries: setup.entries, bytes: None, policy: setup.policy };
    let held = Arc::new(Memory::new(limits, Vec::new()));
    let store = FakeStore::new(clock.clone());
    let store = Arc::new(if setup.shared { store.shared() } else { store });
    let l2 = setup.l2.then(|| Arc::clone(&store) as Arc<dyn Store<Number>>);
    let layers = Layers { l1: Layer1::Memory(Arc::clone(&held)), l2, bus: None };
    let mut world = World {
        cache: Harness::new(options(&setup), layers, clock),
        memory: held,
        store,
        setup,
        now: 0,
        reads: Vec::new(),
        doings: Vec::new(),
        born: Vec::new(),
        totals: BTreeMap::new(),
    };
    for step in &steps {
        world.now += 1;
        world.step(step).await;
        world.look()?;
    }
    world.quiet()
}

impl World {
    async fn step(&mut self, step: &Step) {
        match *step {
            Step::Get(key) => {
                let oldest = self.oldest(key);
                let request = Asked::Get(self.cache.get(key));
                self.reads.push(Read { key, oldest, loading: None, ended: false, request });
            }
            Step::GetOrSet(key) => {
                let oldest = self.oldest(key);
                let request = Asked::GetOrSet(self.cache.get_or_set(key));
                self.reads.push(Read { key, oldest, loading: None, ended: false, request });
            }
            Step::Set(key) => {
                let value = self.value(None);
                let pending = self.cache.set(key, Number::new(value));
                self.do_it(pending, Some(Pattern::from(key)), Some(value));
            }
            Step::RemoteSet(key) => {
                let value = self.value(None);
                let body = Body::Set { keys: vec![key.into()], value: Number::new(value), ttl: None };
                let pending = self.cache.apply(Message::new("peer", self.now as u64, None, body));
                self.do_it(pending, None, Some(value));
            }
            Step::End(nth, end) => self.end(nth, end),
            Step::Hold(operation, point) => self.store.gates.hold(operation, point),
            Step::LetGo(nth) => {
                if let Some(waiting) = self.store.gates.waiting().get(nth) {
                    self.store.gates.let_go(waiting.id);
                    self.cache.settle();
                }
            }
            Step::OpenAll => {
                self.store.gates.open_all();
                self.cache.settle();
            }
            Step::Pass(units) => self.cache.pass(units * UNIT).await,
            _ => self.invalidate(step),
        }
    }

    fn invalidate(&mut self, step: &Step) {
        let (pending, pattern) = match *step {
            Step::Delete(key) => (self.cache.delete(key), key),
            Step::Pattern(pattern) => (self.cache.delete_by_pattern(pattern), pattern),
            Step::RemoteDelete(key) => (self.apply(key, Body::Delete(vec![key.into()])), key),
            Step::RemotePattern(pattern) => (self.apply(pattern, Body::Pattern(pattern.into())), pattern),
            _ => return,
        };
        self.do_it(pending, Some(Pattern::from(pattern)), None);
    }

    /// A peer deletes in a shared store before it tells.
    fn apply(&self, pattern: Name, body: Body<Number>) -> Pending<()> {
        if self.setup.shared {
            let pattern = Pattern::from(pattern);
            for key in KEYS.iter().filter(|key| pattern.matches(key.as_bytes())) {
                self.store.remove(&Key::from(*key));
                (0..100).for_each(|generation| self.store.remove(&Key::from(*key).versioned(generation)));
            }
        }
        self.cache.apply(Message::new("peer", self.now as u64, None, body))
    }

    fn do_it(&mut self, pending: Pending<()>, pattern: Option<Pattern>, value: Option<usize>) {
        self.doings.push(Doing { pending, started: self.now, pattern, ended: None, value });
    }

    fn value(&mut self, born: Option<When>) -> usize {
        self.born.push(born);
        self.born.len() - 1
    }

    fn end(&mut self, nth: usize, end: End) {
        let mut running = self.reads.iter_mut().filter(|read| read.runs());
        let Some(read) = running.nth(nth) else { return };
        let Asked::GetOrSet(request) = &read.request else { return };
        read.ended = true;
        match end {
            End::Dropped => request.abandon(),
            End::Nothing => request.finish_empty(),
            End::Error => request.fail(Number::new(usize::MAX)),
            End::Value => {
                self.born.push(read.loading);
                request.finish(Number::new(self.born.len() - 1));
            }
        }
    }

    /// The start of the last invalidation that is over and done with for a read of `key` that starts now.
    fn oldest(&self, key: Name) -> When {
        let writing = self.reads.iter().filter(|read| read.key == key && read.is_writing());
        let first_writing = writing.filter_map(|read| read.loading).min().unwrap_or(When::MAX);
        let over = self.doings.iter().filter(|doing| {
            doing.pattern.as_ref().is_some_and(|pattern| pattern.matches(key.as_bytes()))
                && doing.ended.is_some_and(|ended| ended < self.now && ended < first_writing)
        });
        over.map(|doing| doing.started).max().unwrap_or(0)
    }

    /// Records the loads that ended and the requests that were answered in this step.
    fn look(&mut self) -> TestCaseResult {
        for doing in self.doings.iter_mut().filter(|doing| doing.ended.is_none() && doing.pending.is_over()) {
            doing.ended = Some(self.now);
            if let Some(value) = doing.value {
                self.born[value] = Some(self.now);
            }
        }
        for read in &mut self.reads {
            if let Some(value) = read.answer() {
                let born = self.born[*value.as_inner()].unwrap_or(When::MAX);
                prop_assert!(
                    born >= read.oldest,
                    "{} got a value from {born}, not {}",
                    read.key,
                    read.oldest
                );
            }
            if let Asked::GetOrSet(request) = &read.request
                && read.loading.is_none()
                && request.has_loaded()
            {
                read.loading = Some(self.now);
            }
        }
        for event in self.cache.events.take() {
            *self.totals.entry(kind_of(&event) as usize).or_default() += 1;
        }
        prop_assert!(self.memory.len(self.cache.cache.now()) <= self.setup.entries);
        Ok(())
    }

    /// Lets everything end: then no layer holds anything from before an invalidation, and nothing is tracked.
    fn quiet(mut self) -> TestCaseResult {
        self.now += 1;
        self.store.gates.open_all();
        self.cache.settle();
        while self.reads.iter().any(Read::runs) {
            self.end(0, End::Value);
        }
        self.look()?;
        prop_assert_eq!(self.cache.open_calls(), 0);
        self.now += 1;
        for key in KEYS {
            let oldest = self.oldest(key);
            let read = self.cache.get(key).done();
            let in_store = self.store.peek(&Key::from(key)).filter(|_| !self.setup.versioning);
            for value in [read, in_store].into_iter().flatten() {
                let born = self.born[*value.as_inner()].unwrap_or(When::MAX);
                prop_assert!(born >= oldest, "{key} holds a value from {born}, not {oldest}");
            }
        }
        self.look()?;
        for &kind in Kind::ALL {
            let total = self.totals.get(&(kind as usize)).copied().unwrap_or(0);
            prop_assert_eq!(self.cache.cache.counters().total(kind), total, "{:?}", kind);
        }
        let inspection = self.cache.cache.inspect();
        let tracked = (inspection.running_loads, inspection.fenced_keys, inspection.oldest_load);
        prop_assert_eq!(tracked, (0, 0, None));
        Ok(())
    }
}

impl Read {
    /// Its loader was called and has not ended.
    fn runs(&self) -> bool {
        match &self.request {
            Asked::Get(_) => false,
            Asked::GetOrSet(request) => request.has_loaded() && !self.ended && !request.is_over(),
        }
    }

    fn is_writing(&self) -> bool {
        match &self.request {
            Asked::Get(_) => false,
            Asked::GetOrSet(request) => self.ended && !request.is_over(),
        }
    }

    fn answer(&self) -> Option<Number> {
        match &self.request {
            Asked::Get(pending) => pending.take().flatten(),
            Asked::GetOrSet(request) => match request.answer() {
                Some(Answer::Value(value)) => Some(value),
                _ => None,
            },
        }
    }
}
