//! Acknowledgements of handled events, many together. One for each event would be a frame, and two changes of threads,
//! for each: as much as the event itself.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use lapin::{
    Acker,
    options::{BasicAckOptions, BasicNackOptions},
};
use parking_lot::Mutex;
use tokio::{sync::Notify, time::timeout};

/// The most handled events of which the broker is told together.
const TOGETHER: usize = 64;
/// How long a handled event waits for others.
const WITHIN: Duration = Duration::from_millis(5);

/// The events of a session of which the broker was not told yet. One caller tells it: the client sends in any order
/// that is asked of it at the same time, and the broker ends the channel of those that name an event twice.
pub(super) struct Acks {
    /// How many are told together: no more than the broker delivers without hearing of them.
    most: usize,
    untold: Mutex<Untold>,
    /// Notified of the first event to tell of.
    first: Notify,
    /// Notified when there are enough of them.
    enough: Notify,
}

#[derive(Default)]
struct Untold {
    /// In the order of delivery, which is that of their tags.
    events: VecDeque<Taken>,
    /// How many of them were handled.
    handled: usize,
    /// The next messages to the broker.
    next: VecDeque<Told>,
}

struct Taken {
    tag: u64,
    acker: Acker,
    is_handled: bool,
}

/// A message to the broker.
enum Told {
    /// All events up to this one were handled.
    UpTo(Acker),
    One(Acker),
    /// The event comes again.
    PutBack(Acker),
}

impl Untold {
    fn place(&self, tag: u64) -> Option<usize> {
        self.events.binary_search_by_key(&tag, |taken| taken.tag).ok()
    }

    /// Takes the handled events out: the last of those that no unhandled one precedes, then the others.
    fn take_handled(&mut self) {
        let mut last = None;
        while self.events.front().is_some_and(|taken| taken.is_handled) {
            last = self.events.pop_front().map(|taken| Told::UpTo(taken.acker));
        }
        self.next.extend(last);
        let next = &mut self.next;
        self.events.retain(|taken| {
            if taken.is_handled {
                next.push_back(Told::One(taken.acker.clone()));
            }
            !taken.is_handled
        });
        self.handled = 0;
    }

    fn next(&mut self) -> Option<Told> {
        if self.next.is_empty() && self.handled > 0 {
            self.take_handled();
        }
        self.next.pop_front()
    }
}

impl Acks {
    /// For a session to which the broker delivers that many events at most before it hears of one; 0 for no limit.
    pub(super) fn new(prefetch: u16) -> Acks {
        let most = if prefetch == 0 { TOGETHER } else { TOGETHER.min(usize::from(prefetch).div_ceil(2)) };
        Acks { most, untold: Mutex::default(), first: Notify::new(), enough: Notify::new() }
    }

    /// An event was delivered.
    pub(super) fn take(&self, tag: u64, acker: Acker) {
        self.untold.lock().events.push_back(Taken { tag, acker, is_handled: false });
    }

    /// An event was handled: the broker is told soon.
    pub(super) fn handled(&self, tag: u64) {
        let handled = {
            let mut untold = self.untold.lock();
            let Some(at) = untold.place(tag) else { return };
            untold.events[at].is_handled = true;
            untold.handled += 1;
            untold.handled
        };
        if handled == 1 {
            self.first.notify_one();
        }
        if handled == self.most {
            self.enough.notify_one();
        }
    }

    /// An event could not be handled: the broker delivers it again.
    pub(super) fn put_back(&self, tag: u64) {
        let mut untold = self.untold.lock();
        let taken = untold.place(tag).and_then(|at| untold.events.remove(at));
        untold.next.extend(taken.map(|taken| Told::PutBack(taken.acker)));
        drop(untold);
        self.first.notify_one();
    }

    /// Tells the broker of all events from here on.
    pub(super) async fn keep_telling(&self) -> Infallible {
        // Who told it before may have stopped half way, after the notification.
        self.tell().await;
        loop {
            self.first.notified().await;
            drop(timeout(WITHIN, self.enough.notified()).await);
            self.tell().await;
        }
    }

    /// Tells the broker of all that were handled, once nobody else does. A caller that stops waiting leaves the rest
    /// untold.
    pub(super) async fn tell(&self) {
        loop {
            let Some(told) = self.untold.lock().next() else { return };
            // The results do not matter: without a connection the broker delivers the events again.
            drop(match told {
                Told::UpTo(last) => last.ack(BasicAckOptions { multiple: true }).await,
                Told::One(one) => one.ack(BasicAckOptions::default()).await,
                Told::PutBack(one) => {
                    one.nack(BasicNackOptions { requeue: true, ..BasicNackOptions::default() }).await
                }
            });
        }
    }
}
