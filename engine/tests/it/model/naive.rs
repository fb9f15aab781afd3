//! The behaviour of a cache, the obvious way: everything is looked at each time, nothing is clever.

use std::collections::BTreeMap;

use lazy_layers_engine::{entry::pattern::Pattern, options::CacheOptions};

type Key = &'static str;

/// Later than all.
pub(crate) const NEVER: u64 = u64::MAX;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) value: u32,
    expires: u64,
    stamp: u64,
}

/// A list, oldest first, that drops expired entries and then the oldest.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) entries: Vec<Entry>,
    most: usize,
}

impl List {
    pub(crate) fn new(most: usize) -> List {
        List { entries: Vec::new(), most }
    }

    fn find(&self, key: Key) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn remove(&mut self, key: Key) {
        self.entries.retain(|entry| entry.key != key);
    }

    fn insert(&mut self, entry: Entry) {
        self.remove(entry.key);
        self.entries.push(entry);
        if self.entries.len() > self.most {
            self.entries.remove(0);
        }
    }

    fn touch(&mut self, key: Key) {
        if let Some(at) = self.entries.iter().position(|entry| entry.key == key) {
            let entry = self.entries.remove(at);
            self.entries.push(entry);
        }
    }

    fn expire(&mut self, now: u64) {
        self.entries.retain(|entry| now < entry.expires);
    }

    fn remove_matching(&mut self, pattern: &Pattern) {
        self.entries.retain(|entry| !pattern.matches(entry.key.as_bytes()));
    }
}

/// A load that runs.
#[derive(Debug, Clone)]
struct Load {
    key: Key,
    started: u64,
    joinable: bool,
    void: bool,
}

/// How a request ends in the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Value(u32),
    Absent,
    Thrown,
    Joined(u32),
    Loads,
}

/// The naive cache.
pub(crate) struct Naive {
    options: CacheOptions,
    pub(crate) now: u64,
    pub(crate) l1: List,
    pub(crate) l2: Option<BTreeMap<Key, Entry>>,
    pub(crate) negatives: List,
    pub(crate) stale: List,
    loads: BTreeMap<u32, Load>,
    generations: BTreeMap<Key, u64>,
    pub(crate) events: Vec<String>,
}

impl Naive {
    pub(crate) fn new(options: CacheOptions, l1_entries: usize, l2: bool) -> Naive {
        Naive {
            now: 0,
            l1: List::new(l1_entries),
            l2: l2.then(BTreeMap::new),
            negatives: List::new(options.settings.negative.entries),
            stale: List::new(options.stale_entries),
            loads: BTreeMap::new(),
            generations: BTreeMap::new(),
            events: Vec::new(),
            options,
        }
    }

    pub(crate) fn pass(&mut self, time: u64) {
        self.now += time;
        let now = self.now;
        for list in [&mut self.l1, &mut self.negatives, &mut self.stale] {
            list.expire(now);
        }
        if let Some(l2) = &mut self.l2 {
            l2.retain(|_, entry| now < entry.expires);
        }
    }

    fn emit(&mut self, event: String) {
        self.events.push(event);
    }

    /// The stamp is that of the value.
    fn remember_stale(&mut self, key: Key, value: u32, stamp: u64) {
        if let Some(ttl) = self.options.settings.fail_safe.stale_ttl() {
            let expires = self.now.saturating_add(ttl.0);
            self.stale.insert(Entry { key, value, expires, stamp });
        }
    }

    pub(crate) fn get(&mut self, key: Key) -> Option<u32> {
        if self.negatives.find(key).is_some() {
            self.emit(format!("miss {key} negative"));
            return None;
        }
        if let Some(value) = self.l1.find(key).map(|entry| entry.value) {
            self.emit(format!("hit {key} L1"));
            self.l1.touch(key);
            let stamp = self.stale.find(key).map_or(self.now, |copy| copy.stamp);
            self.remember_stale(key, value, stamp);
            return Some(value);
        }
        self.emit(format!("miss {key} L1"));
        let found = self.l2.as_ref()?.get(key).cloned();
        let Some(found) = found else {
            self.emit(format!("miss {key} L2"));
            return None;
        };
        self.emit(format!("hit {key} L2"));
        let expires = found.expires.min(self.now.saturating_add(self.options.settings.l1_ttl.0));
        // How old it is is not known: it counts as older than every load that runs.
        self.l1.insert(Entry { expires, stamp: 0, ..found });
        self.remember_stale(key, found.value, self.now);
        Some(found.value)
    }

    pub(crate) fn has(&self, key: Key) -> bool {
        let stored = self.l1.find(key).is_some() || self.l2.as_ref().is_some_and(|l2| l2.contains_key(key));
        self.negatives.find(key).is_none() && stored
    }

    pub(crate) fn get_or_set(&mut self, id: u32, key: Key) -> Answer {
        let absent = self.negatives.find(key).is_some();
        match self.get(key) {
            Some(value) => return Answer::Value(value),
            None if absent => return Answer::Absent,
            None => {}
        }
        let inflight = self.options.settings.inflight.clone();
        let tracked = self.loads.values().filter(|load| load.joinable).count();
        let running = self.loads.iter_mut().find(|(_, load)| load.joinable && load.key == key);
        let mut joinable = inflight.enabled;
        match running {
            Some((leader, load)) if self.now < load.started.saturating_add(inflight.ttl.0) => {
                let leader = *leader;
                self.emit(format!("inflight:reuse {key}"));
                return Answer::Joined(leader);
            }
            Some((_, old)) => old.joinable = false,
            None if inflight.enabled && inflight.entries.is_some_and(|most| tracked >= most) => {
                joinable = false;
                self.emit(format!("inflight:bypass {key} maxEntries"));
            }
            None => {}
        }
        self.emit(format!("loader:start {key}"));
        self.loads.insert(id, Load { key, started: self.now, joinable, void: false });
        Answer::Loads
    }

    pub(crate) fn running(&self) -> Vec<u32> {
        self.loads.keys().copied().collect()
    }

    pub(crate) fn joinable(&self) -> usize {
        self.loads.values().filter(|load| load.joinable).count()
    }

    pub(crate) fn oldest(&self) -> Option<u64> {
        self.loads.values().map(|load| self.now - load.started).max()
    }

    pub(crate) fn keys_in_flight(&self) -> usize {
        let mut keys: Vec<_> = self.loads.values().map(|load| load.key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.len()
    }

    pub(crate) fn drop_load(&mut self, id: u32) {
        self.loads.remove(&id);
    }

    pub(crate) fn finish(&mut self, id: u32, value: u32) -> Answer {
        let load = self.loads.remove(&id).expect("it runs");
        let key = load.key;
        self.emit(format!("loader:success {key}"));
        if load.void {
            return Answer::Value(value);
        }
        if self.l1.find(key).is_some_and(|held| held.stamp > load.started) {
            return Answer::Value(value);
        }
        self.negatives.remove(key);
        self.remember_stale(key, value, load.started);
        let settings = self.options.settings.clone();
        let expires = self.now.saturating_add(settings.l1_ttl.0);
        self.l1.insert(Entry { key, value, expires, stamp: load.started });
        let mut levels = vec!["L1"];
        if self.put_l2(key, value, settings.l2_ttl.0) {
            levels.push("L2");
        }
        self.emit(format!("set {key} {}", levels.join(",")));
        Answer::Value(value)
    }

    pub(crate) fn finish_empty(&mut self, id: u32) -> Answer {
        let load = self.loads.remove(&id).expect("it runs");
        let key = load.key;
        self.emit(format!("loader:success {key}"));
        if !load.void && self.stale.find(key).is_some_and(|copy| copy.stamp <= load.started) {
            self.stale.remove(key);
        }
        let newer = self.l1.find(key).is_some_and(|held| held.stamp > load.started);
        if let Some(ttl) = self.options.settings.negative.ttl.filter(|_| !load.void && !newer) {
            let expires = self.now.saturating_add(ttl.0);
            self.negatives.insert(Entry { key, value: 0, expires, stamp: self.now });
            self.l1.remove(key);
            self.emit(format!("negative:set {key}"));
        }
        Answer::Absent
    }

    pub(crate) fn fail(&mut self, id: u32) -> Answer {
        let load = self.loads.remove(&id).expect("it runs");
        let key = load.key;
        self.emit(format!("loader:error {key}"));
        let stale = self.stale.find(key).map(|entry| entry.value);
        let Some(value) = stale.filter(|_| self.options.settings.fail_safe.enabled) else {
            return Answer::Thrown;
        };
        self.emit(format!("stale:hit {key} loader-error"));
        Answer::Value(value)
    }

    fn put_l2(&mut self, key: Key, value: u32, ttl: u64) -> bool {
        let entry = Entry { key, value, expires: self.now.saturating_add(ttl), stamp: self.now };
        self.l2.as_mut().map(|l2| l2.insert(key, entry)).is_some()
    }

    pub(crate) fn set(&mut self, key: Key, value: u32, ttl: u64) {
        self.void(|voided| voided == key);
        self.negatives.remove(key);
        self.remember_stale(key, value, self.now);
        self.l1.insert(Entry { key, value, expires: self.now.saturating_add(ttl), stamp: self.now });
        let levels = if self.put_l2(key, value, ttl) { "L1,L2" } else { "L1" };
        self.emit(format!("set {key} {levels}"));
    }

    fn void(&mut self, touched: impl Fn(Key) -> bool) {
        for load in self.loads.values_mut().filter(|load| touched(load.key)) {
            load.void = true;
            load.joinable = false;
        }
    }

    fn remove_matching(&mut self, pattern: &Pattern) {
        self.void(|key| pattern.matches(key.as_bytes()));
        for list in [&mut self.l1, &mut self.negatives, &mut self.stale] {
            list.remove_matching(pattern);
        }
        if let Some(l2) = &mut self.l2 {
            l2.retain(|key, _| !pattern.matches(key.as_bytes()));
        }
    }

    fn generation(&self, key: Key) -> u64 {
        self.generations.get(key).copied().unwrap_or_default()
    }

    pub(crate) fn delete(&mut self, key: Key) {
        self.generations.insert(key, self.generation(key) + 1);
        self.remove_matching(&Pattern::from(key));
        self.emit(format!("delete {key}"));
    }

    pub(crate) fn delete_by_pattern(&mut self, text: Key) {
        self.raise_matching(text);
        self.remove_matching(&Pattern::from(text));
        self.emit(format!("delete-pattern {text}"));
    }

    fn raise_matching(&mut self, text: Key) {
        let pattern = Pattern::from(text);
        for (_, known) in self.generations.iter_mut().filter(|(key, _)| pattern.matches(key.as_bytes())) {
            *known += 1;
        }
    }

    pub(crate) fn remote_delete(&mut self, key: Key, generation: Option<u64>) {
        self.emit("invalidation:received del".to_owned());
        let known = self.generation(key);
        match generation {
            Some(sent) if sent < known && self.l2.is_none() && self.l1.find(key).is_none() => {
                self.emit(format!("invalidation:stale del {key} {sent} {known}"));
            }
            _ => self.emit(format!("delete {key} remote")),
        }
        if let Some(ahead) = generation.filter(|sent| *sent > known) {
            self.generations.insert(key, ahead);
        }
        self.remove_matching(&Pattern::from(key));
    }

    pub(crate) fn remote_pattern(&mut self, text: Key) {
        self.emit("invalidation:received pattern".to_owned());
        self.raise_matching(text);
        self.remove_matching(&Pattern::from(text));
        self.emit(format!("delete-pattern {text} remote"));
    }

    pub(crate) fn remote_set(&mut self, key: Key, value: u32, ttl: u64, generation: Option<u64>) {
        self.emit("invalidation:received set".to_owned());
        let known = self.generation(key);
        if let Some(sent) = generation {
            if sent < known {
                self.emit(format!("invalidation:stale set {key} {sent} {known}"));
                return;
            }
            if sent > known {
                self.generations.insert(key, sent);
            }
        }
        self.negatives.remove(key);
        let ttl = ttl.min(self.options.settings.l1_ttl.0);
        self.l1.insert(Entry { key, value, expires: self.now.saturating_add(ttl), stamp: self.now });
        self.remember_stale(key, value, self.now);
        self.emit(format!("set:received {key} L1"));
    }
}
