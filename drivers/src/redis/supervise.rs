//! Keeps one link open: connects, and connects again for as long as the store is used.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use lazy_layers_engine::clock::Clock;
use redis::{aio::ConnectionLike, cluster_routing::Slot, cmd, pipe};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tracing::{debug, info, warn};

use super::{
    address::{Address, Node},
    cluster::ClusterLink,
    connect::{Link, connect},
    fault::{Fault, breaks_link},
    options::StoreOptions,
    sentinel::moved,
    servers::Servers,
};
use crate::targets::REDIS;

/// The first pause after a failure. Each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// No pause is longer: Redis is found within two seconds of its return.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often a server is asked for a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// How often a cluster with a node that fails is asked whether it answers again.
const PROBE_PAUSE: Duration = Duration::from_millis(200);

/// Whether there is a link.
#[derive(Clone)]
pub(super) enum State {
    /// Not yet: this is the first attempt.
    Connecting,
    /// There is.
    Up(Link, u64),
    /// Not now.
    Down(Fault),
    /// The store was closed.
    Closed,
}

/// Notices to the supervisor.
pub(super) enum Notice {
    /// The link of that number failed, on the way to that slot.
    Broken(u64, Slot, Fault),
    /// The store is closed.
    Close,
    /// The store is used again.
    Reopen,
}

/// How the supervisor is reached. When the last one is gone, the link is closed.
#[derive(Clone)]
pub(super) struct Supervised {
    pub(super) state: watch::Receiver<State>,
    pub(super) notices: mpsc::UnboundedSender<Notice>,
    pub(super) connects: Arc<AtomicU64>,
    pub(super) servers: Arc<Servers>,
    /// Set before the notice is sent: an operation after a close must not find the link that is still open.
    closed: Arc<AtomicBool>,
}

impl Supervised {
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        drop(self.notices.send(Notice::Close));
    }

    pub(super) fn reopen(&self) {
        self.closed.store(false, Ordering::SeqCst);
        drop(self.notices.send(Notice::Reopen));
    }

    /// Whether there is a link now.
    pub(super) fn is_up(&self) -> bool {
        !self.closed.load(Ordering::SeqCst) && matches!(*self.state.borrow(), State::Up(..))
    }

    /// Ends once there is a link.
    pub(super) fn reachable(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut state = self.state.clone();
        async move {
            if state.wait_for(|state| matches!(state, State::Up(..))).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The state; during the first attempt to connect, its outcome within `limit`.
    pub(super) async fn settled(&self, limit: Duration) -> State {
        if self.closed.load(Ordering::SeqCst) {
            return State::Closed;
        }
        let mut state = self.state.clone();
        let known = state.borrow().clone();
        if !matches!(known, State::Connecting) {
            return known;
        }
        match timeout(limit, state.wait_for(|state| !matches!(state, State::Connecting))).await {
            Ok(Ok(settled)) => settled.clone(),
            _ => State::Connecting,
        }
    }
}

/// Starts to connect.
pub(super) fn supervise(
    runtime: &tokio::runtime::Handle,
    address: Address,
    options: &StoreOptions,
) -> Supervised {
    let (state, watched) = watch::channel(State::Connecting);
    let (notices, heard) = mpsc::unbounded_channel();
    let connects = Arc::new(AtomicU64::new(0));
    let servers = Arc::new(Servers::new());
    let supervisor = Supervisor {
        address,
        connect_timeout: options.connect_timeout,
        command_timeout: options.command_timeout,
        state,
        heard,
        connects: Arc::clone(&connects),
        servers: Arc::clone(&servers),
        clock: Clock::new(),
        number: 0,
        pause: FIRST_PAUSE,
    };
    runtime.spawn(supervisor.run());
    Supervised { state: watched, notices, connects, servers, closed: Arc::default() }
}

struct Supervisor {
    address: Address,
    connect_timeout: Duration,
    command_timeout: Duration,
    state: watch::Sender<State>,
    heard: mpsc::UnboundedReceiver<Notice>,
    connects: Arc<AtomicU64>,
    servers: Arc<Servers>,
    clock: Clock,
    /// Of the last link.
    number: u64,
    pause: Duration,
}

/// Whether to go on.
enum Next {
    Connect,
    Close,
    /// When everybody has let go of the store.
    Stop,
}

/// Ends when the store is closed or let go of. Loses nothing when it is not waited for to the end.
async fn hear_end(heard: &mut mpsc::UnboundedReceiver<Notice>) -> Next {
    loop {
        match heard.recv().await {
            None => return Next::Stop,
            Some(Notice::Close) => return Next::Close,
            Some(Notice::Broken(..) | Notice::Reopen) => {}
        }
    }
}

impl Supervisor {
    async fn run(mut self) {
        let (address, servers) = (self.address.clone(), Arc::clone(&self.servers));
        loop {
            let next = tokio::select! {
                biased;
                next = hear_end(&mut self.heard) => next,
                connected = connect(&address, self.connect_timeout, &servers) => match connected {
                    Ok(link) => self.watch(link).await,
                    Err(error) => {
                        let fault = Fault::unreachable(&error, &address.to_string());
                        debug!(target: REDIS, %fault, "no link");
                        self.state.send_replace(State::Down(fault));
                        self.rest().await
                    }
                },
            };
            let goes_on = match next {
                Next::Connect => true,
                Next::Close => self.stay_closed().await,
                Next::Stop => false,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Until the store is used again. False when everybody has let go of it.
    async fn stay_closed(&mut self) -> bool {
        info!(target: REDIS, server = %self.address, "closed by its owner");
        self.state.send_replace(State::Closed);
        while let Some(notice) = self.heard.recv().await {
            if matches!(notice, Notice::Reopen) {
                self.state.send_replace(State::Connecting);
                self.pause = FIRST_PAUSE;
                return true;
            }
        }
        false
    }

    /// Until it is time for the next attempt.
    async fn rest(&mut self) -> Next {
        let pause = self.pause.mul_f64(0.75 + 0.25 * fastrand::f64());
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        debug!(target: REDIS, server = %self.address, in_ms = pause.as_millis(), "will connect again");
        tokio::select! {
            biased;
            next = hear_end(&mut self.heard) => next,
            () = sleep(pause) => Next::Connect,
        }
    }

    /// Until the link is of no use any more.
    async fn watch(&mut self, link: Link) -> Next {
        self.number += 1;
        self.connects.fetch_add(1, Ordering::Relaxed);
        info!(target: REDIS, server = %self.address, link = self.number, "connected");
        self.state.send_replace(State::Up(link.clone(), self.number));
        if let Link::Single(connection, _) = &link {
            // Wherever it is: there is one at a time.
            let meeting = self.servers.meet(Node::default(), connection.clone(), self.command_timeout);
            Handle::current().spawn(meeting);
        }
        let since = self.clock.now();
        let address = self.address.clone();
        let master = match (&address, &link) {
            (Address::Sentinel(sentinel), Link::Single(_, Some(master))) => Some((sentinel, master)),
            _ => None,
        };
        let moved = moved(master, self.connect_timeout);
        tokio::pin!(moved);
        let dead = dead(link.clone(), self.command_timeout, &address);
        tokio::pin!(dead);
        loop {
            let notice = tokio::select! {
                biased;
                notice = self.heard.recv() => notice,
                fault = &mut dead => {
                    self.state.send_replace(State::Down(fault));
                    self.pause = FIRST_PAUSE;
                    return Next::Connect;
                }
                () = &mut moved => {
                    info!(target: REDIS, server = %address, "the sentinels name another master");
                    self.state.send_replace(State::Down(Fault::moved(&address.to_string())));
                    self.pause = FIRST_PAUSE;
                    return Next::Connect;
                }
            };
            match notice {
                None => return Next::Stop,
                Some(Notice::Close) => return Next::Close,
                Some(Notice::Reopen) => {}
                Some(Notice::Broken(number, slot, fault)) if number == self.number => {
                    warn!(target: REDIS, link = number, %fault, "the link is lost");
                    if let Link::Cluster(cluster) = &link {
                        let waited = tokio::select! {
                            biased;
                            next = hear_end(&mut self.heard) => Some(next),
                            () = probe(cluster, slot, self.command_timeout) => None,
                        };
                        match waited {
                            Some(next) => return next,
                            None => {
                                info!(target: REDIS, server = %address, "the node answers again");
                                self.connects.fetch_add(1, Ordering::Relaxed);
                                continue;
                            }
                        }
                    }
                    self.state.send_replace(State::Down(fault));
                    if self.clock.now().since(since) < LONGEST_PAUSE {
                        // One that breaks at once, again and again, is not asked for all the time.
                        return self.rest().await;
                    }
                    self.pause = FIRST_PAUSE;
                    return Next::Connect;
                }
                // An operation on an earlier link.
                Some(Notice::Broken(..)) => {}
            }
        }
    }
}

/// Ends when a server gives no sign of life, also while no operations are sent. Of a cluster the primaries are asked
/// for.
async fn dead(mut link: Link, limit: Duration, address: &Address) -> Fault {
    let place = address.to_string();
    loop {
        sleep(SIGN_OF_LIFE).await;
        let asked = match &mut link {
            Link::Single(connection, _) => timeout(limit, connection.req_packed_command(&cmd("PING"))).await,
            Link::Cluster(cluster) => {
                cluster.refresh_soon();
                continue;
            }
        };
        match asked {
            Err(_) => return Fault::too_late(&place, limit),
            Ok(Err(error)) if breaks_link(&error) => return Fault::of(&error, &place),
            // Whatever it says, it is there.
            Ok(_) => {}
        }
    }
}

/// Waits for the node of a slot, or one that has taken over, to answer again. Meanwhile the other nodes are
/// used as ever.
async fn probe(cluster: &ClusterLink, slot: Slot, limit: Duration) {
    loop {
        // First of all: a node that answers may refuse all the same.
        sleep(PROBE_PAUSE).await;
        let mut ping = pipe();
        ping.cmd("PING");
        if let Ok(Ok(_)) = timeout(limit, cluster.send(ping, 1, slot)).await {
            return;
        }
        cluster.drop_connection(slot);
    }
}
