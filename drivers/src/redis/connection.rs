//! A connection to one server: made, greeted, and listened to until it ends.
//!
//! A server is greeted with `HELLO`. Many do not accept it: older servers, servers whose user lacks the right, and
//! proxies, which answer with errors of their own or close the connection. With all of them the connection uses
//! RESP2, with `AUTH` and `SELECT`.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use parking_lot::Mutex;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, Pipeline, ProtocolVersion, PushInfo, RedisConnectionInfo,
    RedisError, RedisFuture, RedisResult, Value,
    aio::{ConnectionLike, MultiplexedConnection, PubSub},
    cmd,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    runtime::Handle,
    sync::{mpsc, watch},
    task::AbortHandle,
    time::timeout,
};
use tracing::debug;

use super::{
    address::{Login, Single},
    fault::without_arguments,
    owner::{Access, Server},
    socket::{Sight, Socket, open},
};
use crate::targets::REDIS;

/// A connection. Cloning shares it; it is closed with the last clone.
#[derive(Clone)]
pub(super) struct Connection {
    inner: MultiplexedConnection,
    life: Arc<Life>,
    protocol: ProtocolVersion,
    closes_on_hello: bool,
}

struct Life {
    /// Whether the socket has ended.
    over: watch::Receiver<bool>,
    sight: Mutex<Option<Sight>>,
    driver: AbortHandle,
}

impl Drop for Life {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Whether the socket has ended: nothing more is sent or received.
    pub(super) fn is_over(&self) -> bool {
        *self.life.over.borrow()
    }

    /// Ends with the socket. Does not keep the connection open.
    pub(super) fn over(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut over = self.life.over.clone();
        async move {
            // A dropped socket has ended, too.
            drop(over.wait_for(|over| *over).await);
        }
    }

    /// Waits until the end of the socket has been heard, if the server has ended it.
    pub(super) async fn hear_end(&self) {
        let is_over = self.life.sight.lock().as_ref().is_some_and(Sight::is_over);
        if is_over {
            self.over().await;
        }
    }

    /// Ends it at once, as it does not answer. What the server has not got yet is never sent: a write that comes later
    /// would follow newer ones.
    pub(super) fn give_up(&self) {
        if let Some(sight) = self.life.sight.lock().take() {
            sight.forget_unsent();
        }
        self.life.driver.abort();
    }

    /// Whether the server can push messages.
    pub(super) fn has_pushes(&self) -> bool {
        self.protocol == ProtocolVersion::RESP3
    }

    /// Whether the server closes connections for a command that it does not know, as some proxies do.
    pub(super) fn closes_on_unknown(&self) -> bool {
        self.closes_on_hello
    }
}

impl Connection {
    /// Sends a command that has no answer of its own.
    pub(super) async fn send_packed_command(&mut self, command: &Cmd) -> RedisResult<Value> {
        self.inner.send_packed_command(command).await
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        self.inner.req_packed_command(command)
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.inner.req_packed_commands(pipeline, offset, count)
    }

    fn get_db(&self) -> i64 {
        self.inner.get_db()
    }
}

/// Connects to a server.
pub(super) async fn connect_single(
    single: &Single,
    server: Server,
    access: &Access,
) -> RedisResult<Connection> {
    let single = renewed(single, server, access).await?;
    let late = || RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
    let refused = match timeout(access.limit, greet(&single, server, access)).await.map_err(|_| late())? {
        Greeted::Done(connection) => return Ok(connection),
        Greeted::Unreachable(error) => return Err(error),
        Greeted::Refused(error) => error,
    };
    let said = refused.to_string();
    debug!(target: REDIS, server = %single.node, said = %without_arguments(&said), "HELLO is refused: RESP2 is used");
    let connected = async {
        let mut connection = match plainly(&single, server, access).await {
            Err(error) if error.kind() == ErrorKind::AuthenticationFailed => {
                // Before Redis 6 a password that the server does not want is an error, which other clients
                // ignore.
                let without = Single { login: Login::default(), ..single.clone() };
                plainly(&without, server, access).await.map_err(|_| error)?
            }
            connected => connected?,
        };
        if is_end(&refused) {
            // A server that was just going down or coming up ends connections, too. Only a second greeting tells: a
            // link to such a proxy is used without scripts for as long as it lasts.
            match greet(&single, server, access).await {
                Greeted::Done(greeted) => return Ok(greeted),
                Greeted::Unreachable(error) => return Err(error),
                Greeted::Refused(error) => connection.closes_on_hello = is_end(&error),
            }
        }
        Ok(connection)
    };
    timeout(access.limit, connected).await.map_err(|_| late())?
}

/// A connection in RESP2 to a server that is known to be up.
async fn plainly(single: &Single, server: Server, access: &Access) -> RedisResult<Connection> {
    let socket = open(single, server, access).await?;
    let mut connection = set_up(single, ProtocolVersion::RESP2, socket, config()).await?;
    check(&mut connection).await?;
    Ok(connection)
}

/// Subscribes over RESP2.
pub(super) async fn connect_subscriber(single: &Single, access: &Access) -> RedisResult<PubSub> {
    let single = renewed(single, Server::Data, access).await?;
    let socket = open(&single, Server::Data, access).await?;
    match PubSub::new(&settings(&single, ProtocolVersion::RESP2), socket).await {
        Err(error) if error.kind() == ErrorKind::AuthenticationFailed => {
            // As above: a server that wants a password refuses the subscription.
            let without = Single { login: Login::default(), ..single };
            let socket = open(&without, Server::Data, access).await?;
            PubSub::new(&settings(&without, ProtocolVersion::RESP2), socket).await.map_err(|_| error)
        }
        subscribed => subscribed,
    }
}

/// A connection over RESP3 that hands on the messages that the server pushes.
pub(super) async fn connect_pushed(
    single: &Single,
    access: &Access,
    pushes: mpsc::UnboundedSender<PushInfo>,
) -> RedisResult<Connection> {
    let single = renewed(single, Server::Data, access).await?;
    let socket = open(&single, Server::Data, access).await?;
    set_up(&single, ProtocolVersion::RESP3, socket, config().set_push_sender(pushes)).await
}

async fn renewed(single: &Single, server: Server, access: &Access) -> RedisResult<Single> {
    access
        .renewed(single, server)
        .await
        .map_err(|reason| RedisError::from((ErrorKind::InvalidClientConfig, "there is no password", reason)))
}

enum Greeted {
    Done(Connection),
    Unreachable(RedisError),
    /// `HELLO` was answered by an error, or by the end of the connection.
    Refused(RedisError),
}

async fn greet(single: &Single, server: Server, access: &Access) -> Greeted {
    let socket = match open(single, server, access).await {
        Ok(socket) => socket,
        Err(error) => return Greeted::Unreachable(error),
    };
    match set_up(single, ProtocolVersion::RESP3, socket, config()).await {
        Ok(connection) => Greeted::Done(connection),
        Err(error) => Greeted::Refused(error),
    }
}

/// The most pipelines that wait to be sent over one connection: more than their deadlines leave.
const MOST_UNSENT: usize = 1 << 16;

/// Deadlines are watched for whole pipelines, see `batch`. Pipelines leave in the order in which they are made: those
/// for which the client has no room would overtake each other.
fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_response_timeout(None).set_pipeline_buffer_size(MOST_UNSENT)
}

fn settings(single: &Single, protocol: ProtocolVersion) -> RedisConnectionInfo {
    let mut settings =
        RedisConnectionInfo::default().set_protocol(protocol).set_db(single.db).set_skip_set_lib_name();
    if let Some(username) = &single.login.username {
        settings = settings.set_username(username);
    }
    if let Some(password) = &single.login.password {
        settings = settings.set_password(password);
    }
    settings
}

async fn set_up(
    single: &Single,
    protocol: ProtocolVersion,
    socket: Box<dyn Socket>,
    config: AsyncConnectionConfig,
) -> RedisResult<Connection> {
    let (ended, over) = watch::channel(false);
    let sight = socket.sight();
    let socket = Watched { socket, ended };
    let settings = settings(single, protocol);
    let (inner, driver) = MultiplexedConnection::new_with_config(&settings, socket, config).await?;
    let driver = Handle::current().spawn(driver).abort_handle();
    let life = Arc::new(Life { over, sight: Mutex::new(sight), driver });
    Ok(Connection { inner, life, protocol, closes_on_hello: false })
}

/// Without login and database, RESP2 is set up without any command, so this asks the server for a sign of life. Any
/// answer shows that it is up, unless it takes no more clients, or none without a password.
async fn check(connection: &mut Connection) -> RedisResult<()> {
    let Err(error) = connection.req_packed_command(&cmd("PING")).await.and_then(Value::extract_error) else {
        return Ok(());
    };
    let is_closed = !matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension);
    let is_full = error.detail().is_some_and(|detail| detail.contains("max number of clients"));
    if is_closed || is_full || error.code() == Some("NOAUTH") { Err(error) } else { Ok(()) }
}

/// Whether an error is the end of a connection.
pub(super) fn is_end(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Io)
}

/// A socket that reports its end.
struct Watched {
    socket: Box<dyn Socket>,
    ended: watch::Sender<bool>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        let is_over = match &read {
            Poll::Ready(Ok(())) => buffer.filled().len() == before && buffer.remaining() > 0,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if is_over {
            self.ended.send_replace(true);
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
