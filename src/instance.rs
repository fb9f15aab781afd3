//! What belongs to one Node.js environment: its requests, its caches, and the facade's functions.
//!
//! An environment is one thread, so this is found by thread. It ends with the environment: the cleanup
//! hook drops everything that JavaScript memory or functions are behind.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64},
    },
};

use lazy_layers_engine::{cache::Cache, options::Settings, resilience::breaker::Breaker};
use slab::Slab;

use crate::{
    events::{EventQueue, JsObserver, tell},
    executor::{Executor, Polled, Ready},
    front::JoinableLoads,
    host::HostCalls,
    raw::{
        js::{Js, JsFunction},
        memory::Shared,
        wake,
    },
    reply::{Code, Reply, millis},
    request::Signals,
    slots::Slot,
    storage::Storage,
    ticker::ClockWord,
};

/// Entries of one batch that is handed over: request, code and argument each.
const BATCH: usize = 256;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Instance>>> = const { RefCell::new(None) };
}

/// The functions of the facade.
pub(crate) struct Functions {
    /// Calls a method of a user's object.
    pub(crate) host: JsFunction,
    /// Measures a message.
    pub(crate) measure: JsFunction,
    /// Takes answers that came later.
    pub(crate) deliver: JsFunction,
    /// Takes an event.
    pub(crate) emit: JsFunction,
    /// Gives the facade's side of the environment.
    pub(crate) bridge: JsFunction,
}

/// A cache of this environment.
pub(crate) struct NativeCache {
    pub(crate) cache: Cache<Slot>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) storage: Rc<Storage>,
    pub(crate) observer: Arc<JsObserver>,
    pub(crate) memory_only: bool,
}

/// The state of an environment.
pub(crate) struct Instance {
    js: Js,
    pub(crate) functions: Functions,
    pub(crate) executor: Executor,
    pub(crate) host_calls: HostCalls,
    pub(crate) events: Arc<EventQueue>,
    pub(crate) storages: RefCell<Slab<Rc<Storage>>>,
    pub(crate) caches: RefCell<Slab<Rc<NativeCache>>>,
    /// Circuit breakers that users hold themselves.
    pub(crate) breakers: RefCell<Slab<Breaker>>,
    /// Failures in words, until the facade asks for them.
    messages: RefCell<Slab<String>>,
    /// Which requests may be joined in front.
    pub(crate) joinable: Arc<JoinableLoads>,
    /// Whether there is something to settle.
    pending: Shared<AtomicU32>,
    /// Where answers that came later are written.
    out: Shared<AtomicU64>,
    /// Where the options of a call are read.
    pub(crate) params: Shared<AtomicU64>,
    pub(crate) clock: RefCell<Option<ClockWord>>,
    keeps_alive: Cell<bool>,
    settling: Cell<bool>,
}

/// The environment of this thread, if the addon was set up there.
pub(crate) fn current() -> Option<Rc<Instance>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Memory that the facade shares with its environment's instance.
pub(crate) struct SharedArrays {
    pub(crate) out: Shared<AtomicU64>,
    pub(crate) params: Shared<AtomicU64>,
    pub(crate) clock: Shared<AtomicU64>,
    pub(crate) pending: Shared<AtomicU32>,
    pub(crate) joinable: Shared<AtomicU64>,
}

/// Sets this thread's environment up. Once.
pub(crate) fn set_up(js: Js, functions: Functions, arrays: SharedArrays, ready: Arc<Ready>) {
    let instance = Instance {
        js,
        functions,
        executor: Executor::new(Arc::clone(&ready)),
        host_calls: HostCalls::default(),
        events: Arc::new(EventQueue::new(ready)),
        storages: RefCell::default(),
        caches: RefCell::default(),
        breakers: RefCell::default(),
        messages: RefCell::default(),
        joinable: Arc::new(JoinableLoads::new(arrays.joinable)),
        pending: arrays.pending,
        out: arrays.out,
        params: arrays.params,
        clock: RefCell::new(Some(ClockWord::register(arrays.clock))),
        keeps_alive: Cell::new(false),
        settling: Cell::new(false),
    };
    CURRENT.set(Some(Rc::new(instance)));
    wake::at_end(js, tear_down);
}

/// Called on the thread when another has woken it.
pub(crate) fn woken(_: Js) {
    if let Some(instance) = current() {
        instance.settle();
    }
}

fn tear_down() {
    let Some(instance) = CURRENT.take() else { return };
    instance.executor.ready().wake().close();
    instance.clock.take();
    instance.joinable.detach();
    instance.host_calls.clear();
    instance.executor.clear();
    for (_, storage) in &*instance.storages.borrow() {
        storage.detach();
    }
    instance.caches.take();
    instance.storages.take();
    drop(instance.events.take());
}

impl Instance {
    pub(crate) fn js(&self) -> Js {
        self.js
    }

    /// Does what has come up since the last time: tells events, and polls and answers requests that were
    /// woken. This calls into JavaScript, so it is done when no answer is on its way there: what it says
    /// could be about a request that ends before it arrives.
    ///
    /// From within itself, by way of users' code, it only tells events: the answers under way further up the
    /// stack may name a request that would end here.
    pub(crate) fn settle(&self) {
        if self.settling.replace(true) {
            self.tell_events();
            return;
        }
        let _settling = Settling(&self.settling);
        while self.executor.ready().take_pending() {
            let woken = self.executor.ready().take();
            let mut polled: Vec<_> = woken.into_iter().map(|id| (id, self.executor.poll(id))).collect();
            // A loader that is called may end its load at once, which those that joined it still have to find.
            polled.sort_by_key(|(_, polled)| matches!(polled, Polled::Waits(_)));
            self.tell_events();
            self.deliver(polled);
        }
        self.pending.store(0, 0);
        self.keep_alive();
    }

    /// At the end of a call: has the facade call `settle` if something has come up.
    pub(crate) fn leave(&self) {
        if self.executor.ready().is_pending() {
            self.pending.store(0, 1);
        }
        self.keep_alive();
    }

    /// Requests under way keep the process alive.
    fn keep_alive(&self) {
        let open = self.executor.open() > 0;
        if self.keeps_alive.replace(open) != open {
            self.executor.ready().wake().keep_process_alive(self.js, open);
        }
    }

    fn tell_events(&self) {
        loop {
            let events = self.events.take();
            if events.is_empty() {
                return;
            }
            for (adapter, event) in &events {
                tell(self, *adapter, event);
            }
        }
    }

    fn deliver(&self, polled: Vec<(u32, Polled)>) {
        let mut kept = Vec::new();
        let mut over = Vec::new();
        let mut count = 0;
        for (id, polled) in polled {
            match polled {
                Polled::Over(reply, signals) => {
                    self.signal(&mut count, id, Signals { load: false, ..signals }, &mut kept);
                    let (code, argument) = self.encode(&reply);
                    self.write(&mut count, id, code, argument);
                    over.push(id);
                    kept.push(reply);
                }
                Polled::Waits(signals) => self.signal(&mut count, id, signals, &mut kept),
                Polled::Elsewhere => {}
            }
        }
        self.flush(&mut count);
        for id in over {
            self.executor.retire(id);
        }
        drop(kept);
    }

    /// What a request that goes on has for the facade.
    fn signal(&self, count: &mut usize, id: u32, signals: Signals, kept: &mut Vec<Reply>) {
        if let Some(value) = signals.early {
            self.write(count, id, Code::Early, f64::from(value.index()));
            kept.push(Reply::Value(value));
        }
        if let Some(limit) = signals.abort {
            self.write(count, id, Code::Abort, millis(limit));
        }
        if signals.load {
            self.write(count, id, Code::Load, f64::from(id));
        }
    }

    fn write(&self, count: &mut usize, id: u32, code: Code, argument: f64) {
        if *count == BATCH {
            self.flush(count);
        }
        self.out.store(*count * 3, f64::from(id));
        self.out.store(*count * 3 + 1, f64::from(code as u8));
        self.out.store(*count * 3 + 2, argument);
        *count += 1;
    }

    fn flush(&self, count: &mut usize) {
        if *count > 0 {
            #[expect(clippy::cast_precision_loss, reason = "at most BATCH")]
            self.js.call(self.functions.deliver, &[self.js.number(*count as f64)]);
            *count = 0;
        }
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

/// Over when it is dropped, also by a panic.
struct Settling<'a>(&'a Cell<bool>);

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
