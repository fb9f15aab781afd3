//! The state of one Node.js environment: its requests, its caches, and everything else that lives in it.
//!
//! An environment is one thread, so the instance is found by thread. It ends with the environment: the cleanup hook
//! drops everything that uses JavaScript memory or functions.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{Arc, Weak},
};

use lazy_layers_drivers::{bus::EventBus, held};
use lazy_layers_engine::{
    cache::Cache,
    options::{Settings, source::SourceCell},
    resilience::breaker::Breaker,
};
use slab::Slab;

use crate::{
    behalf,
    bus::listen::{Attached, Tracked},
    contract::{
        Code,
        behalf::{CALLER, NOBODY},
        pending,
    },
    env::{self, Env},
    events::{EventQueue, JsObserver},
    executor::Executor,
    fake_timers, js_calls,
    memory::{Slot, Storage, joinable::JoinableLoads},
    observe::router::Router,
    questions::Questions,
    queue::{BeingHandled, BusQueue, step::Sessions},
    raw::{js::JsKept, wake},
    ready::Ready,
    redis_store::{NativeRedis, RedisDriver},
    reply::Reply,
    stats::CacheStats,
    time::Time,
};

thread_local! {
    static CURRENT: RefCell<Option<Rc<Instance>>> = const { RefCell::new(None) };
}

/// A cache of this environment.
pub(crate) struct NativeCache {
    pub(crate) cache: Cache<Slot>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) storage: Rc<Storage>,
    pub(crate) observer: Arc<JsObserver>,
    pub(crate) memory_only: bool,
    pub(crate) stats: Arc<CacheStats>,
    /// The array that JavaScript counts into.
    pub(crate) counted: JsKept,
    /// The second layer, if it is a builtin Redis store.
    pub(crate) redis: Option<Arc<NativeRedis>>,
    /// The tickets of loads whose values the facade stores itself.
    pub(crate) tickets: RefCell<Slab<lazy_layers_engine::coherence::fence::Ticket>>,
    /// The subscription to its builtin bus.
    pub(crate) attached: RefCell<Option<Attached>>,
    /// The changes that its Redis tells.
    pub(crate) tracked: RefCell<Option<Tracked>>,
}

/// The state of an environment.
pub(crate) struct Instance {
    pub(crate) env: Rc<Env>,
    pub(crate) executor: Executor,
    pub(crate) events: Arc<EventQueue>,
    pub(crate) bus_queue: Arc<BusQueue>,
    /// Questions about connections that JavaScript has to answer.
    pub(crate) questions: Questions,
    /// Events of buses that JavaScript is handling.
    pub(crate) being_handled: BeingHandled,
    /// Sessions with brokers that JavaScript keeps.
    pub(crate) sessions: Sessions,
    pub(crate) storages: RefCell<Slab<Rc<Storage>>>,
    pub(crate) caches: RefCell<Slab<Rc<NativeCache>>>,
    /// The Redis stores that users hold.
    pub(crate) redis_stores: RefCell<Slab<RedisDriver>>,
    /// The event buses that users hold.
    pub(crate) buses: RefCell<Slab<Arc<EventBus>>>,
    /// The buses that need no JavaScript to say goodbye, also those that only caches still hold.
    pub(crate) leaving: RefCell<Vec<Weak<EventBus>>>,
    /// Routers of dashboards.
    pub(crate) routers: RefCell<Slab<Rc<Router>>>,
    /// Circuit breakers that users create themselves.
    pub(crate) breakers: RefCell<Slab<Breaker>>,
    /// Sources of answers that are asked for, until they are taken.
    pub(crate) sources: RefCell<Slab<Arc<SourceCell>>>,
    /// Messages of failures, until the facade asks for them.
    messages: RefCell<Slab<String>>,
    /// The slots of answers with values, until they are taken.
    values: RefCell<Slab<Vec<u32>>>,
    /// The requests that may be joined without a call.
    pub(crate) joinable: Arc<JoinableLoads>,
    pub(crate) time: Time,
    keeps_alive: Cell<bool>,
    /// Whether JavaScript leads loads that have to keep the process alive.
    leads_loads: Cell<bool>,
    pub(crate) settling: Cell<bool>,
}

/// The instance of this thread, if the addon was set up there.
pub(crate) fn current() -> Option<Rc<Instance>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Sets this thread's environment up. Once.
pub(crate) fn set_up(env: Rc<Env>, ready: Arc<Ready>) {
    let instance = Instance {
        executor: Executor::new(Arc::clone(&ready)),
        events: Arc::new(EventQueue::new(Arc::clone(&ready))),
        bus_queue: Arc::new(BusQueue::new(ready)),
        questions: Questions::default(),
        being_handled: BeingHandled::default(),
        sessions: Sessions::default(),
        storages: RefCell::default(),
        caches: RefCell::default(),
        redis_stores: RefCell::default(),
        buses: RefCell::default(),
        leaving: RefCell::default(),
        routers: RefCell::default(),
        breakers: RefCell::default(),
        sources: RefCell::default(),
        messages: RefCell::default(),
        values: RefCell::default(),
        joinable: Arc::new(JoinableLoads::new(env.joinable.clone())),
        time: Time::new(env.clock.clone()),
        keeps_alive: Cell::new(false),
        leads_loads: Cell::new(false),
        settling: Cell::new(false),
        env,
    };
    let js = instance.env.js();
    behalf::replace(CALLER);
    CURRENT.set(Some(Rc::new(instance)));
    js_calls::begin();
    held::hold();
    wake::at_end(js, tear_down);
}

fn tear_down() {
    let Some(instance) = CURRENT.take() else { return };
    instance.executor.ready().wake().close();
    instance.time.end();
    instance.joinable.detach();
    js_calls::clear();
    fake_timers::clear();
    instance.executor.clear();
    for (_, storage) in &*instance.storages.borrow() {
        // The arrays go with the environment.
        drop(storage.detach());
    }
    for (_, cache) in &*instance.caches.borrow() {
        cache.stats.detach();
    }
    instance.caches.take();
    instance.redis_stores.take();
    instance.buses.take();
    instance.questions.clear();
    instance.being_handled.clear();
    instance.sessions.clear();
    instance.bus_queue.close();
    instance.storages.take();
    drop(instance.events.take());
    behalf::replace(NOBODY);
    env::end();
}

impl Instance {
    /// At the end of a call: makes the facade call `settle` if there is new work, and `submit` at the end of
    /// this turn if operations on a store or loaded values wait.
    pub(crate) fn leave(&self) {
        let woken = if self.executor.ready().is_pending() { pending::WOKEN } else { 0 };
        let held = if held::has_held() { pending::SUBMITS } else { 0 };
        if woken | held != 0 {
            self.env.pending.store(0, woken | held);
        }
        self.keep_alive();
    }

    /// Keeps the process alive while requests are under way.
    pub(crate) fn keep_alive(&self) {
        let open = self.executor.open() > 0 || self.leads_loads.get();
        if self.keeps_alive.replace(open) != open {
            self.executor.ready().wake().keep_process_alive(self.env.js(), open);
        }
    }

    /// Whether loads that JavaScript leads keep the process alive.
    pub(crate) fn stay_alive(&self, stays: bool) {
        self.leads_loads.set(stays);
        self.keep_alive();
    }

    /// A reply as it crosses.
    pub(crate) fn encode(&self, reply: &Reply) -> (Code, f64) {
        #[expect(clippy::cast_precision_loss, reason = "places in a slab")]
        let number = |kept: usize| kept as f64;
        reply.encode(
            |message| number(self.messages.borrow_mut().insert(message.to_owned())),
            |values| number(self.values.borrow_mut().insert(slots_of(values))),
        )
    }

    /// Returns the slots of an answer with values, once: each plus one, 0 for no value.
    pub(crate) fn take_values(&self, values: u32) -> Vec<u32> {
        self.values.borrow_mut().try_remove(values as usize).unwrap_or_default()
    }

    /// Returns the message of a failure, once.
    pub(crate) fn take_message(&self, message: u32) -> String {
        self.messages.borrow_mut().try_remove(message as usize).unwrap_or_default()
    }
}

fn slots_of(values: &[Option<Slot>]) -> Vec<u32> {
    values.iter().map(|value| value.as_ref().map_or(0, |slot| slot.index() + 1)).collect()
}
