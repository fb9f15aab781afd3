//! Loads under way whose values will have tags: an invalidation of a tag finds them here.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::entry::{key::Key, tags::Tags};

/// The keys and tags of running loads.
#[derive(Debug, Default)]
pub struct TaggedLoads {
    loads: HashMap<u64, (Key, Tags), RandomState>,
    begun: u64,
}

impl TaggedLoads {
    /// A load under the stored key `key` begins. Returns the number under which it ends.
    pub fn begins(&mut self, key: &Key, tags: &Tags) -> u64 {
        self.begun += 1;
        self.loads.insert(self.begun, (key.clone(), Arc::clone(tags)));
        self.begun
    }

    /// That load is over.
    pub fn ended(&mut self, number: u64) {
        self.loads.remove(&number);
    }

    /// The stored keys of those with one of these tags.
    pub fn with_tags<'a>(&'a self, tags: &'a [Key]) -> impl Iterator<Item = &'a Key> {
        let has_one = |held: &Tags| held.iter().any(|tag| tags.contains(tag));
        self.loads.values().filter(move |(_, held)| has_one(held)).map(|(key, _)| key)
    }
}
