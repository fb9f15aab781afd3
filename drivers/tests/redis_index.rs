//! The entries that the index lists, if it is on one server with them, and if they are in several slots; and the order
//! in which things are sent.
#![cfg(unix)]

mod support;

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use lazy_layers_drivers::redis::{
    Address, FaultKind, Payload, Payloads, RedisStore,
    address::{Node, Single},
    hold, send_held,
};
use lazy_layers_engine::{clock::Ttl, codec::Metadata, entry::pattern::Pattern};
use support::{AsIs, OneNode, Server, packed, prefixed, put, value};
use tokio::time::sleep;

const SHORT: Ttl = Ttl(30_000);

/// Fills a store of a cluster with entries that expire soon or are deleted, and waits until none of them is listed.
async fn what_is_over_leaves(cluster: &mut OneNode, store: &RedisStore<AsIs>) {
    put(store, "kept", "one").await;
    for number in 0..50 {
        let key = format!("short{number}");
        store.set(key.as_bytes(), packed("two"), SHORT, None).await.expect("stored");
    }
    put(store, "deleted", "three").await;
    store.delete(b"deleted", None).await.expect("removed");
    sleep(Duration::from_millis(200)).await;
    assert_eq!(store.size().await, Ok(1));
    for _ in 0..200 {
        put(store, "kept", "one").await;
        if cluster.listed() == ["a:kept"] {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?} are still listed", cluster.listed().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_cluster_what_is_over_or_deleted_leaves_the_index_after_a_while() {
    let mut cluster = OneNode::start().await;
    let store = cluster.store(Duration::from_millis(50), None);
    what_is_over_leaves(&mut cluster, &store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_cluster_without_scripts_what_is_over_or_deleted_leaves_the_index_after_a_while() {
    let mut cluster = OneNode::start().await;
    cluster.user(&["-@scripting"]);
    let store = cluster.store(Duration::from_millis(50), Some("some"));
    what_is_over_leaves(&mut cluster, &store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_cluster_entries_of_others_are_kept_while_they_live_and_leave_the_index_then() {
    let mut cluster = OneNode::start().await;
    let store = cluster.store(Duration::from_millis(50), None);
    for key in ["a:theirs", "a:gone"] {
        redis::cmd("ZADD").arg("a:__index").arg(1).arg(key).exec(&mut cluster.redis).expect("listed");
    }
    redis::cmd("SET").arg("a:theirs").arg("one").exec(&mut cluster.redis).expect("stored");
    for _ in 0..300 {
        put(&store, "ours", "two").await;
        if cluster.listed() == ["a:theirs", "a:ours"] {
            assert_eq!(store.size().await, Ok(2));
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?} are listed", cluster.listed());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_cluster_an_entry_is_listed_before_it_is_written() {
    let mut cluster = OneNode::start().await;
    put(&cluster.store(Duration::from_secs(60), None), "ready", "one").await;
    cluster.user(&["-set"]);
    let store = cluster.store(Duration::from_secs(60), Some("some"));
    let refused = store.set(b"k", packed("one"), Ttl::FOREVER, None).await.expect_err("refused");
    assert_eq!(refused.kind, FaultKind::Server);
    assert!(cluster.listed().contains(&"a:k".to_owned()), "it would have been found, had it been written");

    cluster.user(&["-zadd"]);
    let store = cluster.store(Duration::from_secs(60), Some("some"));
    store.set(b"other", packed("one"), Ttl::FOREVER, None).await.expect_err("refused");
    assert!(!cluster.exists("a:other"), "it would not have been found");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_cluster_patterns_find_what_was_written_and_the_oldest_that_live_make_room() {
    let cluster = OneNode::start().await;
    let store = cluster.store(Duration::from_secs(60), None);
    put(&store, "oldest", "one").await;
    for number in 0..20 {
        let key = format!("short{number}");
        store.set(key.as_bytes(), packed("two"), SHORT, Some(100)).await.expect("stored");
    }
    sleep(Duration::from_millis(100)).await;
    for number in 0..9 {
        let key = format!("long{number}");
        store.set(key.as_bytes(), packed("three"), Ttl::FOREVER, Some(10)).await.expect("stored");
    }
    assert_eq!((value(&store, "oldest").await, store.size().await), (Ok(Some("one".into())), Ok(10)));
    store.set(b"newest", packed("four"), Ttl::FOREVER, Some(10)).await.expect("stored");
    assert_eq!((value(&store, "oldest").await, store.size().await), (Ok(None), Ok(10)));
    let large = Payload::Packed(vec![b'x'; 1 << 20]);
    let written = store.set(b"large", large, Ttl::FOREVER, None);
    let removed = store.delete_by_pattern(&Pattern::from("*"));
    written.await.expect("stored");
    removed.await.expect("removed");
    assert_eq!((value(&store, "large").await, store.size().await), (Ok(None), Ok(0)));
}

#[test]
fn what_was_listed_again_meanwhile_is_not_taken_out() {
    let server = Server::start(&[]);
    let mut redis = server.connection();
    let script =
        concat!(include_str!("../src/redis/lua/prelude.lua"), include_str!("../src/redis/lua/settle.lua"));
    let mut settle = |written: &str, ends: &str| {
        for (set, score) in [("index", "5"), ("index:expiry", "7")] {
            redis::cmd("ZADD").arg(set).arg(score).arg("k").exec(&mut redis).expect("listed");
        }
        let mut call = redis::cmd("EVAL");
        call.arg(script).arg(2).arg("index").arg("index:expiry").arg(1);
        call.arg("k").arg(written).arg(ends).arg(-2).exec(&mut redis).expect("run");
        redis::cmd("ZCARD").arg("index").query::<u64>(&mut redis).expect("asked")
    };
    assert_eq!(settle("4", "7"), 1);
    assert_eq!(settle("5", "6"), 1);
    assert_eq!(settle("5", "7"), 0);
}

/// Sealing waits until the test says so.
struct Held(Mutex<mpsc::Receiver<()>>);

impl Payloads for Held {
    type Opened = Vec<u8>;

    fn seal(&self, packed: Vec<u8>, _: &Metadata) -> Vec<u8> {
        if packed == b"held" {
            let _released = self.0.lock().expect("one at a time").recv();
        }
        packed
    }

    fn open(&self, payload: Vec<u8>) -> Result<Vec<u8>, String> {
        Ok(payload)
    }
}

#[test]
fn a_closed_store_is_not_used_although_its_link_is_still_open() {
    let server = Server::start(&[]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (release, held) = mpsc::channel();
    let node = Node { host: "127.0.0.1".to_owned(), port: server.port };
    let address = Address::Single(Single { node, ..Single::default() });
    let payloads = Arc::new(Held(Mutex::new(held)));
    let store = RedisStore::open(runtime.handle().clone(), address, prefixed("a:"), payloads, None);
    drop(server.connection());
    while runtime.block_on(store.set(b"k", packed("one"), Ttl::FOREVER, None)).is_err() {}
    // The one thread of the runtime is busy: nobody can end the link before the next operation is looked at.
    let set = store.set(b"other", packed("held"), Ttl::FOREVER, None);
    store.close();
    let get = store.get(b"k", true);
    release.send(()).expect("it waits");
    let fault = runtime.block_on(get).expect_err("closed");
    assert_eq!(fault.kind, FaultKind::Closed);
    drop(runtime.block_on(set));
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_that_are_held_leave_before_a_large_value_is_sealed_apart() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "k", "one").await;
    hold();
    let removed = store.delete(b"k", None);
    let written = store.set(b"k", Payload::Packed(vec![b'x'; 1 << 20]), Ttl::FOREVER, None);
    written.await.expect("stored");
    send_held();
    removed.await.expect("removed");
    let read = store.has(b"k");
    send_held();
    assert_eq!(read.await, Ok(true), "the delete was asked for before the value");
}
