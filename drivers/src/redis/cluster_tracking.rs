//! Changes that the primaries of a cluster tell: each tells those of the entries in its slots.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use lazy_layers_engine::cache::changes::Named;
use redis::{aio::ConnectionLike, cluster_routing::Slot, cmd};
use tokio::time::timeout;

use super::{
    address::Node,
    cluster::{ClusterLink, ClusterState},
    fault::breaks_link,
    topology::Topology,
    tracking::{Affected, Change, Scope, Tracking},
};

impl ClusterState {
    /// What a connection to a node is for: the names in its slots. Any key may have been read from a node once
    /// it was sent a command for a slot that it did not have yet.
    pub(super) fn scope(self: &Arc<ClusterState>, node: &Node) -> Scope {
        let (shared, node) = (Arc::downgrade(self), node.clone());
        Arc::new(move || shared.upgrade().map_or(Affected::All, |shared| shared.affected(&node)))
    }

    fn affected(self: &Arc<ClusterState>, node: &Node) -> Affected {
        let is_known = self.topology.read().primaries().contains(node);
        let Some(tracking) = self.access.tracking.clone() else { return Affected::All };
        if !is_known || self.has_asked.load(Ordering::SeqCst) {
            return Affected::All;
        }
        let (shared, node): (Weak<ClusterState>, Node) = (Arc::downgrade(self), node.clone());
        in_slots(&tracking, move |slot| {
            shared.upgrade().is_none_or(|shared| shared.topology.read().owner(slot) == Some(&node))
        })
    }

    /// Slots have moved from one node to another: the last changes that one of them told may have been missed.
    pub(super) fn slots_moved(&self, before: &Topology) {
        let Some(tracking) = &self.access.tracking else { return };
        let moved = before.moved_to(&self.topology.read());
        if !moved.is_empty() {
            tracking.tell(Change::Missed(in_slots(tracking, move |slot| moved.contains(&slot))));
        }
    }
}

impl ClusterLink {
    /// A node has answered that another one has a slot.
    pub(super) fn note_move(&self, slot: Slot, node: &Node) {
        let is_news = {
            let mut topology = self.shared.topology.write();
            let is_news = topology.owner(slot).is_some_and(|owner| owner != node);
            topology.note_move(slot, node.clone());
            is_news
        };
        if let Some(tracking) = self.shared.access.tracking.as_ref().filter(|_| is_news) {
            tracking.tell(Change::Missed(in_slots(tracking, move |other| other == slot)));
        }
    }

    /// Keeps a connection that tells changes to each primary, also if no operations need one, and drops those that do
    /// not answer.
    pub(super) async fn keep_tracked(&self, limit: Duration) {
        if self.shared.access.tracking.is_none() {
            return;
        }
        let asked = self.primaries().into_iter().map(|node| {
            let link = self.clone();
            async move {
                let of_node = link.node(&node);
                let Ok((number, mut connection)) = link.connection(&of_node, &node).await else { return };
                let answered = timeout(limit, connection.req_packed_command(&cmd("PING"))).await;
                if answered.map_or(true, |answered| answered.is_err_and(|error| breaks_link(&error))) {
                    of_node.drop_open(|current| current == number);
                }
            }
        });
        futures_util::future::join_all(asked).await;
    }
}

/// The entries and counters that are in slots.
fn in_slots(tracking: &Arc<Tracking>, covers: impl Fn(Slot) -> bool + Send + Sync + 'static) -> Affected {
    let tracking = Arc::clone(tracking);
    Affected::Some(Arc::new(move |named| {
        covers(Slot::for_key(match named {
            Named::Entry(key) => tracking.names().entry(key),
            Named::Tag(tag) => tracking.names().tag(tag),
        }))
    }))
}
