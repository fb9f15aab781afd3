//! Waits for nodes of a cluster that do not answer, each by itself: the others are used as ever.

use futures_util::{StreamExt, stream::FuturesUnordered};
use lazy_layers_engine::value::BoxFuture;
use redis::{cluster_routing::Slot, pipe};
use tokio::time::{Duration, sleep, timeout};

use super::{address::Node, cluster::ClusterLink};

/// Between two looks whether a node answers again.
const PAUSE: Duration = Duration::from_millis(200);

/// The nodes that are waited for.
#[derive(Default)]
pub(super) struct Probes {
    /// Nodes, by the slots that were theirs.
    lost: Vec<(Slot, Option<Node>)>,
    waiting: FuturesUnordered<BoxFuture<'static, Slot>>,
}

impl Probes {
    /// Begins to wait for the node of a slot. Returns false if that node is waited for already.
    pub(super) fn begin(&mut self, cluster: &ClusterLink, slot: Slot, limit: Duration) -> bool {
        let node = cluster.place_of(slot);
        if self.lost.iter().any(|(other, lost)| *other == slot || (lost.is_some() && *lost == node)) {
            return false;
        }
        self.lost.push((slot, node));
        let cluster = cluster.clone();
        self.waiting.push(Box::pin(async move {
            probe(&cluster, slot, limit).await;
            slot
        }));
        true
    }

    /// Ends once one of the nodes answers again, or one that has taken over.
    pub(super) async fn answered(&mut self) {
        match self.waiting.next().await {
            Some(slot) => self.lost.retain(|(lost, _)| *lost != slot),
            None => std::future::pending().await,
        }
    }
}

async fn probe(cluster: &ClusterLink, slot: Slot, limit: Duration) {
    loop {
        // Pause first: a node that answers may still refuse.
        sleep(PAUSE).await;
        let mut ping = pipe();
        ping.cmd("PING");
        if let Ok(Ok(_)) = timeout(limit, cluster.send(&ping, 1, slot)).await {
            return;
        }
        cluster.drop_connection(slot);
    }
}
