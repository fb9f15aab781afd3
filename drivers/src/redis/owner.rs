//! Questions about connections that only their owner can answer: which login is valid now, and whether it trusts a
//! certificate that was refused here.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use lazy_layers_engine::value::BoxFuture;
use serde::Deserialize;
use tokio::time::timeout;
use tracing::warn;

use super::{
    address::{Address, Login, Node, Single},
    client::ClientLink,
    tracking::Tracking,
};
use crate::targets::REDIS;

/// Which of the servers of an address a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// One with data.
    Data,
    /// A sentinel.
    Sentinel,
}

/// The login and database of new connections.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct CurrentLogin {
    /// The login.
    #[serde(flatten)]
    pub login: Login,
    /// The database, where it matters.
    pub db: Option<i64>,
}

/// A certificate that the owner trusts for one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedCertificate {
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// Its public key, a `SubjectPublicKeyInfo` in DER.
    pub public_key: Vec<u8>,
}

/// The owner of a store or a bus.
pub trait ConnectionOwner: Send + Sync + 'static {
    /// The login of the next connection: `None` for the one of the address.
    fn login(&self, server: Server) -> BoxFuture<'_, Result<Option<CurrentLogin>, String>>;
    /// Whether the owner alone knows the login of servers with data: then there is none without its answer.
    fn has_login(&self) -> bool {
        false
    }
    /// The certificate of a server, if the owner trusts it.
    fn certificate(&self, node: &Node, server: Server) -> BoxFuture<'_, Option<TrustedCertificate>>;
    /// Runs commands on a client, in their order; with a node, on that one of a cluster. Commands and answers are in
    /// RESP, the answers one array. An error of the client itself has the code `CLIENTERR`, or `CLIENTDOWN` while it
    /// has no connection. `NODES` is a question for the number of nodes that hold keys. `None`: nobody drives a
    /// client.
    fn run(&self, _commands: Vec<u8>, _node: Option<usize>) -> BoxFuture<'_, Option<Vec<u8>>> {
        Box::pin(std::future::ready(None))
    }
}

/// How connections are made, beside the place of the server. Cloning shares the owner.
#[derive(Clone)]
pub(super) struct Access {
    /// How long connecting may take. An answer about the login has half of it.
    pub(super) limit: Duration,
    owner: Option<Arc<dyn ConnectionOwner>>,
    /// The client in the place of connections, if one is driven.
    pub(super) client: Option<ClientLink>,
    /// Follows changes of others, over the connections for data.
    pub(super) tracking: Option<Arc<Tracking>>,
    /// Whether the log says that the owner was asked about a certificate.
    told: Arc<AtomicBool>,
}

impl Access {
    pub(super) fn new(limit: Duration, owner: Option<Arc<dyn ConnectionOwner>>) -> Access {
        Access { limit, owner, client: None, tracking: None, told: Arc::default() }
    }

    /// With the client, if the address is one.
    pub(super) fn driving(mut self, address: &Address) -> Access {
        if let (Address::Client(client), Some(owner)) = (address, &self.owner) {
            self.client = Some(ClientLink::new(client, Arc::clone(owner)));
        }
        self
    }

    /// The same, with or without tracking.
    pub(super) fn tracking(&self, tracking: Option<Arc<Tracking>>) -> Access {
        Access { tracking, ..self.clone() }
    }

    /// The server with its current login. If the owner does not answer in time, the login counts as unchanged, where
    /// there is one.
    pub(super) async fn renewed(&self, single: &Single, server: Server) -> Result<Single, String> {
        let Some(owner) = &self.owner else { return Ok(single.clone()) };
        let patience = self.limit / 2;
        let current = match timeout(patience, owner.login(server)).await {
            Ok(answer) => answer?,
            Err(_) if server == Server::Data && owner.has_login() => {
                let millis = patience.as_millis();
                return Err(format!(
                    "the function \"password\" did not answer within {millis} ms, half of connectTimeoutMs"
                ));
            }
            Err(_) => None,
        };
        Ok(match current {
            Some(CurrentLogin { login, db }) => {
                Single { login, db: db.unwrap_or(single.db), ..single.clone() }
            }
            None => single.clone(),
        })
    }

    /// The certificate of a server that the owner trusts.
    pub(super) async fn trusted(&self, node: &Node, server: Server) -> Option<TrustedCertificate> {
        let owner = self.owner.as_ref()?;
        let trusted = timeout(self.limit, owner.certificate(node, server)).await.ok().flatten()?;
        if !self.told.swap(true, Ordering::Relaxed) {
            warn!(target: REDIS, server = %node, "only Node.js accepts the certificate: it is asked at each connection");
        }
        Some(trusted)
    }
}
