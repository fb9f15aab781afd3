//! Steps of sessions that JavaScript has with brokers. The runtime asks for a step; the thread of JavaScript takes
//! it, and reports its end and the payloads it receives.

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
};

use lazy_layers_drivers::bus::{Acknowledge, Delivery};
use lazy_layers_engine::bus::wire::{decode_heartbeat, is_heartbeat};
use parking_lot::Mutex;
use slab::Slab;
use tokio::sync::{mpsc, oneshot, watch};

use super::{BusQueue, Item};
use crate::{
    contract::{Arrival, BusItem, Coded, SessionNews, SessionStep},
    env::Env,
};

/// How a step ended.
pub(crate) struct Ended {
    /// The number of payloads that were sent; of a subscription, 1 if the broker has kept all events since the
    /// last session.
    pub(crate) count: usize,
    /// The place that the session is connected to, if it tells.
    pub(crate) place: Option<String>,
    pub(crate) failure: Option<Failed>,
}

/// Why a step failed.
pub(crate) struct Failed {
    pub(crate) reason: String,
    /// The broker does not take that event, now or ever.
    pub(crate) is_refused: bool,
}

/// A step on its way.
pub(crate) struct Step {
    pub(crate) link: Link,
    pub(crate) what: SessionStep,
    /// The delivery that it acknowledges or rejects, if it does so.
    pub(crate) delivery: u32,
    pub(crate) payloads: Vec<Vec<u8>>,
    pub(crate) ended: Option<oneshot::Sender<Ended>>,
}

/// A session, and the way to it.
#[derive(Clone)]
pub(crate) struct Link {
    /// The bus.
    pub(crate) owner: u32,
    /// The number of the session.
    pub(crate) number: u32,
    pub(crate) queue: Arc<BusQueue>,
    pub(crate) state: Arc<SessionState>,
}

/// The state of a session that both threads share.
pub(crate) struct SessionState {
    /// Whether the session has a subscriber: payloads that arrive earlier are dropped.
    pub(crate) listens: AtomicBool,
    /// Whether a heartbeat of this instance has come back.
    pub(crate) echoed: AtomicBool,
    /// Whether the user may send and hear heartbeats; the same for all sessions of a bus.
    pub(crate) has_heartbeats: Arc<AtomicBool>,
    /// Heartbeats that JavaScript has not taken yet.
    pub(crate) unsent: AtomicUsize,
    /// The publisher of those heartbeats.
    pub(crate) publisher: Mutex<String>,
    pub(crate) lost: watch::Sender<Option<String>>,
    pub(crate) deliveries: mpsc::UnboundedSender<Delivery>,
}

impl Link {
    /// Makes JavaScript take a step, without waiting for its end.
    pub(crate) fn tell(&self, what: SessionStep, delivery: u32, payloads: Vec<Vec<u8>>) {
        self.queue.push(Item::Session(Step { link: self.clone(), what, delivery, payloads, ended: None }));
    }

    /// Makes JavaScript take a step. Returns the receiver of its end.
    pub(crate) fn ask(&self, what: SessionStep, payloads: Vec<Vec<u8>>) -> oneshot::Receiver<Ended> {
        let (ended, end) = oneshot::channel();
        let step = Step { link: self.clone(), what, delivery: 0, payloads, ended: Some(ended) };
        self.queue.push(Item::Session(step));
        end
    }

    /// Asks the thread of JavaScript for a sign of life. Returns a flag that is set once it has come.
    pub(crate) fn probe(&self) -> Arc<AtomicBool> {
        let seen = Arc::new(AtomicBool::new(false));
        self.queue.push(Item::Probe(Arc::clone(&seen)));
        seen
    }

    fn acknowledge(&self, delivery: u32) -> Acknowledge {
        let link = self.clone();
        Box::new(move |handled| {
            let step = if handled { SessionStep::Acknowledge } else { SessionStep::Reject };
            link.tell(step, delivery, Vec::new());
            Box::pin(std::future::ready(()))
        })
    }

    /// Hands on a payload that has arrived. A delivery of -1 waits for no outcome.
    fn received(&self, bytes: Vec<u8>, arrival: Arrival, delivery: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of JavaScript")]
        let acknowledge = || (delivery >= 0.0).then(|| self.acknowledge(delivery as u32));
        let delivery = match arrival {
            Arrival::Either if is_heartbeat(&bytes) => Delivery::Heartbeat(bytes, None),
            Arrival::Again => match acknowledge() {
                Some(acknowledge) => Delivery::Again(bytes, acknowledge),
                None => Delivery::Event(bytes, None),
            },
            Arrival::Either | Arrival::Event => Delivery::Event(bytes, acknowledge()),
            Arrival::Heartbeat => Delivery::Heartbeat(bytes, None),
            Arrival::SignOfLife => Delivery::SignOfLife(bytes),
        };
        if let Delivery::Heartbeat(bytes, _) | Delivery::SignOfLife(bytes) = &delivery
            && !self.state.echoed.load(Relaxed)
            && decode_heartbeat(bytes).is_ok_and(|beat| beat.number.publisher == *self.state.publisher.lock())
        {
            self.state.echoed.store(true, SeqCst);
        }
        if self.state.listens.load(SeqCst) {
            // The receiver may be gone.
            drop(self.state.deliveries.send(delivery));
        }
    }
}

impl Step {
    /// Hands it to JavaScript.
    pub(crate) fn take(self, env: &Env, sessions: &Sessions) {
        let js = env.js();
        match self.what {
            SessionStep::Open => drop(sessions.open.borrow_mut().insert(self.link.number, self.link.clone())),
            SessionStep::Close => drop(sessions.open.borrow_mut().remove(&self.link.number)),
            SessionStep::Heartbeat if self.ended.is_none() => {
                self.link.state.unsent.fetch_sub(1, SeqCst);
            }
            _ => {}
        }
        #[expect(clippy::cast_precision_loss, reason = "steps are counted in a slab")]
        let number = self.ended.map_or(-1.0, |ended| sessions.steps.borrow_mut().insert(ended) as f64);
        js.scoped(|| {
            let [owner, session, delivery] =
                [self.link.owner, self.link.number, self.delivery].map(f64::from);
            let head = [BusItem::Session.number(), owner, session, self.what.number(), number, delivery];
            let mut args: Vec<_> = head.into_iter().map(|number| js.number(number)).collect();
            args.extend(self.payloads.iter().map(|payload| js.bytes(payload)));
            js.call(env.functions.hear, &args);
        });
    }
}

/// The sessions of an environment.
#[derive(Default)]
pub(crate) struct Sessions {
    /// The open sessions, by number.
    open: RefCell<HashMap<u32, Link>>,
    /// The steps whose ends are waited for.
    steps: RefCell<Slab<oneshot::Sender<Ended>>>,
}

impl Sessions {
    /// A step has ended.
    pub(crate) fn ended(&self, step: usize, end: Ended) {
        let ended = self.steps.borrow_mut().try_remove(step);
        // The asker may have stopped waiting.
        drop(ended.map(|ended| ended.send(end)));
    }

    /// A payload was received.
    pub(crate) fn received(&self, session: u32, bytes: Vec<u8>, arrival: Arrival, delivery: f64) {
        if let Some(link) = self.open.borrow().get(&session) {
            link.received(bytes, arrival, delivery);
        }
    }

    /// There is news of a session.
    pub(crate) fn news(&self, session: u32, news: SessionNews, text: String) {
        let open = self.open.borrow();
        let Some(link) = open.get(&session) else { return };
        match news {
            SessionNews::Lost => drop(link.state.lost.send_replace(Some(text))),
            SessionNews::NoHeartbeats => link.state.has_heartbeats.store(false, SeqCst),
        }
    }

    /// The environment ends.
    pub(crate) fn clear(&self) {
        let open = std::mem::take(&mut *self.open.borrow_mut());
        for link in open.values() {
            link.state.lost.send_replace(Some("the environment has ended".to_owned()));
        }
        drop(std::mem::take(&mut *self.steps.borrow_mut()));
    }
}
