//! A client that its owner drives, in the place of a connection: commands go to it and answers come back in RESP, as
//! with a server. Its pipelines are no transactions, and it may know only a few commands, like the mocks of tests.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerError, Value, cmd, parse_redis_value};
use tokio::time::timeout;

use super::{
    address::{Client, Node},
    owner::ConnectionOwner,
    scripts::sha,
};

/// The codes of errors of the client itself, and of a client without a connection.
const OF_CLIENT: [&str; 2] = ["CLIENTERR", "CLIENTDOWN"];

/// Asks whether scripts run as on a server: imitations of one do not know this function.
const PROBE: &str = "return redis.sha1hex(ARGV[1])";
const WORD: &str = "scripts are run";

/// A client. Cloning shares it.
#[derive(Clone)]
pub(super) struct ClientLink {
    shared: Arc<ClientState>,
}

struct ClientState {
    client: Client,
    owner: Arc<dyn ConnectionOwner>,
    /// Whether it runs scripts, once that is known.
    scripts: OnceLock<bool>,
    /// Whether its last pipeline failed.
    failed: AtomicBool,
}

impl ClientLink {
    pub(super) fn new(client: &Client, owner: Arc<dyn ConnectionOwner>) -> ClientLink {
        let scripts = OnceLock::new();
        if !client.scripts {
            scripts.get_or_init(|| false);
        }
        ClientLink {
            shared: Arc::new(ClientState {
                client: client.clone(),
                owner,
                scripts,
                failed: AtomicBool::new(false),
            }),
        }
    }

    /// Whether it runs scripts, as far as is known.
    pub(super) fn runs_scripts(&self) -> bool {
        self.shared.scripts.get() == Some(&true)
    }

    /// Whether its last pipeline failed, as far as is known.
    pub(super) fn has_failed(&self) -> bool {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// Notes whether a pipeline failed, or that it may be used again.
    pub(super) fn note(&self, failed: bool) {
        self.shared.failed.store(failed, Ordering::Relaxed);
    }

    /// Whether it tells how long entries still live.
    pub(super) fn tells_lifetimes(&self) -> bool {
        self.shared.client.lifetimes
    }

    /// Whether it is known if it runs scripts.
    pub(super) fn is_known(&self) -> bool {
        self.shared.scripts.get().is_some()
    }

    /// Learns whether it runs scripts. Returns false if it did not answer in time.
    pub(super) async fn learn(&self, limit: Duration) -> bool {
        if self.is_known() {
            return true;
        }
        let mut probe = cmd("EVAL");
        probe.arg(PROBE).arg(0).arg(WORD);
        let Ok(answered) = timeout(limit, self.ask(probe, None)).await else { return false };
        match answered {
            Ok(Value::BulkString(answer)) => {
                self.shared.scripts.get_or_init(|| answer == sha(WORD).as_bytes());
            }
            // A client without a connection tells nothing: the next pipeline asks again.
            Err(_) => {}
            Ok(Value::ServerError(error)) if error.code() == OF_CLIENT[1] => {}
            Ok(_) => {
                self.shared.scripts.get_or_init(|| false);
            }
        }
        true
    }

    /// The answers to a pipeline.
    pub(super) async fn send(&self, pipeline: &Pipeline, commands: usize) -> RedisResult<Vec<Value>> {
        let answers = self.run(pipeline.get_packed_pipeline(), commands, None).await;
        let is_failure =
            |value: &Value| matches!(value, Value::ServerError(error) if failure_of_client(error).is_some());
        self.note(answers.as_ref().map_or(true, |answers| answers.iter().any(is_failure)));
        answers
    }

    /// The answer to a command; with a node, of that one of a cluster.
    pub(super) async fn ask(&self, command: Cmd, node: Option<&Node>) -> RedisResult<Value> {
        let node = node.filter(|_| self.shared.client.cluster).map(|node| usize::from(node.port));
        let mut answers = self.run(command.get_packed_command(), 1, node).await?;
        Ok(answers.pop().unwrap_or(Value::Nil))
    }

    /// The servers that hold keys, by their numbers.
    pub(super) async fn primaries(&self) -> RedisResult<Vec<Node>> {
        if !self.shared.client.cluster {
            return Ok(vec![Node::default()]);
        }
        match self.ask(cmd("NODES"), None).await? {
            Value::Int(count) => {
                let numbers = 0..u16::try_from(count).unwrap_or(0);
                Ok(numbers.map(|port| Node { host: String::new(), port }).collect())
            }
            Value::ServerError(error) => Err(error.into()),
            _ => Err(broken("the client does not tell its nodes")),
        }
    }

    async fn run(&self, bytes: Vec<u8>, commands: usize, node: Option<usize>) -> RedisResult<Vec<Value>> {
        let answered = self.shared.owner.run(bytes, node).await;
        let answered = answered.ok_or_else(|| broken("the client gave no answers"))?;
        match parse_redis_value(&answered)? {
            Value::Array(answers) if answers.len() == commands => Ok(answers),
            _ => Err(broken("the client gave other answers than was asked for")),
        }
    }
}

/// The words of a client for a failure of its own, if an error is one: the server has not answered.
pub(super) fn failure_of_client(error: &ServerError) -> Option<&str> {
    OF_CLIENT.contains(&error.code()).then(|| error.details().unwrap_or("the client has failed"))
}

fn broken(why: &'static str) -> RedisError {
    RedisError::from((ErrorKind::Io, why))
}

#[cfg(test)]
mod tests {
    use lazy_layers_engine::value::BoxFuture;

    use super::*;
    use crate::redis::owner::{CurrentLogin, Server, TrustedCertificate};

    /// Answers each command with the same; none: never.
    struct Answers(Option<String>);

    impl ConnectionOwner for Answers {
        fn login(&self, _: Server) -> BoxFuture<'_, Result<Option<CurrentLogin>, String>> {
            Box::pin(std::future::ready(Ok(None)))
        }

        fn certificate(&self, _: &Node, _: Server) -> BoxFuture<'_, Option<TrustedCertificate>> {
            Box::pin(std::future::ready(None))
        }

        fn run(&self, _: Vec<u8>, _: Option<usize>) -> BoxFuture<'_, Option<Vec<u8>>> {
            match &self.0 {
                Some(answer) => Box::pin(std::future::ready(Some(format!("*1\r\n{answer}").into_bytes()))),
                None => Box::pin(std::future::pending()),
            }
        }
    }

    fn link(answer: Option<&str>) -> ClientLink {
        let client = Client { cluster: true, scripts: true, lifetimes: true };
        ClientLink::new(&client, Arc::new(Answers(answer.map(str::to_owned))))
    }

    #[tokio::test(start_paused = true)]
    async fn scripts_are_run_by_a_client_that_answers_as_a_server_does() {
        for (answer, known) in [
            (format!("$40\r\n{}\r\n", sha(WORD)), Some(true)),
            ("$4\r\nb83a\r\n".to_owned(), Some(false)),
            ("-ERR unknown command 'eval'\r\n".to_owned(), Some(false)),
            ("-CLIENTERR no such script\r\n".to_owned(), Some(false)),
            ("-CLIENTDOWN the connection is closed\r\n".to_owned(), None),
            (":0\r\n".to_owned(), Some(false)),
        ] {
            let link = link(Some(&answer));
            assert!(link.learn(Duration::from_secs(1)).await);
            assert_eq!(link.shared.scripts.get().copied(), known, "{answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_answer_is_asked_again() {
        let link = link(None);
        assert!(!link.learn(Duration::from_secs(1)).await);
        assert!(link.shared.scripts.get().is_none() && !link.runs_scripts());
    }

    #[tokio::test]
    async fn a_client_that_gives_other_answers_than_was_asked_for_has_failed() {
        let link = link(Some(":1\r\n"));
        let mut pipeline = Pipeline::new();
        pipeline.cmd("GET").arg("a").cmd("GET").arg("b");
        assert!(link.send(&pipeline, 2).await.is_err());
        assert_eq!(link.primaries().await.map(|nodes| nodes.len()).ok(), Some(1));
    }
}
