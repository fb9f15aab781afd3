//! Recently evicted keys, each stored as half of its hash: two keys with the same half count as one.

use std::collections::VecDeque;

use hashbrown::HashTable;

use super::slab::spread;

/// A fingerprint, and when it was remembered.
#[derive(Clone, Copy)]
struct Remembered {
    hash: u32,
    number: u32,
}

/// Remembers the last fingerprints.
#[derive(Default)]
pub(super) struct Ghost {
    known: HashTable<Remembered>,
    /// In the order of remembering, including fingerprints that were forgotten early.
    order: VecDeque<Remembered>,
    next: u32,
}

impl Ghost {
    /// Remembers a fingerprint; the oldest make room, so that there are `most`.
    pub(super) fn remember(&mut self, hash: u32, most: u64) {
        self.forget(hash);
        let remembered = Remembered { hash, number: self.next };
        self.next = self.next.wrapping_add(1);
        self.known.insert_unique(spread(hash), remembered, |remembered| spread(remembered.hash));
        self.order.push_back(remembered);
        while self.order.len() as u64 > most {
            let Some(oldest) = self.order.pop_front() else { return };
            let same = |known: &Remembered| known.hash == oldest.hash && known.number == oldest.number;
            if let Ok(found) = self.known.find_entry(spread(oldest.hash), same) {
                found.remove();
            }
        }
    }

    /// Forgets a fingerprint; returns whether it was known.
    pub(super) fn forget(&mut self, hash: u32) -> bool {
        match self.known.find_entry(spread(hash), |known| known.hash == hash) {
            Ok(found) => {
                found.remove();
                true
            }
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_are_known_and_a_known_one_is_told_once() {
        let mut ghost = Ghost::default();
        (0..3).for_each(|hash| ghost.remember(hash, 2));
        assert_eq!([0, 1, 2, 2].map(|hash| ghost.forget(hash)), [false, true, true, false]);
    }

    #[test]
    fn one_that_is_remembered_again_outlives_its_first_place() {
        let mut ghost = Ghost::default();
        [7, 8].into_iter().for_each(|hash| ghost.remember(hash, 2));
        assert!(ghost.forget(7));
        // The first place of 7 goes, its second one stays.
        ghost.remember(7, 2);
        assert!(ghost.forget(7));
    }

    #[test]
    fn nothing_is_remembered_without_room() {
        let mut ghost = Ghost::default();
        ghost.remember(1, 0);
        assert!(!ghost.forget(1));
    }
}
