//! A message to the other instances.

use uuid::Uuid;

use super::{SeenNumbers, wire::Number};
use crate::{
    clock::Ttl,
    entry::{
        key::Key,
        pattern::Pattern,
        version::{Etag, Version},
    },
};

/// A message: its sender, its time, and its content.
#[derive(Debug, Clone)]
pub struct Message<V> {
    /// Names the message, so that one delivered twice is applied once. `None` from senders without ids.
    pub id: Option<String>,
    /// The instance that sent it.
    pub source: String,
    /// The cache that it is about, among those on one bus. `None` from caches without a name.
    pub cache: Option<String>,
    /// Wall time of sending in milliseconds.
    pub stamped: u64,
    /// How often the sender knows the keys to have been deleted.
    pub generation: Option<u64>,
    /// Its number among the invalidations of its publisher, if it is an invalidation and has one.
    pub number: Option<Number>,
    /// The invalidations that the load of its value had seen when it began. `None` from senders without that field.
    pub seen: Option<SeenNumbers>,
    /// The tags of a value; in a delete of no keys those whose entries are deleted.
    pub tags: Vec<Key>,
    /// The etag of a value.
    pub etag: Option<Etag>,
    /// Whether its keys expire: their stale copies stay. Versions without that field delete them.
    pub expires: bool,
    /// Whether it was delivered before, to this instance or its predecessor: later messages may be handled already.
    pub is_redelivered: bool,
    /// Its content.
    pub body: Body<V>,
}

/// The content of a message.
#[derive(Debug, Clone)]
pub enum Body<V> {
    /// These keys are deleted.
    Delete(Vec<Key>),
    /// All keys that match are deleted.
    Pattern(Pattern),
    /// This value was loaded for these keys.
    Set {
        /// The keys.
        keys: Vec<Key>,
        /// The value.
        value: V,
        /// Its lifetime, when the sender tells.
        ttl: Option<Ttl>,
    },
    /// A loader found this version of the value of these keys still true: it has a new life.
    Extend {
        /// The keys.
        keys: Vec<Key>,
        /// The version.
        version: Version,
        /// The new lifetime, when the sender tells.
        ttl: Option<Ttl>,
    },
}

crate::words! {
    /// The kind of a message, by its name on the wire and in events.
    pub enum MessageKind {
        /// [`Body::Delete`].
        Delete = "del",
        /// [`Body::Pattern`].
        Pattern = "pattern",
        /// [`Body::Set`].
        Set = "set",
    }
}

impl<V> Body<V> {
    /// The kind of this message. An extension is written as a delete of no keys, which older versions apply as
    /// nothing.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        match self {
            Body::Delete(_) | Body::Extend { .. } => MessageKind::Delete,
            Body::Pattern(_) => MessageKind::Pattern,
            Body::Set { .. } => MessageKind::Set,
        }
    }

    /// Whether it tells what a load came to. It is sent now or never, and not numbered: its loss costs a load.
    #[must_use]
    pub fn is_of_load(&self) -> bool {
        matches!(self, Body::Set { .. } | Body::Extend { .. })
    }

    /// The keys that it names.
    fn keys(&self) -> &[Key] {
        match self {
            Body::Delete(keys) | Body::Set { keys, .. } | Body::Extend { keys, .. } => keys,
            Body::Pattern(_) => &[],
        }
    }
}

impl<V> Message<V> {
    /// A message of this instance, of a cache without a name.
    #[must_use]
    pub fn new(source: &str, stamped: u64, generation: Option<u64>, body: Body<V>) -> Message<V> {
        let (id, source) = (Some(Uuid::new_v4().to_string()), source.to_owned());
        let (cache, number, seen, etag) = (None, None, None, None);
        let (tags, expires, is_redelivered) = (Vec::new(), false, false);
        Message {
            id,
            source,
            cache,
            stamped,
            generation,
            number,
            seen,
            tags,
            etag,
            expires,
            is_redelivered,
            body,
        }
    }

    /// The same message, about entries with these tags.
    #[must_use]
    pub fn of_tags(mut self, tags: &[Key]) -> Message<V> {
        self.tags = tags.to_vec();
        self
    }

    /// The same message, whose keys expire or are deleted.
    #[must_use]
    pub fn expiring(mut self, expires: bool) -> Message<V> {
        self.expires = expires;
        self
    }

    /// The same message, about the cache of this name.
    #[must_use]
    pub fn of_cache(mut self, name: Option<&str>) -> Message<V> {
        self.cache = name.map(str::to_owned);
        self
    }

    /// The name of the message in events: its id, else its identity in words.
    #[must_use]
    pub fn event_id(&self) -> String {
        if let Some(id) = &self.id {
            return id.clone();
        }
        let text = |key: &Key| String::from_utf8_lossy(key.as_bytes()).into_owned();
        let about = match &self.body {
            Body::Pattern(pattern) => String::from_utf8_lossy(pattern.as_bytes()).into_owned(),
            body => body.keys().iter().map(text).collect::<Vec<_>>().join(","),
        };
        format!("{}:{}:{}:{about}", self.source, self.stamped, self.body.kind().as_str())
    }

    /// The identity of this message: its id, else its sender, time, cache, kind and keys.
    #[must_use]
    pub fn identity(&self) -> Key {
        if let Some(id) = &self.id {
            return Key::from(id.as_str());
        }
        let cache = self.cache.as_deref().unwrap_or_default();
        let mut text =
            format!("{}\0{}\0{cache}\0{}", self.source, self.stamped, self.body.kind().as_str()).into_bytes();
        let mut push = |part: &[u8]| {
            text.push(0);
            text.extend_from_slice(part);
        };
        match &self.body {
            Body::Pattern(pattern) => push(pattern.as_bytes()),
            Body::Extend { keys, version, .. } => {
                keys.iter().for_each(|key| push(key.as_bytes()));
                push(version.name().as_bytes());
            }
            body => body.keys().iter().for_each(|key| push(key.as_bytes())),
        }
        self.tags.iter().for_each(|tag| push(tag.as_bytes()));
        Key::from_wtf8(&text)
    }
}

/// A name for an instance that was given none.
#[must_use]
pub fn random_source() -> String {
    Uuid::new_v4().to_string()
}
