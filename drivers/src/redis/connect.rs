//! One connection: to a server, to the master that sentinels name, or to a cluster.

use std::{sync::Arc, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, Cmd, ConnectionAddr, ErrorKind, IntoConnectionInfo,
    Pipeline, ProtocolVersion, RedisConnectionInfo, RedisResult, TlsCertificates, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster_routing::Slot,
};
use tracing::debug;

use super::{
    address::{Address, Node, Single, Tls},
    cluster::ClusterLink,
    sentinel::find_master,
    servers::Servers,
};
use crate::targets::REDIS;

/// A way to the data. Cloning shares it.
#[derive(Clone)]
pub(super) enum Link {
    /// One connection to one server; where it is, if sentinels have named it.
    Single(MultiplexedConnection, Option<Node>),
    /// Connections to the nodes of a cluster.
    Cluster(ClusterLink),
}

impl Link {
    /// The answers to a pipeline, errors of single commands among them. All its keys are on the node of `slot`.
    pub(super) async fn send(
        &mut self,
        pipeline: Pipeline,
        commands: usize,
        slot: Slot,
    ) -> RedisResult<Vec<Value>> {
        match self {
            Link::Single(connection, _) => connection.req_packed_commands(&pipeline, 0, commands).await,
            Link::Cluster(cluster) => cluster.send(pipeline, commands, slot).await,
        }
    }

    /// The answer of one node, of any where there is only one.
    pub(super) async fn ask(&mut self, command: Cmd, node: &Node) -> RedisResult<Value> {
        match self {
            Link::Single(connection, _) => connection.req_packed_command(&command).await,
            Link::Cluster(cluster) => cluster.ask(command, node).await,
        }
    }

    /// The nodes that hold keys.
    pub(super) fn primaries(&self) -> Vec<Node> {
        match self {
            Link::Single(..) => vec![Node::default()],
            Link::Cluster(cluster) => cluster.primaries(),
        }
    }

    /// The node that has a slot, as far as that matters.
    pub(super) fn place_of(&self, slot: Slot) -> Option<Node> {
        match self {
            Link::Single(..) => None,
            Link::Cluster(cluster) => cluster.place_of(slot),
        }
    }
}

/// Connects, within `limit`.
pub(super) async fn connect(address: &Address, limit: Duration, servers: &Arc<Servers>) -> RedisResult<Link> {
    match address {
        Address::Single(single) => {
            connect_single(single, limit).await.map(|connection| Link::Single(connection, None))
        }
        Address::Sentinel(sentinel) => {
            let (master, connection) = find_master(sentinel, limit).await?;
            Ok(Link::Single(connection, Some(master.node)))
        }
        Address::Cluster(cluster) => ClusterLink::connect(cluster, limit, servers).await.map(Link::Cluster),
    }
}

pub(super) async fn connect_single(single: &Single, limit: Duration) -> RedisResult<MultiplexedConnection> {
    let resp3 = client_of(single, ProtocolVersion::RESP3)?;
    match multiplexed(&resp3, limit).await {
        Err(error) if error.kind() == ErrorKind::RESP3NotSupported => {
            debug!(target: REDIS, server = %single.node, "speaks no RESP3: RESP2 is used");
            multiplexed(&client_of(single, ProtocolVersion::RESP2)?, limit).await
        }
        connected => connected,
    }
}

async fn multiplexed(client: &Client, limit: Duration) -> RedisResult<MultiplexedConnection> {
    // Deadlines are watched for whole pipelines, see `batch`.
    let config = AsyncConnectionConfig::new().set_connection_timeout(Some(limit)).set_response_timeout(None);
    client.get_multiplexed_async_connection_with_config(&config).await
}

/// A connector of a server.
pub(super) fn client_of(single: &Single, protocol: ProtocolVersion) -> RedisResult<Client> {
    let mut redis =
        RedisConnectionInfo::default().set_protocol(protocol).set_db(single.db).set_skip_set_lib_name();
    if let Some(username) = &single.login.username {
        redis = redis.set_username(username);
    }
    if let Some(password) = &single.login.password {
        redis = redis.set_password(password);
    }
    let address = match &single.path {
        Some(path) => ConnectionAddr::Unix(path.into()),
        None => tcp(&single.node, single.tls.as_ref()),
    };
    let info = address.into_connection_info()?.set_redis_settings(redis);
    match &single.tls {
        Some(tls) if tls.ca.is_some() || tls.cert.is_some() => {
            Client::build_with_tls(info, certificates(tls))
        }
        _ => Client::open(info),
    }
}

fn tcp(node: &Node, tls: Option<&Tls>) -> ConnectionAddr {
    match tls {
        None => ConnectionAddr::Tcp(node.host.clone(), node.port),
        Some(tls) => ConnectionAddr::TcpTls {
            host: node.host.clone(),
            port: node.port,
            insecure: tls.insecure,
            tls_params: None,
        },
    }
}

fn certificates(tls: &Tls) -> TlsCertificates {
    let client_tls = tls.cert.as_ref().zip(tls.key.as_ref()).map(|(cert, key)| ClientTlsConfig {
        client_cert: cert.clone().into_bytes(),
        client_key: key.clone().into_bytes(),
    });
    TlsCertificates { client_tls, root_cert: tls.ca.clone().map(String::into_bytes) }
}
