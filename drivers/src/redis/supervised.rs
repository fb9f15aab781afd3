//! The link of a store as its operations see it: its state, and the ways to end, open and renew it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use redis::cluster_routing::Slot;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use super::{connect::Link, fault::Fault, owner::Access, servers::Servers};

/// Whether there is a link.
#[derive(Clone)]
pub(super) enum State {
    /// Not yet: this is the first attempt.
    Connecting,
    /// There is.
    Up(Link, u64),
    /// Not now.
    Down(Fault),
    /// The store was closed.
    Closed,
}

/// Notices to the supervisor.
pub(super) enum Notice {
    /// The link of that number failed, at the node of that slot.
    Broken(u64, Slot, Fault),
    /// The store is closed.
    Close,
    /// The store is used again.
    Reopen,
    /// The login or the database has changed.
    Renew,
}

/// The handle to the supervisor. When the last one is gone, the link is closed.
#[derive(Clone)]
pub(super) struct Supervised {
    pub(super) state: watch::Receiver<State>,
    pub(super) changes: Arc<watch::Sender<State>>,
    pub(super) notices: mpsc::UnboundedSender<Notice>,
    pub(super) connects: Arc<AtomicU64>,
    pub(super) servers: Arc<Servers>,
    /// The means to make further connections.
    pub(super) access: Access,
    /// The number of the last link over which operations were answered.
    pub(super) answered: Arc<AtomicU64>,
    /// The number of connects up to the last link to a proxy that ends connections for commands that it does
    /// not know.
    pub(super) touchy: Arc<AtomicU64>,
    /// The stores that use it and are not closed.
    pub(super) users: Arc<AtomicUsize>,
    /// Set before the notice is sent: an operation after a close must not find the link that is still open.
    pub(super) closed: Arc<AtomicBool>,
}

impl Supervised {
    /// A store uses it from here on.
    pub(super) fn enter(&self) {
        if self.users.fetch_add(1, Ordering::SeqCst) == 0 && self.closed.load(Ordering::SeqCst) {
            self.reopen();
        }
    }

    /// A store no longer uses the link. The last one closes it.
    pub(super) fn leave(&self) {
        if self.users.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.close();
        }
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        drop(self.notices.send(Notice::Close));
    }

    fn reopen(&self) {
        self.closed.store(false, Ordering::SeqCst);
        drop(self.notices.send(Notice::Reopen));
    }

    /// Connects anew, with the current login and database. Operations wait for that from here on.
    pub(super) fn renew(&self) {
        self.changes.send_if_modified(|state| {
            let is_open = matches!(state, State::Up(..) | State::Down(_));
            if is_open {
                *state = State::Connecting;
            }
            is_open
        });
        drop(self.notices.send(Notice::Renew));
    }

    /// Whether the link is to a proxy that ends connections for commands that it does not know.
    pub(super) fn is_touchy(&self) -> bool {
        self.touchy.load(Ordering::Relaxed) == self.connects.load(Ordering::Relaxed).max(1)
    }

    /// Whether there is a link now.
    pub(super) fn is_up(&self) -> bool {
        !self.closed.load(Ordering::SeqCst)
            && match &*self.state.borrow() {
                State::Up(Link::Client(client), _) => !client.has_failed(),
                State::Up(..) => true,
                State::Connecting | State::Down(_) | State::Closed => false,
            }
    }

    /// Ends once there is a link.
    pub(super) fn reachable(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut state = self.state.clone();
        async move {
            if state.wait_for(|state| matches!(state, State::Up(..))).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// After a pause: if the server has ended the link, waits until that is known.
    pub(super) async fn hear_end(&self) {
        let state = self.state.borrow().clone();
        if let State::Up(link, _) = state {
            link.hear_end().await;
        }
    }

    /// The state; during the first attempt to connect, also after an end, its outcome within `limit`.
    pub(super) async fn settled(&self, limit: Duration) -> State {
        self.settled_after(0, limit).await
    }

    /// The same for links after the one of that number.
    pub(super) async fn settled_after(&self, number: u64, limit: Duration) -> State {
        if self.closed.load(Ordering::SeqCst) {
            return State::Closed;
        }
        let is_settled = |state: &State| match state {
            State::Connecting => false,
            State::Up(link, at) => *at > number && !link.is_over(),
            State::Down(_) | State::Closed => true,
        };
        let mut state = self.state.clone();
        let known = state.borrow().clone();
        if is_settled(&known) {
            return known;
        }
        match timeout(limit, state.wait_for(is_settled)).await {
            Ok(Ok(settled)) => settled.clone(),
            _ => State::Connecting,
        }
    }
}
