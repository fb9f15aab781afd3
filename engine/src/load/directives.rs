//! The directives of a loader about its value.

use std::sync::Arc;

use crate::options::Settings;

/// The directives of a loader, if it gave some.
#[derive(Debug)]
pub struct Directives {
    /// The settings of its call, with those that it has changed.
    pub settings: Arc<Settings>,
    /// The verdict about the value.
    pub verdict: Verdict,
}

/// A verdict about a loaded value: whether it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored.
    Keep,
    /// It is returned and not stored, and its key is not queued for during a while.
    Skip,
    /// It is the stale value, which is still true: it lives on.
    Extend,
}
