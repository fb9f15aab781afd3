use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Handle,
    sync::mpsc,
};

use super::{Answering, Answers, Body, Limits, Request, Response, Server};

/// Answers with the request line; `/stream` with more than any buffer holds.
struct Echo;

impl Answers for Echo {
    fn answer(&self, request: Request) -> Answering {
        Box::pin(async move {
            let body = if request.target == "/stream" {
                let (sender, receiver) = mpsc::channel(1);
                Handle::current().spawn(async move {
                    while sender.send(Bytes::from(vec![b'x'; 1 << 20])).await.is_ok() {}
                });
                Body::Stream(receiver)
            } else {
                Body::Bytes(Bytes::from(format!("{} {}", request.method, request.target)))
            };
            Response { status: 200, headers: vec![("X-Peer", request.peer.to_string())], body }
        })
    }
}

fn server(limits: Limits) -> Server {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    Server::listen(&Handle::current(), any, Arc::new(Echo), limits, || {}).expect("a free port")
}

/// The answer of a server to these bytes, until it closes the connection.
async fn say(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    stream.write_all(bytes).await.expect("sent");
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read).await.expect("an end").ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_request_is_answered() {
    let server = server(Limits::default());
    let answer = say(&server, b"GET /a?b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("GET /a?b"), "{answer}");
}

#[tokio::test]
async fn what_two_servers_may_read_differently_is_refused_and_the_connection_closed() {
    let server = server(Limits::default());
    for head in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET  /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    ] {
        let answer = say(&server, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400") || answer.is_empty(), "{head:?}: {answer}");
        assert!(answer.matches("HTTP/1.1").count() <= 1, "{head:?}: {answer}");
    }
}

#[tokio::test]
async fn a_body_is_not_taken_for_another_request() {
    let server = server(Limits::default());
    let hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = format!("Content-Length: {}\r\n\r\n{hidden}", hidden.len());
    // A server before this one may use the length instead.
    let both = format!(
        "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
        hidden.len() + 5
    );
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}");
    for rest in [length, both, chunked] {
        let answer = say(&server, format!("POST / HTTP/1.1\r\nHost: a\r\n{rest}").as_bytes()).await;
        assert!(answer.contains("POST /") && !answer.contains("GET /hidden"), "{rest:?}: {answer}");
    }
}

#[tokio::test]
async fn heads_are_bounded() {
    let server = server(Limits::default());
    let large = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let answer = say(&server, large.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431") || answer.is_empty(), "{answer}");
    let many: String = (0..200).map(|at| format!("X-{at}: y\r\n")).collect();
    let answer = say(&server, format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn who_does_not_end_a_head_is_cut_off() {
    let server = server(Limits { head_time: Duration::from_millis(100), ..Limits::default() });
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    let slow = async {
        // One byte after the other, as slowloris does.
        for byte in
            b"GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".iter().cycle()
        {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), slow).await.expect("cut off");
    let gone = async {
        while server.connections() > 0 {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("no connection is left");
}

#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let server = server(Limits { stall_time: Duration::from_millis(100), ..Limits::default() });
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    stream.write_all(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
    let opened = async {
        while server.connections() == 0 {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(Duration::from_secs(10), opened).await.expect("opened");
    let gone = async {
        while server.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("no connection is left");
}

#[tokio::test]
async fn connections_beyond_the_bound_are_told_so() {
    let server = server(Limits { connections: 1, ..Limits::default() });
    let mut first = TcpStream::connect(server.address()).await.expect("a connection");
    first.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.expect("an answer");
    let mut second = TcpStream::connect(server.address()).await.expect("a connection");
    let mut refused = String::new();
    second.read_to_string(&mut refused).await.expect("an answer");
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    let (head, body) = refused.split_once("\r\n\r\n").expect("a body");
    assert!(head.contains(&format!("Content-Length: {}", body.len())), "{refused}");
}

#[tokio::test]
async fn stopping_ends_connections_and_frees_the_port() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let (ended, end) = tokio::sync::oneshot::channel();
    let listening = Server::listen(&Handle::current(), any, Arc::new(Echo), Limits::default(), move || {
        ended.send(()).ok();
    });
    let server = listening.expect("a free port");
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    server.close_connections();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.ok();
    // It still listens.
    assert!(
        say(&server, b"GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.ends_with("GET /b")
    );
    server.stop();
    tokio::time::timeout(Duration::from_secs(10), end).await.expect("an end").expect("told");
    std::net::TcpListener::bind(server.address()).expect("the port is free");
}
