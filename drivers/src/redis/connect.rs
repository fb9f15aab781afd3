//! One connection: to a server, to the master that sentinels name, or to a cluster.

use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind,
    IntoConnectionInfo, Pipeline, ProtocolVersion, RedisConnectionInfo, RedisError, RedisResult,
    TlsCertificates, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster_routing::Slot,
    cmd,
};

use super::{
    address::{Address, Login, Node, Sentinel, Single, Tls},
    cluster::ClusterLink,
};

/// A way to the data. Cloning shares it.
#[derive(Clone)]
pub(super) enum Link {
    /// One connection to one server.
    Single(MultiplexedConnection),
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
            Link::Single(connection) => connection.req_packed_commands(&pipeline, 0, commands).await,
            Link::Cluster(cluster) => cluster.send(pipeline, commands, slot).await,
        }
    }

    /// The answer of one node, of any where there is only one.
    pub(super) async fn ask(&mut self, command: Cmd, node: &Node) -> RedisResult<Value> {
        match self {
            Link::Single(connection) => connection.req_packed_command(&command).await,
            Link::Cluster(cluster) => cluster.ask(command, node).await,
        }
    }

    /// The nodes that hold keys.
    pub(super) fn primaries(&self) -> Vec<Node> {
        match self {
            Link::Single(_) => vec![Node::default()],
            Link::Cluster(cluster) => cluster.primaries(),
        }
    }

    /// The node that has a slot, as far as that matters.
    pub(super) fn place_of(&self, slot: Slot) -> Option<Node> {
        match self {
            Link::Single(_) => None,
            Link::Cluster(cluster) => cluster.place_of(slot),
        }
    }
}

/// Connects, within `limit`.
pub(super) async fn connect(address: &Address, limit: Duration) -> RedisResult<Link> {
    match address {
        Address::Single(single) => connect_single(single, limit).await.map(Link::Single),
        Address::Sentinel(sentinel) => connect_master(sentinel, limit).await.map(Link::Single),
        Address::Cluster(cluster) => ClusterLink::connect(cluster, limit).await.map(Link::Cluster),
    }
}

pub(super) async fn connect_single(single: &Single, limit: Duration) -> RedisResult<MultiplexedConnection> {
    let address = match &single.path {
        Some(path) => ConnectionAddr::Unix(path.into()),
        None => tcp(&single.node, single.tls.as_ref()),
    };
    open(address, &single.login, single.db, single.tls.as_ref(), limit).await
}

/// Opens a connection in RESP3, in RESP2 to a server that does not know that.
async fn open(
    address: ConnectionAddr,
    login: &Login,
    db: i64,
    tls: Option<&Tls>,
    limit: Duration,
) -> RedisResult<MultiplexedConnection> {
    let info = |protocol| -> RedisResult<ConnectionInfo> {
        let mut redis =
            RedisConnectionInfo::default().set_protocol(protocol).set_db(db).set_skip_set_lib_name();
        if let Some(username) = &login.username {
            redis = redis.set_username(username);
        }
        if let Some(password) = &login.password {
            redis = redis.set_password(password);
        }
        Ok(address.clone().into_connection_info()?.set_redis_settings(redis))
    };
    let client = |info| match tls {
        Some(tls) if tls.ca.is_some() || tls.cert.is_some() => {
            Client::build_with_tls(info, certificates(tls))
        }
        _ => Client::open(info),
    };
    // Deadlines are watched for whole pipelines, see `batch`.
    let config = AsyncConnectionConfig::new().set_connection_timeout(Some(limit)).set_response_timeout(None);
    let resp3 = client(info(ProtocolVersion::RESP3)?)?;
    match resp3.get_multiplexed_async_connection_with_config(&config).await {
        Err(error) if error.kind() == ErrorKind::RESP3NotSupported => {
            let resp2 = client(info(ProtocolVersion::RESP2)?)?;
            resp2.get_multiplexed_async_connection_with_config(&config).await
        }
        connected => connected,
    }
}

/// Asks the sentinels one after the other, and connects to the master that the first to answer names.
async fn connect_master(sentinel: &Sentinel, limit: Duration) -> RedisResult<MultiplexedConnection> {
    let mut failed = RedisError::from((ErrorKind::EmptySentinelList, "no sentinel is given"));
    for node in &sentinel.sentinels {
        match tokio::time::timeout(limit, master_of(sentinel, node, limit)).await {
            Ok(Ok(master)) => match connect_to_master(sentinel, &master, limit).await {
                Ok(connection) => return Ok(connection),
                Err(error) => failed = error,
            },
            Ok(Err(error)) => failed = error,
            Err(_) => failed = RedisError::from((ErrorKind::Io, "a sentinel did not answer in time")),
        }
    }
    Err(failed)
}

async fn master_of(sentinel: &Sentinel, node: &Node, limit: Duration) -> RedisResult<Node> {
    let tls = sentinel.sentinel_tls.as_ref();
    let mut connection = open(tcp(node, tls), &sentinel.sentinel_login, 0, tls, limit).await?;
    let mut command = cmd("SENTINEL");
    command.arg("GET-MASTER-ADDR-BY-NAME").arg(&sentinel.name);
    let (host, port): (String, u16) =
        command.query_async::<Option<(String, u16)>>(&mut connection).await?.ok_or_else(|| {
            RedisError::from((
                ErrorKind::MasterNameNotFoundBySentinel,
                "the sentinels know no master of that name",
            ))
        })?;
    Ok(Node { host, port })
}

/// A sentinel may still name a master that was demoted: its own word counts.
async fn connect_to_master(
    sentinel: &Sentinel,
    node: &Node,
    limit: Duration,
) -> RedisResult<MultiplexedConnection> {
    let tls = sentinel.tls.as_ref();
    let mut connection = open(tcp(node, tls), &sentinel.login, sentinel.db, tls, limit).await?;
    let role = tokio::time::timeout(limit, connection.req_packed_command(&cmd("ROLE"))).await;
    match role {
        Ok(Ok(Value::Array(role))) if role.first() == Some(&Value::BulkString(b"master".to_vec())) => {
            Ok(connection)
        }
        Ok(Err(error)) => Err(error),
        Ok(Ok(_)) => Err(RedisError::from((ErrorKind::Io, "the sentinels name a server that is no master"))),
        Err(_) => Err(RedisError::from((ErrorKind::Io, "the master did not answer in time"))),
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
