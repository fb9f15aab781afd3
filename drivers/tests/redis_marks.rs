//! Loads against invalidations of other instances: the decision of each script, and its replacement where scripts are
//! denied.
#![cfg(unix)]

mod support;

use std::time::Duration;

use lazy_layers_drivers::redis::{RedisStore, StoreOptions, address::Login};
use lazy_layers_engine::{
    clock::Ttl,
    entry::pattern::Pattern,
    store::{Mark, Marking},
};
use support::{AsIs, OneNode, Server, packed, prefixed, put, value};
use tokio::time::sleep;

/// A load of a key begins.
async fn begin(store: &RedisStore<AsIs>, key: &str) -> Mark {
    let (found, mark) = store.get_marked(key.as_bytes(), true).await;
    assert!(found.expect("read").is_none(), "{key} is there");
    let Marking::Known(mark) = mark else { panic!("the mark of a miss is known") };
    mark.expect("the server counts")
}

/// It ends; whether it is stored.
async fn end(store: &RedisStore<AsIs>, key: &str, mark: Mark) -> bool {
    let stored = store.fill(key.as_bytes(), packed("loaded"), Ttl::FOREVER, None, mark, None).await;
    let stored = stored.expect("asked");
    assert_eq!(value(store, key).await.expect("read").is_some(), stored);
    stored
}

async fn delete(store: &RedisStore<AsIs>, key: &str) {
    store.delete(key.as_bytes(), None).await.expect("deleted");
}

async fn delete_by_pattern(store: &RedisStore<AsIs>, pattern: &str) {
    store.delete_by_pattern(&Pattern::from(pattern)).await.expect("deleted");
}

/// A store that remembers as many marks as it may, and a load of `k` that began before.
async fn at_the_bound(server: &Server) -> (RedisStore<AsIs>, redis::Connection, Mark) {
    let (store, mut redis) = (server.store(prefixed("a:")), server.connection());
    put(&store, "up", "x").await;
    delete(&store, "x").await;
    let before = begin(&store, "k").await;
    let fill = "for n = 1, 50000 do redis.call('HSET', KEYS[1], 'a:n' .. n, 1) end";
    redis::cmd("EVAL").arg(fill).arg(1).arg("a:__marks").exec(&mut redis).expect("filled");
    (store, redis, before)
}

fn stores(server: &Server) -> Vec<(&'static str, RedisStore<AsIs>)> {
    let without = StoreOptions { use_index: false, ..prefixed("b:") };
    vec![("index", server.store(prefixed("a:"))), ("no index", server.store(without))]
}

#[tokio::test]
async fn a_load_is_stored_unless_its_key_was_invalidated_since_it_began() {
    let server = Server::start(&[]);
    for (how, store) in stores(&server) {
        put(&store, "other", "x").await;
        for round in 0..3 {
            let mark = begin(&store, "k").await;
            assert!(end(&store, "k", mark).await, "{how} {round}: nothing was invalidated");
            delete(&store, "k").await;
            let mark = begin(&store, "k").await;
            delete(&store, "other").await;
            delete_by_pattern(&store, "o*").await;
            assert!(end(&store, "k", mark).await, "{how} {round}: others were");
            delete(&store, "k").await;
            for pattern in ["k", "*", "?", "k*"] {
                let mark = begin(&store, "k").await;
                delete_by_pattern(&store, pattern).await;
                assert!(!end(&store, "k", mark).await, "{how} {round}: {pattern}");
            }
            let mark = begin(&store, "k").await;
            delete(&store, "k").await;
            assert!(!end(&store, "k", mark).await, "{how} {round}: it was deleted");
        }
    }
}

#[tokio::test]
async fn a_load_that_began_when_nothing_was_counted_is_overtaken_as_well() {
    let server = Server::start(&[]);
    for (how, store) in stores(&server) {
        put(&store, "up", "x").await;
        let (k, other) = (begin(&store, "k").await, begin(&store, "other").await);
        assert_eq!(k.own, 0, "{how}");
        delete(&store, "k").await;
        assert!(!end(&store, "k", k).await, "{how}");
        assert!(end(&store, "other", other).await, "{how}");
    }
}

#[tokio::test]
async fn a_count_that_was_lost_overtakes_what_began_with_it() {
    let server = Server::start(&[]);
    let (store, mut redis) = (server.store(prefixed("a:")), server.connection());
    put(&store, "up", "x").await;
    delete(&store, "x").await;
    let (gone, anew) = (begin(&store, "k").await, begin(&store, "l").await);
    redis::cmd("DEL").arg("a:__marks").exec(&mut redis).expect("lost");
    assert!(!end(&store, "k", gone).await);
    delete(&store, "x").await;
    assert!(!end(&store, "l", anew).await, "another count has begun");
}

#[tokio::test]
async fn marks_expire_and_a_load_as_old_as_they_is_not_stored() {
    let server = Server::start(&[]);
    let options = StoreOptions { longest_load: Duration::from_millis(300), ..prefixed("a:") };
    let (store, mut redis) = (server.store(options), server.connection());
    put(&store, "up", "x").await;
    let old = begin(&store, "k").await;
    delete(&store, "k").await;
    let left: i64 = redis::cmd("PTTL").arg("a:__marks").query(&mut redis).expect("asked");
    assert!((1..=375).contains(&left), "{left}");
    sleep(Duration::from_millis(500)).await;
    let exists: bool = redis::cmd("EXISTS").arg("a:__marks").query(&mut redis).expect("asked");
    assert!(!exists);
    assert!(!end(&store, "k", old).await);
    let young = begin(&store, "k").await;
    assert!(end(&store, "k", young).await);
}

#[tokio::test]
async fn beyond_the_bound_marks_are_dropped_and_every_load_is_overtaken() {
    let server = Server::start(&[]);
    let (store, mut redis, before) = at_the_bound(&server).await;
    // The bound is looked at now and then.
    for _ in 0..64 {
        delete(&store, "y").await;
    }
    let marks: u64 = redis::cmd("HLEN").arg("a:__marks").query(&mut redis).expect("asked");
    assert!(marks < 10, "{marks}");
    assert!(!end(&store, "k", before).await);
    let after = begin(&store, "k").await;
    delete(&store, "y").await;
    assert!(end(&store, "k", after).await);
}

#[tokio::test]
async fn marks_are_bounded_whatever_patterns_come_between_deletes() {
    let server = Server::start(&[]);
    let (store, mut redis, before) = at_the_bound(&server).await;
    let count: u64 = redis::cmd("HGET").arg("a:__marks").arg("a:__marks").query(&mut redis).expect("asked");
    if count.is_multiple_of(2) {
        delete(&store, "x").await;
    }
    // The counts of the patterns are even, those of the deletes odd.
    for number in 0..33 {
        delete_by_pattern(&store, "p*").await;
        delete(&store, &format!("d{number}")).await;
    }
    let marks: u64 = redis::cmd("HLEN").arg("a:__marks").query(&mut redis).expect("asked");
    assert!(marks < 50, "{marks}");
    assert!(!end(&store, "k", before).await);
    let after = begin(&store, "k").await;
    assert!(end(&store, "k", after).await);
}

#[tokio::test]
async fn patterns_are_bounded_as_well() {
    let server = Server::start(&[]);
    let (store, mut redis) = (server.store(prefixed("a:")), server.connection());
    put(&store, "up", "x").await;
    let (soon, late) = (begin(&store, "k").await, begin(&store, "l").await);
    for number in 0..50 {
        delete_by_pattern(&store, "same*").await;
        delete_by_pattern(&store, &format!("x{number}*")).await;
    }
    assert!(end(&store, "k", soon).await, "the same pattern is remembered once");
    delete_by_pattern(&store, &format!("{}*", "y".repeat(5000))).await;
    assert!(!end(&store, "l", late).await, "what is too long counts for all");
    let bytes: u64 =
        redis::cmd("HSTRLEN").arg("a:__marks").arg("a:__marks:patterns").query(&mut redis).expect("asked");
    assert!(bytes <= 4096, "{bytes}");
}

#[tokio::test]
async fn patterns_match_in_scripts_as_they_do_here() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "up", "x").await;
    let texts =
        ["", "a", "b", "ab", "aab", "abab", "é", "aé", "éa", "a]", "%a", "ab\u{1f600}b", "a*b", "a?b"];
    let patterns =
        ["a*", "*a", "?", "??", "a?b", "*?b", "*a*b", "a**b", "%a", "*é", "?a", "a]", "ab", "a*b*", "*??*"];
    for pattern in patterns {
        for text in texts.iter().filter(|text| !text.is_empty()) {
            let mark = begin(&store, text).await;
            delete_by_pattern(&store, pattern).await;
            let matches = Pattern::from(pattern).matches(text.as_bytes());
            assert_eq!(end(&store, text, mark).await, !matches, "{pattern} {text}");
            delete(&store, text).await;
        }
    }
}

#[tokio::test]
async fn a_write_that_is_no_load_is_always_stored() {
    let server = Server::start(&[]);
    for (how, store) in stores(&server) {
        put(&store, "k", "x").await;
        delete(&store, "k").await;
        delete_by_pattern(&store, "*").await;
        store.set(b"k", packed("set"), Ttl::FOREVER, None).await.expect("stored");
        assert_eq!(value(&store, "k").await.expect("read").as_deref(), Some("set"), "{how}");
        store.set(b"k", packed("bound"), Ttl::FOREVER, Some(10)).await.expect("stored");
        assert_eq!(value(&store, "k").await.expect("read").as_deref(), Some("bound"), "{how}");
    }
}

#[tokio::test]
async fn under_a_lock_and_with_a_bound_loads_are_overtaken_too() {
    let server = Server::start(&[]);
    for (how, store) in stores(&server) {
        put(&store, "up", "x").await;
        for (pattern, stands) in [("k*", false), ("o*", true)] {
            let mark = begin(&store, "k").await;
            assert!(store.acquire_lock(b"k", b"k", "me", Ttl(60_000_000)).await.expect("asked"));
            delete_by_pattern(&store, pattern).await;
            let filled = store
                .fill(b"k", packed("v"), Ttl::FOREVER, None, mark, Some((b"k", "me")))
                .await
                .expect("asked");
            assert_eq!(filled, stands, "{how} {pattern}");
            store.release_lock(b"k", b"k", "me").await.expect("asked");
            delete(&store, "k").await;
            let mark = begin(&store, "k").await;
            delete_by_pattern(&store, pattern).await;
            let bounded =
                store.fill(b"k", packed("v"), Ttl::FOREVER, Some(5), mark, None).await.expect("asked");
            assert_eq!(bounded, stands, "{how} {pattern}, bounded");
            delete(&store, "k").await;
        }
        let mark = begin(&store, "k").await;
        let filled = store.fill(b"k", packed("v"), Ttl::FOREVER, None, mark, Some((b"k", "me"))).await;
        assert!(!filled.expect("asked"), "{how}: the lock is nobody's");
    }
}

#[tokio::test]
async fn in_a_cluster_a_load_is_overtaken_wherever_it_stands() {
    let mut node = OneNode::start().await;
    let store = node.store(Duration::from_secs(60), None);
    let without = node.store_with(StoreOptions { use_index: false, ..prefixed("b:") }, None);
    for (how, store) in [("index", store), ("no index", without)] {
        put(&store, "up", "x").await;
        for round in 0..2 {
            for pattern in ["k", "*", "k*"] {
                let mark = begin(&store, "k").await;
                delete_by_pattern(&store, pattern).await;
                assert!(!end(&store, "k", mark).await, "{how} {round}: {pattern}");
            }
            let mark = begin(&store, "k").await;
            delete(&store, "k").await;
            assert!(!end(&store, "k", mark).await, "{how} {round}: it was deleted");
            let mark = begin(&store, "k").await;
            delete(&store, "other").await;
            delete_by_pattern(&store, "o*").await;
            assert!(end(&store, "k", mark).await, "{how} {round}: others were");
            delete(&store, "k").await;
        }
    }
    assert!(node.listed().iter().all(|name| name.starts_with("a:")), "{:?}", node.listed());
}

#[tokio::test]
async fn in_a_cluster_marks_of_a_slot_are_bounded() {
    let mut node = OneNode::start().await;
    let store = node.store(Duration::from_secs(60), None);
    put(&store, "up", "x").await;
    let before = begin(&store, "{s}k").await;
    for number in 0..200 {
        delete(&store, &format!("{{s}}{number}")).await;
    }
    assert!(!end(&store, "{s}k", before).await);
    let names: Vec<String> = redis::cmd("KEYS").arg("a:__marks*").query(&mut node.redis).expect("asked");
    assert_eq!(names.len(), 1, "{names:?}");
    let marks: u64 = redis::cmd("HLEN").arg(&names[0]).query(&mut node.redis).expect("asked");
    assert!(marks < 200, "{marks}");
}

#[tokio::test]
async fn without_scripts_a_load_that_was_overtaken_is_removed_again() {
    let server = Server::start(&[]);
    let mut redis = server.connection();
    redis::cmd("ACL")
        .arg("SETUSER")
        .arg("some")
        .arg(&["on", ">secret", "~*", "+@all", "-@scripting"])
        .exec(&mut redis)
        .expect("a user");
    let login = Login { username: Some("some".to_owned()), password: Some("secret".to_owned()) };
    let without = StoreOptions { use_index: false, ..prefixed("b:") };
    for (how, options) in [("index", prefixed("a:")), ("no index", without)] {
        let store = server.store_as(options.clone(), login.clone());
        let scripted = server.store(options);
        put(&store, "up", "x").await;
        put(&scripted, "up", "x").await;
        for most in [None, Some(10)] {
            let mark = begin(&store, "k").await;
            let filled = store.fill(b"k", packed("v"), Ttl::FOREVER, most, mark, None).await;
            assert!(filled.expect("asked"), "{how}: nothing was invalidated");
            for deleting in [&store, &scripted] {
                for pattern in [None, Some("k*"), Some("*")] {
                    delete(&store, "k").await;
                    let mark = begin(&store, "k").await;
                    match pattern {
                        None => delete(deleting, "k").await,
                        Some(pattern) => delete_by_pattern(deleting, pattern).await,
                    }
                    let filled = store.fill(b"k", packed("v"), Ttl::FOREVER, most, mark, None).await;
                    assert!(!filled.expect("asked"), "{how} {pattern:?}");
                    assert_eq!(value(&scripted, "k").await.expect("read"), None, "{how} {pattern:?}");
                    let mark = begin(&scripted, "k").await;
                    match pattern {
                        None => delete(&store, "k").await,
                        Some(pattern) => delete_by_pattern(&store, pattern).await,
                    }
                    assert!(!end(&scripted, "k", mark).await, "{how} {pattern:?}");
                }
            }
        }
    }
}
