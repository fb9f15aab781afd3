//! Gates that hold operations.

use std::{
    collections::{HashMap, HashSet},
    future::poll_fn,
    sync::Arc,
    task::{Poll, Waker},
};

use parking_lot::Mutex;

/// Where an operation is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Point {
    /// Asked, but not carried out.
    Before,
    /// Carried out, but not answered.
    After,
}

/// An operation that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Identifies this operation, in the order of arrival.
    pub id: u64,
    /// Its value.
    pub operation: &'static str,
    /// Where it is held.
    pub point: Point,
}

/// Gates, two for each operation, open at first. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Gates {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    shut: HashSet<(&'static str, Point)>,
    next: u64,
    waiting: Vec<Waiting>,
    wakers: HashMap<u64, Waker>,
}

impl Gates {
    /// Holds the operations of that name that come to that point from now on.
    pub fn hold(&self, operation: &'static str, point: Point) {
        self.state.lock().shut.insert((operation, point));
    }

    /// Lets the operations of that name through: waiting ones, and later ones.
    pub fn open(&self, operation: &'static str) {
        self.release(|shut| shut.0 == operation, |waiting| waiting.operation == operation);
    }

    /// Lets everything through.
    pub fn open_all(&self) {
        self.release(|_| true, |_| true);
    }

    /// Lets one waiting operation go on.
    pub fn let_go(&self, id: u64) {
        self.release(|_| false, |waiting| waiting.id == id);
    }

    /// The waiting operations, oldest first.
    #[must_use]
    pub fn waiting(&self) -> Vec<Waiting> {
        self.state.lock().waiting.clone()
    }

    /// Waits at a gate while it is shut.
    pub async fn pass(&self, operation: &'static str, point: Point) {
        let id = {
            let mut state = self.state.lock();
            if !state.shut.contains(&(operation, point)) {
                return;
            }
            state.next += 1;
            let id = state.next;
            state.waiting.push(Waiting { id, operation, point });
            id
        };
        let place = Place { gates: self, id };
        poll_fn(|context| {
            let mut state = place.gates.state.lock();
            if state.waiting.iter().any(|waiting| waiting.id == id) {
                state.wakers.insert(id, context.waker().clone());
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    fn release(&self, opens: impl Fn(&(&'static str, Point)) -> bool, goes: impl Fn(&Waiting) -> bool) {
        let mut state = self.state.lock();
        state.shut.retain(|shut| !opens(shut));
        let gone: Vec<u64> = state.waiting.iter().filter(|one| goes(one)).map(|one| one.id).collect();
        state.waiting.retain(|one| !goes(one));
        let woken: Vec<Waker> = gone.iter().filter_map(|id| state.wakers.remove(id)).collect();
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }
}

/// A place in the queue, given up when the operation is dropped.
struct Place<'a> {
    gates: &'a Gates,
    id: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.gates.state.lock();
        state.waiting.retain(|one| one.id != self.id);
        state.wakers.remove(&self.id);
    }
}
