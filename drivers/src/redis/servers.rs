//! Notices replaced servers. A server that was started anew, or has taken over from another, may lack writes that
//! were acknowledged before: replication does not wait, and data on disk are older than those in memory. Its version
//! is known from the same answer.

use std::{
    collections::HashMap,
    future::Future,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use redis::{Value, aio::ConnectionLike, cmd};
use tokio::{sync::watch, time::timeout};

use super::{address::Node, connection::Connection};

/// The servers of one store, and how often one of them was replaced.
pub(super) struct Servers {
    /// The run id at each place, if the server tells it.
    known: Mutex<HashMap<Node, Option<String>>>,
    replacements: watch::Sender<u64>,
    /// The same number, for those who ask for it with each read.
    replaced_so_far: AtomicU64,
    /// Whether the last one that was met has `MSETEX`.
    writes_many: AtomicBool,
}

impl Servers {
    pub(super) fn new() -> Servers {
        Servers {
            known: Mutex::default(),
            replacements: watch::Sender::new(0),
            replaced_so_far: AtomicU64::new(0),
            writes_many: AtomicBool::new(false),
        }
    }

    /// Whether the server has `MSETEX`. One that has not would quote a part of the values in its error, which is no
    /// valid text then and ends the connection.
    pub(super) fn writes_many(&self) -> bool {
        self.writes_many.load(Ordering::Relaxed)
    }

    pub(super) fn replacements(&self) -> watch::Receiver<u64> {
        self.replacements.subscribe()
    }

    /// How often another server has taken the place of one of them.
    pub(super) fn replaced_so_far(&self) -> u64 {
        self.replaced_so_far.load(Ordering::Acquire)
    }

    /// Another server has taken the place of one of them.
    pub(super) fn replaced(&self) {
        self.replacements.send_modify(|replacements| {
            *replacements += 1;
            self.replaced_so_far.store(*replacements, Ordering::Release);
        });
    }

    /// Asks the server at the other end of a new connection for its run id and its version.
    pub(super) fn meet(
        self: &std::sync::Arc<Self>,
        place: Node,
        mut connection: Connection,
        limit: Duration,
    ) -> impl Future<Output = ()> + Send + 'static + use<> {
        let servers = std::sync::Arc::clone(self);
        servers.writes_many.store(false, Ordering::Relaxed);
        async move {
            let mut ask = cmd("INFO");
            ask.arg("server");
            let told = if connection.closes_on_unknown() {
                None
            } else {
                let told = timeout(limit, connection.req_packed_command(&ask)).await;
                told.ok().and_then(Result::ok)
            };
            let text = told.as_ref().and_then(text_of).unwrap_or_default();
            let has_many = writes_many(text) && takes_many(&mut connection, limit).await;
            servers.writes_many.store(has_many, Ordering::Relaxed);
            servers.met(place, field_of(text, "run_id:").map(str::to_owned));
        }
    }

    /// A connection to the server of that place is open. A server without a run id counts as replaced at each
    /// connection.
    fn met(&self, place: Node, run: Option<String>) {
        let is_known = run.is_some();
        let before = self.known.lock().insert(place, run.clone());
        if before.is_some_and(|before| before != run || !is_known) {
            self.replaced();
        }
    }
}

fn text_of(told: &Value) -> Option<&str> {
    match told {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::VerbatimString { text, .. } => Some(text),
        _ => None,
    }
}

fn field_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let field = text.lines().find_map(|line| line.strip_prefix(name))?.trim();
    Some(field).filter(|field| !field.is_empty())
}

/// Whether `MSETEX` is known over a connection: some services have a version that has it, and refuse it. Too few
/// arguments show that, and write nothing.
async fn takes_many(connection: &mut Connection, limit: Duration) -> bool {
    let mut ask = cmd("MSETEX");
    ask.arg(0);
    let told = timeout(limit, connection.req_packed_command(&ask)).await;
    let refused = told.ok().and_then(|told| told.and_then(Value::extract_error).err());
    refused.is_some_and(|refused| refused.to_string().contains("wrong number of arguments"))
}

/// Whether that is Redis 8.4 or Valkey 9.1, or newer. Valkey tells a version of Redis, too.
fn writes_many(text: &str) -> bool {
    let since = |field: &str, since: (u32, u32)| {
        let mut parts = field.split('.').map_while(|part| part.parse().ok());
        parts.next().zip(parts.next()).is_some_and(|version| version >= since)
    };
    match field_of(text, "valkey_version:") {
        Some(version) => since(version, (9, 1)),
        None => field_of(text, "redis_version:").is_some_and(|version| since(version, (8, 4))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(port: u16) -> Node {
        Node { host: "a".to_owned(), port }
    }

    #[test]
    fn a_server_that_is_another_one_than_before_is_noticed() {
        let servers = Servers::new();
        let count = || *servers.replacements().borrow();
        let run = |name: &str| Some(name.to_owned());
        servers.met(node(1), run("x"));
        servers.met(node(2), run("y"));
        servers.met(node(1), run("x"));
        assert_eq!(count(), 0);
        servers.met(node(1), run("z"));
        assert_eq!(count(), 1);
        servers.met(node(1), None);
        servers.met(node(1), None);
        assert_eq!(count(), 3, "one that does not say may be any");
    }

    #[test]
    fn the_run_is_among_what_a_server_tells_of_itself() {
        let told = "# Server\r\nredis_version:7.0.15\r\nrun_id:0123abc\r\nport:1\r\n";
        let told = Value::BulkString(told.as_bytes().to_vec());
        assert_eq!(text_of(&told).and_then(|text| field_of(text, "run_id:")), Some("0123abc"));
        assert_eq!(field_of("redis_version:7", "run_id:"), None);
        assert_eq!(text_of(&Value::Okay), None);
    }

    #[test]
    fn the_version_tells_whether_there_is_a_command_for_many_values() {
        for (told, is_there) in [
            ("redis_version:8.4.0", true),
            ("redis_version:10.0.1", true),
            ("redis_version:8.3.9", false),
            ("redis_version:7.0.15", false),
            ("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.0", true),
            ("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.0.3", false),
            ("redis_version:8.x", false),
            ("", false),
        ] {
            assert_eq!(writes_many(told), is_there, "{told}");
        }
    }
}
