//! A `getOrSet` under way.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use super::{
    loader::{Loader, Loading},
    tasks::Pending,
};
use crate::{
    clock::Ttl,
    load::{
        Caller, LoadId, Loaded, Outcome,
        directives::{Directives, Verdict},
    },
    options::Settings,
    value::{Failure, Value},
};

/// The answer to a caller of `getOrSet`.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<V> {
    /// A value.
    Value(V),
    /// Nothing.
    Absent,
    /// The error that the loader threw.
    Thrown(V),
    /// A failure in words.
    Message(String),
    /// The load passed this limit.
    HardTimeout(Ttl),
}

/// The outcomes of requests: the first answer counts.
pub(super) type Answers<V> = Arc<Mutex<HashMap<LoadId, Ended<V>>>>;

/// The outcome of one request.
pub(super) enum Ended<V> {
    Answer(Answer<V>),
    Joined(LoadId),
}

impl<V> Ended<V> {
    /// `None` when it was answered before.
    pub(super) fn of(outcome: Outcome<V>) -> Option<Ended<V>> {
        Some(Ended::Answer(match outcome {
            Outcome::Value(value) => Answer::Value(value),
            Outcome::Absent => Answer::Absent,
            Outcome::Failed(Failure::Thrown(error)) => Answer::Thrown(error),
            Outcome::Failed(Failure::Message(message)) => Answer::Message(message),
            Outcome::Failed(Failure::Unreadable(_)) => unreachable!("no request fails for a record"),
            Outcome::HardTimeout(limit) => Answer::HardTimeout(limit),
            Outcome::Joined(leader) => return Some(Ended::Joined(leader)),
            Outcome::Answered => return None,
        }))
    }
}

/// A `getOrSet` under way, with its loader in the hands of the test.
pub struct Request<V> {
    pub(super) id: LoadId,
    pub(super) loader: Loader<V>,
    pub(super) work: Pending<()>,
    pub(super) answers: Answers<V>,
}

impl<V: Value> Request<V> {
    /// The id of the request.
    #[must_use]
    pub fn id(&self) -> LoadId {
        self.id
    }

    /// The loader.
    #[must_use]
    pub fn loader(&self) -> &Loader<V> {
        &self.loader
    }

    /// Whether its loader was called.
    #[must_use]
    pub fn has_loaded(&self) -> bool {
        self.loader.calls() > 0
    }

    /// Ends the loader with a value, and polls everything until nothing can go on.
    pub fn finish(&self, value: impl Into<V>) {
        self.loader.end(Ok(Some(value.into())));
        let _ = self.work.is_over();
    }

    /// Ends the loader with a value and its directives: the settings of its call, changed, and a verdict.
    pub fn finish_directed(&self, value: impl Into<V>, settings: Settings, verdict: Verdict) {
        let directives = Some(Box::new(Directives { settings: Arc::new(settings), verdict }));
        self.loader.end(Loaded { came_to: Ok(Some(value.into())), directives });
        let _ = self.work.is_over();
    }

    /// Ends the loader with nothing.
    pub fn finish_empty(&self) {
        self.loader.end(Ok(None));
        let _ = self.work.is_over();
    }

    /// Ends the loader with an error.
    pub fn fail(&self, error: impl Into<V>) {
        self.loader.end(Err(error.into()));
        let _ = self.work.is_over();
    }

    /// The answer of the caller, if it has one; if it joined a request, the answer of that one.
    #[must_use]
    pub fn answer(&self) -> Option<Answer<V>> {
        let _ = self.work.is_over();
        let answers = self.answers.lock();
        match answers.get(&self.id)? {
            Ended::Answer(answer) => Some(answer.clone()),
            Ended::Joined(leader) => match answers.get(leader)? {
                Ended::Answer(answer) => Some(answer.clone()),
                Ended::Joined(_) => None,
            },
        }
    }

    /// The value that the caller got.
    #[must_use]
    pub fn value(&self) -> Option<V> {
        match self.answer() {
            Some(Answer::Value(value)) => Some(value),
            _ => None,
        }
    }

    /// The request whose load it shares.
    #[must_use]
    pub fn joined(&self) -> Option<LoadId> {
        let _ = self.work.is_over();
        match self.answers.lock().get(&self.id) {
            Some(Ended::Joined(leader)) => Some(*leader),
            _ => None,
        }
    }

    /// Whether all its work has ended, in the background too.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.work.is_over()
    }

    /// Drops it halfway.
    pub fn abandon(&self) {
        self.work.abandon();
    }
}

/// The engine's end of a request.
pub(super) struct TestCaller<V> {
    pub(super) id: LoadId,
    pub(super) loader: Loader<V>,
    pub(super) answers: Answers<V>,
}

impl<V: Value> Caller<V> for TestCaller<V> {
    type Loading = Loading<V>;

    fn id(&self) -> LoadId {
        self.id
    }

    fn load(&self) -> Loading<V> {
        self.loader.call()
    }

    fn abort(&self, limit: Ttl) {
        self.loader.abort(limit);
    }

    fn answer(&self, value: V) {
        self.answers.lock().insert(self.id, Ended::Answer(Answer::Value(value)));
    }
}
