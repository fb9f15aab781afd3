//! Memory shared with one JavaScript thread: typed arrays owned by JavaScript, written from any thread.
//!
//! JavaScript reads them as plain numbers. A word is stored whole (aligned stores of its size), so JavaScript reads
//! either the old or the new word. Only such words cross.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

/// The elements of a typed array that JavaScript keeps alive until it is released here.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    start: *const T,
    length: usize,
}

// SAFETY: the elements are atomics, valid on every thread; the owner lets go before JavaScript frees them.
unsafe impl<T: Sync> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Shared<T> {}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared { start: self.start, length: self.length }
    }
}

impl<T> Shared<T> {
    /// No elements.
    pub(crate) const NONE: Shared<T> = Shared { start: std::ptr::null(), length: 0 };

    /// # Safety
    /// `start` is aligned for `T`, and `length` elements from it stay allocated for as long as this value
    /// is used; only atomics of the same size are `T`.
    pub(crate) unsafe fn new(start: *const T, length: usize) -> Shared<T> {
        Shared { start, length }
    }

    fn get(&self, index: usize) -> Option<&T> {
        // SAFETY: inside the array that `new` was told of.
        (index < self.length).then(|| unsafe { &*self.start.add(index) })
    }

    /// How many elements there are.
    pub(crate) fn len(&self) -> usize {
        self.length
    }
}

impl Shared<AtomicU8> {
    /// The number at `index`, which becomes 0. If JavaScript adds to it at the same time, the sum may be lost, or
    /// replace the 0. 0 beyond the end.
    pub(crate) fn take(&self, index: usize) -> u8 {
        let Some(word) = self.get(index) else { return 0 };
        let number = word.load(Ordering::Relaxed);
        if number != 0 {
            word.store(0, Ordering::Relaxed);
        }
        number
    }

    /// The number at `index`, 0 beyond the end.
    pub(crate) fn load(&self, index: usize) -> u8 {
        self.get(index).map_or(0, |word| word.load(Ordering::Relaxed))
    }
}

impl Shared<AtomicU64> {
    /// Stores a number where JavaScript reads a `Float64Array`. Beyond the end it is dropped.
    pub(crate) fn store(&self, index: usize, number: f64) {
        if let Some(word) = self.get(index) {
            word.store(number.to_bits(), Ordering::Release);
        }
    }

    /// Stores a number that is larger than the one at `index`, unless that is infinite, or becomes so meanwhile.
    pub(crate) fn advance(&self, index: usize, number: f64) {
        let Some(word) = self.get(index) else { return };
        let held = word.load(Ordering::Acquire);
        if f64::from_bits(held) < number {
            // If it fails, the owner has just written the word.
            let _is_newer =
                word.compare_exchange(held, number.to_bits(), Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// The number at `index`, 0 beyond the end.
    pub(crate) fn load(&self, index: usize) -> f64 {
        self.get(index).map_or(0.0, |word| f64::from_bits(word.load(Ordering::Acquire)))
    }
}

impl Shared<AtomicU32> {
    /// Stores a number where JavaScript reads a `Uint32Array`. Beyond the end it is dropped.
    pub(crate) fn store(&self, index: usize, number: u32) {
        if let Some(word) = self.get(index) {
            word.store(number, Ordering::Release);
        }
    }

    /// The number at `index`, 0 beyond the end.
    pub(crate) fn load(&self, index: usize) -> u32 {
        self.get(index).map_or(0, |word| word.load(Ordering::Acquire))
    }
}
