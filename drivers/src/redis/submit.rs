//! Submits operations to the task that sends them: one by one, or all operations of a thread together.
//!
//! A thread that asks for many operations in one go, like that of JavaScript, holds them with [`hold`] and releases
//! them with [`send_held`]: they leave as one pipeline, with one wake. Order is kept: work that could overtake held
//! operations through another thread sends them first.

use std::cell::RefCell;

use tokio::sync::mpsc::UnboundedSender;

use super::batch::Operation;

/// Operations in the order they were asked for.
pub(super) type Submission = Vec<Box<dyn Operation>>;

/// Where operations go.
#[derive(Clone)]
pub(super) struct Requests(pub(super) UnboundedSender<Submission>);

#[derive(Default)]
struct HeldSubmissions {
    holds: bool,
    /// By their destination.
    submissions: Vec<(Requests, Submission)>,
}

thread_local! {
    static HELD: RefCell<HeldSubmissions> = RefCell::default();
}

/// From here on operations of this thread wait for [`send_held`].
pub fn hold() {
    HELD.with_borrow_mut(|held| held.holds = true);
}

/// Whether operations of this thread wait.
#[must_use]
pub fn has_held() -> bool {
    HELD.with_borrow(|held| !held.submissions.is_empty())
}

/// Sends the waiting operations.
pub fn send_held() {
    let submissions = HELD.with_borrow_mut(|held| std::mem::take(&mut held.submissions));
    for (requests, submission) in submissions {
        drop(requests.0.send(submission));
    }
}

impl Requests {
    /// Sends an operation, or holds it. One that cannot be sent is dropped, which its caller notices.
    pub(super) fn send(&self, operation: Box<dyn Operation>) {
        HELD.with_borrow_mut(|held| {
            if !held.holds {
                drop(self.0.send(vec![operation]));
                return;
            }
            let own = held.submissions.iter_mut().find(|(requests, _)| requests.0.same_channel(&self.0));
            match own {
                Some((_, submission)) => submission.push(operation),
                None => held.submissions.push((self.clone(), vec![operation])),
            }
        });
    }
}
