//! Orders loads against invalidations of other instances, without clocks. Each invalidation raises a count beside the
//! entries and leaves a mark, see `lua/marks.lua`. A caller that is about to load asks for the count together with
//! the entry. The loaded value is stored only if no mark of its key is newer. docs/decisions/coherence.md has the
//! reasons.

use std::{
    future::Future,
    sync::{Arc, atomic::Ordering},
};

use lazy_layers_engine::{
    entry::pattern::Pattern,
    store::{Mark, Marking},
};
use redis::{Cmd, Value};
use tokio::sync::oneshot;

use super::{
    atomic::{Change, Changed},
    commands,
    fault::Fault,
    read::{Found, Get},
    scripts::{self, Mode},
    store::{Payloads, RedisStore, StoreState},
    write::{number, text},
};

/// The most marked entries. Beyond them every running load counts as overtaken.
const MOST: u64 = 50_000;
/// In a cluster, where each slot has marks of its own.
const MOST_OF_SLOT: u64 = 128;
/// Bytes of patterns that are remembered.
const PATTERN_BYTES: u64 = 4096;
/// How many slots have their marks changed at a time.
const AT_ONCE: usize = 512;
/// Counts begin at random below this, so that all of them have 14 digits at most, as Lua writes them.
const BEGINNINGS: u64 = 1 << 46;
/// For a write that is no load.
const ANY: &[u8] = b"-";

/// The value that a read found, and the mark for a load that follows.
pub type Marked<T> = (Found<T>, Marking);

/// The count that a script compares with: empty when there was none.
pub(super) type Count = Vec<u8>;

/// The counts that a load has seen.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Of the marks of its entry.
    pub(super) own: Count,
    /// In a cluster with an index, of those beside it.
    pub(super) listed: Count,
}

impl<P: Payloads> RedisStore<P> {
    /// The value of a key, and the invalidation counts for a load that begins once this is answered: `None` if
    /// the server did not tell. A value does not wait for a count that another node, or another read, asks for.
    pub fn get_marked(
        &self,
        key: &[u8],
        lifetime: bool,
    ) -> impl Future<Output = Marked<P::Opened>> + Send + 'static + use<P> {
        let (shared, taken) = (&self.shared, self.shared.clock.now());
        let replacements = self.replacements();
        let entry = shared.names.entry(key);
        let clustered = shared.names.is_clustered();
        // On one server all marks are in one place, and one read of a pipeline asks for all.
        let (counting, asks) = match (clustered, shared.names.index.is_some()) {
            (false, _) => {
                let (counting, asks) = shared.count_marks(|| shared.names.marks(&[]));
                (Some(counting), asks)
            }
            (true, listed) => {
                let counting = listed.then(|| shared.count_listed());
                (counting, Some(shared.asks(shared.names.marks(&entry), None)))
            }
        };
        let (reply, received) = oneshot::channel();
        let get = Get {
            shared: Arc::clone(shared),
            entry: entry.clone(),
            lifetime,
            asks,
            was_asked: false,
            loads: true,
            reply,
        };
        shared.request(&entry, Box::new(get));
        async move {
            let (found, own) = received.await.unwrap_or_else(|_| (Err(Fault::closed()), None));
            let mark = move |listed: Option<u64>| {
                let own = if clustered { own } else { listed };
                own.zip(listed).map(|(own, listed)| Mark { own, listed, taken, replacements })
            };
            let marking = match counting {
                None => Marking::Known(mark(own)),
                Some(counting) => match counting.glance() {
                    Some(listed) => Marking::Known(mark(listed)),
                    None if matches!(found, Ok(Some(_))) => {
                        Marking::Coming(Box::pin(async move { mark(counting.wait().await) }))
                    }
                    None => Marking::Known(mark(counting.wait().await)),
                },
            };
            (found, marking)
        }
    }
}

impl<P: Payloads> RedisStore<P> {
    /// Whether the value of a load could still be stored, for one that was stored by a plain write.
    pub fn stands(
        &self,
        key: &[u8],
        mark: Mark,
    ) -> impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P> {
        let (shared, entry) = (Arc::clone(&self.shared), self.shared.names.entry(key));
        let seen = shared.seen(mark);
        // Clients that run no scripts keep no marks.
        let is_kept = !shared.is_bare();
        let ask = |marks: &[u8], at: &[u8]| shared.ask(at, vec![ask_standing(marks, &entry)]);
        let own = is_kept.then(|| ask(&shared.names.marks(&entry), &entry));
        // Patterns are marked beside the index of a cluster.
        let is_listed_apart = is_kept && shared.names.is_clustered() && shared.names.index.is_some();
        let listed = is_listed_apart.then(|| ask(shared.names.listed_marks(), shared.names.listed_marks()));
        async move {
            let Some(own) = own else { return Ok(true) };
            let own = commands::next(&mut own.await?.into_iter())?;
            let listed = match listed {
                Some(listed) => Some(commands::next(&mut listed.await?.into_iter())?),
                None => None,
            };
            let key = shared.names.key(&entry).unwrap_or_default();
            Ok(seen.is_some_and(|seen| {
                stands(&own, &seen.own, key) && listed.is_none_or(|listed| stands(&listed, &seen.listed, key))
            }))
        }
    }
}

impl<P: Payloads> StoreState<P> {
    /// The counts that scripts compare with. None when nothing was counted as the load began, and marks since
    /// then may already be gone; or if another server has taken over since, which may have counted less.
    pub(super) fn seen(&self, mark: Mark) -> Option<Seen> {
        let Mark { own, listed, taken, replacements } = mark;
        if replacements != self.supervised.servers.replaced_so_far() {
            return None;
        }
        let age = self.clock.now().since(taken);
        // An eighth is left for the way to the server and for clocks that run differently.
        let is_old = age >= self.options.longest_load.mul_f64(0.875);
        if is_old && (own == 0 || listed == 0) {
            return None;
        }
        let count = |count| if count == 0 { Vec::new() } else { text(count) };
        Some(Seen { own: count(own), listed: count(listed) })
    }

    /// The count that a script compares with, of a write that may be a load's.
    pub(super) fn own_count(seen: Option<&Seen>) -> Count {
        seen.map_or_else(|| ANY.to_vec(), |seen| seen.own.clone())
    }

    pub(super) fn listed_count(seen: Option<&Seen>) -> Count {
        seen.map_or_else(|| ANY.to_vec(), |seen| seen.listed.clone())
    }

    /// Where a count may begin, how long marks live, and how many there may be. Their life is renewed now and
    /// then: an eighth of the longest load is left for that, and an eighth for clocks that run differently.
    pub(super) fn marking(&self) -> [Vec<u8>; 3] {
        if self.names.is_clustered() {
            return [self.beginning(), self.lifetime(), self.most()];
        }
        let (now, renewed) = (self.clock.now().0, self.renewed.load(Ordering::Relaxed));
        let eighth = u64::try_from(self.options.longest_load.as_micros() / 8).unwrap_or(u64::MAX);
        let mut lifetime = self.lifetime();
        if renewed != 0 && now.saturating_sub(renewed) < eighth {
            lifetime.insert(0, b'-');
        } else {
            self.renewed.store(now, Ordering::Relaxed);
        }
        [self.beginning(), lifetime, self.most()]
    }

    fn most(&self) -> Vec<u8> {
        text(if self.names.is_clustered() { MOST_OF_SLOT } else { MOST })
    }

    /// It is not known whether the life of the marks was renewed: the next change renews it.
    pub(super) fn not_renewed(&self) {
        self.renewed.store(0, Ordering::Relaxed);
    }

    fn beginning(&self) -> Vec<u8> {
        text(fastrand::u64(1 << 20..BEGINNINGS))
    }

    fn lifetime(&self) -> Vec<u8> {
        let lifetime = self.options.longest_load.as_millis() * 5 / 4;
        text(u64::try_from(lifetime).unwrap_or(u64::MAX))
    }

    /// Forbids storing any load that has already begun and whose key matches.
    pub(super) async fn forbid(self: &Arc<Self>, pattern: &Pattern) -> Result<(), Fault> {
        let names = &self.names;
        let places = match (names.is_clustered(), &names.index) {
            // A fill in a cluster lists its entry first, and is checked there, beside the index.
            (true, Some(_)) => vec![names.listed_marks().to_vec()],
            _ => names.all_marks(),
        };
        // Not all at once: each part is to be answered in time.
        for places in places.chunks(AT_ONCE) {
            let forbidden: Vec<_> = places.iter().map(|marks| self.forbid_in(marks, pattern)).collect();
            for done in forbidden {
                done.await?;
            }
        }
        Ok(())
    }

    fn forbid_in(
        self: &Arc<Self>,
        marks: &[u8],
        pattern: &Pattern,
    ) -> impl Future<Output = Result<Changed, Fault>> + Send + 'static + use<P> {
        let (start, lifetime) = (self.beginning(), self.lifetime());
        let removal = self.options.delete_strategy.command().into();
        let pattern = pattern.as_bytes().to_vec();
        let change = Change {
            script: &scripts::FORBID,
            keys: vec![marks.to_vec()],
            arguments: vec![pattern, start, lifetime, text(PATTERN_BYTES), self.most(), removal],
            decides: true,
            otherwise: Some(forbid_singly),
        };
        self.change(marks, change)
    }
}

/// Replaces a mark where scripts are denied: the count begins anew, above any count that earlier loads have seen. So
/// loads of other keys are not stored either, at the cost of running them again.
pub(super) fn invalidate_singly(marks: &[u8], start: u64, lifetime: u64) -> Vec<Cmd> {
    let field = |name: &[u8]| [marks, name].concat();
    let mut begin = commands::one("HMSET", marks);
    begin.arg(marks).arg(start + 1);
    begin.arg(field(b":birth")).arg(start).arg(field(b":floor")).arg(start + 1);
    let mut expire = commands::one("PEXPIRE", marks);
    expire.arg(lifetime);
    vec![commands::one("DEL", marks), begin, expire]
}

fn forbid_singly(_: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    invalidate_singly(&keys[0], number(&arguments[1]), number(&arguments[2]))
}

/// Asks for all that decides whether the value of a load may be stored.
pub(super) fn ask_standing(marks: &[u8], entry: &[u8]) -> Cmd {
    let mut command = commands::one("HMGET", marks);
    command.arg(marks).arg(entry);
    for name in [b":birth".as_slice(), b":floor", b":patterns"] {
        command.arg([marks, name].concat());
    }
    command
}

/// The decision of `stands` in `lua/marks.lua`, from the answer to [`ask_standing`].
pub(super) fn stands(answer: &Value, seen: &[u8], key: &[u8]) -> bool {
    let Value::Array(fields) = answer else { return false };
    let field = |at: usize| match fields.get(at) {
        Some(Value::BulkString(bytes)) => Some(bytes.as_slice()),
        _ => None,
    };
    let count_of = |at| field(at).map(number);
    let Some(count) = count_of(0) else { return seen.is_empty() };
    let Some(birth) = count_of(2) else { return false };
    let since = if seen.is_empty() { birth } else { number(seen) };
    let is_known = since <= count && since >= count_of(3).unwrap_or(birth);
    let is_marked = count_of(1).is_some_and(|mark| mark > since);
    is_known
        && !is_marked
        && !patterns(field(4).unwrap_or_default())
            .any(|(at, pattern)| at > since && Pattern::from_wtf8(pattern).matches(key))
}

/// The patterns that are remembered, with their counts.
fn patterns(mut text: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    std::iter::from_fn(move || {
        let mut parts = text.splitn(3, |byte| *byte == b' ');
        let (length, count, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let (pattern, rest) = rest.split_at_checked(usize::try_from(number(length)).ok()?)?;
        text = rest;
        Some((number(count), pattern))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(fields: [Option<&str>; 5]) -> Value {
        let field =
            |text: Option<&str>| text.map_or(Value::Nil, |text| Value::BulkString(text.as_bytes().to_vec()));
        Value::Array(fields.map(field).to_vec())
    }

    #[test]
    fn a_load_stands_unless_its_key_was_invalidated_since() {
        let lost = answer([None; 5]);
        assert!(stands(&lost, b"", b"k") && !stands(&lost, b"7", b"k"));
        let marked = answer([Some("109"), Some("105"), Some("100"), None, None]);
        assert!(stands(&marked, b"105", b"k") && stands(&marked, b"109", b"k"));
        assert!(!stands(&marked, b"104", b"k") && !stands(&marked, b"", b"k"));
        assert!(!stands(&marked, b"110", b"k") && !stands(&marked, b"99", b"k"), "of another count");
        let others = answer([Some("109"), None, Some("100"), None, None]);
        assert!(stands(&others, b"", b"k") && stands(&others, b"100", b"k"));
        let floor = answer([Some("109"), None, Some("100"), Some("105"), None]);
        assert!(stands(&floor, b"105", b"k") && !stands(&floor, b"104", b"k") && !stands(&floor, b"", b"k"));
    }

    #[test]
    fn a_load_stands_unless_a_pattern_that_matches_came_since() {
        let patterns = answer([Some("109"), None, Some("100"), None, Some("6 105 user:*3 108 a ?")]);
        assert!(stands(&patterns, b"105", b"user:1") && !stands(&patterns, b"104", b"user:1"));
        assert!(!stands(&patterns, b"105", b"a x") && stands(&patterns, b"100", b"b"));
    }
}
