//! Shapes: lists of names that objects have in common.
//!
//! A shape that more than one message had gets a lasting number, as long as some are left; JavaScript hears of it
//! once. Other shapes are numbered within a message, if it has at least two objects of the shape.

use std::{
    hash::BuildHasher,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock};

/// Lasting numbers: from 0 up to this.
pub(super) const LASTING: u8 = 48;
/// Numbers of a single message: from [`LASTING`] up to this, all that fit a record's byte.
pub(super) const NUMBERS: u8 = 64;
/// Objects with more names are read as maps: a reader is compiled for each shape.
pub(super) const MOST_NAMES: usize = 64;
/// The most shapes that were seen once and are remembered.
const CANDIDATES: usize = 1024;

/// The names of a shape, each as packed string.
pub(super) type Names = Box<[Box<[u8]>]>;

/// The shapes with a number that stays. Replaced as a whole when one is added, so that reading takes no lock.
#[derive(Default, Clone)]
pub(super) struct Lasting {
    /// The names of each, by its number.
    names: Vec<Names>,
    by_hash: HashMap<u64, u8, RandomState>,
    by_first: HashMap<Box<[u8]>, Vec<Expected>, RandomState>,
}

/// The shapes with some number of names, of those with the same first name.
#[derive(Clone)]
struct Expected {
    count: usize,
    /// `None` when there are several.
    id: Option<u8>,
}

impl Lasting {
    /// The number of the shape with these names.
    pub(super) fn find<'n>(&self, hash: u64, names: impl ExactSizeIterator<Item = &'n [u8]>) -> Option<u8> {
        let id = *self.by_hash.get(&hash)?;
        let known = &self.names[usize::from(id)];
        (known.len() == names.len() && known.iter().zip(names).all(|(known, name)| **known == *name))
            .then_some(id)
    }

    /// The one shape that has this number of names and this first one.
    pub(super) fn expected(&self, count: usize, first: &[u8]) -> Option<(u8, &Names)> {
        let id = self.by_first.get(first)?.iter().find(|expected| expected.count == count)?.id?;
        Some((id, &self.names[usize::from(id)]))
    }

    fn add(&mut self, id: u8, hash: u64, names: Names) {
        self.by_hash.insert(hash, id);
        if let Some(first) = names.first() {
            let expected = self.by_first.entry(first.clone()).or_default();
            match expected.iter_mut().find(|expected| expected.count == names.len()) {
                Some(several) => several.id = None,
                None => expected.push(Expected { count: names.len(), id: Some(id) }),
            }
        }
        self.names.push(names);
    }
}

/// The shapes of one reader.
pub(super) struct Shapes {
    hasher: RandomState,
    lasting: RwLock<Arc<Lasting>>,
    candidates: Mutex<HashMap<u64, (), RandomState>>,
    /// Those that JavaScript does not know yet.
    unsent: Mutex<Vec<(u8, Names)>>,
    has_unsent: AtomicBool,
}

impl Default for Shapes {
    fn default() -> Self {
        Shapes {
            hasher: RandomState::default(),
            lasting: RwLock::default(),
            candidates: Mutex::default(),
            unsent: Mutex::default(),
            has_unsent: AtomicBool::new(false),
        }
    }
}

impl Shapes {
    /// The shapes that can be named now.
    pub(super) fn lasting(&self) -> Arc<Lasting> {
        Arc::clone(&self.lasting.read())
    }

    /// Does something with them. It must not remember a shape.
    pub(super) fn with_lasting<T>(&self, act: impl FnOnce(&Lasting) -> T) -> T {
        act(&self.lasting.read())
    }

    /// The hash of a list of names, one name at a time.
    pub(super) fn hash(&self, before: u64, name: &[u8]) -> u64 {
        (before.rotate_left(5) ^ self.hasher.hash_one(name)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// A message had objects of a shape that has no lasting number. When it is not the first, the shape gets one, which
    /// later messages use.
    pub(super) fn remember(&self, hash: u64, names: impl FnOnce() -> Names) {
        {
            let mut candidates = self.candidates.lock();
            if candidates.insert(hash, ()).is_none() {
                if candidates.len() > CANDIDATES {
                    candidates.clear();
                }
                return;
            }
            candidates.remove(&hash);
        }
        let mut lasting = self.lasting.write();
        let id = lasting.names.len();
        let Some(id) = u8::try_from(id).ok().filter(|id| *id < LASTING) else { return };
        if lasting.by_hash.contains_key(&hash) {
            return;
        }
        let names = names();
        self.unsent.lock().push((id, names.clone()));
        self.has_unsent.store(true, Ordering::Release);
        Arc::make_mut(&mut lasting).add(id, hash, names);
    }

    /// The shapes that got a number since the last time.
    pub(super) fn take_unsent(&self) -> Vec<(u8, Names)> {
        if !self.has_unsent.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        std::mem::take(&mut *self.unsent.lock())
    }
}
