//! Questions that only JavaScript can answer: asked from any thread, answered by the environment of the cache.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
    time::Duration,
};

use lazy_layers_drivers::wakes::Sleeper;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::beat::Beat;
use crate::{raw::wake::Wake, ticker};

/// How long an answer may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(2);
/// The most questions that wait for an environment.
const MOST: usize = 64;

/// A question about a cache.
pub(crate) struct Question {
    /// The seat of the cache in its environment.
    pub(crate) seat: usize,
    pub(crate) what: &'static str,
    /// As JSON.
    pub(crate) params: String,
    pub(crate) answer: oneshot::Sender<Answered>,
}

/// An answer of JavaScript.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The event loop has not turned for this number of milliseconds.
    Stalled(f64),
    /// The loop turns, but the answer takes long: it waits for something slow.
    Slow,
    /// Too many questions wait.
    Busy,
    /// The environment has ended, or the cache is closed.
    Gone,
}

/// The queue of questions for an environment.
pub(crate) struct Desk {
    pub(crate) environment: u32,
    wake: Wake,
    pub(crate) beat: Beat,
    questions: Mutex<VecDeque<Question>>,
}

/// The desks of all environments.
static ALL: Mutex<Vec<Weak<Desk>>> = Mutex::new(Vec::new());

/// All desks.
pub(crate) fn all() -> Vec<Arc<Desk>> {
    ALL.lock().iter().filter_map(Weak::upgrade).collect()
}

impl Desk {
    pub(crate) fn open(environment: u32, wake: Wake) -> Arc<Desk> {
        let desk = Arc::new(Desk { environment, wake, beat: Beat::default(), questions: Mutex::default() });
        let mut all = ALL.lock();
        all.retain(|held| held.strong_count() > 0);
        all.push(Arc::downgrade(&desk));
        desk
    }

    pub(crate) fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Asks the event loop to show that it turns.
    pub(crate) fn ping(&self) {
        if self.beat.ask(ticker::clock().now()) {
            self.wake.wake();
        }
    }

    /// How long the event loop has not turned, in milliseconds.
    pub(crate) fn stalled(&self) -> f64 {
        self.beat.stalled(ticker::clock().now())
    }

    /// The questions that wait for an answer.
    pub(crate) fn take(&self) -> VecDeque<Question> {
        std::mem::take(&mut self.questions.lock())
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(
        &self,
        seat: usize,
        what: &'static str,
        params: String,
        deadline: Duration,
    ) -> Result<Answered, Unanswered> {
        let (answer, answered) = oneshot::channel();
        {
            let mut questions = self.questions.lock();
            // Drop questions whose clients have stopped waiting.
            questions.retain(|question| !question.answer.is_closed());
            if questions.len() >= MOST {
                return Err(Unanswered::Busy);
            }
            questions.push_back(Question { seat, what, params, answer });
        }
        self.beat.ask(ticker::clock().now());
        self.wake.wake();
        match tokio::time::timeout(deadline, answered).await {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(_)) => Err(Unanswered::Gone),
            Err(_) => match self.stalled() {
                stalled if stalled > 0.0 => Err(Unanswered::Stalled(stalled)),
                _ => Err(Unanswered::Slow),
            },
        }
    }
}
