//! Conditional writes where scripts are denied. `WATCH` binds a transaction to the marks and the lock: over a
//! connection of its own, as others on the same one would end or join it. A server that denies `WATCH` as well is asked
//! for the conditions, and the write looks at them once more behind itself, see `write`.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use redis::{ErrorKind, Pipeline, RedisError, ServerErrorKind, Value, aio::ConnectionLike, cmd};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    address::{Address, Cluster, Node, Single},
    batch::Operation,
    commands::Commands,
    connect::{Link, connect},
    connection::{Connection, connect_single, is_end},
    fault::Fault,
    fence::Fence,
    owner::Server,
    scripts::Mode,
    store::{Payloads, StoreState},
    supervised::State,
    topology::redirect,
};

/// The most connections to one server: so many conditional writes are under way at a time.
const MOST: usize = 8;
/// How often a write is tried that others have come between.
const ATTEMPTS: usize = 4;

/// The connections for guarded writes that are open and not in use.
#[derive(Default)]
pub(super) struct Guards(Mutex<OfLink>);

/// Those that were made under one link, by the nodes of a cluster.
#[derive(Default)]
struct OfLink {
    link: u64,
    places: HashMap<Option<Node>, Arc<Place>>,
}

struct Place {
    free: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Guards {
    /// Those to a node. A later link may be to another server, or by another login: it has its own.
    fn to(&self, link: u64, node: Option<&Node>) -> Arc<Place> {
        let mut of_link = self.0.lock();
        if of_link.link != link {
            *of_link = OfLink { link, ..OfLink::default() };
        }
        let place = || Arc::new(Place { free: Mutex::default(), permits: Semaphore::new(MOST) });
        Arc::clone(of_link.places.entry(node.cloned()).or_insert_with(place))
    }

    /// Closes them, but for those in use.
    pub(super) fn close(&self) {
        self.0.lock().places.clear();
    }
}

impl Place {
    async fn take(&self) -> Option<Connection> {
        loop {
            let connection = self.free.lock().pop()?;
            connection.hear_end().await;
            if !connection.is_over() {
                return Some(connection);
            }
        }
    }
}

/// How a guarded write ended.
enum Guarded {
    /// With these answers to its commands.
    Answered(Vec<Value>),
    /// Its conditions do not hold.
    Overtaken,
    /// The server does not guard it.
    Refused,
}

/// How one attempt ended.
enum Attempt {
    Ends(Guarded),
    /// Something that it depends on has changed, or is elsewhere.
    Again,
}

impl<P: Payloads> StoreState<P> {
    /// Whether the conditions of writes are looked at here, as far as is known: not by scripts, and not by commands of
    /// a client that is driven.
    pub(super) fn looks_itself(&self) -> bool {
        self.supervised.access.client.is_none() && !self.scripting.runs_scripts(self.links())
    }

    /// Sends a write if its conditions hold.
    pub(super) async fn send_fenced(&self, mut operation: Box<dyn Operation>, fence: &Fence) {
        if self.guards() {
            let limit = self.options.command_timeout;
            match timeout(limit, self.guarded(&mut *operation, fence)).await {
                Ok(Ok(Guarded::Answered(values))) => {
                    return operation.finish(Ok(&mut values.into_iter()));
                }
                Ok(Ok(Guarded::Overtaken)) => return operation.overtaken(),
                Ok(Ok(Guarded::Refused)) => {}
                Ok(Err(fault)) => return operation.finish(Err(fault)),
                Err(_) => return operation.finish(Err(Fault::too_late(&self.place, limit))),
            }
        }
        // Not behind the operation itself, for which others on the entry wait.
        let (look, answers) = Commands::asked(&fence.entry, fence.asked(&self.names));
        self.requests.send(look);
        let answers = answers.await.unwrap_or_else(|_| Err(Fault::closed()));
        match answers.and_then(|answers| fence.holds(&self.names, &mut answers.into_iter())) {
            Ok(true) => self.requests.send(operation),
            Ok(false) => operation.overtaken(),
            Err(fault) => operation.finish(Err(fault)),
        }
    }

    /// Whether transactions can be guarded. Where changes are tracked they come from the connection that is tracked,
    /// as they would be told to this store as those of others.
    fn guards(&self) -> bool {
        let link = self.links();
        self.supervised.access.tracking.is_none()
            && self.mode(link, true) == Mode::Transactions
            && self.scripting.watches(link)
    }

    async fn guarded(&self, operation: &mut dyn Operation, fence: &Fence) -> Result<Guarded, Fault> {
        for _ in 0..ATTEMPTS {
            let link = match self.supervised.settled(self.options.command_timeout).await {
                State::Up(link, _) => link,
                State::Down(fault) => return Err(fault),
                State::Closed => return Err(Fault::closed()),
                State::Connecting => return Err(Fault::not_yet(&self.place)),
            };
            match self.attempt(&link, operation, fence).await {
                Ok(Attempt::Ends(guarded)) => return Ok(guarded),
                Ok(Attempt::Again) => {}
                Err(error) => return Err(self.lost(operation.bytes(), &error)),
            }
        }
        Ok(Guarded::Overtaken)
    }

    async fn attempt(
        &self,
        link: &Link,
        operation: &mut dyn Operation,
        fence: &Fence,
    ) -> Result<Attempt, RedisError> {
        let (number, node) = (self.links(), link.place_of(operation.slot()));
        let place = self.guards.to(number, node.as_ref());
        // Never closed.
        let _permit = place.permits.acquire().await;
        let kept = place.take().await;
        let was_kept = kept.is_some();
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.connect_guard(node.as_ref()).await?,
        };
        let mut looked = match self.look(&mut connection, fence).await {
            Ok(answers) => answers.into_iter().skip(1),
            // It has ended since it was used last.
            Err(error) if was_kept && is_end(&error) => return Ok(Attempt::Again),
            Err(error) => return Err(error),
        };
        if let Some(Value::ServerError(error)) = looked.next() {
            return Ok(match (error.kind(), link, &node) {
                (Some(ServerErrorKind::Moved), Link::Cluster(cluster), Some(node)) => {
                    if let Some((slot, node)) = error.details().and_then(|details| redirect(details, node)) {
                        cluster.note_move(slot, &node);
                    }
                    Attempt::Again
                }
                (Some(ServerErrorKind::Ask | ServerErrorKind::TryAgain), ..) => {
                    Attempt::Ends(Guarded::Refused)
                }
                _ => {
                    self.scripting.refuse_watch(&error, number, &self.place);
                    Attempt::Ends(Guarded::Refused)
                }
            });
        }
        let holds = fence.holds(&self.names, &mut looked).unwrap_or(false);
        if !holds {
            place.free.lock().push(connection);
            return Ok(Attempt::Ends(Guarded::Overtaken));
        }
        if !self.guards() {
            return Ok(Attempt::Ends(Guarded::Refused));
        }
        if self.is_suspect(operation.bytes()) {
            operation.goes_alone();
        }
        let (mut pipeline, mut count) = (Pipeline::with_capacity(8), 0);
        operation.commands(&mut |command| {
            pipeline.add_command(command);
            count += 1;
        });
        let answers = connection.req_packed_commands(&pipeline, 0, count).await?;
        self.survived(operation.bytes(), &answers);
        place.free.lock().push(connection);
        // The transaction was not run, as the marks or the lock have changed.
        let is_void = matches!(answers.last(), Some(Value::Nil));
        Ok(if is_void { Attempt::Again } else { Attempt::Ends(Guarded::Answered(answers)) })
    }

    async fn connect_guard(&self, node: Option<&Node>) -> Result<Connection, RedisError> {
        let access = &self.supervised.access;
        if let (Address::Cluster(Cluster { login, tls, .. }), Some(node)) = (&self.address, node) {
            let (node, login, tls) = (node.clone(), login.clone(), tls.clone());
            let single = Single { node, login, tls, ..Single::default() };
            return connect_single(&single, Server::Data, access).await;
        }
        match connect(&self.address, access, &self.supervised.servers).await? {
            Link::Single(connection, _) => Ok(connection),
            Link::Cluster(_) | Link::Client(_) => {
                Err(RedisError::from((ErrorKind::ClusterConnectionNotFound, "no node has the slot")))
            }
        }
    }

    /// Watches marks and lock, and asks for them.
    async fn look(&self, connection: &mut Connection, fence: &Fence) -> Result<Vec<Value>, RedisError> {
        let mut pipeline = Pipeline::with_capacity(4);
        // The last write has watched its own, if it was overtaken.
        pipeline.add_command(cmd("UNWATCH")).add_command(fence.watch(&self.names));
        for command in fence.asked(&self.names) {
            pipeline.add_command(command);
        }
        connection.req_packed_commands(&pipeline, 0, 2 + fence.asks()).await
    }
}
