//! The invalidation count, which is needed by reads that loads may follow: a pipeline of reads asks for it once.

use std::sync::{Arc, OnceLock};

use redis::{Cmd, Value, cluster_routing::Slot};
use tokio::sync::Notify;

use super::{
    batch::{Answers, Operation},
    commands,
    store::{Payloads, StoreState},
};

/// A count that one read asks for, for all reads that are made until it is sent.
#[derive(Default)]
pub(super) struct Counting {
    /// `None` in it when there was no answer.
    count: OnceLock<Option<u64>>,
    answered: Notify,
}

impl Counting {
    fn answer(&self, count: Option<u64>) {
        self.count.get_or_init(|| count);
        self.answered.notify_waiters();
    }

    /// The answer, if it is there.
    pub(super) fn glance(&self) -> Option<Option<u64>> {
        self.count.get().copied()
    }

    pub(super) async fn wait(&self) -> Option<u64> {
        loop {
            // Listens before it looks.
            let answered = self.answered.notified();
            if let Some(count) = self.count.get() {
                return *count;
            }
            answered.await;
        }
    }
}

/// The side of the read that asks. If dropped without an answer, it reports that there is none.
pub(super) struct Asks<P> {
    shared: Arc<StoreState<P>>,
    pub(super) marks: Vec<u8>,
    /// None where reads do not share the count, as in a cluster.
    counting: Option<Arc<Counting>>,
    is_sent: bool,
}

impl<P> Asks<P> {
    /// Adds the question, if it `is_asked`, as the operation is being sent: later reads ask anew.
    pub(super) fn commands(&mut self, is_asked: bool, add: &mut dyn FnMut(Cmd)) {
        self.leave();
        if is_asked {
            add(count(&self.marks));
        }
    }

    pub(super) fn answer(&self, answer: Option<&Value>) -> Option<u64> {
        let count = answer.and_then(counted);
        if let Some(counting) = &self.counting {
            counting.answer(count);
        }
        count
    }

    /// Later reads ask anew, as this one does not ask yet, or has asked.
    pub(super) fn leave(&mut self) {
        if !self.is_sent && self.counting.is_some() {
            self.is_sent = true;
            self.shared.counting.lock().take();
        }
    }
}

impl<P> Drop for Asks<P> {
    fn drop(&mut self) {
        self.leave();
        if let Some(counting) = &self.counting {
            counting.answer(None);
        }
    }
}

impl<P: Payloads> StoreState<P> {
    /// The count that another read asks for and has not sent yet, else a new one that this read asks for.
    pub(super) fn count_marks(
        self: &Arc<Self>,
        marks: impl FnOnce() -> Vec<u8>,
    ) -> (Arc<Counting>, Option<Asks<P>>) {
        let mut pending = self.counting.lock();
        if let Some(counting) = &*pending {
            return (Arc::clone(counting), None);
        }
        let counting = Arc::new(Counting::default());
        *pending = Some(Arc::clone(&counting));
        drop(pending);
        let asks = self.asks(marks(), Some(Arc::clone(&counting)));
        (counting, Some(asks))
    }

    pub(super) fn asks(self: &Arc<Self>, marks: Vec<u8>, counting: Option<Arc<Counting>>) -> Asks<P> {
        Asks { shared: Arc::clone(self), marks, counting, is_sent: false }
    }

    /// The count beside the index of a cluster, which is on a node of its own.
    pub(super) fn count_listed(self: &Arc<Self>) -> Arc<Counting> {
        let (counting, asks) = self.count_marks(|| self.names.listed_marks().to_vec());
        if let Some(asks) = asks {
            self.requests.send(Box::new(CountListed { asks, was_asked: true }));
        }
        counting
    }
}

/// Asks for the count beside the index of a cluster.
struct CountListed<P> {
    asks: Asks<P>,
    was_asked: bool,
}

impl<P: Payloads> Operation for CountListed<P> {
    fn slot(&self) -> Slot {
        Slot::for_key(&self.asks.marks)
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        self.was_asked = !self.asks.shared.is_bare();
        self.asks.commands(self.was_asked, add);
    }

    fn finish(self: Box<Self>, answers: Answers<'_>) {
        let answer =
            answers.and_then(|answers| if self.was_asked { commands::next(answers) } else { Ok(Value::Nil) });
        self.asks.answer(answer.ok().as_ref());
    }
}

/// Asks for a count.
fn count(marks: &[u8]) -> Cmd {
    let mut command = commands::one("HGET", marks);
    command.arg(marks);
    command
}

/// The count in an answer to [`count`]: 0 when nothing is counted.
fn counted(answer: &Value) -> Option<u64> {
    match answer {
        Value::Nil => Some(0),
        Value::BulkString(count) => std::str::from_utf8(count).ok()?.parse().ok(),
        _ => None,
    }
}
