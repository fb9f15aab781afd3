//! Acknowledgements of handled events, many together. One for each event would be a frame, and two changes of threads,
//! for each: as much as the event itself.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use lapin::{
    Acker,
    options::{BasicAckOptions, BasicNackOptions},
};
use parking_lot::Mutex;
use tokio::{sync::Notify, time::sleep};

/// The most handled events of which the broker is told together.
const TOGETHER: usize = 64;
/// How long a handled event waits for others.
const WITHIN: Duration = Duration::from_millis(5);

/// The events of a session of which the broker was not told yet.
pub(super) struct Acks {
    /// How many are told together: no more than the broker delivers without hearing of them.
    most: usize,
    untold: Mutex<Untold>,
    /// Held while the broker is told. The client sends in any order what is asked of it at the same time, and the
    /// broker ends the channel of those that name an event twice.
    telling: tokio::sync::Mutex<()>,
    /// Notified of the first of several handled events.
    first: Notify,
}

#[derive(Default)]
struct Untold {
    /// In the order of delivery, which is that of their tags.
    events: VecDeque<Taken>,
    /// How many of them were handled.
    handled: usize,
}

struct Taken {
    tag: u64,
    acker: Acker,
    is_handled: bool,
}

impl Untold {
    fn place(&self, tag: u64) -> Option<usize> {
        self.events.binary_search_by_key(&tag, |taken| taken.tag).ok()
    }

    /// Takes the handled events out: the last of those that no unhandled one precedes, and the others.
    fn take_handled(&mut self) -> (Option<Acker>, Vec<Acker>) {
        self.handled = 0;
        let mut last = None;
        while self.events.front().is_some_and(|taken| taken.is_handled) {
            last = self.events.pop_front().map(|taken| taken.acker);
        }
        let mut others = Vec::new();
        self.events.retain(|taken| {
            if taken.is_handled {
                others.push(taken.acker.clone());
            }
            !taken.is_handled
        });
        (last, others)
    }
}

impl Acks {
    /// For a session to which the broker delivers that many events at most before it hears of one; 0 for no limit.
    pub(super) fn new(prefetch: u16) -> Acks {
        let most = if prefetch == 0 { TOGETHER } else { TOGETHER.min(usize::from(prefetch).div_ceil(2)) };
        Acks { most, untold: Mutex::default(), telling: tokio::sync::Mutex::default(), first: Notify::new() }
    }

    /// An event was delivered.
    pub(super) fn take(&self, tag: u64, acker: Acker) {
        self.untold.lock().events.push_back(Taken { tag, acker, is_handled: false });
    }

    /// An event was handled: the broker is told now or soon.
    pub(super) async fn handled(&self, tag: u64) {
        let handled = {
            let mut untold = self.untold.lock();
            let Some(at) = untold.place(tag) else { return };
            untold.events[at].is_handled = true;
            untold.handled += 1;
            untold.handled
        };
        if handled >= self.most {
            self.tell().await;
        } else if handled == 1 {
            self.first.notify_one();
        }
    }

    /// An event could not be handled: the broker delivers it again.
    pub(super) async fn put_back(&self, tag: u64) {
        let _telling = self.telling.lock().await;
        let taken = {
            let mut untold = self.untold.lock();
            untold.place(tag).and_then(|at| untold.events.remove(at))
        };
        if let Some(taken) = taken {
            let again = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
            // The result does not matter: without a connection the broker delivers the event again.
            drop(taken.acker.nack(again).await);
        }
    }

    /// Tells the broker of those that wait for others.
    pub(super) async fn keep_telling(&self) -> Infallible {
        loop {
            self.first.notified().await;
            sleep(WITHIN).await;
            self.tell().await;
        }
    }

    /// Tells the broker of all that were handled.
    pub(super) async fn tell(&self) {
        let _telling = self.telling.lock().await;
        let (last, others) = self.untold.lock().take_handled();
        if let Some(last) = last {
            drop(last.ack(BasicAckOptions { multiple: true }).await);
        }
        for other in others {
            drop(other.ack(BasicAckOptions::default()).await);
        }
    }
}
