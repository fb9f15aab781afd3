//! One link: to a server, to the master that sentinels name, to a cluster, or to a client that its owner drives.

use std::sync::Arc;

use redis::{
    Cmd, ErrorKind, Pipeline, RedisError, RedisResult, Value, aio::ConnectionLike, cluster_routing::Slot,
};

use super::{
    address::{Address, Node},
    client::ClientLink,
    cluster::ClusterLink,
    connection::Connection,
    owner::Access,
    sentinel::find_master,
    servers::Servers,
    tracking::{Affected, connect_data},
};

/// A way to the data. Cloning shares it.
#[derive(Clone)]
pub(super) enum Link {
    /// One connection to one server; where it is, if sentinels have named it.
    Single(Connection, Option<Node>),
    /// Connections to the nodes of a cluster.
    Cluster(ClusterLink),
    /// A client that its owner drives.
    Client(ClientLink),
}

impl Link {
    /// The answers to a pipeline, errors of single commands among them. All its keys are on the node of `slot`.
    pub(super) async fn send(
        &mut self,
        pipeline: &Pipeline,
        commands: usize,
        slot: Slot,
    ) -> RedisResult<Vec<Value>> {
        match self {
            Link::Single(connection, _) => connection.req_packed_commands(pipeline, 0, commands).await,
            Link::Cluster(cluster) => cluster.send(pipeline, commands, slot).await,
            Link::Client(client) => client.send(pipeline, commands).await,
        }
    }

    /// Whether the server has ended it, so that nothing more can be sent.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Link::Single(connection, _) if connection.is_over())
    }

    /// Ends it at once, as it does not answer. The nodes of a cluster are given up one by one.
    pub(super) fn give_up(&self) {
        if let Link::Single(connection, _) = self {
            connection.give_up();
        }
    }

    /// Waits until the ends of its connections have been heard, if a server has ended them.
    pub(super) async fn hear_end(&self) {
        match self {
            Link::Single(connection, _) => connection.hear_end().await,
            Link::Cluster(cluster) => cluster.hear_ends().await,
            Link::Client(_) => {}
        }
    }

    /// Whether the link is to a proxy that ends connections for commands that it does not know.
    pub(super) fn is_touchy(&self) -> bool {
        matches!(self, Link::Single(connection, _) if connection.closes_on_unknown())
    }

    /// The answer of one node; of any node if there is only one.
    pub(super) async fn ask(&mut self, command: Cmd, node: &Node) -> RedisResult<Value> {
        match self {
            Link::Single(connection, _) => connection.req_packed_command(&command).await,
            Link::Cluster(cluster) => cluster.ask(command, node).await,
            Link::Client(client) => client.ask(command, Some(node)).await,
        }
    }

    /// The nodes that hold keys.
    pub(super) async fn primaries(&self) -> RedisResult<Vec<Node>> {
        match self {
            Link::Single(..) => Ok(vec![Node::default()]),
            Link::Cluster(cluster) => Ok(cluster.primaries()),
            Link::Client(client) => client.primaries().await,
        }
    }

    /// The node that has a slot, as far as that matters.
    pub(super) fn place_of(&self, slot: Slot) -> Option<Node> {
        match self {
            Link::Single(..) | Link::Client(_) => None,
            Link::Cluster(cluster) => cluster.place_of(slot),
        }
    }
}

/// Connects.
pub(super) async fn connect(address: &Address, access: &Access, servers: &Arc<Servers>) -> RedisResult<Link> {
    match address {
        Address::Single(single) => {
            let connection = connect_data(single, access, || Arc::new(|| Affected::All)).await?;
            Ok(Link::Single(connection, None))
        }
        Address::Sentinel(sentinel) => {
            let (master, mut connection) = find_master(sentinel, access).await?;
            if access.tracking.is_some() {
                connection = connect_data(&master, access, || Arc::new(|| Affected::All)).await?;
            }
            Ok(Link::Single(connection, Some(master.node)))
        }
        Address::Cluster(cluster) => ClusterLink::connect(cluster, access, servers).await.map(Link::Cluster),
        Address::Client(_) => match &access.client {
            Some(client) => {
                client.note(false);
                Ok(Link::Client(client.clone()))
            }
            None => Err(RedisError::from((ErrorKind::InvalidClientConfig, "nobody drives the client"))),
        },
    }
}
