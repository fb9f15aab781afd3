//! A cluster: one connection to each primary. Pipelines go to the primary that has their slot, and follow slots that
//! move. A node that is away affects only its own slots.

use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use lazy_layers_engine::{
    clock::{Clock, Time, Ttl},
    value::BoxFuture,
};
use parking_lot::{Mutex, RwLock};
use redis::{
    Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value, aio::ConnectionLike,
    cluster_routing::Slot, cmd,
};
use tokio::{runtime::Handle, time::sleep};

use super::{
    address::{Cluster, Node, Single},
    connection::Connection,
    fault::{breaks_link, is_unavailable},
    owner::Access,
    servers::Servers,
    topology::{Topology, redirect},
    tracking::connect_data,
};

/// How often commands follow a slot that moves.
const REDIRECTS: usize = 4;
/// The time before a node that could not be reached is tried again.
const PAUSE: Ttl = Ttl(200_000);
/// A connection that ends sooner than this after it was made is not made again before an operation needs it.
const EARLY: Ttl = Ttl(1_000_000);

/// The connections to a cluster. Cloning shares them.
#[derive(Clone)]
pub(super) struct ClusterLink {
    pub(super) shared: Arc<ClusterState>,
}

pub(super) struct ClusterState {
    address: Cluster,
    pub(super) access: Access,
    clock: Clock,
    pub(super) topology: RwLock<Topology>,
    nodes: Mutex<HashMap<Node, Arc<NodeLink>>>,
    /// Whether commands have been asked of nodes that do not have the slot yet.
    pub(super) has_asked: AtomicBool,
    refreshing: AtomicBool,
    servers: Arc<Servers>,
}

/// The connection to one node.
#[derive(Default)]
pub(super) struct NodeLink {
    /// The connection, and its number.
    open: Mutex<Option<(u64, Connection)>>,
    /// Locked while a caller connects: the last number, and the cause and time of the last failure.
    connecting: tokio::sync::Mutex<(u64, Option<(RedisError, Time)>)>,
}

impl ClusterLink {
    /// Finds the nodes.
    pub(super) async fn connect(
        address: &Cluster,
        access: &Access,
        servers: &Arc<Servers>,
    ) -> RedisResult<ClusterLink> {
        let shared = ClusterState {
            address: address.clone(),
            access: access.clone(),
            clock: Clock::new(),
            topology: RwLock::default(),
            nodes: Mutex::default(),
            has_asked: AtomicBool::new(false),
            refreshing: AtomicBool::new(false),
            servers: Arc::clone(servers),
        };
        let link = ClusterLink { shared: Arc::new(shared) };
        link.refresh().await?;
        Ok(link)
    }

    /// The node that has a slot, as far as is known.
    pub(super) fn place_of(&self, slot: Slot) -> Option<Node> {
        self.shared.topology.read().owner(slot).cloned()
    }

    /// All primaries.
    pub(super) fn primaries(&self) -> Vec<Node> {
        self.shared.topology.read().primaries().to_vec()
    }

    /// The answers to a pipeline, whose keys are in slots of the node that has `slot`.
    pub(super) async fn send(
        &self,
        pipeline: &Pipeline,
        count: usize,
        slot: Slot,
    ) -> RedisResult<Vec<Value>> {
        let Some(node) = self.place_of(slot) else {
            self.refresh_soon();
            return Err(RedisError::from((ErrorKind::ClusterConnectionNotFound, "no node has the slot")));
        };
        let mut answers = self.ask_all(&node, pipeline, count).await?;
        for _ in 0..REDIRECTS {
            let ways = self.ways(&answers, &node);
            if ways.is_empty() {
                break;
            }
            let commands: Vec<&Cmd> = pipeline.cmd_iter().collect();
            for (Way { node, asking }, places) in ways {
                self.follow(&node, asking, &places, &commands, &mut answers).await?;
            }
        }
        Ok(answers)
    }

    /// The answer of one node.
    pub(super) async fn ask(&self, command: Cmd, node: &Node) -> RedisResult<Value> {
        let mut pipeline = Pipeline::with_capacity(1);
        pipeline.add_command(command);
        let answers = self.ask_all(node, &pipeline, 1).await?;
        Ok(answers.into_iter().next().unwrap_or(Value::Nil))
    }

    /// Learns of connections that have ended, so that nothing is sent over them.
    pub(super) async fn hear_ends(&self) {
        let nodes: Vec<_> = self.shared.nodes.lock().values().cloned().collect();
        for node in nodes {
            let open = node.open.lock().clone();
            if let Some((_, connection)) = open {
                connection.hear_end().await;
            }
        }
    }

    /// The next operation on the slot makes a new connection to its node.
    pub(super) fn drop_connection(&self, slot: Slot) {
        if let Some(node) = self.place_of(slot) {
            self.node(&node).drop_open(|_| true);
        }
        self.refresh_soon();
    }

    async fn ask_all(&self, node: &Node, pipeline: &Pipeline, count: usize) -> RedisResult<Vec<Value>> {
        let link = self.node(node);
        let answered = match self.connection(&link, node).await {
            Ok((number, mut connection)) => {
                let answered = connection.req_packed_commands(pipeline, 0, count).await;
                if answered.as_ref().is_err_and(breaks_link) {
                    link.drop_open(|current| current == number);
                }
                answered
            }
            Err(error) => Err(error),
        };
        let outdated = match &answered {
            Ok(answers) => answers.iter().any(is_outdated),
            Err(error) => breaks_link(error),
        };
        if outdated {
            self.refresh_soon();
        }
        answered
    }

    /// The new destinations of commands whose answers say that their slot is elsewhere.
    fn ways(&self, answers: &[Value], asked: &Node) -> HashMap<Way, Vec<usize>> {
        let mut ways: HashMap<Way, Vec<usize>> = HashMap::new();
        for (at, answer) in answers.iter().enumerate() {
            let Value::ServerError(error) = answer else { continue };
            let asking = match error.kind() {
                Some(ServerErrorKind::Moved) => false,
                Some(ServerErrorKind::Ask) => true,
                _ => continue,
            };
            let Some((slot, node)) = error.details().and_then(|details| redirect(details, asked)) else {
                continue;
            };
            if !asking {
                self.note_move(slot, &node);
            }
            ways.entry(Way { node, asking }).or_default().push(at);
        }
        ways
    }

    async fn follow(
        &self,
        node: &Node,
        asking: bool,
        places: &[usize],
        commands: &[&Cmd],
        answers: &mut [Value],
    ) -> RedisResult<()> {
        let mut pipeline = Pipeline::with_capacity(places.len() * 2);
        for place in places {
            if asking {
                self.shared.has_asked.store(true, Ordering::SeqCst);
                pipeline.add_command(cmd("ASKING"));
            }
            pipeline.add_command(commands[*place].clone());
        }
        let each = if asking { 2 } else { 1 };
        let own = self.ask_all(node, &pipeline, places.len() * each).await?;
        let own = own.into_iter().skip(each - 1).step_by(each);
        for (place, answer) in places.iter().zip(own) {
            answers[*place] = answer;
        }
        Ok(())
    }

    pub(super) fn node(&self, node: &Node) -> Arc<NodeLink> {
        Arc::clone(self.shared.nodes.lock().entry(node.clone()).or_default())
    }

    /// The connection to a node; made when there is none, by one caller for all.
    pub(super) async fn connection(
        &self,
        link: &Arc<NodeLink>,
        node: &Node,
    ) -> RedisResult<(u64, Connection)> {
        if let Some(open) = link.living() {
            return Ok(open);
        }
        let (shared, link, node) = (Arc::clone(&self.shared), Arc::clone(link), node.clone());
        // Continues if this caller stops waiting.
        let opening = Handle::current().spawn(async move { ClusterState::open(&shared, &link, node).await });
        opening.await.unwrap_or_else(|_| Err(RedisError::from((ErrorKind::Io, "the runtime has ended"))))
    }

    /// Asks which node has which slots, in the background.
    pub(super) fn refresh_soon(&self) {
        if self.shared.refreshing.swap(true, Ordering::SeqCst) {
            return;
        }
        let link = self.clone();
        Handle::current().spawn(async move {
            drop(link.refresh().await);
            // A lasting failure must not make it ask all the time.
            if let Some(pause) = PAUSE.duration() {
                sleep(pause).await;
            }
            link.shared.refreshing.store(false, Ordering::SeqCst);
        });
    }

    async fn refresh(&self) -> RedisResult<()> {
        let mut failed =
            RedisError::from((ErrorKind::ClusterConnectionNotFound, "no node of a cluster is given"));
        for node in self.candidates() {
            match tokio::time::timeout(self.shared.access.limit, self.topology_of(&node)).await {
                Ok(Ok(topology)) => {
                    self.keep(topology);
                    return Ok(());
                }
                Ok(Err(error)) => failed = error,
                Err(_) => {
                    failed = RedisError::from((ErrorKind::Io, "a node of the cluster did not answer in time"))
                }
            }
        }
        Err(failed)
    }

    async fn topology_of(&self, node: &Node) -> RedisResult<Topology> {
        let (_, mut connection) = self.connection(&self.node(node), node).await?;
        let mut command = cmd("CLUSTER");
        command.arg("SLOTS");
        let topology = Topology::parse(connection.req_packed_command(&command).await?, node);
        if topology.primaries().is_empty() {
            return Err(RedisError::from((ErrorKind::ClusterConnectionNotFound, "the cluster has no slots")));
        }
        Ok(topology)
    }

    /// The nodes that can be asked: first the connected ones, last those of the address.
    fn candidates(&self) -> Vec<Node> {
        let mut known: Vec<_> = {
            let nodes = self.shared.nodes.lock();
            nodes.iter().map(|(node, link)| (link.open.lock().is_none(), node.clone())).collect()
        };
        known.sort_by_key(|(closed, _)| *closed);
        let mut candidates: Vec<Node> = known.into_iter().map(|(_, node)| node).collect();
        for node in &self.shared.address.nodes {
            if !candidates.contains(node) {
                candidates.push(node.clone());
            }
        }
        candidates
    }

    fn keep(&self, topology: Topology) {
        self.shared.nodes.lock().retain(|node, _| topology.primaries().contains(node));
        let before = std::mem::replace(&mut *self.shared.topology.write(), topology);
        self.shared.slots_moved(&before);
        let now = self.primaries();
        // Slots that move take their keys along. A replica that takes over may have heard less than its
        // primary.
        if before.primaries().iter().any(|node| !now.contains(node)) {
            self.shared.servers.replaced();
        }
    }
}

/// Another node, perhaps for one command only.
#[derive(PartialEq, Eq, Hash)]
struct Way {
    node: Node,
    asking: bool,
}

/// Whether an answer says that slots are elsewhere than was thought.
fn is_outdated(answer: &Value) -> bool {
    let Value::ServerError(error) = answer else { return false };
    error.kind().is_some_and(|kind| kind == ServerErrorKind::Moved || is_unavailable(kind))
}

impl ClusterState {
    async fn open(self: &Arc<Self>, link: &Arc<NodeLink>, node: Node) -> RedisResult<(u64, Connection)> {
        let mut connecting = link.connecting.lock().await;
        if let Some(open) = link.living() {
            return Ok(open);
        }
        if let Some((error, since)) = &connecting.1
            && self.clock.now() < since.after(PAUSE)
        {
            return Err(error.clone());
        }
        let Cluster { login, tls, .. } = &self.address;
        let single = Single { node, login: login.clone(), tls: tls.clone(), ..Single::default() };
        match connect_data(&single, &self.access, || self.scope(&single.node)).await {
            Ok(connection) => {
                let meeting = self.servers.meet(single.node.clone(), connection.clone(), self.access.limit);
                // Nothing is read from another server before it is known to be one.
                match connecting.0 {
                    0 => drop(Handle::current().spawn(meeting)),
                    _ => meeting.await,
                }
                let open = (connecting.0 + 1, connection);
                *connecting = (open.0, None);
                *link.open.lock() = Some(open.clone());
                Handle::current().spawn(ClusterState::keep_open(
                    Arc::downgrade(self),
                    Arc::downgrade(link),
                    single.node,
                    open.1.over(),
                ));
                Ok(open)
            }
            Err(error) => {
                connecting.1 = Some((error.clone(), self.clock.now()));
                Err(error)
            }
        }
    }
}

impl ClusterState {
    /// Connects again to a node that ends an idle connection.
    fn keep_open(
        shared: Weak<ClusterState>,
        link: Weak<NodeLink>,
        node: Node,
        over: impl Future<Output = ()> + Send + 'static,
    ) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let Some(clock) = shared.upgrade().map(|shared| shared.clock.clone()) else { return };
            let since = clock.now();
            over.await;
            let (Some(shared), Some(link)) = (shared.upgrade(), link.upgrade()) else { return };
            // A connection that ends at once, again and again, is only made for operations that need it.
            let is_early = clock.now() < since.after(EARLY);
            let is_known = shared.nodes.lock().get(&node).is_some_and(|known| Arc::ptr_eq(known, &link));
            if is_known && !is_early {
                drop(ClusterState::open(&shared, &link, node).await);
            }
        })
    }
}

impl NodeLink {
    /// The connection, unless the node has ended it.
    fn living(&self) -> Option<(u64, Connection)> {
        self.open.lock().clone().filter(|(_, connection)| !connection.is_over())
    }

    /// Drops a connection by its number.
    pub(super) fn drop_open(&self, is_meant: impl FnOnce(u64) -> bool) {
        if let Some((_, connection)) = self.open.lock().take_if(|(number, _)| is_meant(*number)) {
            connection.give_up();
        }
    }
}
