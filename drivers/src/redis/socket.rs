//! Sockets to a server: TCP, TCP with encryption, and Unix sockets.

use std::{io, sync::Arc, time::Duration};

use futures_util::future::select_ok;
use redis::RedisResult;
use rustls::pki_types::ServerName;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    address::{Node, Single, Tls},
    owner::{Access, Server, TrustedCertificate},
    tls,
};

/// An open socket.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// A way to look at the socket while it is in use, if there is one.
    fn sight(&self) -> Option<Sight> {
        None
    }
}

impl Socket for TcpStream {
    fn sight(&self) -> Option<Sight> {
        #[cfg(unix)]
        let handle = std::os::fd::AsFd::as_fd(self).try_clone_to_owned();
        #[cfg(windows)]
        let handle = std::os::windows::io::AsSocket::as_socket(self).try_clone_to_owned();
        Some(Sight(handle.ok()?.into()))
    }
}

impl Socket for TlsStream<TcpStream> {
    fn sight(&self) -> Option<Sight> {
        self.get_ref().0.sight()
    }
}

#[cfg(unix)]
impl Socket for tokio::net::UnixStream {}

/// Looks at a socket: shows its end even before the event loop of the runtime has noticed it, as after a freeze.
pub(super) struct Sight(std::net::TcpStream);

impl Sight {
    /// Whether the server has ended the connection, and all bytes that it sent before were read.
    pub(super) fn is_over(&self) -> bool {
        match self.0.peek(&mut [0]) {
            Ok(bytes) => bytes == 0,
            Err(error) => !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
        }
    }

    /// Has the system drop what it could not deliver by the end of the socket; otherwise it goes on trying for minutes.
    pub(super) fn forget_unsent(self) {
        // A socket that has ended by itself has nothing to deliver.
        drop(SockRef::from(&self.0).set_linger(Some(Duration::ZERO)));
    }
}

/// Opens a socket. A refused certificate is shown to the owner of the connection, which may trust it.
pub(super) async fn open(single: &Single, server: Server, access: &Access) -> RedisResult<Box<dyn Socket>> {
    if let Some(path) = &single.path {
        return unix(path).await;
    }
    let Some(encryption) = &single.tls else { return Ok(Box::new(tcp(&single.node).await?)) };
    match encrypted(&single.node, encryption, None).await? {
        Ok(socket) => Ok(socket),
        Err(refused) => match access.trusted(&single.node, server).await {
            Some(trusted) => Ok(encrypted(&single.node, encryption, Some(trusted)).await??),
            None => Err(refused.into()),
        },
    }
}

async fn tcp(node: &Node) -> io::Result<TcpStream> {
    let found = lookup_host((node.host.as_str(), node.port)).await?;
    let attempts: Vec<_> = found.map(|address| Box::pin(TcpStream::connect(address))).collect();
    if attempts.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name of the server has no address"));
    }
    let (socket, _) = select_ok(attempts).await?;
    // Pipelines are written whole.
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// The inner error is the refused certificate of the server.
async fn encrypted(
    node: &Node,
    encryption: &Tls,
    trusted: Option<TrustedCertificate>,
) -> RedisResult<io::Result<Box<dyn Socket>>> {
    let config = tls::config(encryption, trusted)?;
    let name = ServerName::try_from(node.host.clone()).map_err(io::Error::other)?;
    let socket = tcp(node).await?;
    match TlsConnector::from(Arc::new(config)).connect(name, socket).await {
        Ok(socket) => Ok(Ok(Box::new(socket))),
        Err(error) if tls::is_refusal(&error) => Ok(Err(error)),
        Err(error) => Err(error.into()),
    }
}

#[cfg(unix)]
async fn unix(path: &str) -> RedisResult<Box<dyn Socket>> {
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
#[expect(clippy::unused_async, reason = "elsewhere it waits")]
async fn unix(_path: &str) -> RedisResult<Box<dyn Socket>> {
    Err(redis::RedisError::from((
        redis::ErrorKind::InvalidClientConfig,
        "there are no Unix sockets on this system",
    )))
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncReadExt, net::TcpListener};

    use super::*;

    #[tokio::test]
    async fn a_socket_that_forgets_what_is_unsent_ends_as_a_reset() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let node = Node { host: "127.0.0.1".to_owned(), port: listener.local_addr().expect("bound").port() };
        let socket = tcp(&node).await.expect("it connects");
        let (mut other, _) = listener.accept().await.expect("it is accepted");
        let sight = socket.sight().expect("there is one");
        sight.forget_unsent();
        drop(socket);
        let ended = other.read(&mut [0]).await.expect_err("no orderly end");
        assert_eq!(ended.kind(), io::ErrorKind::ConnectionReset);
    }
}
