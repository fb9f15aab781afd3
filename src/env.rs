//! One Node.js environment: its JavaScript side, and the memory that both sides share.
//!
//! An environment is one thread, so it is found by thread. [`crate::instance`] has everything that lives in it.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use lazy_layers_engine::{
    codec::{Limits, Reader},
    entry::key::Key,
};

use crate::{
    contract::bridge::{Functions, SharedArrays},
    raw::{
        bytes::Scratch,
        js::{Js, JsKept, JsValue},
        memory::Shared,
    },
};

thread_local! {
    static CURRENT: RefCell<Option<Rc<Env>>> = const { RefCell::new(None) };
}

/// An environment.
pub(crate) struct Env {
    js: Js,
    /// Environments are numbered in the order of their creation.
    pub(crate) number: u32,
    /// The JavaScript side.
    pub(crate) bridge: JsKept,
    pub(crate) functions: Functions,
    /// Opens the payloads of stores.
    pub(crate) reader: Arc<Reader>,
    /// Bits of [`crate::contract::pending`].
    pub(crate) pending: Shared<AtomicU32>,
    /// Late answers are written here.
    pub(crate) out: Shared<AtomicU64>,
    /// Events that are told together are written here.
    pub(crate) lines: Shared<AtomicU64>,
    /// The options of a call are read from here.
    pub(crate) params: Shared<AtomicU64>,
    /// The texts among the options.
    pub(crate) texts: JsKept,
    /// The time for hits.
    pub(crate) clock: Shared<AtomicU64>,
    /// Until when the load of each request may be joined.
    pub(crate) joinable: Shared<AtomicU64>,
    /// Small values are handed over here, as bytes.
    scratch: Scratch,
    /// A number that comes with a value handed over: its weight, or whether its bytes are a payload.
    transfer: Shared<AtomicU64>,
}

/// The environment of this thread, if the addon was set up there.
pub(crate) fn current() -> Option<Rc<Env>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Sets this thread's environment up. Once.
pub(crate) fn set_up(js: Js, bridge: JsKept, functions: Functions, arrays: SharedArrays) -> Rc<Env> {
    static ENVIRONMENTS: AtomicU32 = AtomicU32::new(0);
    let env = Rc::new(Env {
        js,
        number: ENVIRONMENTS.fetch_add(1, Ordering::Relaxed),
        bridge,
        functions,
        reader: Arc::new(Reader::new(Limits::default())),
        pending: arrays.pending,
        out: arrays.out,
        lines: arrays.lines,
        params: arrays.params,
        texts: arrays.texts,
        clock: arrays.clock,
        joinable: arrays.joinable,
        scratch: arrays.scratch,
        transfer: arrays.transfer,
    });
    CURRENT.set(Some(Rc::clone(&env)));
    env
}

/// The environment of this thread ends.
pub(crate) fn end() {
    CURRENT.take();
}

impl Env {
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
}
