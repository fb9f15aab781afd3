//! The instances, the source of truth, and the steps of a seed.

mod check;
mod loads;
mod naming;
mod network;
mod second;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use lazy_layers_engine::{
    bus::{Body, Bus},
    cache::Layers,
    clock::{Clock, Time, Ttl},
    entry::{key::Key, pattern::Pattern},
    options::{CacheOptions, FailSafe},
    store::Store,
    testing::{FakeStore, Harness, Pending, Request, memory},
};

use self::{
    naming::{named, touches},
    second::Second,
};

use super::{
    hub::{Flying, Hub, Number, Outgoing, outgoing},
    random::Random,
};
use crate::setup::{SECOND, ttl};

const KEYS: [&str; 3] = ["a1", "a2", "b1"];
const TAG: &str = "t";
const PATTERNS: [&str; 4] = ["a*", "?1", "*2", "b?"];
/// How long an event travels in a world that is not late, and in which a loss is noticed.
const MOMENT: Duration = Duration::from_millis(600);
/// A value is the version of its key and the number of that.
const VERSIONS: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Late,
    Lossy,
    Durable,
}

impl Kind {
    fn is_late(self) -> bool {
        self == Kind::Late
    }
}

/// The results of the runs.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) runs: u64,
    /// Values of peers that arrived, that were kept, and that were refused.
    pub(super) values: u64,
    pub(super) kept: u64,
    pub(super) refused: u64,
    pub(super) gaps: u64,
    pub(super) restarts: u64,
    pub(super) again: u64,
    /// Values that live on here, as the loader of another instance found them still true.
    pub(super) extended: u64,
}

impl Figures {
    pub(super) fn add(&mut self, other: &Figures) {
        self.runs += other.runs;
        self.values += other.values;
        self.kept += other.kept;
        self.refused += other.refused;
        self.gaps += other.gaps;
        self.restarts += other.restarts;
        self.again += other.again;
        self.extended += other.extended;
    }
}

/// The errors.
pub(super) type Wrong = String;

/// A read under way.
struct Read {
    key: usize,
    /// The oldest version it may come to.
    oldest: usize,
    /// The version that its loader has found.
    loading: Option<usize>,
    ended: bool,
    request: Asked,
}

enum Asked {
    Get(Pending<Option<Number>>),
    GetOrSet(Request<Number>),
}

/// An invalidation that is carried out, of these keys up to these versions.
struct Doing {
    pending: Pending<()>,
    of: Vec<(usize, usize)>,
}

struct Instance {
    cache: Harness<Number>,
    store: Option<Arc<FakeStore<Number>>>,
    bus: Arc<Outgoing>,
    reads: Vec<Read>,
    doings: Vec<Doing>,
    /// By key, the version that it has invalidated or applied for certain.
    oldest: [usize; KEYS.len()],
    /// Messages were lost: it is told at these times.
    gaps: Vec<Time>,
    /// Its invalidations that were not sent yet: the keys and their versions.
    unsent: Vec<(String, Vec<(usize, usize)>)>,
    /// Delivered and not acknowledged.
    unacknowledged: Vec<Flying>,
    outages: Vec<Pending<()>>,
    /// Whether the way to the second layer is cut, and whether that has missed something since it was made.
    away: bool,
    may_owe: bool,
}

pub(super) struct World {
    kind: Kind,
    clock: Clock,
    random: Random,
    hub: Hub,
    instances: Vec<Instance>,
    truth: [usize; KEYS.len()],
    second: Second,
    /// Whether all values have a tag.
    tagged: bool,
    /// Whether loaders find values still true, and stale copies answer for those that fail.
    extends: bool,
    /// Whether loaders alone name the tag of a value, and have some values not stored.
    directs: bool,
    /// The values that were to be stored.
    to_store: HashSet<usize>,
    dedupes: bool,
    made: usize,
    /// The targets of sent invalidations, by their id.
    about: HashMap<String, Vec<(usize, usize)>>,
    figures: Figures,
    tells: bool,
}

impl World {
    pub(super) async fn run(seed: u64, kind: Kind, tells: bool) -> Result<Figures, Wrong> {
        let mut random = Random::new(seed);
        let longest = if kind.is_late() { 50 * SECOND } else { MOMENT };
        let hub = Hub::new(!kind.is_late(), longest);
        let second = Second::any(kind, &mut random);
        let tagged = second.may_have_tags() && random.one_in(2);
        let dedupes = !random.one_in(4);
        let count = 2 + random.below(3);
        let mut world = World {
            kind,
            clock: Clock::new(),
            random,
            hub,
            instances: Vec::new(),
            truth: [1; KEYS.len()],
            second,
            tagged,
            // Not by the seed's numbers: those of worlds without stay as they are.
            extends: seed % 4 == 3,
            directs: seed.is_multiple_of(8),
            to_store: HashSet::new(),
            dedupes,
            made: 0,
            about: HashMap::new(),
            figures: Figures { runs: 1, ..Figures::default() },
            tells,
        };
        for _ in 0..count {
            let instance = world.instance();
            world.instances.push(instance);
        }
        if kind.is_late() || world.random.one_in(2) {
            // Values that arrive just after an instance has begun to listen live for a short time.
            tokio::time::advance(3 * SECOND).await;
        }
        for _ in 0..20 + world.random.below(50) {
            world.step().await;
            world.look()?;
        }
        world.quiet().await?;
        Ok(world.figures)
    }

    fn instance(&mut self) -> Instance {
        self.made += 1;
        let mut options = CacheOptions { source: format!("i{}", self.made), ..CacheOptions::default() };
        options.l2_timeout = Ttl::FOREVER;
        options.settings.l1_ttl = ttl(3600 * SECOND);
        options.settings.l2_ttl = ttl(3600 * SECOND);
        options.dedupe_entries = if self.dedupes { 100 } else { 0 };
        if self.tagged && !self.second.is_off() && self.random.one_in(2) {
            // Most reads go to the second layer.
            options.settings.l1_ttl = ttl(SECOND / 10);
        }
        if self.extends {
            let life = if self.kind.is_late() { 60 * SECOND } else { SECOND };
            options.settings.l1_ttl = ttl(life);
            options.settings.fail_safe =
                FailSafe { enabled: true, ttl: Some(ttl(3600 * SECOND)), ..FailSafe::default() };
        }
        options.settings.tags = (self.tagged && !self.directs).then(|| [Key::from(TAG)].into());
        self.second.configure(&mut options);
        let clock = Clock::new();
        let store = self.second.store(&clock);
        let bus = outgoing();
        let layers = Layers {
            l1: memory(10),
            l2: store.clone().map(|store| store as Arc<dyn Store<Number>>),
            bus: Some(Arc::clone(&bus) as Arc<dyn Bus<Number>>),
        };
        let cache = Harness::new(options, layers, clock);
        cache.cache.listens();
        if self.second.fails() {
            cache.upkeep();
        }
        Instance {
            cache,
            store,
            bus,
            reads: Vec::new(),
            doings: Vec::new(),
            oldest: [0; KEYS.len()],
            gaps: Vec::new(),
            unsent: Vec::new(),
            unacknowledged: Vec::new(),
            outages: Vec::new(),
            away: false,
            may_owe: false,
        }
    }

    fn tell(&self, what: impl FnOnce() -> String) {
        if self.tells {
            println!("{}", what());
        }
    }

    async fn step(&mut self) {
        let at = self.random.below(self.instances.len());
        // One key most of the time, so that operations on it overlap.
        let key = if self.random.one_in(4) { self.random.below(KEYS.len()) } else { 0 };
        let lossy = usize::from(self.kind == Kind::Lossy);
        let durable = usize::from(self.kind == Kind::Durable);
        let [late, store, fails] =
            [self.kind.is_late(), !self.second.is_off(), self.second.fails()].map(usize::from);
        let weights = [
            9,
            3,
            9,
            1,
            5,
            2,
            1,
            12,
            2 * late,
            3,
            2 * lossy,
            3 * (lossy + durable),
            2 * (lossy + durable),
            4 * store,
            4 * store,
            1 - store,
            2 * fails,
            4 * usize::from(self.tagged),
        ];
        match self.random.weighted(&weights) {
            0 => self.get_or_set(at, key),
            1 => self.get(at, key),
            2 => self.end(at, false),
            3 => self.end(at, true),
            4 => self.invalidate(at, Body::Delete(vec![Key::from(KEYS[key])])),
            5 => {
                let pattern = self.random.of(&PATTERNS);
                self.invalidate(at, Body::Pattern(Pattern::from(pattern)));
            }
            6 => self.invalidate(at, Body::Pattern(Pattern::from("*"))),
            7 => {
                if let Some(flying) = self.any() {
                    self.deliver(flying);
                }
            }
            8 => self.deliver_again(),
            9 => {
                let millis = [1, 50, 400, 1500, if self.kind.is_late() { 80_000 } else { 3000 }];
                let time = Duration::from_millis(self.random.of(&millis));
                self.pass(time).await;
            }
            10 => self.lose(),
            11 => self.cut_or_mend(at),
            12 => self.restart(at),
            13 => self.hold(at),
            14 => self.let_go(at),
            15 => self.set(at, key),
            16 => self.cut_store(at),
            _ => self.invalidate(at, Body::Delete(Vec::new())),
        }
        self.collect();
    }

    fn get_or_set(&mut self, at: usize, key: usize) {
        self.tell(|| format!("i{at}: getOrSet {}", KEYS[key]));
        let instance = &mut self.instances[at];
        let request = Asked::GetOrSet(instance.cache.get_or_set(KEYS[key]));
        let oldest = instance.oldest[key];
        instance.reads.push(Read { key, oldest, loading: None, ended: false, request });
    }

    fn get(&mut self, at: usize, key: usize) {
        let instance = &mut self.instances[at];
        let request = Asked::Get(instance.cache.get(KEYS[key]));
        let oldest = instance.oldest[key];
        instance.reads.push(Read { key, oldest, loading: None, ended: false, request });
    }

    fn set(&mut self, at: usize, key: usize) {
        if self.directs && self.tagged {
            // It would have no tag.
            return;
        }
        self.tell(|| format!("i{at}: set {} to {}", KEYS[key], self.truth[key]));
        let number = key * VERSIONS + self.truth[key];
        self.to_store.insert(number);
        let value = Number::new(number);
        let pending = self.instances[at].cache.set(KEYS[key], value);
        self.instances[at].doings.push(Doing { pending, of: Vec::new() });
    }

    /// Writes to the source, and invalidates then: without keys, all by their tag.
    fn invalidate(&mut self, at: usize, body: Body<Number>) {
        let mut of = Vec::new();
        for key in (0..KEYS.len()).filter(|key| touches(&body, KEYS[*key])) {
            self.truth[key] += 1;
            of.push((key, self.truth[key]));
        }
        self.tell(|| format!("i{at}: writes and invalidates {of:?}, {}", named(&body)));
        let cache = &self.instances[at].cache;
        let pending = match &body {
            Body::Delete(keys) if keys.is_empty() => cache.delete_by_tag(TAG),
            Body::Delete(keys) => cache.delete(&String::from_utf8_lossy(keys[0].as_bytes())),
            Body::Pattern(pattern) => cache.delete_by_pattern(&String::from_utf8_lossy(pattern.as_bytes())),
            Body::Set { .. } | Body::Extend { .. } => unreachable!("no invalidation"),
        };
        self.instances[at].unsent.push((named(&body), of.clone()));
        self.instances[at].doings.push(Doing { pending, of });
    }
}
