//! Entries that wait for the thread of JavaScript, bounded in number and bytes: the oldest make room.

use std::collections::VecDeque;

use parking_lot::Mutex;

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) entries: usize,
    pub(crate) bytes: usize,
}

/// Entries in order, each with the bytes that it counts for.
pub(crate) struct Backlog<T> {
    bounds: Bounds,
    state: Mutex<State<T>>,
}

struct State<T> {
    entries: VecDeque<(T, usize)>,
    bytes: usize,
}

/// The outcome of adding an entry.
pub(crate) struct Pushed<T> {
    /// Whether nothing waited before: then the thread has to be woken.
    pub(crate) is_first: bool,
    /// The entries that made room, oldest first.
    pub(crate) dropped: Vec<T>,
}

impl<T> Backlog<T> {
    pub(crate) fn new(bounds: Bounds) -> Backlog<T> {
        Backlog { bounds, state: Mutex::new(State { entries: VecDeque::new(), bytes: 0 }) }
    }

    /// Adds an entry. The newest always stays.
    pub(crate) fn push(&self, entry: T, bytes: usize) -> Pushed<T> {
        let mut state = self.state.lock();
        let is_first = state.entries.is_empty();
        state.put(entry, bytes);
        let mut dropped = Vec::new();
        while state.entries.len() > 1
            && (state.entries.len() > self.bounds.entries || state.bytes > self.bounds.bytes)
        {
            dropped.extend(state.pop());
        }
        Pushed { is_first, dropped }
    }

    /// Adds an entry that is bounded elsewhere. Returns whether nothing waited before.
    pub(crate) fn push_unbounded(&self, entry: T, bytes: usize) -> bool {
        let mut state = self.state.lock();
        let is_first = state.entries.is_empty();
        state.put(entry, bytes);
        is_first
    }

    /// The oldest entry.
    pub(crate) fn pop(&self) -> Option<T> {
        self.state.lock().pop()
    }

    /// All entries.
    pub(crate) fn take(&self) -> impl Iterator<Item = T> + use<T> {
        let mut state = self.state.lock();
        state.bytes = 0;
        std::mem::take(&mut state.entries).into_iter().map(|(entry, _)| entry)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state.lock().entries.is_empty()
    }
}

impl<T> State<T> {
    fn put(&mut self, entry: T, bytes: usize) {
        self.bytes += bytes;
        self.entries.push_back((entry, bytes));
    }

    fn pop(&mut self) -> Option<T> {
        let (entry, bytes) = self.entries.pop_front()?;
        self.bytes -= bytes;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backlog() -> Backlog<u32> {
        Backlog::new(Bounds { entries: 3, bytes: 100 })
    }

    #[test]
    fn the_oldest_make_room_in_number() {
        let backlog = backlog();
        let dropped: Vec<_> = (0..5).map(|entry| backlog.push(entry, 1).dropped).collect();
        assert_eq!(dropped, [vec![], vec![], vec![], vec![0], vec![1]]);
        assert_eq!(backlog.take().collect::<Vec<_>>(), [2, 3, 4]);
    }

    #[test]
    fn the_oldest_make_room_in_bytes_and_the_newest_stays() {
        let backlog = backlog();
        backlog.push(1, 40);
        backlog.push(2, 40);
        assert_eq!(backlog.push(3, 60).dropped, [1]);
        assert_eq!(backlog.push(4, 1000).dropped, [2, 3]);
        assert_eq!(backlog.pop(), Some(4));
        backlog.push(5, 100);
        assert!(backlog.push(6, 0).dropped.is_empty(), "what has left counts no more");
    }

    #[test]
    fn the_first_of_all_that_wait_is_told_apart() {
        let backlog = backlog();
        assert!(backlog.push(1, 1).is_first);
        assert!(!backlog.push(2, 1).is_first);
        assert!(!backlog.push_unbounded(3, 1000));
        assert_eq!(backlog.take().count(), 3);
        assert!(backlog.is_empty() && backlog.push(4, 1).is_first);
    }
}
