//! A vector that grows by a segment at a time: its elements never move.
//!
//! A vector that doubles copies all it has, in one turn, and leaves a hole of half its size. A map of a million entries
//! would stand still for that, and keep the hole.

use std::ops::{Index, IndexMut};

/// Elements of a segment; a power of two, so that to find one is a shift.
const SEGMENT: usize = 512;
/// Room of the first segment at first: most maps are small.
const FIRST: usize = 4;

pub(super) struct Segments<T> {
    segments: Vec<Vec<T>>,
    length: usize,
    most: usize,
}

impl<T> Segments<T> {
    /// Holds `most` elements; takes no room for more.
    pub(super) fn new(most: usize) -> Segments<T> {
        Segments { segments: Vec::new(), length: 0, most }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.segments.get(index / SEGMENT)?.get(index % SEGMENT)
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.segments.get_mut(index / SEGMENT)?.get_mut(index % SEGMENT)
    }

    pub(super) fn push(&mut self, element: T) {
        let left = self.most.saturating_sub(self.length).max(1);
        let offset = self.length % SEGMENT;
        if offset == 0 {
            let room = if self.length == 0 { FIRST } else { SEGMENT };
            self.segments.push(Vec::with_capacity(room.min(left)));
        }
        if let Some(segment) = self.segments.last_mut() {
            if offset == segment.capacity() {
                segment.reserve_exact(offset.min(SEGMENT - offset).min(left));
            }
            segment.push(element);
            self.length += 1;
        }
    }

    /// All elements, which leave.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> + use<T> {
        self.length = 0;
        std::mem::take(&mut self.segments).into_iter().flatten()
    }
}

impl<T> Index<usize> for Segments<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.segments[index / SEGMENT][index % SEGMENT]
    }
}

impl<T> IndexMut<usize> for Segments<T> {
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.segments[index / SEGMENT][index % SEGMENT]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room<T>(segments: &Segments<T>) -> usize {
        segments.segments.iter().map(Vec::capacity).sum()
    }

    #[test]
    fn elements_are_found_where_they_were_put() {
        let mut segments = Segments::new(3 * SEGMENT + 7);
        for element in 0..3 * SEGMENT + 7 {
            segments.push(element);
            assert_eq!((segments.len(), segments[element]), (element + 1, element));
        }
        segments[SEGMENT] = 0;
        assert_eq!(segments.get(SEGMENT), Some(&0));
        assert_eq!(segments.get(3 * SEGMENT + 7), None);
        assert_eq!(segments.get_mut(usize::MAX), None);
        assert_eq!(segments.drain().count(), 3 * SEGMENT + 7);
        assert_eq!((segments.len(), segments.get(0)), (0, None));
    }

    #[test]
    fn a_full_one_has_no_room_to_spare_and_an_empty_one_little() {
        for most in [1, 5, 100, SEGMENT, SEGMENT + 1, 5 * SEGMENT - 1] {
            let mut segments = Segments::new(most);
            segments.push(0_u8);
            assert!(room(&segments) <= FIRST);
            (1..most).for_each(|_| segments.push(0));
            assert_eq!(room(&segments), most);
        }
    }

    #[test]
    fn what_is_there_does_not_move() {
        let mut segments = Segments::new(usize::MAX);
        (0..SEGMENT).for_each(|_| segments.push(0_u8));
        let first = std::ptr::from_ref(&segments[0]);
        (0..8 * SEGMENT).for_each(|_| segments.push(0));
        assert_eq!(std::ptr::from_ref(&segments[0]), first);
    }
}
