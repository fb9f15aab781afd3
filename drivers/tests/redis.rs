//! The store against real servers, each private to its test. There is no redis-server for Windows.
#![cfg(unix)]

mod support;

use std::time::Duration;

use lazy_layers_drivers::redis::{
    FaultKind, Payload, StoreOptions, address::Login, has_held, hold, send_held,
};
use lazy_layers_engine::{clock::Ttl, entry::pattern::Pattern};
use support::{Server, packed, prefixed, put, value};
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_stored_read_and_removed() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "k", "one").await;
    assert_eq!(value(&store, "k").await, Ok(Some("one".into())));
    assert_eq!(store.has(b"k").await, Ok(true));
    assert_eq!(store.size().await, Ok(1));
    store.delete(b"k", None).await.expect("removed");
    assert_eq!(value(&store, "k").await, Ok(None));
    assert_eq!((store.has(b"k").await, store.size().await), (Ok(false), Ok(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lifetime_left_comes_with_the_value() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "for ever", "one").await;
    store.set(b"k", packed("two"), Ttl(90_000_000), None).await.expect("stored");
    let left = store.get(b"k", true).await.expect("read").expect("there").left;
    assert!(left > Ttl(60_000_000) && left <= Ttl(90_000_000), "{left:?}");
    assert_eq!(store.get(b"for ever", true).await.expect("read").expect("there").left, Ttl::FOREVER);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_entries_make_room() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "1", "one").await;
    for key in ["2", "3"] {
        sleep(Duration::from_millis(2)).await;
        store.set(key.as_bytes(), packed(key), Ttl::FOREVER, Some(2)).await.expect("stored");
    }
    assert_eq!((value(&store, "1").await, store.size().await), (Ok(None), Ok(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_remove_what_they_match_and_nothing_of_others() {
    for use_index in [true, false] {
        let server = Server::start(&[]);
        let ours = server.store(StoreOptions { use_index, scan_count: 10, ..prefixed("a*[x]:") });
        let theirs = server.store(StoreOptions { use_index, ..prefixed("abx:") });
        put(&theirs, "user:1", "theirs").await;
        for number in 0..50 {
            put(&ours, &format!("user:{number}"), "ours").await;
        }
        put(&ours, "user:é", "ours").await;
        put(&ours, "post[1]", "ours").await;
        assert!(ours.acquire_lock(b"user:1", b"user:1", "token", Ttl(10_000_000)).await.expect("asked"));
        assert_eq!(ours.delete_by_pattern(&Pattern::from("user:?")).await, Ok(11), "é is one character");
        assert_eq!(ours.delete_by_pattern(&Pattern::from("post[1]")).await, Ok(1));
        assert_eq!(ours.delete_by_pattern(&Pattern::from("*")).await, Ok(40));
        assert_eq!(ours.size().await, Ok(0));
        assert_eq!(value(&theirs, "user:1").await, Ok(Some("theirs".into())));
        assert_eq!(ours.release_lock(b"user:1", b"user:1", "token").await, Ok(true), "locks are no entries");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_of_a_lock_writes_and_releases() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "other", "one").await;
    let ttl = Ttl(10_000_000);
    assert_eq!(store.acquire_lock(b"k", b"k", "mine", ttl).await, Ok(true));
    assert_eq!(store.acquire_lock(b"k", b"k", "theirs", ttl).await, Ok(false));
    assert_eq!(store.set_if_owner(b"k", packed("theirs"), ttl, None, b"k", "theirs").await, Ok(false));
    assert_eq!(store.set_if_owner(b"k", packed("mine"), ttl, None, b"k", "mine").await, Ok(true));
    assert_eq!(value(&store, "k").await, Ok(Some("mine".into())));
    assert_eq!(store.release_lock(b"k", b"k", "theirs").await, Ok(false));
    store.delete(b"k", Some(b"k")).await.expect("removed");
    assert_eq!(
        store.set_if_owner(b"k", packed("mine"), ttl, None, b"k", "mine").await,
        Ok(false),
        "it was revoked"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_one_key_happens_in_order_however_large_its_values_are() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "k", "one").await;
    let large = Payload::Packed(vec![b'x'; 1 << 20]);
    let set = store.set(b"k", large, Ttl::FOREVER, None);
    let removed = store.delete(b"k", None);
    set.await.expect("stored");
    removed.await.expect("removed");
    assert_eq!(value(&store, "k").await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_cannot_be_read_is_told_from_one_that_is_not_there() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "k", "spoiled").await;
    assert_eq!(value(&store, "k").await.expect_err("spoiled").kind, FaultKind::Corrupt);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_answering_is_left_in_time_and_found_again() {
    let server = Server::start(&[]);
    let store = server.store(StoreOptions { command_timeout: Duration::from_millis(200), ..prefixed("a:") });
    put(&store, "k", "one").await;
    let connects = store.connects();
    server.signal("-STOP");
    assert_eq!(value(&store, "k").await.expect_err("no answer").kind, FaultKind::Timeout);
    let at_once = value(&store, "k").await.expect_err("no link");
    assert!(matches!(at_once.kind, FaultKind::Disconnected | FaultKind::Timeout), "{at_once}");
    server.signal("-CONT");
    for _ in 0..100 {
        if value(&store, "k").await == Ok(Some("one".into())) {
            assert!(store.connects() > connects);
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("the server was not found again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_fails_at_once_and_is_picked_up_when_it_comes() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    let port = server.port;
    put(&store, "k", "one").await;
    drop(server);
    let mut kind = FaultKind::Server;
    for _ in 0..50 {
        if let Err(fault) = value(&store, "k").await {
            kind = fault.kind;
        }
        sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(kind, FaultKind::Disconnected);
    let _again = Server::start_at(port, &[]);
    put(&store, "k", "two").await;
    assert_eq!(value(&store, "k").await, Ok(Some("two".into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_without_the_password() {
    let server = Server::start(&["--requirepass", "right"]);
    let login = |password: &str| Login { username: None, password: Some(password.to_owned()) };
    let store = server.store_as(prefixed("a:"), login("right"));
    put(&store, "k", "one").await;
    let refused = server.store_as(prefixed("a:"), login("secret-but-wrong"));
    let fault = value(&refused, "k").await.expect_err("refused");
    assert_eq!(fault.kind, FaultKind::Disconnected);
    assert!(!fault.message.contains("secret-but-wrong"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_fails_until_it_is_opened_again() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "k", "one").await;
    store.close();
    for _ in 0..100 {
        if value(&store, "k").await.is_err_and(|fault| fault.kind == FaultKind::Closed) {
            store.reopen();
            put(&store, "k", "two").await;
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("it was not closed");
}

/// On one thread: the sender of operations hears of the second before the task that keeps the link hears of the end.
#[tokio::test]
async fn what_is_asked_of_a_closed_store_does_not_find_the_link_that_is_still_open() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "k", "one").await;
    let before = store.get(b"k", false);
    store.close();
    let after = store.get(b"k", false);
    assert!(!store.is_connected());
    assert_eq!(after.await.expect_err("closed").kind, FaultKind::Closed);
    drop(before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_before_a_large_value_comes_before_it_though_it_is_held() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "k", "one").await;
    hold();
    let small = store.set(b"k", packed("small"), Ttl::FOREVER, None);
    assert!(has_held());
    let large = "x".repeat(1 << 20);
    store.set(b"k", packed(&large), Ttl::FOREVER, None).await.expect("stored");
    send_held();
    small.await.expect("stored");
    let read = store.get(b"k", false);
    send_held();
    assert_eq!(read.await.expect("read").expect("there").value.len(), large.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_before_a_pattern_comes_before_it_though_it_is_held() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "k", "one").await;
    hold();
    let written = store.set(b"k", packed("two"), Ttl::FOREVER, None);
    store.delete_by_pattern(&Pattern::from("*")).await.expect("removed");
    send_held();
    written.await.expect("stored");
    let read = store.has(b"k");
    send_held();
    assert_eq!(read.await, Ok(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_every_entry_once() {
    for use_index in [true, false] {
        let server = Server::start(&[]);
        let store = server.store(StoreOptions { use_index, ..prefixed("a:") });
        for number in 0..30 {
            put(&store, &number.to_string(), "value").await;
        }
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = store.inspect(cursor, 7, Pattern::from("*"), true).await.expect("a page");
            assert!(page.entries.len() <= 7);
            assert_eq!(page.size, 30);
            seen.extend(page.entries.into_iter().map(|entry| entry.key));
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 30);
    }
}
