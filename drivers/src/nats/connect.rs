//! A connection to NATS servers.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use async_nats::{Client, ConnectOptions, Event, ServerError};
use lazy_layers_engine::value::BoxFuture;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde::Deserialize;
use tokio::{
    sync::{Mutex, Notify, mpsc},
    time::timeout,
};

use super::{NAME, servers::Told};
use crate::bus::{BusFault, HeartbeatRights, Patience};

/// How often a sign of life is asked for, unless an option says otherwise: two missing ones end the connection.
const PING: Duration = Duration::from_secs(2);

/// How to connect.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NatsOptions {
    /// Where the servers are: `localhost:4222`.
    pub servers: Vec<String>,
    /// The name of the connection, as the server shows it.
    pub name: Option<String>,
    /// A token to log in with.
    pub token: Option<String>,
    /// A user to log in as.
    pub user: Option<String>,
    /// Its password.
    pub pass: Option<String>,
    /// The seed of an nkey to log in with.
    pub nkey: Option<String>,
    /// The contents of a credentials file.
    pub creds: Option<String>,
    /// Encryption, when it is asked for.
    pub tls: Option<NatsTls>,
    /// How long connecting may take in milliseconds: 5000.
    pub timeout_ms: Option<u64>,
    /// How often a sign of life is asked for in milliseconds: 2000.
    pub ping_interval_ms: Option<u64>,
    /// Before the names of inboxes.
    pub inbox_prefix: Option<String>,
    /// Whether events of this connection are kept from it.
    pub no_echo: bool,
    /// Whether servers are tried in the order they are given.
    pub no_randomize: bool,
    /// Whether servers that others tell of are not used.
    pub ignore_cluster_updates: bool,
    /// How long to wait before connecting again.
    pub patience: Patience,
}

/// Encryption.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NatsTls {
    /// Certificates of the authorities to trust, in PEM, instead of those of the system.
    pub ca: Option<String>,
    /// A certificate of the client, in PEM.
    pub cert: Option<String>,
    /// Its key, in PEM.
    pub key: Option<String>,
    /// Whether encryption begins before the server has said anything.
    pub handshake_first: bool,
}

impl fmt::Debug for NatsOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NatsOptions").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for NatsTls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NatsTls").finish_non_exhaustive()
    }
}

/// The rights beyond those that events need. The bus works without the ones that the server denies to this user.
pub(super) struct Rights {
    /// The subject of heartbeats.
    pub(super) heartbeats: HeartbeatRights,
    lacks_inbox: AtomicBool,
    noticed: Notify,
}

impl Rights {
    pub(super) fn new(subject: &str) -> Rights {
        Rights {
            heartbeats: HeartbeatRights::new(format!("{subject}.heartbeat")),
            lacks_inbox: AtomicBool::new(false),
            noticed: Notify::new(),
        }
    }

    pub(super) fn has_heartbeats(&self) -> bool {
        self.heartbeats.are_there()
    }

    pub(super) fn has_inbox(&self) -> bool {
        !self.lacks_inbox.load(SeqCst)
    }

    /// Ends once another right is found to be missing.
    pub(super) async fn lack(&self) {
        self.noticed.notified().await;
    }

    /// Whether an error of the server says that one of these is missing.
    fn explains(&self, error: &str, inbox: &str) -> bool {
        if !error.to_lowercase().contains("permissions violation") {
            return false;
        }
        let lacks = |subject: &str| error.contains(&format!("\"{subject}"));
        let (heartbeats, inboxes) = (lacks(&self.heartbeats.name), lacks(inbox));
        if heartbeats {
            self.heartbeats.are_missing(NAME);
        }
        if inboxes {
            self.lacks_inbox.store(true, SeqCst);
        }
        self.noticed.notify_waiters();
        heartbeats || inboxes
    }
}

/// A connection, and its events.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) place: String,
    pub(super) rights: Arc<Rights>,
    /// Whether other servers are known.
    has_others: bool,
    /// The prefix of this connection's inboxes.
    inbox: String,
    events: Mutex<mpsc::UnboundedReceiver<Event>>,
}

impl Connection {
    /// Ends when the connection is broken, or can no longer be relied on.
    pub(super) fn lost(&self) -> BoxFuture<'_, BusFault> {
        Box::pin(async move {
            let mut events = self.events.lock().await;
            loop {
                let reason = match events.recv().await {
                    Some(Event::Connected | Event::Draining) => continue,
                    // It works for a while, and there is no other one to go to.
                    Some(Event::LameDuckMode) if !self.has_others => continue,
                    Some(Event::ServerError(ServerError::Other(error)))
                        if self.rights.explains(&error, &self.inbox) =>
                    {
                        continue;
                    }
                    Some(Event::SlowConsumer(_)) => "this instance did not keep up".to_owned(),
                    Some(event) => event.to_string(),
                    None => "closed".to_owned(),
                };
                return BusFault::down(format!("the connection to NATS at {}: {reason}", self.place));
            }
        })
    }

    /// Sends a heartbeat, if this user may.
    pub(super) async fn heartbeat(&self, payload: Vec<u8>) -> Result<(), BusFault> {
        if !self.rights.has_heartbeats() {
            return Ok(());
        }
        let published = self.client.publish(self.rights.heartbeats.name.clone(), payload.into()).await;
        published.map_err(|error| self.fault(&error))
    }

    /// Why something failed.
    pub(super) fn fault(&self, error: &impl fmt::Display) -> BusFault {
        BusFault::down(format!("NATS at {}: {error}", self.place))
    }
}

/// Connects, once.
pub(super) async fn connect(
    options: &NatsOptions,
    rights: &Arc<Rights>,
    told: &Told,
) -> Result<Connection, BusFault> {
    let servers = told.known(options)?;
    let attempts = servers.len().max(1);
    let shown: Vec<String> =
        servers.iter().map(|server| format!("{}:{}", server.host(), server.port())).collect();
    let place = shown.join(", ");
    let limit = Duration::from_millis(options.timeout_ms.unwrap_or(5000));
    let (sender, events) = mpsc::unbounded_channel();
    let connecting = connect_options(options, limit, attempts)?
        .event_callback(move |event| {
            // The receiver is gone once the session is over.
            drop(sender.send(event));
            std::future::ready(())
        })
        .connect(servers);
    let all = u32::try_from(attempts).unwrap_or(u32::MAX).saturating_add(1);
    let client = timeout(limit.saturating_mul(all), connecting).await;
    let client = client
        .map_err(|_| BusFault::down(format!("NATS at {place} did not answer in time")))?
        .map_err(|error| BusFault::down(format!("no connection to NATS at {place}: {error}")))?;
    let inbox = options.inbox_prefix.clone().unwrap_or_else(|| "_INBOX".to_owned());
    told.hear(options, &client.server_info().connect_urls);
    let has_others = told.known(options)?.len() > 1;
    let (rights, events) = (Arc::clone(rights), Mutex::new(events));
    Ok(Connection { client, place, rights, has_others, inbox, events })
}

fn connect_options(
    options: &NatsOptions,
    limit: Duration,
    attempts: usize,
) -> Result<ConnectOptions, BusFault> {
    let mut connect = ConnectOptions::new()
        .connection_timeout(limit)
        .ping_interval(options.ping_interval_ms.map_or(PING, Duration::from_millis))
        // Each server is tried once. A lost connection is opened anew here and not by the client, so that
        // missed events are noticed.
        .max_reconnects(attempts);
    if let Some(name) = &options.name {
        connect = connect.name(name);
    }
    if let Some(token) = &options.token {
        connect = connect.token(token.clone());
    }
    if let Some(user) = &options.user {
        connect = connect.user_and_password(user.clone(), options.pass.clone().unwrap_or_default());
    }
    if let Some(seed) = &options.nkey {
        connect = connect.nkey(seed.clone());
    }
    if let Some(creds) = &options.creds {
        connect = connect
            .credentials(creds)
            .map_err(|_| BusFault::down("the credentials for NATS cannot be read"))?;
    }
    if let Some(prefix) = &options.inbox_prefix {
        connect = connect.custom_inbox_prefix(prefix);
    }
    if options.no_echo {
        connect = connect.no_echo();
    }
    // See `Told::known`.
    connect = connect.retain_servers_order();
    if options.ignore_cluster_updates {
        connect = connect.ignore_discovered_servers();
    }
    if let Some(tls) = &options.tls {
        let config = tls_config(tls).map_err(|reason| BusFault::down(format!("TLS for NATS: {reason}")))?;
        connect = connect.require_tls(true).tls_client_config(config);
        if tls.handshake_first {
            connect = connect.tls_first();
        }
    }
    Ok(connect)
}

fn tls_config(tls: &NatsTls) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    match &tls.ca {
        Some(ca) => {
            for certificate in certificates(ca)? {
                roots.add(certificate).map_err(|error| error.to_string())?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    match (&tls.cert, &tls.key) {
        (Some(cert), Some(key)) => {
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| "the key cannot be read")?;
            config.with_client_auth_cert(certificates(cert)?, key).map_err(|error| error.to_string())
        }
        _ => Ok(config.with_no_client_auth()),
    }
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    read.map_err(|_| "a certificate cannot be read".to_owned())
}
