//! The bus between the instances, in the hands of the model.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use super::random::Random;
use lazy_layers_engine::{
    bus::{Bus, Message},
    clock::Time,
    testing::Weighed,
    value::{BoxFuture, Failure},
};
use parking_lot::Mutex;

pub(super) type Number = Weighed<usize>;

/// The end of an instance: its messages wait here until the model takes them.
#[derive(Default)]
pub(super) struct Outgoing {
    sent: Mutex<Vec<Message<Number>>>,
    /// The messages that wait for the connection.
    queued: Mutex<Vec<Message<Number>>>,
    cut: AtomicBool,
    reconnects: AtomicU64,
}

impl Outgoing {
    pub(super) fn take(&self) -> Vec<Message<Number>> {
        std::mem::take(&mut *self.sent.lock())
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(SeqCst)
    }

    pub(super) fn cut(&self) {
        self.cut.store(true, SeqCst);
    }

    /// The waiting messages leave, in order.
    pub(super) fn mend(&self) {
        self.cut.store(false, SeqCst);
        self.reconnects.fetch_add(1, SeqCst);
        self.sent.lock().append(&mut self.queued.lock());
    }
}

impl Bus<Number> for Outgoing {
    fn publish<'a>(&'a self, message: &'a Message<Number>) -> BoxFuture<'a, Result<(), Failure<Number>>> {
        let is_cut = self.is_cut();
        if !is_cut {
            self.sent.lock().push(message.clone());
        }
        let sent = if is_cut { Err(Failure::Message("the connection is cut".to_owned())) } else { Ok(()) };
        Box::pin(std::future::ready(sent))
    }

    fn failed(&self, message: &Message<Number>) {
        self.queued.lock().push(message.clone());
    }

    fn postpone(&self, message: &Message<Number>) {
        self.queued.lock().push(message.clone());
    }

    fn reconnects(&self) -> u64 {
        self.reconnects.load(SeqCst)
    }

    fn encoded_bytes(&self, _: &Message<Number>) -> u64 {
        0
    }
}

/// The time after which the broker delivers again: longer than early values of a subscription live.
const ACK_WAIT: Duration = Duration::from_secs(4);

/// A message on its way to an instance.
#[derive(Clone)]
pub(super) struct Flying {
    pub(super) to: usize,
    pub(super) message: Message<Number>,
    /// It has arrived by then.
    pub(super) due: Time,
}

/// The messages on their way, in the order of sending.
pub(super) struct Hub {
    pub(super) flying: Vec<Flying>,
    /// The delivered messages: each may be delivered again.
    pub(super) delivered: Vec<Flying>,
    in_order: bool,
    longest: Duration,
}

impl Hub {
    pub(super) fn new(in_order: bool, longest: Duration) -> Hub {
        Hub { flying: Vec::new(), delivered: Vec::new(), in_order, longest }
    }

    /// Sends its unacknowledged messages to one instance, at once or when the broker has waited for them.
    pub(super) fn send_again(&mut self, to: usize, mut message: Message<Number>, now: Time, at_once: bool) {
        message.is_redelivered = true;
        let due = if at_once { now } else { now.after(crate::setup::ttl(ACK_WAIT)) };
        self.flying.push(Flying { to, message, due });
    }

    /// Sends to one instance.
    pub(super) fn send(&mut self, to: usize, message: Message<Number>, now: Time, random: &mut Random) {
        let share = u32::try_from(1 + random.below(1000)).expect("small");
        let due = now.after(crate::setup::ttl(self.longest * share / 1000));
        self.flying.push(Flying { to, message, due });
    }

    /// Takes one that is on its way, of those that may arrive next; none for those that are cut off.
    pub(super) fn any(&mut self, random: &mut Random, cut: &[bool]) -> Option<Flying> {
        let open: Vec<usize> = (0..self.flying.len()).filter(|at| !cut[self.flying[*at].to]).collect();
        if open.is_empty() {
            return None;
        }
        let at = open[random.below(open.len())];
        Some(self.take(at))
    }

    /// Takes a message that is due by then, or one that has to arrive before it.
    pub(super) fn due(&mut self, until: Time, cut: &[bool]) -> Option<Flying> {
        let at = self.flying.iter().position(|flying| flying.due <= until && !cut[flying.to])?;
        Some(self.take(at))
    }

    fn take(&mut self, at: usize) -> Flying {
        let to = self.flying[at].to;
        // A message comes again when its time is over, whatever came since.
        let in_order = |flying: &Flying| flying.to == to && !flying.message.is_redelivered;
        if self.flying[at].message.is_redelivered {
            return self.flying.remove(at);
        }
        let first = if self.in_order { self.flying.iter().position(in_order) } else { None };
        self.flying.remove(first.unwrap_or(at))
    }

    /// The messages on their way there do not arrive.
    pub(super) fn forget(&mut self, to: usize) -> Vec<Flying> {
        let (gone, left) = std::mem::take(&mut self.flying).into_iter().partition(|flying| flying.to == to);
        self.flying = left;
        gone
    }
}

pub(super) fn outgoing() -> Arc<Outgoing> {
    Arc::default()
}
