//! Gathers operations: all waiting operations leave as one pipeline, while earlier pipelines are under way.
//!
//! The connection takes pipelines in the order of their operations, so operations of one caller on a key keep their
//! order. While there is no link, each operation waits for its own time.

use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    pin::Pin,
    task::Poll,
    time::Duration,
};

use futures_util::FutureExt;
use lazy_layers_engine::clock::{Clock, Time};
use redis::{Pipeline, cluster_routing::Slot};
use tokio::{
    runtime::Handle,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::{JoinHandle, yield_now},
    time::{sleep, timeout},
};
use tracing::Level;

use super::{
    address::Node,
    batch::{Batch, fail},
    connect::Link,
    fault::Fault,
    shared::share,
    submit::{Requests, Submission},
    supervised::{State, Supervised},
};
use crate::targets::REDIS;

/// The most operations in a pipeline.
const MOST: usize = 40;
/// A link that was idle for this long may have ended.
const IDLE: Duration = Duration::from_millis(50);

/// Starts to gather.
pub(super) fn gather(
    runtime: &Handle,
    supervised: Supervised,
    place: String,
    deadline: Duration,
    clustered: bool,
) -> Requests {
    let (requests, waiting) = unbounded_channel();
    let (runtime_handle, clock) = (runtime.clone(), Clock::new());
    let gatherer =
        Gatherer { runtime: runtime_handle, waiting, supervised, place, deadline, clustered, clock };
    let _running: JoinHandle<()> = runtime.spawn(gatherer.run());
    Requests(requests)
}

struct Gatherer {
    runtime: Handle,
    waiting: UnboundedReceiver<Submission>,
    supervised: Supervised,
    place: String,
    deadline: Duration,
    clustered: bool,
    clock: Clock,
}

/// Waits until operations can be sent, or certainly cannot for now. A client that its owner drives is asked first what
/// it takes.
async fn ready(supervised: &Supervised) -> State {
    let state = supervised.settled(Duration::MAX).await;
    if let State::Up(Link::Client(client), _) = &state {
        client.learn(Duration::MAX).await;
    }
    state
}

/// Whether it is known what the link takes.
fn is_known(state: &State) -> bool {
    !matches!(state, State::Up(Link::Client(client), _) if !client.is_known())
}

impl Gatherer {
    async fn run(mut self) {
        let mut submissions = Vec::with_capacity(MOST);
        let mut last = self.clock.now();
        while self.waiting.recv_many(&mut submissions, MOST).await > 0 {
            let now = self.clock.now();
            if now.since(last) > IDLE {
                // So the end of an idle connection is noticed before anything is sent, also after a freeze.
                yield_now().await;
                self.supervised.hear_end().await;
            }
            last = now;
            let taken: Submission = submissions.drain(..).flatten().collect();
            match self.settled().filter(is_known) {
                Some(state) => self.take(taken, &state).await,
                None => self.hold(taken, now).await,
            }
        }
    }

    /// The state, unless that has to be waited for.
    fn settled(&self) -> Option<State> {
        self.supervised.settled(Duration::MAX).now_or_never()
    }

    async fn take(&self, mut taken: Submission, state: &State) {
        match state {
            State::Up(link, number) => self.send_all(&mut taken, link, *number).await,
            State::Closed => fail(&mut taken, &Fault::closed()),
            State::Down(fault) => fail(&mut taken, fault),
            State::Connecting => fail(&mut taken, &Fault::not_yet(&self.place)),
        }
    }

    /// Holds operations, and those that come meanwhile, until they can be sent, each for its own time.
    async fn hold(&mut self, taken: Submission, now: Time) {
        let mut held = VecDeque::from([(now, taken)]);
        let (supervised, mut is_open) = (self.supervised.clone(), true);
        let ready = ready(&supervised);
        tokio::pin!(ready);
        while let Some((since, _)) = held.front() {
            let left = self.deadline.saturating_sub(self.clock.now().since(*since));
            tokio::select! {
                biased;
                state = &mut ready => {
                    for (_, taken) in held {
                        self.take(taken, &state).await;
                    }
                    return;
                }
                more = self.waiting.recv(), if is_open => match more {
                    Some(more) => held.push_back((self.clock.now(), more)),
                    None => is_open = false,
                },
                () = sleep(left) => {
                    let is_up = matches!(self.settled(), Some(State::Up(..)));
                    let late = Fault::too_late(&self.place, self.deadline);
                    let fault = if is_up { late } else { Fault::not_yet(&self.place) };
                    held.pop_front().into_iter().for_each(|(_, mut taken)| fail(&mut taken, &fault));
                }
            }
        }
    }

    async fn send_all(&self, taken: &mut Submission, link: &Link, number: u64) {
        if !self.clustered {
            while !taken.is_empty() {
                let rest = taken.split_off(taken.len().min(MOST));
                let batch = share(std::mem::replace(taken, rest));
                let slot = batch[0].slot();
                self.send(batch, slot, link.clone(), number).await;
            }
            return;
        }
        // A pipeline goes to one node. Operations on a key stay in order, as its slot is on one node.
        let mut places: HashMap<Option<Node>, Submission> = HashMap::new();
        for operation in taken.drain(..) {
            places.entry(link.place_of(operation.slot())).or_default().push(operation);
        }
        for operations in places.into_values() {
            let slot = operations[0].slot();
            self.send(operations, slot, link.clone(), number).await;
        }
    }

    async fn send(&self, mut operations: Submission, slot: Slot, mut link: Link, number: u64) {
        let mut pipeline = Pipeline::with_capacity(operations.len() * 2);
        let mut counts = Vec::with_capacity(operations.len());
        let mut total = 0;
        for operation in &mut operations {
            let before = total;
            operation.commands(&mut |command| {
                pipeline.add_command(command);
                total += 1;
            });
            counts.push(total - before);
        }
        let batch = Batch {
            operations,
            counts,
            slot,
            number,
            link: link.clone(),
            supervised: self.supervised.clone(),
            place: self.place.clone(),
            deadline: self.deadline,
            commands: total,
            // The clock is read only if the log wants it.
            since: tracing::event_enabled!(target: REDIS, Level::DEBUG).then(|| self.clock.now()),
            clock: self.clock.clone(),
        };
        let deadline = self.deadline;
        let mut sent: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(async move {
            let answered = timeout(deadline, link.send(&pipeline, total, slot)).await;
            (answered.ok(), pipeline)
        });
        // Polled here once, so that it is on its way before the next one. The rest has time.
        let at_once = poll_fn(|context| match sent.as_mut().poll(context) {
            Poll::Ready(sent) => Poll::Ready(Some(sent)),
            Poll::Pending => Poll::Ready(None),
        });
        let at_once = at_once.await;
        if let Some((Some(Ok(values)), _)) = at_once {
            batch.answer(values);
            return;
        }
        let _waiting: JoinHandle<()> = self.runtime.spawn(async move {
            let (answered, pipeline) = match at_once {
                Some(sent) => sent,
                None => sent.await,
            };
            batch.finish(answered, &pipeline).await;
        });
    }
}
