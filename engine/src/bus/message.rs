//! A message to the other instances.

use uuid::Uuid;

use crate::{
    clock::Ttl,
    entry::{key::Key, pattern::Pattern},
};

/// A message: who sent it when, and what it says.
#[derive(Debug, Clone)]
pub struct Message<V> {
    /// Names the message, so that one delivered twice is applied once. `None` from senders that give none.
    pub id: Option<String>,
    /// The instance that sent it.
    pub source: String,
    /// Wall time of sending in milliseconds.
    pub stamped: u64,
    /// How often the sender knows the keys to have been deleted.
    pub generation: Option<u64>,
    /// What it says.
    pub body: Body<V>,
}

/// What a message says.
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
}

impl<V> Body<V> {
    /// The name of this kind of message on the wire and in events.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Body::Delete(_) => "del",
            Body::Pattern(_) => "pattern",
            Body::Set { .. } => "set",
        }
    }
}

impl<V> Message<V> {
    /// A message of our own.
    #[must_use]
    pub fn new(source: &str, stamped: u64, generation: Option<u64>, body: Body<V>) -> Message<V> {
        Message { id: Some(Uuid::new_v4().to_string()), source: source.to_owned(), stamped, generation, body }
    }

    /// What tells this message from others: its id, else who sent it when, its kind and its keys.
    #[must_use]
    pub fn identity(&self) -> Key {
        if let Some(id) = &self.id {
            return Key::from(id.as_str());
        }
        let mut text = format!("{}\0{}\0{}", self.source, self.stamped, self.body.name()).into_bytes();
        let mut push = |part: &[u8]| {
            text.push(0);
            text.extend_from_slice(part);
        };
        match &self.body {
            Body::Delete(keys) | Body::Set { keys, .. } => keys.iter().for_each(|key| push(key.as_bytes())),
            Body::Pattern(pattern) => push(pattern.as_bytes()),
        }
        Key::from_wtf8(&text)
    }
}

/// A name for an instance that was given none.
#[must_use]
pub fn random_source() -> String {
    Uuid::new_v4().to_string()
}
