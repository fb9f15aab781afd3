//! One connection: to a server, to the master that sentinels name, or to a cluster.

use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind,
    IntoConnectionInfo, Pipeline, ProtocolVersion, RedisConnectionInfo, RedisError, RedisResult,
    TlsCertificates, TlsMode, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClientBuilder,
    cluster_async::ClusterConnection,
    cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, Slot, SlotAddr},
    cmd,
};

use super::address::{Address, Cluster, Login, Node, Sentinel, Single, Tls};

/// A way to the data. Cloning shares it.
#[derive(Clone)]
pub(super) enum Link {
    /// One connection to one server.
    Single(MultiplexedConnection),
    /// Connections to the nodes of a cluster; the client behind it keeps them open.
    Cluster(ClusterConnection),
}

impl Link {
    /// The answers to a pipeline, errors of single commands among them. All keys of it are in one slot where that matters.
    pub(super) async fn send(
        &mut self,
        pipeline: Pipeline,
        commands: usize,
        slot: Slot,
    ) -> RedisResult<Vec<Value>> {
        match self {
            Link::Single(connection) => connection.req_packed_commands(&pipeline, 0, commands).await,
            Link::Cluster(connection) => {
                let route = SingleNodeRoutingInfo::SpecificNode(Route::with_slot(slot, SlotAddr::Master));
                connection.route_pipeline(pipeline, 0, commands, route).await
            }
        }
    }

    /// The answer of one node, of any where there is only one.
    pub(super) async fn ask(&mut self, command: Cmd, node: &Node) -> RedisResult<Value> {
        match self {
            Link::Single(connection) => connection.req_packed_command(&command).await,
            Link::Cluster(connection) => {
                let node = SingleNodeRoutingInfo::ByAddress { host: node.host.clone(), port: node.port };
                connection.route_command(command, RoutingInfo::SingleNode(node)).await
            }
        }
    }

    /// The nodes that hold keys.
    pub(super) async fn primaries(&mut self) -> RedisResult<Vec<Node>> {
        match self {
            Link::Single(_) => Ok(vec![Node::default()]),
            Link::Cluster(connection) => {
                let mut command = cmd("CLUSTER");
                command.arg("SLOTS");
                let random = RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random);
                Ok(primaries_of(connection.route_command(command, random).await?))
            }
        }
    }
}

/// The primaries in the answer to `CLUSTER SLOTS`, each once.
fn primaries_of(slots: Value) -> Vec<Node> {
    let Value::Array(ranges) = slots else { return Vec::new() };
    let mut nodes: Vec<Node> = Vec::new();
    for range in ranges {
        let Value::Array(parts) = range else { continue };
        let Some(Value::Array(primary)) = parts.get(2) else { continue };
        if let [Value::BulkString(host), Value::Int(port), ..] = primary.as_slice()
            && let (Ok(host), Ok(port)) = (std::str::from_utf8(host), u16::try_from(*port))
        {
            let node = Node { host: host.to_owned(), port };
            if !nodes.contains(&node) {
                nodes.push(node);
            }
        }
    }
    nodes
}

/// Connects, within `limit`.
pub(super) async fn connect(address: &Address, limit: Duration) -> RedisResult<Link> {
    match address {
        Address::Single(single) => connect_single(single, limit).await.map(Link::Single),
        Address::Sentinel(sentinel) => connect_master(sentinel, limit).await.map(Link::Single),
        Address::Cluster(cluster) => connect_cluster(cluster, limit).await.map(Link::Cluster),
    }
}

async fn connect_single(single: &Single, limit: Duration) -> RedisResult<MultiplexedConnection> {
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

async fn connect_cluster(cluster: &Cluster, limit: Duration) -> RedisResult<ClusterConnection> {
    let nodes: Vec<ConnectionInfo> = cluster
        .nodes
        .iter()
        .map(|node| tcp(node, cluster.tls.as_ref()).into_connection_info())
        .collect::<RedisResult<_>>()?;
    let mut builder = ClusterClientBuilder::new(nodes)
        .connection_timeout(limit)
        .response_timeout(limit)
        .retries(2)
        .max_retry_wait(100)
        .min_retry_wait(10);
    if let Some(username) = &cluster.login.username {
        builder = builder.username(username);
    }
    if let Some(password) = &cluster.login.password {
        builder = builder.password(password);
    }
    if let Some(tls) = &cluster.tls {
        builder = builder.tls(if tls.insecure { TlsMode::Insecure } else { TlsMode::Secure });
        if tls.ca.is_some() || tls.cert.is_some() {
            builder = builder.certs(certificates(tls));
        }
    }
    builder.build()?.get_async_connection().await
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
