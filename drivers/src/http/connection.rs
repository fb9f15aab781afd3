//! One connection: the limits of its size and time.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::{
    HeaderMap, Method, Version,
    body::{Body as _, Incoming},
    header::{CONNECTION, HOST, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Sleep,
};
use tracing::debug;

use super::{Answers, Body, Limits, Request, Response, body::Sent};
use crate::targets::HTTP;

/// The answer to a client when there are too many connections.
const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 32\r\n\
                      Retry-After: 5\r\nConnection: close\r\n\r\n{\"error\":\"too many connections\"}";

/// Closes a connection for which there is no room.
pub(super) fn refuse(stream: &TcpStream) {
    // Fits the buffer of a fresh socket; a client that does not receive it sees the end.
    let _ = stream.try_write(BUSY);
}

/// Answers the requests of a connection, until it ends.
pub(super) async fn run(stream: TcpStream, peer: IpAddr, answers: Arc<dyn Answers>, limits: Limits) {
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(Impatient::new(stream, limits.stall_time));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let answers = Arc::clone(&answers);
        async move { Ok::<_, Infallible>(respond(request, peer, &*answers).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head_time);
    builder.max_buf_size(limits.head_bytes).max_headers(limits.headers);
    // A broken connection can only be reported to the log.
    if let Err(error) = builder.serve_connection(io, service).await {
        debug!(target: HTTP, %error, "a connection broke off");
    }
}

async fn respond(
    request: hyper::Request<Incoming>,
    peer: IpAddr,
    answers: &dyn Answers,
) -> hyper::Response<Sent> {
    let (head, body) = request.into_parts();
    let has_body = !body.is_end_stream();
    // It is not read: the connection ends with the answer, so that nothing in it is taken for a request.
    drop(body);
    let is_bodiless = head.method == Method::HEAD;
    let answer = match flaw(&head.headers, head.version) {
        Some(text) => refusal(text),
        None => {
            let (method, target) = (head.method.as_str().to_owned(), head.uri.to_string());
            answers.answer(Request { method, target, peer, headers: head.headers }).await
        }
    };
    // Without its query, which may hold a key or a token.
    debug!(target: HTTP, method = %head.method, path = head.uri.path(), status = answer.status, "answered");
    let mut response = hyper::Response::new(match answer.body {
        Body::Bytes(bytes) => Sent::Whole((!bytes.is_empty()).then_some(bytes)),
        Body::Stream(_) if is_bodiless => Sent::Whole(None),
        Body::Stream(stream) => Sent::Stream(stream),
    });
    *response.status_mut() = hyper::StatusCode::from_u16(answer.status).unwrap_or_default();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    if has_body || answer.status == 400 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Headers that must not occur twice: a proxy before this server may have read the other one.
const ONCE: &[&str] = &["host", "authorization", "content-length", "transfer-encoding", "origin"];

/// The error in the headers of a request.
fn flaw(headers: &HeaderMap, version: Version) -> Option<&'static str> {
    if version >= Version::HTTP_11 && !headers.contains_key(HOST) {
        return Some("a Host header is needed");
    }
    let is_twice = ONCE.iter().any(|name| headers.get_all(*name).iter().count() > 1);
    is_twice.then_some("a header is there twice")
}

fn refusal(text: &str) -> Response {
    let body = Bytes::from(format!("{{\"error\":\"{text}\"}}"));
    Response {
        status: 400,
        headers: vec![("Content-Type", "application/json".into())],
        body: Body::Bytes(body),
    }
}

/// A stream that fails when the other side takes nothing for too long.
struct Impatient {
    stream: TcpStream,
    patience: Duration,
    /// Runs while a write waits.
    stalled: Pin<Box<Sleep>>,
    is_waiting: bool,
}

impl Impatient {
    fn new(stream: TcpStream, patience: Duration) -> Impatient {
        Impatient { stream, patience, stalled: Box::pin(tokio::time::sleep(patience)), is_waiting: false }
    }

    /// The outcome of a write, or that it has waited too long.
    fn judge<T>(&mut self, outcome: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.is_waiting = false;
            return outcome;
        }
        if !self.is_waiting {
            self.is_waiting = true;
            self.stalled = Box::pin(tokio::time::sleep(self.patience));
        }
        self.stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Impatient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(outcome, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.judge(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        self.judge(outcome, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(context);
        self.judge(outcome, context)
    }
}
