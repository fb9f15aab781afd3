//! Servers that are private to a test, and stores on them.
#![allow(dead_code, reason = "each file of tests uses a part of it")]

use std::{
    io::Write,
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use lazy_layers_drivers::redis::{
    Address, Fault, Payload, Payloads, RedisStore, StoreOptions,
    address::{Cluster, Login, Node, Single},
};
use lazy_layers_engine::{clock::Ttl, codec::Metadata};
use tokio::{runtime::Handle, time::sleep};

/// Values are stored as they are.
pub(crate) struct AsIs;

impl Payloads for AsIs {
    type Opened = Vec<u8>;

    fn seal(&self, packed: Vec<u8>, _: &Metadata) -> Vec<u8> {
        packed
    }

    fn open(&self, payload: Vec<u8>) -> Result<Vec<u8>, String> {
        if payload == b"spoiled" { Err("spoiled".to_owned()) } else { Ok(payload) }
    }
}

/// A server that ends with its test.
pub(crate) struct Server {
    pub(crate) port: u16,
    child: Child,
}

impl Server {
    pub(crate) fn start(extra: &[&str]) -> Server {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("bound").port();
        drop(free);
        Server::start_at(port, extra)
    }

    pub(crate) fn start_at(port: u16, extra: &[&str]) -> Server {
        let mut child = Command::new("redis-server")
            .args([
                "-",
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .args(extra)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is needed: apt-get install redis-server");
        drop(child.stdin.take().map(|mut config| config.write_all(b"\n")));
        Server { port, child }
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
    }

    /// A connection as another program has it.
    pub(crate) fn connection(&self) -> redis::Connection {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).expect("a client");
        for _ in 0..200 {
            if let Ok(connection) = client.get_connection() {
                return connection;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server does not come up");
    }

    pub(crate) fn store(&self, options: StoreOptions) -> RedisStore<AsIs> {
        self.store_as(options, Login::default())
    }

    pub(crate) fn store_as(&self, options: StoreOptions, login: Login) -> RedisStore<AsIs> {
        let node = Node { host: "127.0.0.1".to_owned(), port: self.port };
        let address = Address::Single(Single { node, login, ..Single::default() });
        RedisStore::open(Handle::current(), address, options, Arc::new(AsIs), None)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn prefixed(prefix: &str) -> StoreOptions {
    StoreOptions { prefix: prefix.to_owned(), ..StoreOptions::default() }
}

pub(crate) fn packed(text: &str) -> Payload {
    Payload::Packed(text.as_bytes().to_vec())
}

/// Stores, once the server is there.
pub(crate) async fn put(store: &RedisStore<AsIs>, key: &str, value: &str) {
    for _ in 0..200 {
        if store.set(key.as_bytes(), packed(value), Ttl::FOREVER, None).await.is_ok() {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the server does not come up");
}

pub(crate) async fn value(store: &RedisStore<AsIs>, key: &str) -> Result<Option<String>, Fault> {
    let found = store.get(key.as_bytes(), true).await?;
    Ok(found.map(|found| String::from_utf8(found.value).expect("text")))
}

/// A cluster of one node: entries are written apart from the index all the same.
pub(crate) struct OneNode {
    pub(crate) server: Server,
    pub(crate) redis: redis::Connection,
}

impl OneNode {
    pub(crate) async fn start() -> OneNode {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let bus = free.local_addr().expect("bound").port().to_string();
        drop(free);
        // Each node remembers its own state.
        let file = format!("nodes-{bus}.conf");
        let server = Server::start(&[
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            &bus,
            "--dir",
            env!("CARGO_TARGET_TMPDIR"),
            "--cluster-config-file",
            &file,
        ]);
        let mut redis = server.connection();
        redis::cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(0).arg(16_383).exec(&mut redis).expect("all slots");
        for _ in 0..500 {
            let info: String = redis::cmd("CLUSTER").arg("INFO").query(&mut redis).expect("info");
            if info.contains("cluster_state:ok") {
                return OneNode { server, redis };
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the cluster does not come up");
    }

    pub(crate) fn store(&self, grace: Duration, user: Option<&str>) -> RedisStore<AsIs> {
        self.store_with(StoreOptions { sweep_grace: grace, ..prefixed("a:") }, user)
    }

    pub(crate) fn store_with(&self, options: StoreOptions, user: Option<&str>) -> RedisStore<AsIs> {
        let login = Login { username: user.map(str::to_owned), password: user.map(|_| "secret".to_owned()) };
        let nodes = vec![Node { host: "127.0.0.1".to_owned(), port: self.server.port }];
        let address = Address::Cluster(Cluster { nodes, login, tls: None });
        RedisStore::open(Handle::current(), address, options, Arc::new(AsIs), None)
    }

    pub(crate) fn listed(&mut self) -> Vec<String> {
        redis::cmd("ZRANGE").arg("a:__index").arg(0).arg(-1).query(&mut self.redis).expect("a list")
    }

    pub(crate) fn exists(&mut self, name: &str) -> bool {
        redis::cmd("EXISTS").arg(name).query(&mut self.redis).expect("asked")
    }

    pub(crate) fn user(&mut self, rights: &[&str]) {
        let mut command = redis::cmd("ACL");
        command.arg("SETUSER").arg("some").arg("reset").arg("on").arg(">secret").arg("~*").arg("+@all");
        rights.iter().for_each(|right| {
            command.arg(right);
        });
        command.exec(&mut self.redis).expect("a user");
    }
}
