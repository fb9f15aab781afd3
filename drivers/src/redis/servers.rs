//! Notices replaced servers. A server that was started anew, or has taken over from another, may lack writes that
//! were acknowledged before: replication does not wait, and data on disk are older than those in memory.

use std::{collections::HashMap, future::Future, time::Duration};

use parking_lot::Mutex;
use redis::{Value, aio::ConnectionLike, cmd};
use tokio::{sync::watch, time::timeout};

use super::{address::Node, connection::Connection};

/// The servers of one store, and how often one of them was replaced.
pub(super) struct Servers {
    /// The run id at each place, if the server tells it.
    known: Mutex<HashMap<Node, Option<String>>>,
    replacements: watch::Sender<u64>,
}

impl Servers {
    pub(super) fn new() -> Servers {
        Servers { known: Mutex::default(), replacements: watch::Sender::new(0) }
    }

    pub(super) fn replacements(&self) -> watch::Receiver<u64> {
        self.replacements.subscribe()
    }

    /// Another server has taken the place of one of them.
    pub(super) fn replaced(&self) {
        self.replacements.send_modify(|replacements| *replacements += 1);
    }

    /// Asks the server at the other end of a new connection for its run id.
    pub(super) fn meet(
        self: &std::sync::Arc<Self>,
        place: Node,
        mut connection: Connection,
        limit: Duration,
    ) -> impl Future<Output = ()> + Send + 'static + use<> {
        let servers = std::sync::Arc::clone(self);
        async move {
            let mut ask = cmd("INFO");
            ask.arg("server");
            let run = if connection.closes_on_unknown() {
                None
            } else {
                let told = timeout(limit, connection.req_packed_command(&ask)).await;
                told.ok().and_then(Result::ok).and_then(|told| run_of(&told))
            };
            servers.met(place, run);
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

fn run_of(told: &Value) -> Option<String> {
    let text = match told {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?,
        Value::VerbatimString { text, .. } => text,
        _ => return None,
    };
    let run = text.lines().find_map(|line| line.strip_prefix("run_id:"))?;
    Some(run.trim().to_owned()).filter(|run| !run.is_empty())
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
        assert_eq!(run_of(&Value::BulkString(told.as_bytes().to_vec())).as_deref(), Some("0123abc"));
        assert_eq!(run_of(&Value::BulkString(b"redis_version:7".to_vec())), None);
        assert_eq!(run_of(&Value::Okay), None);
    }
}
