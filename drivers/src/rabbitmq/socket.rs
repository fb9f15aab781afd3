//! Connections that can be abandoned. The client has no way to give up an attempt, or a connection whose broker says
//! nothing: its thread, its task and its socket would stay.

use std::{io, mem::replace, net::Shutdown, sync::Arc};

use lapin::{
    AsyncTcpStream, Connection, ConnectionProperties, Error,
    runtime::default_runtime,
    tcp::OwnedTLSConfig,
    uri::{AMQPScheme, AMQPUri},
};
use parking_lot::Mutex;
use socket2::SockRef;
use tokio::time::timeout;

use super::CONNECT_LIMIT;

/// The socket of a connection or of an attempt. Dropping it ends both.
#[derive(Default)]
pub(super) struct Socket(Arc<Mutex<State>>);

#[derive(Default)]
enum State {
    #[default]
    Opening,
    Open(socket2::Socket),
    Abandoned,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let State::Open(socket) = replace(&mut *self.0.lock(), State::Abandoned) {
            // The thread of the client reads the end. A socket that has ended already needs none.
            drop(socket.shutdown(Shutdown::Both));
        }
    }
}

/// Keeps hold of an open socket, unless the attempt was abandoned meanwhile.
fn keep(state: &Mutex<State>, socket: socket2::Socket) -> io::Result<()> {
    let mut state = state.lock();
    if matches!(*state, State::Abandoned) {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    *state = State::Open(socket);
    Ok(())
}

/// Connects as the client does by itself, and keeps hold of the socket.
pub(super) async fn connect(
    uri: AMQPUri,
    properties: ConnectionProperties,
) -> Result<(Connection, Socket), Error> {
    let socket = Socket::default();
    let state = Arc::clone(&socket.0);
    let connecting = Connection::connector(
        uri,
        default_runtime()?,
        async move |uri, runtime| {
            let opening = async {
                let host = uri.authority.host.as_str();
                let address = runtime.to_socket_addrs((host.to_owned(), uri.authority.port));
                let stream = AsyncTcpStream::connect(&runtime, address).await?;
                if let AsyncTcpStream::Plain(plain) = &stream {
                    keep(&state, SockRef::from(plain.get_ref()).try_clone()?)?;
                }
                match uri.scheme {
                    AMQPScheme::AMQP => Ok(stream),
                    AMQPScheme::AMQPS => stream.into_tls(host, OwnedTLSConfig::default().as_ref()).await,
                }
            };
            let opened = timeout(CONNECT_LIMIT, opening).await;
            opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(Error::from)
        },
        properties,
    );
    Ok((connecting.await?, socket))
}
