//! Counters of tags: their names, their lives, and the rights they need.
#![cfg(unix)]

mod support;

use std::time::Duration;

use lazy_layers_drivers::redis::{RedisStore, StoreOptions, address::Login, is_of_invalidation};
use lazy_layers_engine::{clock::Ttl, entry::key::Key, store::Count};
use support::{AsIs, OneNode, Server, prefixed, put};

const HOUR: Ttl = Ttl(3_600_000_000);

fn tags(names: &[&str]) -> Vec<Key> {
    names.iter().map(|name| Key::from(*name)).collect()
}

fn numbers(counts: &[Option<Count>]) -> Vec<Option<u64>> {
    counts.iter().map(|count| count.map(|count| count.number)).collect()
}

/// The counts of `x` and `y`, which begin, change, are lost, and begin again: no number comes twice.
async fn counts_change_and_never_come_again(store: &RedisStore<AsIs>, lose: impl FnOnce()) {
    put(store, "k", "there").await;
    let both = tags(&["x", "y"]);
    assert_eq!(numbers(&store.counts(&both).await.expect("asked")), [None, None]);
    let begun = store.begin_counts(&both, HOUR).await.expect("begun");
    let begun: Vec<_> = begun.into_iter().map(Some).collect();
    assert!(begun.iter().flatten().all(|count| !is_of_invalidation(count.number) && count.left >= HOUR));
    assert_eq!(numbers(&store.counts(&both).await.expect("asked")), numbers(&begun));
    let again = store.begin_counts(&both, HOUR).await.expect("there");
    assert_eq!(again.iter().map(|count| Some(count.number)).collect::<Vec<_>>(), numbers(&begun));
    let told = store.invalidate_tags(&both[..1]).await.expect("invalidated");
    let now = numbers(&store.counts(&both).await.expect("asked"));
    assert_eq!((now[0], now[1]), (numbers(&told)[0], numbers(&begun)[1]));
    assert!(now[0] != numbers(&begun)[0] && now[0].is_some_and(is_of_invalidation));
    lose();
    assert_eq!(numbers(&store.counts(&both).await.expect("asked")), [None, None]);
    let anew =
        store.begin_counts(&both, HOUR).await.expect("begun").into_iter().map(Some).collect::<Vec<_>>();
    for number in numbers(&anew) {
        assert!(!now.contains(&number) && !numbers(&begun).contains(&number));
    }
}

#[tokio::test]
async fn counts_on_one_server_change_and_never_come_again() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    let mut redis = server.connection();
    let lose = || redis::cmd("DEL").arg("a:__tag:x").arg("a:__tag:y").exec(&mut redis).expect("lost");
    counts_change_and_never_come_again(&store, lose).await;
}

#[tokio::test]
async fn counts_in_a_cluster_lie_in_slots_of_their_own() {
    let mut node = OneNode::start().await;
    let store = node.store(Duration::ZERO, None);
    let lose = || {
        for name in ["a:__tag:x", "a:__tag:y"] {
            redis::cmd("DEL").arg(name).exec(&mut node.redis).expect("lost");
        }
    };
    counts_change_and_never_come_again(&store, lose).await;
}

#[tokio::test]
async fn neither_scripts_nor_transactions_are_needed() {
    let server = Server::start(&[]);
    let mut redis = server.connection();
    let mut user = redis::cmd("ACL");
    user.arg("SETUSER").arg("some").arg("on").arg(">secret").arg("~a:*").arg("+@all");
    for denied in ["eval", "evalsha", "script", "multi", "exec", "getrange"] {
        user.arg(format!("-{denied}"));
    }
    user.exec(&mut redis).expect("a user");
    let login = Login { username: Some("some".to_owned()), password: Some("secret".to_owned()) };
    let store = server.store_as(prefixed("a:"), login);
    let lose = || redis::cmd("DEL").arg("a:__tag:x").arg("a:__tag:y").exec(&mut redis).expect("lost");
    counts_change_and_never_come_again(&store, lose).await;
    assert_eq!(store.tags_of(b"k").await.expect("read").map(|tags| tags.len()), Some(0));
    assert!(store.tags_of(b"none").await.expect("read").is_none());
}

#[tokio::test]
async fn counters_live_for_two_days_and_for_twice_as_long_as_an_entry() {
    let server = Server::start(&[]);
    let store = server.store(prefixed("a:"));
    put(&store, "k", "there").await;
    let mut redis = server.connection();
    let mut left = |tag: &str| -> i64 {
        redis::cmd("PTTL").arg(format!("a:__tag:{tag}")).query(&mut redis).expect("asked")
    };
    let day = i64::from(86_400_000);
    let x = tags(&["x"]);
    store.begin_counts(&x, HOUR).await.expect("begun");
    assert!((2 * day - 10_000..=2 * day).contains(&left("x")));
    let count = store.begin_counts(&x, Ttl(24 * HOUR.0)).await.expect("there");
    assert!(left("x") <= 2 * day && count[0].left >= Ttl(24 * HOUR.0), "enough is left");
    store.begin_counts(&x, Ttl(240 * HOUR.0)).await.expect("prolonged");
    assert!(left("x") > 19 * day);
    store.begin_counts(&x, Ttl::FOREVER).await.expect("kept");
    assert_eq!(left("x"), -1);
    store.invalidate_tags(&tags(&["y"])).await.expect("invalidated");
    assert!(left("y") > day);
}

#[tokio::test]
async fn a_full_server_forgets_a_counter_that_it_cannot_change() {
    let server = Server::start(&["--maxmemory-policy", "noeviction"]);
    let store = server.store(prefixed("a:"));
    put(&store, "k", "there").await;
    let both = tags(&["x", "y"]);
    let begun = store.begin_counts(&both[..1], HOUR).await.expect("begun");
    let mut redis = server.connection();
    redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("1").exec(&mut redis).expect("full");
    let there = store.begin_counts(&both[..1], HOUR).await.expect("it is there");
    assert_eq!(there[0].number, begun[0].number);
    assert!(store.begin_counts(&both[1..], HOUR).await.is_err(), "another one has no room");
    let told = store.invalidate_tags(&both[..1]).await.expect("removed");
    assert_eq!(
        (numbers(&told), numbers(&store.counts(&both[..1]).await.expect("asked"))),
        (vec![None], vec![None])
    );
}

#[tokio::test]
async fn counters_are_no_entries() {
    for use_index in [true, false] {
        let server = Server::start(&[]);
        let store = server.store(StoreOptions { use_index, ..prefixed("a:") });
        put(&store, "k", "there").await;
        store.begin_counts(&tags(&["x"]), HOUR).await.expect("begun");
        assert_eq!(store.size().await.expect("counted"), 1);
        store.delete_by_pattern(&"*".into()).await.expect("cleared");
        assert!(store.counts(&tags(&["x"])).await.expect("asked")[0].is_some());
    }
}
