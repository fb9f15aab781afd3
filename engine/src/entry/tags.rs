//! Names that several entries share.

use std::sync::Arc;

use super::key::Key;

/// Tags of an entry, none of them twice.
pub type Tags = Arc<[Key]>;
