//! Streams of events: one place asks JavaScript for new events, and hands them to all viewers.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::mpsc, time::MissedTickBehavior};

use super::{
    desk::{DEADLINE, Unanswered},
    pulse, snapshot,
    watched::Watched,
};
use crate::{
    contract::observed::streams::{BURST, DROPPED, MOST, PING_MS, ROUND_MS},
    ticker,
};

/// The time between two looks for new events: with viewers, and without.
const ROUNDS: [Duration; 2] = [Duration::from_millis(ROUND_MS), Duration::from_secs(1)];
/// A loop that has not turned for this time is not asked.
const STUCK_MS: f64 = 500.0;
const PING: Duration = Duration::from_millis(PING_MS);
/// The most pieces that wait for a client. A client that is slower is dropped.
const BACKLOG: usize = 64;

/// A viewer.
struct Viewer {
    sender: mpsc::Sender<Bytes>,
    /// The number of the last event that it was sent; `None` before the first round.
    seen: Option<u64>,
    from: u64,
}

/// The streams of a cache at one server.
pub(crate) struct Streams {
    watched: Weak<Watched>,
    runtime: Handle,
    viewers: Mutex<Vec<Viewer>>,
    /// How many are open at the server.
    open: Arc<AtomicUsize>,
    /// The streams of other caches at the same server.
    others: Mutex<Vec<Weak<Streams>>>,
}

impl Streams {
    /// Looks for events of a cache from here on, until this is dropped.
    pub(crate) fn start(runtime: &Handle, watched: &Arc<Watched>) -> Arc<Streams> {
        Streams::begin(runtime, watched, Arc::default())
    }

    fn begin(runtime: &Handle, watched: &Arc<Watched>, open: Arc<AtomicUsize>) -> Arc<Streams> {
        let streams = Arc::new(Streams {
            watched: Arc::downgrade(watched),
            runtime: runtime.clone(),
            viewers: Mutex::default(),
            open,
            others: Mutex::default(),
        });
        runtime.spawn(run(Arc::downgrade(&streams)));
        streams
    }

    /// The streams of another cache.
    pub(crate) fn of(&self, watched: &Arc<Watched>) -> Arc<Streams> {
        let mut others = self.others.lock();
        others.retain(|held| held.strong_count() > 0);
        let is_of = |streams: &Arc<Streams>| streams.watched.as_ptr() == Arc::as_ptr(watched);
        if let Some(known) = others.iter().filter_map(Weak::upgrade).find(is_of) {
            return known;
        }
        let streams = Streams::begin(&self.runtime, watched, Arc::clone(&self.open));
        others.push(Arc::downgrade(&streams));
        streams
    }

    /// How many are open at the server.
    pub(crate) fn open(&self) -> usize {
        self.open.load(SeqCst)
    }

    /// Opens a stream of the events after a number, unless there are too many streams.
    pub(crate) fn open_one(self: &Arc<Streams>, from: u64) -> Option<mpsc::Receiver<Bytes>> {
        self.sweep();
        if self.open.fetch_add(1, SeqCst) >= MOST {
            self.open.fetch_sub(1, SeqCst);
            return None;
        }
        let (sender, receiver) = mpsc::channel(BACKLOG + 2);
        let _ = sender.try_send(Bytes::from_static(b"retry: 3000\n\n"));
        self.viewers.lock().push(Viewer { sender, seen: None, from });
        // The viewers keep the streams of another cache alive.
        let streams = Arc::clone(self);
        self.runtime.spawn(async move { streams.hold().await });
        Some(receiver)
    }

    /// Ends when there are no viewers.
    async fn hold(&self) {
        while !self.viewers.lock().is_empty() {
            tokio::time::sleep(ROUNDS[0]).await;
        }
    }

    /// Forgets the viewers that have gone.
    fn sweep(&self) {
        self.keep(|viewer| !viewer.sender.is_closed());
    }

    fn keep(&self, keeps: impl FnMut(&mut Viewer) -> bool) {
        let mut viewers = self.viewers.lock();
        let before = viewers.len();
        viewers.retain_mut(keeps);
        self.open.fetch_sub(before - viewers.len(), SeqCst);
    }

    /// Sends each viewer the events that are new to it.
    fn spread(&self, watched: &Watched) {
        let feed = watched.feed.lock();
        self.keep(|viewer| match feed.after(viewer.seen.unwrap_or(viewer.from)) {
            None => {
                viewer.seen.get_or_insert(viewer.from);
                true
            }
            Some((text, last)) => {
                viewer.seen = Some(last);
                send(&viewer.sender, text)
            }
        });
    }

    /// The cache is closed: its streams end, and leave their places to others.
    fn end(&self) {
        self.keep(|_| false);
    }

    fn say(&self, text: &str) {
        self.keep(|viewer| send(&viewer.sender, Bytes::copy_from_slice(text.as_bytes())));
    }
}

/// Sends something to a viewer that keeps up.
fn send(sender: &mpsc::Sender<Bytes>, text: Bytes) -> bool {
    if sender.capacity() > 1 {
        return sender.try_send(text).is_ok();
    }
    let _ = sender.try_send(Bytes::from_static(DROPPED.as_bytes()));
    false
}

/// Looks for new events.
async fn run(streams: Weak<Streams>) {
    let mut round = tokio::time::interval(ROUNDS[0]);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let clock = ticker::clock();
    let (mut pinged, mut asked, mut said, mut heard) = (clock.now(), clock.now(), clock.now(), 0.0_f64);
    // Counted events may not have reached JavaScript when it is asked, so it is asked once more.
    let mut is_due = false;
    loop {
        round.tick().await;
        let Some(streams) = streams.upgrade() else { return };
        let Some(watched) = streams.watched.upgrade() else { return streams.end() };
        streams.sweep();
        let is_watched = !streams.viewers.lock().is_empty();
        let now = clock.now();
        if now.since(asked) < ROUNDS[usize::from(!is_watched)] {
            continue;
        }
        asked = now;
        // A new viewer gets the known events at once.
        streams.spread(&watched);
        let stalled = pulse::stalled(&watched.desk);
        if stalled >= STUCK_MS {
            if now.since(said) >= ROUNDS[1] {
                said = now;
                streams.say(&format!(": stalled {stalled}\n\n"));
            }
            continue;
        }
        let total = snapshot::total_events(&watched);
        let is_new = total.to_bits() != heard.to_bits();
        if is_new || is_due {
            is_due = is_new;
            match fetch(&watched).await {
                Ok(()) => heard = total,
                Err(Unanswered::Gone) => streams.end(),
                Err(Unanswered::Stalled(_) | Unanswered::Slow | Unanswered::Busy) => {}
            }
            streams.spread(&watched);
        }
        if now.since(pinged) >= PING {
            pinged = now;
            streams.say(": ping\n\n");
        }
    }
}

/// Asks JavaScript for the events after the last one that is known here. It answers with a line for each event: its
/// number, a space, and the event as JSON.
async fn fetch(watched: &Watched) -> Result<(), Unanswered> {
    let after = watched.feed.lock().last();
    let most = BURST.min(watched.about.max_events);
    let params = format!("{{\"after\":{after},\"most\":{most}}}");
    let answer = watched.ask("feed", params, DEADLINE).await?;
    let mut feed = watched.feed.lock();
    for line in answer.body.lines() {
        let Some((number, event)) = line.split_once(' ') else { continue };
        if let Ok(number) = number.parse::<u64>()
            && number > feed.last()
        {
            feed.push(number, Bytes::from(format!("data: {event}\n\n")), watched.about.max_events);
        }
    }
    Ok(())
}
