//! The weights of the entries of a map that is bounded in bytes.

use super::{Limits, row::Row, slab::NodeId};

pub(super) struct Weights {
    /// By node. Only where there is a bound: elsewhere no weight is read.
    of: Option<Row<u32>>,
    bytes: u64,
    total: u64,
}

impl Weights {
    pub(super) fn new(limits: Limits) -> Weights {
        let of = limits.bytes.map(|_| Row::new(limits.entries));
        Weights { of, bytes: limits.bytes.unwrap_or(u64::MAX), total: 0 }
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Whether all entries together would weigh too much with one of `weight` more.
    pub(super) fn exceed_with(&self, weight: u64) -> bool {
        self.total.saturating_add(weight) > self.bytes
    }

    /// A node that weighed nothing, or something else.
    pub(super) fn set(&mut self, id: NodeId, weight: u32) {
        let Some(of) = &mut self.of else { return };
        of.extend_to(id as usize + 1, 0);
        let old = std::mem::replace(&mut of[id as usize], weight);
        self.total = self.total.saturating_sub(u64::from(old)).saturating_add(u64::from(weight));
    }

    pub(super) fn removed(&mut self, id: NodeId) {
        if self.of.is_some() {
            self.set(id, 0);
        }
    }
}
