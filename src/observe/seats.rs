//! The dashboards of one environment: the functions that answer for its caches, and its servers.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::{Arc, atomic::AtomicU64},
};

use parking_lot::Mutex;
use slab::Slab;
use tokio::sync::oneshot;

use super::{
    desk::{Answered, Desk},
    listener::Listener,
    watched::{self, About, Watched},
};
use crate::{
    raw::{
        js::{Js, JsKept, JsValue, JsWeakFunction, Unexpected},
        memory::Shared,
        wake::{self, Wake},
    },
    stats::CacheStats,
    ticker,
};

thread_local! {
    static CURRENT: RefCell<Option<Rc<Seats>>> = const { RefCell::new(None) };
}

/// A cache whose dashboard is on.
struct Seat {
    /// Answers questions about it: `(number, what, params)`. The cache holds the function, so that it does not hold
    /// the cache.
    answers: JsWeakFunction,
    watched: Arc<Watched>,
    /// The array that JavaScript counts into.
    durations: JsKept,
}

/// The dashboards of an environment.
pub(crate) struct Seats {
    desk: Arc<Desk>,
    /// By number. Numbers are not reused: JavaScript may release one after it was swept.
    seats: RefCell<HashMap<usize, Seat>>,
    next: Cell<usize>,
    /// Questions that JavaScript is answering.
    open: RefCell<HashMap<usize, oneshot::Sender<Answered>>>,
    /// How many questions there were. Numbers are not reused: a late answer belongs to nobody else.
    asked: Cell<usize>,
    servers: RefCell<Slab<Server>>,
    /// Servers that have ended, and whose end JavaScript has yet to hear.
    ended: Arc<Mutex<Vec<usize>>>,
    /// The number of servers whose end JavaScript waits for.
    ending: Cell<usize>,
}

/// A server, and the function to call at its end.
struct Server {
    listener: Option<Listener>,
    seat: usize,
    is_awaited: bool,
}

/// The dashboards of this thread, made when they are first asked for.
pub(crate) fn current(js: Js, environment: u32) -> Result<Rc<Seats>, Unexpected> {
    if let Some(seats) = CURRENT.with_borrow(Clone::clone) {
        return Ok(seats);
    }
    let seats = Rc::new(Seats {
        desk: Desk::open(environment, Wake::new(js, woken)?),
        seats: RefCell::default(),
        next: Cell::new(0),
        open: RefCell::default(),
        asked: Cell::new(0),
        servers: RefCell::default(),
        ended: Arc::default(),
        ending: Cell::new(0),
    });
    CURRENT.set(Some(Rc::clone(&seats)));
    wake::at_end(js, tear_down);
    Ok(seats)
}

/// The environment ends.
fn tear_down() {
    let Some(seats) = CURRENT.take() else { return };
    seats.desk.wake().close();
    drop(seats.servers.take());
    drop(seats.open.take());
    for seat in seats.seats.borrow().values() {
        // The arrays go with the environment.
        seat.watched.stats.unobserve();
    }
    drop(seats.desk.take());
}

/// Called on the thread of the environment when another thread has a question.
fn woken(js: Js) {
    let Some(seats) = CURRENT.with_borrow(Clone::clone) else { return };
    seats.desk.beat.answer(ticker::clock().now());
    for question in seats.desk.take() {
        js.scoped(|| seats.put(js, question.seat, question.what, &question.params, question.answer));
    }
    seats.sweep(js);
    let ended = std::mem::take(&mut *seats.ended.lock());
    for server in ended {
        js.scoped(|| seats.hear_end(js, server));
    }
}

impl Seats {
    /// Adds a cache whose dashboard is on.
    pub(crate) fn attach(
        &self,
        js: Js,
        stats: Arc<CacheStats>,
        about: About,
        answers: JsValue,
        (durations, kept): (Shared<AtomicU64>, JsKept),
    ) -> Result<usize, Unexpected> {
        self.sweep(js);
        let answers = js.keep_weakly(answers)?;
        let seat = self.next.replace(self.next.get() + 1);
        stats.observe(durations);
        let watched = Arc::new(Watched {
            stats,
            desk: Arc::clone(&self.desk),
            seat,
            about,
            config: Mutex::default(),
            l2_size: Mutex::default(),
            feed: Mutex::default(),
        });
        watched::register(&watched);
        self.seats.borrow_mut().insert(seat, Seat { answers, watched, durations: kept });
        Ok(seat)
    }

    /// Removes a cache whose dashboard is off for good.
    pub(crate) fn detach(&self, js: Js, seat: usize) {
        let released = self.seats.borrow_mut().remove(&seat);
        if let Some(Seat { answers, watched, durations }) = released {
            watched.stats.unobserve();
            js.let_go(vec![durations]);
            js.forget(answers);
        }
    }

    /// Ends the seats of dashboards that are garbage. Perhaps nobody else reports them: the finalization
    /// registry that would have may be gone with the realm of a test runner.
    fn sweep(&self, js: Js) {
        let is_gone = |(_, seat): &(&usize, &Seat)| !js.is_there(seat.answers);
        let gone: Vec<usize> =
            self.seats.borrow().iter().filter(is_gone).map(|(number, _)| *number).collect();
        for seat in gone {
            for (_, server) in &mut *self.servers.borrow_mut() {
                if server.seat == seat
                    && let Some(listener) = &server.listener
                {
                    listener.server.stop();
                }
            }
            self.detach(js, seat);
        }
    }

    /// The cache of a seat.
    pub(crate) fn watched(&self, seat: usize) -> Option<Arc<Watched>> {
        self.seats.borrow().get(&seat).map(|seat| Arc::clone(&seat.watched))
    }

    /// Adds a server, which `open` makes: it calls its argument when the server has ended.
    pub(crate) fn serve<E>(
        &self,
        seat: usize,
        open: impl FnOnce(Box<dyn FnOnce() + Send>) -> Result<Listener, E>,
    ) -> Result<usize, E> {
        let server = self.servers.borrow_mut().insert(Server { listener: None, seat, is_awaited: false });
        let (ended, desk) = (Arc::clone(&self.ended), Arc::downgrade(&self.desk));
        let tell = Box::new(move || {
            ended.lock().push(server);
            if let Some(desk) = desk.upgrade() {
                desk.ping();
            }
        });
        match open(tell) {
            Ok(listener) => {
                if let Some(server) = self.servers.borrow_mut().get_mut(server) {
                    server.listener = Some(listener);
                }
                Ok(server)
            }
            Err(error) => {
                self.servers.borrow_mut().remove(server);
                Err(error)
            }
        }
    }

    /// Runs `act` on a listening server.
    pub(crate) fn with_server<R>(&self, server: usize, act: impl FnOnce(&Listener) -> R) -> Option<R> {
        self.servers.borrow().get(server).and_then(|server| server.listener.as_ref()).map(act)
    }

    /// Stops a server. The process is kept alive until JavaScript has heard of its end.
    pub(crate) fn stop(&self, js: Js, server: usize) {
        let mut servers = self.servers.borrow_mut();
        let Some(server) = servers.get_mut(server) else { return };
        if let Some(listener) = &server.listener
            && !server.is_awaited
        {
            listener.server.stop();
            server.is_awaited = true;
            self.ending.set(self.ending.get() + 1);
            self.desk.wake().keep_process_alive(js, true);
        }
    }

    fn hear_end(&self, js: Js, server: usize) {
        let ended = self.servers.borrow_mut().try_remove(server);
        let Some(Server { listener, seat, is_awaited }) = ended else { return };
        drop(listener);
        if is_awaited {
            self.ending.set(self.ending.get() - 1);
            self.desk.wake().keep_process_alive(js, self.ending.get() > 0);
        }
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let number = js.number(server as f64);
        self.call(js, seat, [number, js.text("ended"), js.undefined()]);
    }

    fn put(&self, js: Js, seat: usize, what: &str, params: &str, answer: oneshot::Sender<Answered>) {
        if answer.is_closed() {
            return;
        }
        let number = self.asked.get() + 1;
        self.asked.set(number);
        {
            let mut open = self.open.borrow_mut();
            // Drop questions whose clients have stopped waiting.
            open.retain(|_, answer| !answer.is_closed());
            open.insert(number, answer);
        }
        #[expect(clippy::cast_precision_loss, reason = "a count fits 53 bits")]
        let args = [js.number(number as f64), js.text(what), js.text(params)];
        if !self.call(js, seat, args) {
            drop(self.open.borrow_mut().remove(&number));
        }
    }

    /// Calls the function of a seat. Returns whether it still existed and did not throw.
    fn call(&self, js: Js, seat: usize, args: [JsValue; 3]) -> bool {
        let answers = self.seats.borrow().get(&seat).map(|seat| seat.answers);
        answers.is_some_and(|answers| js.call_weak(answers, &args).is_some())
    }

    /// JavaScript answers a question.
    pub(crate) fn answer(&self, number: usize, answered: Answered) {
        let sender = self.open.borrow_mut().remove(&number);
        if let Some(sender) = sender {
            // The asker may have gone.
            let _ = sender.send(answered);
        }
    }
}
