//! Keys that a loader found nothing for.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use parking_lot::{Mutex, MutexGuard};

use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::{Time, Ttl},
    coherence::fence::Ticket,
    entry::{key::Key, pattern::Pattern},
    l1::Memory,
    value::Value,
};

/// The negative entries; the oldest makes room.
///
/// An entry may have a mark: a value that stands for absence, which the mirrors of the memory layer answer for the
/// key.
pub struct Negatives<V> {
    /// Reads skip the lock until the first negative entry.
    used: AtomicBool,
    /// Whether loads whose values would have had tags have found nothing.
    tagged: AtomicBool,
    entries: Mutex<Bounded<Option<V>>>,
    /// The layer whose mirrors answer marks.
    memory: Option<Arc<Memory<V>>>,
}

impl<V: Value> Negatives<V> {
    /// None yet.
    #[must_use]
    pub fn new(memory: Option<Arc<Memory<V>>>) -> Negatives<V> {
        // Each fill bounds their number.
        let entries = Mutex::new(Bounded::new(Limits { entries: usize::MAX, bytes: None }, PolicyKind::Lru));
        Negatives { used: AtomicBool::new(false), tagged: AtomicBool::new(false), entries, memory }
    }

    /// Whether `key` is known to be absent.
    #[must_use]
    pub fn holds(&self, key: &Key, now: Time) -> bool {
        self.used.load(SeqCst) && self.entries.lock().peek(key.as_bytes(), now).is_some()
    }

    /// Until when `key` is known to be absent, if it is.
    #[must_use]
    pub fn until(&self, key: &Key, now: Time) -> Option<Time> {
        if !self.used.load(SeqCst) {
            return None;
        }
        self.entries.lock().peek(key.as_bytes(), now).map(|(_, entry)| entry.expires)
    }

    /// Remembers that a key is absent, among at most `most` such keys, unless the ticket is void. Returns false
    /// if it is void.
    pub fn fill(&self, key: &Key, ttl: Ttl, most: usize, ticket: &Ticket, now: Time) -> bool {
        let mut entries = self.entries.lock();
        // Before the ticket is looked at: a caller that voids it afterwards and then removes must not skip the
        // lock.
        self.used.store(true, SeqCst);
        if !ticket.is_valid() {
            return false;
        }
        entries.insert(key, None, 0, now.after(ttl), now);
        entries.shrink_to(most, now);
        self.finish(entries);
        true
    }

    /// Lets the mirrors answer a key for as long as it is known to be absent. Returns false if it is not known
    /// to be.
    pub fn mark(&self, key: &Key, mark: V, now: Time) -> bool {
        let Some(memory) = &self.memory else { return false };
        let mut entries = self.entries.lock();
        let Some((id, entry)) = entries.peek(key.as_bytes(), now) else { return false };
        let expires = entry.expires;
        memory.answer_absent(&mark, expires);
        let before = entries.node_value_mut(id).and_then(|held| held.replace(mark));
        if let Some(before) = &before {
            memory.retract(before);
        }
        drop(entries);
        drop(before);
        true
    }

    /// Stops the mirrors from answering any of them before they are asked. The entries stay as they are.
    pub fn hide(&self) {
        if self.used.load(SeqCst) {
            let entries = self.entries.lock();
            // In one pass: to go on from a cursor walks all that is before it.
            entries.scan(0, usize::MAX, Time::ZERO, |_, entry| {
                self.retract(entry.value.as_ref());
                false
            });
        }
    }

    /// A load whose value would have tags finds nothing.
    pub fn expect_tags(&self) {
        self.tagged.store(true, SeqCst);
    }

    /// Tags were invalidated: forgets all absences if a load with tags found any of them. Which ones is not
    /// recorded.
    pub fn forget_tagged(&self) {
        if self.tagged.load(SeqCst) {
            self.remove_matching(&Pattern::from("*"));
        }
    }

    /// Forgets a key.
    pub fn remove(&self, key: &Key) {
        if self.used.load(SeqCst) {
            let mut entries = self.entries.lock();
            let removed = entries.remove(key.as_bytes()).flatten();
            self.retract(removed.as_ref());
            drop(entries);
            drop(removed);
        }
    }

    /// Forgets all keys that match.
    pub fn remove_matching(&self, pattern: &Pattern) {
        if self.used.load(SeqCst) {
            let mut entries = self.entries.lock();
            entries.remove_where(|key| pattern.matches(key.as_bytes()));
            self.finish(entries);
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self, now: Time) -> usize {
        self.entries.lock().len(now)
    }

    /// Retracts removed marks before the lock is released, and drops them afterwards: dropping a handle may take other
    /// locks.
    fn finish(&self, mut entries: MutexGuard<'_, Bounded<Option<V>>>) {
        let removed = entries.take_removed();
        for mark in &removed {
            self.retract(mark.as_ref());
        }
        drop(entries);
        drop(removed);
    }

    fn retract(&self, mark: Option<&V>) {
        if let (Some(memory), Some(mark)) = (&self.memory, mark) {
            memory.retract(mark);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        bounded::NodeId,
        coherence::fence::Fence,
        l1::{MemoryOptions, Mirror, Record},
        testing::Weighed,
    };

    type Text = Weighed<&'static str>;
    type Answered = Arc<Mutex<BTreeMap<&'static str, Time>>>;

    /// A mirror that exposes the entries it may answer.
    struct Telling(Answered);

    impl Mirror<Text> for Telling {
        fn publish(&mut self, value: &Text, _: NodeId, until: Time) {
            self.0.lock().insert(value.as_inner(), until);
        }

        fn ask_for(&mut self, _: &Text) {}

        fn retract(&mut self, value: &Text) {
            self.0.lock().remove(value.as_inner());
        }

        fn drain(&mut self, _: &mut dyn FnMut(Record<Text>) -> Option<NodeId>) {}
        fn headroom(&mut self, _: usize) {}
    }

    fn negatives() -> (Negatives<Text>, Answered) {
        let answered = Answered::default();
        let options = MemoryOptions { entries: 1, bytes: None, policy: PolicyKind::Lru };
        let memory = Memory::new(options, vec![Box::new(Telling(Arc::clone(&answered)))]);
        (Negatives::new(Some(Arc::new(memory))), answered)
    }

    fn fill(negatives: &Negatives<Text>, key: &'static str) -> bool {
        let key = Key::from(key);
        let fence = Arc::new(Fence::default());
        negatives.fill(&key, Ttl(10), 2, &fence.ticket(&key, Time(5)), Time(5))
    }

    fn marks(answered: &Answered) -> Vec<(&'static str, u64)> {
        answered.lock().iter().map(|(mark, until)| (*mark, until.0)).collect()
    }

    #[test]
    fn mirrors_answer_a_marked_entry_for_as_long_as_it_lives() {
        let (negatives, answered) = negatives();
        assert!(fill(&negatives, "a"));
        assert_eq!(marks(&answered), []);
        assert!(negatives.mark(&Key::from("a"), Weighed::new("mark of a"), Time(7)));
        assert_eq!(marks(&answered), [("mark of a", 15)]);
        negatives.remove(&Key::from("a"));
        assert_eq!(marks(&answered), []);
    }

    #[test]
    fn hidden_entries_are_held_and_not_answered() {
        let (negatives, answered) = negatives();
        for key in ["a", "b"] {
            fill(&negatives, key);
            negatives.mark(&Key::from(key), Weighed::new(key), Time(5));
        }
        negatives.hide();
        assert_eq!(marks(&answered), []);
        assert!(negatives.holds(&Key::from("a"), Time(5)) && negatives.holds(&Key::from("b"), Time(5)));
        negatives.mark(&Key::from("b"), Weighed::new("b again"), Time(6));
        assert_eq!(marks(&answered), [("b again", 15)]);
    }

    #[test]
    fn what_is_not_known_to_be_absent_gets_no_mark() {
        let (negatives, answered) = negatives();
        assert!(!negatives.mark(&Key::from("a"), Weighed::new("mark"), Time(7)));
        assert!(fill(&negatives, "a"));
        assert!(!negatives.mark(&Key::from("a"), Weighed::new("mark"), Time(15)));
        assert_eq!(marks(&answered), []);
    }

    #[test]
    fn an_entry_that_makes_room_matches_or_is_filled_again_is_answered_no_more() {
        let (negatives, answered) = negatives();
        for key in ["a", "b"] {
            fill(&negatives, key);
            negatives.mark(&Key::from(key), Weighed::new(key), Time(5));
        }
        fill(&negatives, "c");
        assert_eq!(marks(&answered), [("b", 15)]);
        negatives.mark(&Key::from("b"), Weighed::new("b again"), Time(6));
        assert_eq!(marks(&answered), [("b again", 15)]);
        fill(&negatives, "b");
        assert_eq!(marks(&answered), []);
        negatives.mark(&Key::from("b"), Weighed::new("b"), Time(6));
        negatives.remove_matching(&Pattern::from("b*"));
        assert_eq!(marks(&answered), []);
    }
}
