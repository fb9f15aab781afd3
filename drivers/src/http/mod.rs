//! A small HTTP/1.1 server: it moves requests and answers, and bounds the memory and connections that a client can
//! occupy. An [`Answers`] decides each answer.
//!
//! - Connections, headers and the time to send them are bounded; a client that does not read its answer is cut off.
//! - Requests have no bodies here: a request with a body is answered, and its connection closed.

mod body;
mod connection;
#[cfg(test)]
mod tests;

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    net::TcpListener,
    runtime::Handle,
    sync::{Semaphore, mpsc, watch},
};
use tracing::{info, warn};

use crate::targets::HTTP;

/// A request.
pub struct Request {
    /// Its method.
    pub method: String,
    /// The target of its request line.
    pub target: String,
    /// The address of the client.
    pub peer: IpAddr,
    headers: hyper::HeaderMap,
}

impl Request {
    /// A header, if it is text. The first of several with this name: those that matter occur once.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }
}

/// An answer.
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Body,
}

/// The body of an answer.
pub enum Body {
    /// These bytes.
    Bytes(Bytes),
    /// Pieces, until the other side is dropped. A client that does not take them is dropped.
    Stream(mpsc::Receiver<Bytes>),
}

/// The future of an answer.
pub type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Answers requests.
pub trait Answers: Send + Sync {
    /// Answers one.
    fn answer(&self, request: Request) -> Answering;
}

/// Bounds on the memory and the time that a client can make the server spend.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The most connections at a time; further ones get an answer that says so, and are closed.
    pub connections: usize,
    /// Bytes of the head of a request.
    pub head_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// How long a head may take, also the next one of a connection.
    pub head_time: Duration,
    /// How long a client may take no byte of its answer.
    pub stall_time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 128,
            head_bytes: 16 << 10,
            headers: 64,
            head_time: Duration::from_secs(10),
            stall_time: Duration::from_secs(20),
        }
    }
}

/// A server that listens, until it is stopped or dropped.
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<Stop>,
    open: Arc<AtomicUsize>,
}

/// Notices to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Go on.
    No,
    /// End the open connections at once, and go on.
    Connections(u64),
    /// The server ends.
    All,
}

impl Server {
    /// Listens at an address, and calls `ended` when it no longer does.
    ///
    /// # Errors
    /// When the system refuses the address.
    pub fn listen(
        runtime: &Handle,
        address: SocketAddr,
        answers: Arc<dyn Answers>,
        limits: Limits,
        ended: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<Server> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = {
            let _guard = runtime.enter();
            TcpListener::from_std(listener)?
        };
        info!(target: HTTP, %address, "listens");
        let (stop, stopped) = watch::channel(Stop::No);
        let open = Arc::new(AtomicUsize::new(0));
        let serving = serve(runtime.clone(), listener, (answers, limits), stopped, Arc::clone(&open));
        runtime.spawn(async move {
            serving.await;
            ended();
        });
        Ok(Server { address, stop, open })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// Ends all connections at once.
    pub fn close_connections(&self) {
        self.stop.send_modify(|stop| {
            *stop = match *stop {
                Stop::No => Stop::Connections(1),
                Stop::Connections(times) => Stop::Connections(times + 1),
                Stop::All => Stop::All,
            }
        });
    }

    /// Stops listening, and ends all connections at once.
    pub fn stop(&self) {
        self.stop.send_replace(Stop::All);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The pause after an error of the system, such as a lack of descriptors.
const PAUSE: Duration = Duration::from_millis(50);

async fn serve(
    runtime: Handle,
    listener: TcpListener,
    (answers, limits): (Arc<dyn Answers>, Limits),
    mut stopped: watch::Receiver<Stop>,
    open: Arc<AtomicUsize>,
) {
    let room = Arc::new(Semaphore::new(limits.connections));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            ended = stopped.wait_for(|stop| *stop == Stop::All) => {
                drop(ended);
                info!(target: HTTP, "listens no longer");
                return;
            }
        };
        let Ok((stream, peer)) = accepted.inspect_err(|error| warn!(target: HTTP, %error, "no connection"))
        else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            warn!(target: HTTP, most = limits.connections, "too many connections: one is refused");
            connection::refuse(&stream);
            continue;
        };
        let connection = connection::run(stream, peer.ip(), Arc::clone(&answers), limits.clone());
        let mut stopped = stopped.clone();
        stopped.mark_unchanged();
        open.fetch_add(1, Relaxed);
        let open = Opened(Arc::clone(&open));
        runtime.spawn(async move {
            let _held = (permit, open);
            tokio::select! {
                () = connection => {}
                _ = stopped.changed() => {}
            }
        });
    }
}

/// Counts an open connection until it is dropped.
struct Opened(Arc<AtomicUsize>);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
