//! The read or load that a ticket is for.

use super::{HeldLock, Ticket};
use crate::{
    clock::Time,
    coherence::{counts::Counted, mark::Mark, recent::Seen},
};

impl Ticket {
    /// The same ticket, for a read of the second layer.
    #[must_use]
    pub fn for_second_layer(mut self) -> Self {
        self.of_second_layer = true;
        self
    }

    /// The same ticket, for a value that a peer has sent.
    #[must_use]
    pub fn for_peer(mut self) -> Self {
        self.of_peer = true;
        self
    }

    /// Whether a peer has sent the value.
    #[must_use]
    pub fn is_of_peer(&self) -> bool {
        self.of_peer
    }

    /// The same ticket, for a load whose caller has its answer: a live value.
    #[must_use]
    pub fn for_refresh(mut self) -> Self {
        self.of_refresh = true;
        self
    }

    /// Whether the load is a refresh.
    #[must_use]
    pub fn is_of_refresh(&self) -> bool {
        self.of_refresh
    }

    /// The same ticket, for a load under a distributed lock.
    #[must_use]
    pub fn under_lock(mut self, lock: HeldLock) -> Self {
        self.lock = Some(Box::new(lock));
        self
    }

    /// The same ticket, for a load whose value is sent to the other instances. To be called before the load begins.
    #[must_use]
    pub fn having_seen(mut self, seen: Seen) -> Self {
        self.seen = Some(seen);
        self
    }

    /// The invalidations of other instances that the load had seen when it began.
    #[must_use]
    pub fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// The same ticket, with the mark that a shared layer returned before the load.
    #[must_use]
    pub fn marked(mut self, mark: Option<Mark>) -> Self {
        self.mark = mark.map(Box::new);
        self
    }

    /// How far a shared layer had counted invalidations when the load began; `None` if that could not be
    /// learned.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        self.mark.as_deref().copied()
    }

    /// The same ticket, for a load that begins at that moment, with the counts of those of its tags that are known.
    #[must_use]
    pub fn counted(mut self, counts: Option<Counted>, moment: u64) -> Self {
        (self.counts, self.moment) = (counts, moment);
        self
    }

    /// The counts of tags from before the load.
    #[must_use]
    pub fn counts(&self) -> Option<&Counted> {
        self.counts.as_ref()
    }

    /// The moment at which the load began.
    #[must_use]
    pub fn moment(&self) -> u64 {
        self.moment
    }

    /// The token of the distributed lock that the load runs under.
    #[must_use]
    pub fn lock_token(&self) -> Option<&str> {
        self.lock.as_ref().map(|lock| lock.token.as_str())
    }

    /// Whether the lock that the load ran under may have passed to another instance, whose value is newer.
    #[must_use]
    pub fn has_lost_lock(&self, now: Time) -> bool {
        self.lock.as_ref().is_some_and(|lock| lock.ends <= now)
    }

    /// Whether the value is one that the second layer holds.
    #[must_use]
    pub fn is_of_second_layer(&self) -> bool {
        self.of_second_layer
    }

    /// When the work started: the age of the value it produces.
    #[must_use]
    pub fn started(&self) -> Time {
        self.started
    }
}
