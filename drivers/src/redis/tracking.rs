//! Server-assisted invalidation: the server pushes the names of entries that others change, over the connection that
//! the store itself reads and writes by.
//!
//! - `BCAST`: the server remembers a prefix, and no keys. `NOLOOP`: it leaves out changes by this connection.
//! - It does not leave out changes by scripts. So a script that stores an entry writes it under a name beside it, and
//!   `RENAME` in the same transaction moves it to its own name, see [`Names::stash`].
//! - The end of a connection is a gap, as are a nil push (`FLUSHALL`) and, in a cluster, slots that move. When a
//!   connection is made, values that were kept without one count as unknown.
//!
//! docs/decisions/redis-driver.md has the reasons.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use lazy_layers_engine::cache::changes::Named;
use parking_lot::RwLock;
use redis::{PushInfo, PushKind, RedisError, RedisResult, Value, aio::ConnectionLike, cmd};
use tokio::{
    runtime::Handle,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};
use tracing::{info, warn};

use super::{
    address::Single,
    complaint::Complaint,
    connection::{Connection, connect_pushed, connect_single},
    fault::breaks_link,
    names::Names,
    owner::{Access, Server},
};
use crate::targets::REDIS;

/// Whether a change concerns an entry or a counter.
pub type Covers = dyn Fn(Named<'_>) -> bool + Send + Sync;

/// The entries, and the counters of tags, that a change concerns.
#[derive(Clone)]
pub enum Affected {
    /// All.
    All,
    /// Those for which the function returns true.
    Some(Arc<Covers>),
}

/// News about entries, from the server or from the state of a connection to it.
pub enum Change {
    /// Others have changed or removed the entries of these keys, or they have expired.
    Keys(Vec<Vec<u8>>),
    /// Others have changed or removed the counters of these tags, or they have expired.
    Tags(Vec<Vec<u8>>),
    /// Changes may have been missed.
    Missed(Affected),
    /// A connection was made. From here on changes are told; values that were kept before may have been changed.
    Begins(Affected),
}

/// Is told of changes, on a thread of the runtime.
pub type Listener = Arc<dyn Fn(Change) + Send + Sync>;

/// The tracking of one store.
pub(super) struct Tracking {
    names: Names,
    listener: RwLock<Option<Listener>>,
    /// Why it does not work, returned once.
    complaint: Complaint,
    has_complained: AtomicBool,
}

/// The entries that a connection is for, asked for when it matters.
pub(super) type Scope = Arc<dyn Fn() -> Affected + Send + Sync>;

impl Tracking {
    pub(super) fn new(names: Names) -> Tracking {
        Tracking {
            names,
            listener: RwLock::default(),
            complaint: Complaint::default(),
            has_complained: AtomicBool::new(false),
        }
    }

    /// The listener that is told of changes from now on.
    pub(super) fn tell_to(&self, listener: Option<Listener>) {
        *self.listener.write() = listener;
    }

    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    pub(super) fn tell(&self, change: Change) {
        if let Some(listener) = &*self.listener.read() {
            listener(change);
        }
    }

    pub(super) fn take_complaint(&self) -> Option<String> {
        self.complaint.take()
    }

    /// Reports once that the server does not tell changes.
    fn complain(&self, single: &Single, why: &str) {
        if self.has_complained.swap(true, Ordering::Relaxed) {
            return;
        }
        let place = &single.node;
        warn!(target: REDIS, server = %place, why, "changes of others are not tracked");
        let message = format!(
            "Redis at {place} does not track changes ({why}): L1 may hold entries that others have changed"
        );
        self.complaint.add(message);
    }

    /// Makes the server push changes, and follows them until the connection ends.
    async fn begin(
        self: &Arc<Tracking>,
        connection: &mut Connection,
        pushed: UnboundedReceiver<PushInfo>,
        scope: Scope,
    ) -> RedisResult<()> {
        let mut track = cmd("CLIENT");
        track.arg("TRACKING").arg("ON").arg("BCAST").arg("PREFIX").arg(&self.names.prefix).arg("NOLOOP");
        connection.req_packed_command(&track).await.and_then(Value::extract_error)?;
        self.tell(Change::Begins(scope()));
        let tracking = Arc::clone(self);
        Handle::current().spawn(async move { tracking.follow(pushed, scope).await });
        Ok(())
    }

    async fn follow(&self, mut pushed: UnboundedReceiver<PushInfo>, scope: Scope) {
        let mut some = Vec::new();
        while pushed.recv_many(&mut some, 1024).await > 0 {
            let (mut keys, mut tags) = (Vec::new(), Vec::new());
            for push in some.drain(..).filter(|push| push.kind == PushKind::Invalidate) {
                match push.data.into_iter().next() {
                    Some(Value::Array(names)) => {
                        let texts = || names.iter().filter_map(text);
                        tags.extend(texts().filter_map(|name| self.names.tag_of(name)).map(<[u8]>::to_vec));
                        keys.extend(texts().filter_map(|name| self.names.key(name)).map(<[u8]>::to_vec));
                    }
                    _ => {
                        info!(target: REDIS, "a server was emptied");
                        self.tell(Change::Missed(scope()));
                    }
                }
            }
            if !tags.is_empty() {
                self.tell(Change::Tags(tags));
            }
            if !keys.is_empty() {
                self.tell(Change::Keys(keys));
            }
        }
        self.tell(Change::Missed(scope()));
    }
}

fn text(name: &Value) -> Option<&[u8]> {
    if let Value::BulkString(name) = name { Some(name) } else { None }
}

/// Connects to a server with data: over a connection that is tracked, if that is wanted and possible.
pub(super) async fn connect_data(
    single: &Single,
    access: &Access,
    scope: impl FnOnce() -> Scope,
) -> RedisResult<Connection> {
    let Some(tracking) = &access.tracking else { return connect_single(single, Server::Data, access).await };
    let (pushes, pushed) = unbounded_channel();
    let tracked = async {
        let mut connection = connect_pushed(single, access, pushes).await?;
        tracking.begin(&mut connection, pushed, scope()).await?;
        Ok::<_, RedisError>(connection)
    };
    let refused = match timeout(access.limit, tracked).await {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(error)) => error,
        // A server that is slow now may be tracked soon.
        Err(_) => return Err(RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut))),
    };
    let connection = connect_single(single, Server::Data, access).await?;
    // The connection is used for as long as it lives: nobody tells of changes meanwhile.
    if connection.has_pushes() && !refuses(&refused) {
        return Err(refused);
    }
    tracking.complain(single, &refused.to_string());
    Ok(connection)
}

/// Whether a server that speaks RESP3 has refused to tell changes, and will again.
fn refuses(error: &RedisError) -> bool {
    // A server that runs a script for long answers again afterwards.
    !breaks_link(error) && error.code() != Some("BUSY")
}
