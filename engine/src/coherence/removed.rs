//! The last invalidations of this instance: a server that takes over from another may not know them.

use std::collections::VecDeque;

use parking_lot::Mutex;

use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::{Time, Ttl},
    entry::{key::Key, pattern::Pattern},
};

/// How long an invalidation is remembered. By the defaults of Redis, a master that was cut off takes writes for half
/// a minute and loses them; clients leave it some seconds later.
pub(crate) const REMEMBERED: Ttl = Ttl(60_000_000);
/// The most keys; beyond them the oldest are forgotten.
const MOST_KEYS: usize = 10_000;
/// The most patterns.
const MOST_PATTERNS: usize = 100;
/// The most tags.
const MOST_TAGS: usize = 1000;

/// A key, a pattern or a tag that was removed.
#[derive(Debug, Clone)]
pub(crate) enum Removed {
    /// A key, as it is stored.
    Key(Key),
    /// All keys that match, as they are stored.
    Pattern(Pattern),
    /// All entries with a tag.
    Tag(Key),
}

/// The last invalidations of an instance.
pub(crate) struct LastRemoved {
    state: Mutex<State>,
}

struct State {
    /// Keys, each with the time of its last delete.
    keys: Bounded<Time>,
    patterns: VecDeque<(Time, Pattern)>,
    tags: VecDeque<(Time, Key)>,
}

impl LastRemoved {
    pub(crate) fn new() -> LastRemoved {
        let keys = Bounded::new(Limits { entries: MOST_KEYS, bytes: None }, PolicyKind::Lru);
        LastRemoved { state: Mutex::new(State { keys, patterns: VecDeque::new(), tags: VecDeque::new() }) }
    }

    /// A key is being deleted.
    pub(crate) fn note(&self, key: &Key, now: Time) {
        let mut state = self.state.lock();
        state.keys.insert(key, now, 0, now.after(REMEMBERED), now);
        drop(state.keys.take_removed());
    }

    /// All keys that match are being deleted.
    pub(crate) fn note_pattern(&self, pattern: &Pattern, now: Time) {
        let mut state = self.state.lock();
        state.patterns.retain(|(_, known)| known.as_bytes() != pattern.as_bytes());
        if state.patterns.len() == MOST_PATTERNS {
            state.patterns.pop_front();
        }
        state.patterns.push_back((now, pattern.clone()));
    }

    /// All entries with a tag are being deleted.
    pub(crate) fn note_tag(&self, tag: &Key, now: Time) {
        let mut state = self.state.lock();
        state.tags.retain(|(_, known)| known != tag);
        if state.tags.len() == MOST_TAGS {
            state.tags.pop_front();
        }
        state.tags.push_back((now, tag.clone()));
    }

    /// Whether a key was removed since then, by itself or with others that match a pattern.
    pub(crate) fn has(&self, key: &Key, since: Time, now: Time) -> bool {
        let state = self.state.lock();
        let at = state.keys.peek(key.as_bytes(), now).map(|(_, held)| held.value);
        let is_matched = |(at, pattern): &(Time, Pattern)| *at >= since && pattern.matches(key.as_bytes());
        at.is_some_and(|at| at >= since) || state.patterns.iter().any(is_matched)
    }

    /// Returns the removals of the time `span` that ends at `end`.
    pub(crate) fn until(&self, end: Time, span: Ttl, now: Time) -> Vec<Removed> {
        let times = Time(end.0.saturating_sub(span.0))..=end;
        let mut state = self.state.lock();
        state.patterns.retain(|(at, _)| at.after(REMEMBERED) > now);
        let patterns = state.patterns.iter().filter(|(at, _)| times.contains(at));
        let mut removed: Vec<Removed> =
            patterns.map(|(_, pattern)| Removed::Pattern(pattern.clone())).collect();
        state.tags.retain(|(at, _)| at.after(REMEMBERED) > now);
        let tags = state.tags.iter().filter(|(at, _)| times.contains(at));
        removed.extend(tags.map(|(_, tag)| Removed::Tag(tag.clone())));
        let mut cursor = Some(0);
        while let Some(at) = cursor {
            cursor = state.keys.scan(at, MOST_KEYS, now, |key, held| {
                let is_recent = times.contains(&held.value);
                if is_recent {
                    removed.push(Removed::Key(key.clone()));
                }
                is_recent
            });
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Ttl = Ttl(1_000_000);

    fn names(removed: Vec<Removed>) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let name = |one| match one {
            Removed::Key(key) => text(key.as_bytes()),
            Removed::Pattern(pattern) => format!("pattern {}", text(pattern.as_bytes())),
            Removed::Tag(tag) => format!("tag {}", text(tag.as_bytes())),
        };
        let mut names: Vec<String> = removed.into_iter().map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_removed_is_known_for_a_while() {
        let last = LastRemoved::new();
        let now = Time(100_000_000);
        last.note(&Key::from("a"), now);
        last.note_pattern(&Pattern::from("b:*"), now.after(SECOND));
        last.note_tag(&Key::from("d"), now.after(SECOND));
        last.note(&Key::from("c"), now.after(Ttl(2 * SECOND.0)));
        let later = now.after(Ttl(2 * SECOND.0));
        assert_eq!(names(last.until(later, REMEMBERED, later)), ["a", "c", "pattern b:*", "tag d"]);
        assert_eq!(names(last.until(later, SECOND, later)), ["c", "pattern b:*", "tag d"]);
        assert_eq!(names(last.until(now, SECOND, later)), ["a"]);
        let later = now.after(Ttl(REMEMBERED.0 + SECOND.0 + 1));
        assert_eq!(names(last.until(later, REMEMBERED, later)), ["c"]);
    }

    #[test]
    fn a_key_that_is_deleted_again_is_remembered_once_and_from_then_on() {
        let last = LastRemoved::new();
        for seconds in 0..3 {
            last.note(&Key::from("a"), Time(seconds * SECOND.0));
            last.note_pattern(&Pattern::from("*"), Time(seconds * SECOND.0));
        }
        assert_eq!(names(last.until(Time(2 * SECOND.0), Ttl(1), Time(2 * SECOND.0))), ["a", "pattern *"]);
    }

    #[test]
    fn the_oldest_are_forgotten_beyond_the_bound() {
        let last = LastRemoved::new();
        for number in 0..=MOST_KEYS {
            last.note(&Key::from(format!("k{number}").as_str()), Time(1));
        }
        for number in 0..=MOST_PATTERNS {
            last.note_pattern(&Pattern::from(format!("p{number}*").as_str()), Time(1));
        }
        let removed = names(last.until(Time(2), REMEMBERED, Time(2)));
        assert_eq!(removed.len(), MOST_KEYS + MOST_PATTERNS);
        assert!(!removed.contains(&"k0".to_owned()) && !removed.contains(&"pattern p0*".to_owned()));
    }
}
