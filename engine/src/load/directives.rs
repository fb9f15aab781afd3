//! What a loader says about its value, beyond the value.

use std::sync::Arc;

use crate::options::Settings;

/// The directives of a loader that gave any.
#[derive(Debug)]
pub struct Directives {
    /// The settings of its call, with those that it has changed.
    pub settings: Arc<Settings>,
    /// What becomes of the value.
    pub verdict: Verdict,
}

/// What becomes of a loaded value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored.
    Keep,
    /// It is returned and not stored, and its key is not queued for during a while.
    Skip,
    /// It is the stale value, which is still true: it lives on.
    Extend,
}
