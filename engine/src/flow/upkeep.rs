//! Background work of a cache: it repairs deletes and writes that the second layer has missed, tells the other
//! instances of them again, and repeats its last invalidations to servers that may not know of them.
//!
//! [`Upkeep`] waits until there is work. The driver of the cache then runs it on the thread where the layers and the
//! bus can be used.

use std::{
    future::pending,
    sync::{Arc, Weak, atomic::Ordering::Relaxed},
};

use tokio::sync::Notify;

use crate::{
    bus::Body,
    clock::{Time, Ttl},
    coherence::{
        recent::Target,
        removed::{REMEMBERED, Removed},
    },
    entry::{key::Key, pattern::Pattern},
    flow::state::CacheState,
    l1::Layer1,
    value::{BoxFuture, Value},
};

/// When a bus comes back, invalidations of this time before its outage are sent again: a broker that ends may lose
/// messages it has accepted.
const SENT_AGAIN: Ttl = Ttl(10_000_000);
/// The number of keys in one event.
const KEYS_AN_EVENT: usize = 500;

/// Wakes the upkeep for a look, also when the cache has gone.
pub(crate) struct News(Arc<Notify>);

impl News {
    pub(crate) fn new() -> News {
        News(Arc::default())
    }

    pub(crate) fn notify(&self) -> &Arc<Notify> {
        &self.0
    }
}

impl Drop for News {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// Waits for background work of a cache. It does not keep the cache alive.
pub struct Upkeep<V> {
    state: Weak<CacheState<V>>,
    news: Arc<Notify>,
    /// How often the server of the second layer was replaced, and the bus came back, at the last look.
    replacements: u64,
    reconnects: u64,
}

/// The work to do now.
pub struct Work<V> {
    state: Arc<CacheState<V>>,
    /// Whether the bus was away.
    is_back: bool,
}

/// Waits that need nothing of the cache.
struct Waits {
    replaced: BoxFuture<'static, ()>,
    reconnected: BoxFuture<'static, ()>,
    due: BoxFuture<'static, ()>,
}

impl<V: Value> Upkeep<V> {
    pub(crate) fn of(state: &Arc<CacheState<V>>) -> Upkeep<V> {
        let replacements = state.l2.as_ref().map_or(0, |l2| l2.store().replacements());
        let reconnects = state.publisher().map_or(0, |publisher| publisher.bus().reconnects());
        Upkeep {
            state: Arc::downgrade(state),
            news: Arc::clone(state.news.notify()),
            replacements,
            reconnects,
        }
    }

    /// Ends once there is something to do; with `None` once the cache is closed or gone.
    pub async fn due(&mut self) -> Option<Work<V>> {
        loop {
            let waits = {
                let state = self.open_state()?;
                let (is_replaced, is_back) = self.changes(&state);
                if is_replaced {
                    // At once, on this thread: the new server is being read.
                    state.miss_removed();
                }
                if is_replaced || is_back || state.l2.as_ref().is_some_and(|l2| l2.missed().has_repaired()) {
                    return Some(Work { state, is_back });
                }
                self.waits(&state)
            };
            tokio::select! {
                biased;
                () = self.news.notified() => {}
                () = waits.replaced => {}
                () = waits.reconnected => {}
                () = waits.due => {
                    let state = self.open_state()?;
                    return Some(Work { state, is_back: false });
                }
            }
        }
    }

    fn open_state(&self) -> Option<Arc<CacheState<V>>> {
        self.state.upgrade().filter(|state| !state.is_closed.load(Relaxed))
    }

    fn changes(&mut self, state: &CacheState<V>) -> (bool, bool) {
        let replacements = state.l2.as_ref().map_or(0, |l2| l2.store().replacements());
        let is_replaced = std::mem::replace(&mut self.replacements, replacements) != replacements;
        let reconnects = state.publisher().map_or(self.reconnects, |publisher| publisher.bus().reconnects());
        // Not at the first connection: nothing was sent before it.
        let before = std::mem::replace(&mut self.reconnects, reconnects);
        (is_replaced, before != reconnects && before > 0)
    }

    fn waits(&self, state: &CacheState<V>) -> Waits {
        let never = || Box::pin(pending()) as BoxFuture<'static, ()>;
        let l2 = state.l2.as_ref();
        let due = l2.and_then(|l2| {
            let wait = l2.missed().wait(state.now())?;
            // Not by the fake timers of users' tests, which do not control the store.
            let rest = state.timers.rest(wait.duration().unwrap_or_default())?;
            let reachable = l2.store().reachable();
            Some(Box::pin(async move {
                rest.await;
                reachable.await;
            }) as BoxFuture<'static, ()>)
        });
        Waits {
            replaced: l2.map_or_else(never, |l2| l2.store().replaced(self.replacements)),
            reconnected: state
                .publisher()
                .map_or_else(never, |publisher| publisher.bus().reconnected(self.reconnects)),
            due: due.unwrap_or_else(never),
        }
    }
}

impl<V: Value> Work<V> {
    /// Does the work.
    pub async fn run(self) {
        let Work { state, is_back } = self;
        if is_back {
            // Later invalidations waited for the bus.
            let away = state.publisher().map(|publisher| publisher.bus().away()).unwrap_or_default();
            let now = state.now();
            let lost = Time(now.0.saturating_sub(u64::try_from(away.as_micros()).unwrap_or(u64::MAX)));
            state.tell_again(state.removed.until(lost, SENT_AGAIN, now)).await;
        }
        let Some(l2) = &state.l2 else { return };
        loop {
            let goes_on = l2.repair().await;
            let repaired = l2.missed().take_repaired();
            state.forget_read(&repaired).await;
            state.tell_again(repaired).await;
            if !goes_on || state.is_closed.load(Relaxed) {
                return;
            }
        }
    }
}

impl<V: Value> CacheState<V> {
    /// An invalidation is on its way: if a server may have lost it, it is repeated.
    pub(crate) fn note_removed(&self, stored: &Key) {
        if self.repeats() {
            self.removed.note(stored, self.now());
        }
    }

    pub(crate) fn note_removed_matching(&self, stored: &Pattern) {
        if self.repeats() {
            self.removed.note_pattern(stored, self.now());
        }
    }

    pub(crate) fn note_removed_tags(&self, tags: &[Key]) {
        if self.repeats() {
            tags.iter().for_each(|tag| self.removed.note_tag(tag, self.now()));
        }
    }

    /// Another server has taken over the second layer: it may have missed the last invalidations.
    fn miss_removed(&self) {
        let Some(l2) = &self.l2 else { return };
        let now = self.now();
        l2.add_missed_again(&self.removed.until(now, REMEMBERED, now));
    }

    /// Whether a server or another instance hears of this cache's invalidations.
    fn repeats(&self) -> bool {
        self.l2.as_ref().is_some_and(|l2| l2.store().is_shared()) || self.publisher().is_some()
    }

    /// The second layer had what was removed until now. This cache does not read that knowingly; but it learns a little
    /// later that another server has taken over. Stale copies stay: of those that an `expire` keeps nothing is known
    /// here.
    async fn forget_read(&self, repaired: &[Removed]) {
        for one in repaired {
            match one {
                Removed::Key(stored) => {
                    let key = self.key_of(stored.clone());
                    self.forget_taken_over(&key, &self.stored_key(&key)).await;
                }
                Removed::Pattern(stored) => {
                    let pattern = self.pattern_of(stored);
                    // Before the entries: a read under way may store the same value.
                    self.fence.void_matching(&pattern);
                    self.forget_read_where(|stored| pattern.matches(self.key_of(stored.clone()).as_bytes()))
                        .await;
                }
                Removed::Tag(tag) => {
                    let Layer1::Memory(memory) = &self.l1 else { continue };
                    let tagged = memory.keys_of_tags(|of| of == tag);
                    tagged.iter().for_each(|stored| self.fence.void(&self.key_of(stored.clone())));
                    self.forget_read_where(|stored| tagged.contains(stored)).await;
                }
            }
        }
    }

    /// What was written here stays: it is newer.
    async fn forget_read_where(&self, matches: impl Fn(&Key) -> bool) {
        let Layer1::Memory(memory) = &self.l1 else { return };
        let mut removal = memory.removal();
        while !removal.slice_taken_over(&matches) {
            if let Some(turn) = self.timers.turn() {
                turn.await;
            }
        }
    }

    /// Tells the other instances again of removed keys, patterns and tags: they may have read them meanwhile.
    async fn tell_again(&self, removed: Vec<Removed>) {
        let (mut keys, mut tags) = (Vec::new(), Vec::new());
        for one in removed {
            match one {
                Removed::Key(stored) => keys.push(self.key_of(stored)),
                Removed::Tag(tag) => tags.push(tag),
                Removed::Pattern(stored) => {
                    let pattern = self.pattern_of(&stored);
                    let underway = self.invalidates(|| Target::Pattern(pattern.clone()));
                    self.publish(self.message(None, Body::Pattern(pattern)), underway).await;
                }
            }
        }
        for some in keys.chunks(KEYS_AN_EVENT) {
            // Values and loads that touch them were refused when they were removed.
            self.publish(self.message(None, Body::Delete(some.to_vec())), None).await;
        }
        for some in tags.chunks(KEYS_AN_EVENT) {
            // Counts that were read before the store was repaired.
            self.forget_counts(some);
            let underway = self.invalidates_tags(some);
            self.publish(self.tag_message(some), underway).await;
        }
    }

    /// The pattern that [`CacheState::stored_pattern`] was made of.
    fn pattern_of(&self, stored: &Pattern) -> Pattern {
        let bytes = stored.as_bytes();
        match bytes.strip_suffix(b"::v*").filter(|_| self.options.versioning) {
            Some(pattern) => Pattern::from_wtf8(pattern),
            None => stored.clone(),
        }
    }
}
