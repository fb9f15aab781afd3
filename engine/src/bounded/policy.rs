//! Which entry makes room. An enum, not a trait object: recency is kept on the hit path.

use super::{
    Limits,
    lru::Lru,
    s3fifo::{Look, S3Fifo},
    slab::NodeId,
    tinylfu::TinyLfu,
};

crate::words! {
    /// Which entries a full map evicts.
    pub enum PolicyKind {
        /// The one longest not used. Exact.
        Lru = "lru",
        /// The ones used least often, the newcomer included: a scan does not wash out popular entries.
        TinyLfu = "tinylfu",
        /// Newcomers that were not used again soon: see `docs/hit-ratio.md`.
        S3Fifo = "s3fifo",
    }
}

pub(super) enum Policy {
    Lru(Lru),
    TinyLfu(Box<TinyLfu>),
    S3Fifo(Box<S3Fifo>),
}

impl Policy {
    pub(super) fn new(kind: PolicyKind, limits: Limits) -> Policy {
        match kind {
            PolicyKind::Lru => Policy::Lru(Lru::new(limits.entries)),
            PolicyKind::TinyLfu => Policy::TinyLfu(Box::new(TinyLfu::new(limits))),
            PolicyKind::S3Fifo => Policy::S3Fifo(Box::new(S3Fifo::new(limits))),
        }
    }

    pub(super) fn added(&mut self, id: NodeId, hash: u32, weight: u64) {
        match self {
            Policy::Lru(lru) => lru.added(id),
            Policy::TinyLfu(tinylfu) => tinylfu.added(id, hash, weight),
            Policy::S3Fifo(s3fifo) => s3fifo.added(id, hash, weight),
        }
    }

    /// `uses` is how often it was used without the policy being told.
    pub(super) fn overwritten(&mut self, id: NodeId, hash: u32, weight: u64, uses: impl Fn() -> u8) {
        match self {
            Policy::Lru(lru) => lru.touched(id),
            Policy::TinyLfu(tinylfu) => tinylfu.overwritten(id, hash, weight),
            Policy::S3Fifo(s3fifo) => s3fifo.overwritten(id, weight, uses()),
        }
    }

    /// An entry is to stay for now, as its new value needs room.
    pub(super) fn spare(&mut self, id: NodeId) {
        if let Policy::S3Fifo(s3fifo) = self {
            s3fifo.spare(id);
        }
    }

    pub(super) fn touched(&mut self, id: NodeId, hash: u32) {
        match self {
            Policy::Lru(lru) => lru.touched(id),
            Policy::TinyLfu(tinylfu) => tinylfu.touched(id, hash),
            Policy::S3Fifo(s3fifo) => s3fifo.touched(id),
        }
    }

    /// A read found no live entry.
    pub(super) fn record_miss(&mut self, hash: u32) {
        if let Policy::TinyLfu(tinylfu) = self {
            tinylfu.record_miss(hash);
        }
    }

    pub(super) fn removed(&mut self, id: NodeId, hash: u32) {
        match self {
            Policy::Lru(lru) => lru.removed(id),
            Policy::TinyLfu(tinylfu) => tinylfu.removed(id, hash),
            Policy::S3Fifo(s3fifo) => s3fifo.removed(id),
        }
    }

    pub(super) fn clear(&mut self, limits: Limits) {
        match self {
            Policy::Lru(lru) => *lru = Lru::new(limits.entries),
            Policy::TinyLfu(tinylfu) => **tinylfu = TinyLfu::new(limits),
            Policy::S3Fifo(s3fifo) => **s3fifo = S3Fifo::new(limits),
        }
    }

    /// Whether the policy bounds the map by itself when an entry is added: then it is asked for no victim.
    pub(super) fn decides_itself(&self) -> bool {
        matches!(self, Policy::TinyLfu(_))
    }

    /// Whether the entries have an order of use.
    pub(super) fn keeps_order(&self) -> bool {
        matches!(self, Policy::Lru(_))
    }

    /// The entry to evict next.
    pub(super) fn victim(&mut self, look: impl Fn(NodeId) -> Option<Look>) -> Option<NodeId> {
        match self {
            Policy::Lru(lru) => lru.oldest(),
            Policy::TinyLfu(_) => None,
            Policy::S3Fifo(s3fifo) => s3fifo.victim(look),
        }
    }

    /// Decides now on the next `most` victims, if that takes a decision.
    pub(super) fn choose_victims(&mut self, most: usize, look: impl Fn(NodeId) -> Option<Look>) {
        if let Policy::S3Fifo(s3fifo) = self {
            s3fifo.choose_victims(most, look);
        }
    }

    /// The victims that are known, the next one first; none if the policy decides by itself.
    pub(super) fn victims(&self) -> impl Iterator<Item = NodeId> {
        let chosen = if let Policy::S3Fifo(s3fifo) = self { Some(s3fifo) } else { None };
        let oldest = self.order().into_iter().flat_map(Lru::oldest_first);
        oldest.chain(chosen.into_iter().flat_map(|s3fifo| s3fifo.victims()))
    }

    /// The entries, the most recently used first; none where the policy keeps no such order.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = NodeId> {
        self.order().into_iter().flat_map(Lru::newest_first)
    }

    fn order(&self) -> Option<&Lru> {
        match self {
            Policy::Lru(lru) => Some(lru),
            Policy::TinyLfu(_) | Policy::S3Fifo(_) => None,
        }
    }

    /// An entry (and its hash) that the policy gave up by itself.
    pub(super) fn decided(&mut self) -> Option<(NodeId, u32)> {
        match self {
            Policy::Lru(_) | Policy::S3Fifo(_) => None,
            Policy::TinyLfu(tinylfu) => tinylfu.decided(),
        }
    }
}
