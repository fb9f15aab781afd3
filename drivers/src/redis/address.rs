//! Where Redis is, and how to log in there.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The servers of a store.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Address {
    /// One server.
    Single(Single),
    /// A cluster, found by some of its nodes.
    Cluster(Cluster),
    /// The master that sentinels name.
    Sentinel(Sentinel),
    /// A client that its owner drives.
    Client(Client),
}

impl Address {
    /// Whether entries are spread over nodes.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self, Address::Cluster(_) | Address::Client(Client { cluster: true, .. }))
    }
}

/// The abilities of a client that its owner drives.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Client {
    /// Whether it is that of a cluster.
    pub cluster: bool,
    /// Whether it has all commands that are sent besides scripts, and one that runs scripts.
    pub scripts: bool,
    /// Whether it tells how long entries still live.
    pub lifetimes: bool,
}

/// A server by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Single {
    /// Where it listens.
    #[serde(flatten)]
    pub node: Node,
    /// A Unix socket, instead of host and port.
    pub path: Option<String>,
    /// The database: 0.
    pub db: i64,
    /// The login.
    #[serde(flatten)]
    pub login: Login,
    /// Encryption, when there is any.
    pub tls: Option<Tls>,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cluster {
    /// Some of its nodes.
    pub nodes: Vec<Node>,
    /// The login, the same everywhere.
    #[serde(flatten)]
    pub login: Login,
    /// Encryption, when there is any.
    pub tls: Option<Tls>,
}

/// A master behind sentinels.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Sentinel {
    /// The sentinels.
    pub sentinels: Vec<Node>,
    /// The name of the master.
    pub name: String,
    /// The database: 0.
    pub db: i64,
    /// The login of the master.
    #[serde(flatten)]
    pub login: Login,
    /// The login of the sentinels.
    pub sentinel_login: Login,
    /// Encryption on the way to the master.
    pub tls: Option<Tls>,
    /// Encryption on the way to the sentinels.
    pub sentinel_tls: Option<Tls>,
}

/// Host and port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    /// A name or an IP address: `localhost`.
    pub host: String,
    /// 6379.
    pub port: u16,
}

impl Default for Node {
    fn default() -> Self {
        Node { host: "localhost".to_owned(), port: 6379 }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

/// User name and password.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Login {
    /// The user: the default one.
    pub username: Option<String>,
    /// The password.
    pub password: Option<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.as_ref().map(|_| "<hidden>");
        formatter
            .debug_struct("Login")
            .field("username", &self.username)
            .field("password", &password)
            .finish()
    }
}

/// Encryption.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tls {
    /// Certificates of the authorities to trust, in PEM, instead of those of the system.
    pub ca: Option<String>,
    /// Certificates of further authorities beside those of the system, in PEM.
    pub more_ca: Option<String>,
    /// A certificate of the client, in PEM.
    pub cert: Option<String>,
    /// Its key, in PEM.
    pub key: Option<String>,
    /// Whether any certificate will do.
    pub insecure: bool,
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tls").field("insecure", &self.insecure).finish_non_exhaustive()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |formatter: &mut fmt::Formatter<'_>, nodes: &[Node]| {
            for (at, node) in nodes.iter().enumerate() {
                write!(formatter, "{}{node}", if at == 0 { "" } else { ", " })?;
            }
            Ok(())
        };
        match self {
            Address::Client(_) => formatter.write_str("the given client"),
            Address::Single(Single { path: Some(path), .. }) => formatter.write_str(path),
            Address::Single(single) => single.node.fmt(formatter),
            Address::Cluster(cluster) => list(formatter, &cluster.nodes),
            Address::Sentinel(sentinel) => {
                write!(formatter, "master \"{}\" of the sentinels ", sentinel.name)?;
                list(formatter, &sentinel.sentinels)
            }
        }
    }
}
