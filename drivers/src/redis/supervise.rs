//! Keeps one link open: connects, and connects again for as long as the store is used.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use lazy_layers_engine::clock::{Clock, Time};
use redis::{aio::ConnectionLike, cmd};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tracing::{debug, info, warn};

use super::{
    address::{Address, Node},
    connect::{Link, connect},
    fault::{Fault, breaks_link},
    options::StoreOptions,
    owner::Access,
    probes::Probes,
    sentinel::moved,
    servers::Servers,
    supervised::{Notice, State, Supervised},
};
use crate::targets::REDIS;

/// The first pause after a failure. Each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// No pause is longer: Redis is found within two seconds of its return.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often a server is asked for a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// Starts to connect.
pub(super) fn supervise(
    runtime: &tokio::runtime::Handle,
    address: Address,
    options: &StoreOptions,
    access: Access,
) -> Supervised {
    let (state, watched) = watch::channel(State::Connecting);
    let state = Arc::new(state);
    let (notices, heard) = mpsc::unbounded_channel();
    let connects = Arc::new(AtomicU64::new(0));
    let servers = Arc::new(Servers::new());
    let [answered, touchy] = [Arc::<AtomicU64>::default(), Arc::default()];
    let supervisor = Supervisor {
        address,
        access: access.clone(),
        command_timeout: options.command_timeout,
        state: Arc::clone(&state),
        heard,
        connects: Arc::clone(&connects),
        servers: Arc::clone(&servers),
        clock: Clock::new(),
        number: 0,
        pause: FIRST_PAUSE,
        answered: Arc::clone(&answered),
        touchy: Arc::clone(&touchy),
    };
    runtime.spawn(supervisor.run());
    Supervised {
        state: watched,
        changes: state,
        notices,
        connects,
        servers,
        access,
        answered,
        touchy,
        users: Arc::default(),
        closed: Arc::default(),
    }
}

struct Supervisor {
    address: Address,
    access: Access,
    command_timeout: Duration,
    state: Arc<watch::Sender<State>>,
    heard: mpsc::UnboundedReceiver<Notice>,
    connects: Arc<AtomicU64>,
    servers: Arc<Servers>,
    clock: Clock,
    /// The number of the last link.
    number: u64,
    pause: Duration,
    /// The last link over which operations were answered.
    answered: Arc<AtomicU64>,
    touchy: Arc<AtomicU64>,
}

/// Whether to go on.
enum Next {
    Connect,
    Close,
    /// All handles of the store are gone.
    Stop,
}

/// Ends when the store is closed, dropped, or told to connect anew. Loses no notice if it is dropped before its end.
async fn hear_end(heard: &mut mpsc::UnboundedReceiver<Notice>) -> Next {
    loop {
        match heard.recv().await {
            None => return Next::Stop,
            Some(Notice::Close) => return Next::Close,
            Some(Notice::Renew) => return Next::Connect,
            Some(Notice::Broken(..) | Notice::Reopen) => {}
        }
    }
}

impl Supervisor {
    async fn run(mut self) {
        let (address, access, servers) =
            (self.address.clone(), self.access.clone(), Arc::clone(&self.servers));
        loop {
            let next = tokio::select! {
                biased;
                next = hear_end(&mut self.heard) => next,
                connected = connect(&address, &access, &servers) => match connected {
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

    /// Waits until the store is used again. Returns false if all its handles are gone.
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

    /// Waits until it is time for the next attempt.
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

    /// The server has ended the link, as servers do with idle ones: operations wait for the next link, which is
    /// made at once.
    async fn ended(&mut self, since: Time) -> Next {
        let is_early = self.clock.now().since(since) < LONGEST_PAUSE;
        let was_of_use = self.answered.load(Ordering::Relaxed) == self.number;
        info!(target: REDIS, server = %self.address, link = self.number, "the server has ended the connection");
        if is_early && !was_of_use {
            // A link that ends at once, again and again, is not made anew without a pause.
            self.state.send_replace(State::Down(Fault::ended(&self.address.to_string())));
            return self.rest().await;
        }
        self.state.send_replace(State::Connecting);
        self.pause = FIRST_PAUSE;
        Next::Connect
    }

    /// Watches the link until it is broken.
    async fn watch(&mut self, link: Link) -> Next {
        self.number += 1;
        if let Link::Single(connection, _) = &link {
            // One place for all masters, as there is only one at a time.
            let meeting = self.servers.meet(Node::default(), connection.clone(), self.command_timeout);
            if self.number == 1 {
                Handle::current().spawn(meeting);
            } else {
                // Nothing is read from another server before it is known to be one.
                tokio::select! {
                    biased;
                    next = hear_end(&mut self.heard) => return next,
                    () = meeting => {}
                }
            }
        }
        if link.is_touchy() {
            self.touchy.store(self.connects.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
        self.connects.fetch_add(1, Ordering::Relaxed);
        info!(target: REDIS, server = %self.address, link = self.number, "connected");
        self.state.send_replace(State::Up(link.clone(), self.number));
        let since = self.clock.now();
        let address = self.address.clone();
        let master = match (&address, &link) {
            (Address::Sentinel(sentinel), Link::Single(_, Some(master))) => Some((sentinel, master)),
            _ => None,
        };
        let access = self.access.clone();
        let moved = moved(master, &access);
        tokio::pin!(moved);
        let dead = dead(link.clone(), self.command_timeout, &address);
        tokio::pin!(dead);
        let over = over(&link);
        tokio::pin!(over);
        // Beside everything else, which concerns the other nodes as well.
        let mut probes = Probes::default();
        loop {
            let notice = tokio::select! {
                biased;
                notice = self.heard.recv() => notice,
                () = &mut over => return self.ended(since).await,
                () = probes.answered() => {
                    info!(target: REDIS, server = %address, "the node answers again");
                    self.connects.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                fault = &mut dead => {
                    link.give_up();
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
                Some(Notice::Renew) => return Next::Connect,
                Some(Notice::Broken(number, slot, fault)) if number == self.number => {
                    if let Link::Client(_) = &link {
                        debug!(target: REDIS, %fault, "the client has failed");
                        continue;
                    }
                    if let Link::Cluster(cluster) = &link {
                        if probes.begin(cluster, slot, self.command_timeout) {
                            warn!(target: REDIS, link = number, %fault, "a node is lost");
                        }
                        continue;
                    }
                    warn!(target: REDIS, link = number, %fault, "the link is lost");
                    if link.is_over() {
                        return self.ended(since).await;
                    }
                    link.give_up();
                    self.state.send_replace(State::Down(fault));
                    if self.clock.now().since(since) < LONGEST_PAUSE {
                        // A link that breaks at once, again and again, is not asked for without a pause.
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

/// Ends with the socket of a link. The cluster link watches its own sockets.
async fn over(link: &Link) {
    match link {
        Link::Single(connection, _) => connection.over().await,
        Link::Cluster(_) | Link::Client(_) => std::future::pending().await,
    }
}

/// Ends when a server shows no sign of life, also while no operations are sent. A cluster is asked for its primaries.
async fn dead(mut link: Link, limit: Duration, address: &Address) -> Fault {
    let place = address.to_string();
    loop {
        sleep(SIGN_OF_LIFE).await;
        let asked = match &mut link {
            Link::Single(connection, _) => timeout(limit, connection.req_packed_command(&cmd("PING"))).await,
            Link::Cluster(cluster) => {
                cluster.refresh_soon();
                cluster.keep_tracked(limit).await;
                continue;
            }
            // Its owner connects it again.
            Link::Client(_) => std::future::pending().await,
        };
        match asked {
            Err(_) => return Fault::too_late(&place, limit),
            Ok(Err(error)) if breaks_link(&error) => return Fault::of(&error, &place),
            // Any answer shows that it is there.
            Ok(_) => {}
        }
    }
}
