//! The state of one Node.js environment: its requests, its caches, and the facade's functions.
//!
//! An environment is one thread, so this is found by thread. It ends with the environment: the cleanup
//! hook drops everything that JavaScript memory or functions are behind.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use lazy_layers_drivers::{bus::EventBus, redis, wakes::Sleeper};
use lazy_layers_engine::{
    cache::Cache,
    codec::{Limits, Reader},
    entry::{key::Key, source::SourceCell},
    options::Settings,
    resilience::breaker::Breaker,
};
use slab::Slab;

use crate::{
    bus::{
        listen::Attached,
        queue::{BeingHandled, BusQueue},
    },
    contract::{
        Code,
        bridge::{Functions, SharedArrays},
        pending,
    },
    events::{EventQueue, JsObserver},
    executor::{Executor, Ready},
    js_calls::JsCalls,
    memory::Slot,
    memory::Storage,
    memory::joinable::JoinableLoads,
    observe::router::Router,
    raw::{
        bytes::Scratch,
        js::{Js, JsKept, JsValue},
        memory::Shared,
        wake,
    },
    redis_owner::Questions,
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
    /// Of loads whose values the facade stores itself.
    pub(crate) tickets: RefCell<Slab<lazy_layers_engine::coherence::fence::Ticket>>,
    /// The builtin bus that it listens to.
    pub(crate) attached: RefCell<Option<Attached>>,
}

/// The state of an environment.
pub(crate) struct Instance {
    js: Js,
    /// Environments are numbered in the order in which they come.
    pub(crate) number: u32,
    /// The JavaScript side.
    pub(crate) bridge: JsKept,
    pub(crate) functions: Functions,
    pub(crate) executor: Executor,
    pub(crate) js_calls: JsCalls,
    pub(crate) events: Arc<EventQueue>,
    pub(crate) bus_queue: Arc<BusQueue>,
    /// Questions about connections that JavaScript is to answer.
    pub(crate) questions: Questions,
    /// Events of buses that JavaScript is handling.
    pub(crate) being_handled: BeingHandled,
    pub(crate) storages: RefCell<Slab<Rc<Storage>>>,
    pub(crate) caches: RefCell<Slab<Rc<NativeCache>>>,
    /// The Redis stores that users hold.
    pub(crate) redis_stores: RefCell<Slab<RedisDriver>>,
    /// The event buses that users hold.
    pub(crate) buses: RefCell<Slab<Arc<EventBus>>>,
    /// Opens the payloads of stores.
    pub(crate) reader: Arc<Reader>,
    /// Routers of dashboards.
    pub(crate) routers: RefCell<Slab<Rc<Router>>>,
    /// Circuit breakers that users hold themselves.
    pub(crate) breakers: RefCell<Slab<Breaker>>,
    /// Sources of answers that are asked for, until they are taken.
    pub(crate) sources: RefCell<Slab<Arc<SourceCell>>>,
    /// Failures in words, until the facade asks for them.
    messages: RefCell<Slab<String>>,
    /// Which requests may be joined without a call.
    pub(crate) joinable: Arc<JoinableLoads>,
    /// Bits of [`pending`].
    pub(crate) pending: Shared<AtomicU32>,
    /// Where answers that came later are written.
    pub(crate) out: Shared<AtomicU64>,
    /// Where events that are told together are written.
    pub(crate) lines: Shared<AtomicU64>,
    /// Where the options of a call are read.
    pub(crate) params: Shared<AtomicU64>,
    /// The texts among them.
    pub(crate) texts: JsKept,
    pub(crate) time: Time,
    /// Where small values are handed over as bytes.
    scratch: Scratch,
    /// A number that comes with a value handed over: its weight, or whether its bytes are a payload.
    transfer: Shared<AtomicU64>,
    keeps_alive: Cell<bool>,
    /// Whether JavaScript leads loads that have to keep it alive.
    leads_loads: Cell<bool>,
    pub(crate) settling: Cell<bool>,
}

/// The environment of this thread, if the addon was set up there.
pub(crate) fn current() -> Option<Rc<Instance>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Sets this thread's environment up. Once.
pub(crate) fn set_up(js: Js, bridge: JsKept, functions: Functions, arrays: SharedArrays, ready: Arc<Ready>) {
    static ENVIRONMENTS: AtomicU32 = AtomicU32::new(0);
    let instance = Instance {
        js,
        number: ENVIRONMENTS.fetch_add(1, Ordering::Relaxed),
        bridge,
        functions,
        executor: Executor::new(Arc::clone(&ready)),
        js_calls: JsCalls::default(),
        events: Arc::new(EventQueue::new(Arc::clone(&ready))),
        bus_queue: Arc::new(BusQueue::new(ready)),
        questions: Questions::default(),
        being_handled: BeingHandled::default(),
        storages: RefCell::default(),
        caches: RefCell::default(),
        redis_stores: RefCell::default(),
        buses: RefCell::default(),
        reader: Arc::new(Reader::new(Limits::default())),
        routers: RefCell::default(),
        breakers: RefCell::default(),
        sources: RefCell::default(),
        messages: RefCell::default(),
        joinable: Arc::new(JoinableLoads::new(arrays.joinable)),
        pending: arrays.pending,
        out: arrays.out,
        lines: arrays.lines,
        params: arrays.params,
        texts: arrays.texts,
        time: Time::new(arrays.clock),
        scratch: arrays.scratch,
        transfer: arrays.transfer,
        keeps_alive: Cell::new(false),
        leads_loads: Cell::new(false),
        settling: Cell::new(false),
    };
    CURRENT.set(Some(Rc::new(instance)));
    redis::hold();
    wake::at_end(js, tear_down);
}

/// Called on the thread when another has woken it.
pub(crate) fn woken(_: Js) {
    if let Some(instance) = current() {
        instance.settle();
    }
}

/// Called at the end of every call from JavaScript. Whoever takes an answer settles what has come up since;
/// after any other call, and one that threw, the thread is woken for it.
pub(crate) fn left(is_answer: bool) {
    let Some(instance) = current() else { return };
    if is_answer || instance.settling.get() {
        return;
    }
    if instance.executor.ready().is_pending() || redis::has_held() {
        instance.executor.ready().wake().wake();
    }
}

fn tear_down() {
    let Some(instance) = CURRENT.take() else { return };
    instance.executor.ready().wake().close();
    instance.time.end();
    instance.joinable.detach();
    instance.js_calls.clear();
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
    drop(instance.bus_queue.take());
    instance.storages.take();
    drop(instance.events.take());
}

impl Instance {
    pub(crate) fn js(&self) -> Js {
        self.js
    }

    /// Bytes as JavaScript takes them: their number when they are in the scratch, else a buffer.
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    pub(crate) fn hand_over(&self, bytes: &[u8]) -> JsValue {
        if self.scratch.fill(bytes) { self.js.number(bytes.len() as f64) } else { self.js.bytes(bytes) }
    }

    /// Puts a number beside a value that is handed over.
    pub(crate) fn transfer(&self, number: f64) {
        self.transfer.store(0, number);
    }

    /// The number that came with the last value handed over; it is 0 from then on.
    pub(crate) fn transfer_flag(&self) -> f64 {
        let number = self.transfer.load(0);
        if number != 0.0 {
            self.transfer.store(0, 0.0);
        }
        number
    }

    /// Tells JavaScript of the shapes that records name from here on.
    pub(crate) fn send_shapes(&self) {
        for (id, names) in self.reader.new_shapes() {
            let mut args = vec![self.js.number(f64::from(id))];
            args.extend(names.iter().map(|name| self.js.key(&Key::from_wtf8(name))));
            self.js.call(self.functions.shape, &args);
        }
    }

    /// At the end of a call: has the facade call `settle` if something has come up, and `submit` once this turn is over
    /// if operations on a store wait.
    pub(crate) fn leave(&self) {
        let woken = if self.executor.ready().is_pending() { pending::WOKEN } else { 0 };
        let held = if redis::has_held() { pending::SUBMITS } else { 0 };
        if woken | held != 0 {
            self.pending.store(0, woken | held);
        }
        self.keep_alive();
    }

    /// Requests under way keep the process alive.
    pub(crate) fn keep_alive(&self) {
        let open = self.executor.open() > 0 || self.leads_loads.get();
        if self.keeps_alive.replace(open) != open {
            self.executor.ready().wake().keep_process_alive(self.js, open);
        }
    }

    /// Whether loads that JavaScript leads keep the process alive.
    pub(crate) fn stay_alive(&self, stays: bool) {
        self.leads_loads.set(stays);
        self.keep_alive();
    }

    /// A reply as it crosses.
    pub(crate) fn encode(&self, reply: &Reply) -> (Code, f64) {
        reply.encode(|message| {
            let kept = self.messages.borrow_mut().insert(message.to_owned());
            #[expect(clippy::cast_precision_loss, reason = "messages are counted in a slab")]
            let kept = kept as f64;
            kept
        })
    }

    /// A failure in words, once.
    pub(crate) fn take_message(&self, message: u32) -> String {
        self.messages.borrow_mut().try_remove(message as usize).unwrap_or_default()
    }
}
