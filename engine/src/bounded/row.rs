//! A vector with a small element for each node.
//!
//! To find one takes half of the time that [`super::segments`] take. As it grows, it moves all, but seldom: a million
//! elements of 8 bytes in half a millisecond, less than the table of keys takes for the same.

use std::ops::{Index, IndexMut};

/// Room at first: most maps are small.
const FIRST: usize = 4;
/// A row that is longer than this gets all its room at once, as far as it is not longer than [`LARGE`]: rows that are
/// left behind would be holes, and memory that nobody has touched costs nothing.
const SMALL: usize = 512;
/// A megabyte of links.
const LARGE: usize = 1 << 17;

pub(super) struct Row<T> {
    elements: Vec<T>,
    most: usize,
}

impl<T: Copy> Row<T> {
    /// Holds `most` elements; takes no room for more.
    pub(super) fn new(most: usize) -> Row<T> {
        Row { elements: Vec::new(), most }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.elements.len()
    }

    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.elements.get(index)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.elements.get_mut(index)
    }

    /// Grows to at least `length` elements; new ones are like `element`.
    #[inline]
    pub(super) fn extend_to(&mut self, length: usize, element: T) {
        if length > self.elements.len() {
            self.grow(length, element);
        }
    }

    #[cold]
    fn grow(&mut self, length: usize, element: T) {
        let held = self.elements.len();
        if length > self.elements.capacity() {
            let room = if (SMALL..LARGE).contains(&held) { LARGE } else { FIRST.max(2 * held) };
            self.elements.reserve_exact(room.min(self.most).max(length) - held);
        }
        self.elements.resize(length, element);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.elements.iter()
    }
}

impl<T> Index<usize> for Row<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: usize) -> &T {
        &self.elements[index]
    }
}

impl<T> IndexMut<usize> for Row<T> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.elements[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_where_they_were_put() {
        let mut row = Row::new(1000);
        for element in 0..1000 {
            row.extend_to(element + 1, element);
            assert_eq!((row.len(), row[element]), (element + 1, element));
        }
        row.extend_to(10, 0);
        row[500] = 0;
        assert_eq!((row.len(), row.get(500), row.get(1000)), (1000, Some(&0), None));
        assert_eq!(row.get_mut(usize::MAX), None);
        assert_eq!(row.iter().filter(|element| **element == 0).count(), 2);
    }

    #[test]
    fn a_full_one_has_no_room_to_spare_and_an_empty_one_little() {
        for most in [1, 5, 100, SMALL, SMALL + 1, 2_559, 2 * LARGE + 1] {
            let mut row = Row::new(most);
            row.extend_to(1, 0_u8);
            assert!(row.elements.capacity() <= FIRST);
            (2..=most).for_each(|length| row.extend_to(length, 0));
            assert_eq!(row.elements.capacity(), most);
        }
    }
}
