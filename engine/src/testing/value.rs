//! A value that tests can look into.

use std::{fmt, sync::Arc};

use crate::value::Value;

/// A value with a given weight. Cloning shares it.
pub struct Weighed<T> {
    value: Arc<T>,
    weight: u64,
}

impl<T> Weighed<T> {
    /// A value that weighs 1.
    #[must_use]
    pub fn new(value: T) -> Weighed<T> {
        Weighed::weighing(value, 1)
    }

    /// A value of that weight.
    #[must_use]
    pub fn weighing(value: T, weight: u64) -> Weighed<T> {
        Weighed { value: Arc::new(value), weight }
    }

    /// Its inner value.
    #[must_use]
    pub fn as_inner(&self) -> &T {
        &self.value
    }

    /// How many handles of this very value there are.
    #[must_use]
    pub fn handles(&self) -> usize {
        Arc::strong_count(&self.value)
    }

    /// Whether both are handles of the same value.
    #[must_use]
    pub fn is_same(&self, other: &Weighed<T>) -> bool {
        Arc::ptr_eq(&self.value, &other.value)
    }
}

impl<T> Clone for Weighed<T> {
    fn clone(&self) -> Self {
        Weighed { value: Arc::clone(&self.value), weight: self.weight }
    }
}

impl<T: PartialEq> PartialEq for Weighed<T> {
    fn eq(&self, other: &Weighed<T>) -> bool {
        self.value == other.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Weighed<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(formatter)
    }
}

impl From<&str> for Weighed<String> {
    fn from(text: &str) -> Self {
        Weighed::new(text.to_owned())
    }
}

impl<T: Send + Sync + 'static> Value for Weighed<T> {
    fn weight(&self) -> u64 {
        self.weight
    }
}
