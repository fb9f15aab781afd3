//! Names of versions of values.

use std::sync::Arc;

/// Names a version of a value, as the source of the value does.
pub type Etag = Arc<str>;

/// Names one version of a value in the same way at all instances that have it: by its etag, else by the message with
/// which it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(Arc<str>);

impl Version {
    /// The version with that etag.
    #[must_use]
    pub fn of_etag(etag: &str) -> Version {
        Version(format!("={etag}").into())
    }

    /// The version that was sent with the message of that id.
    #[must_use]
    pub fn of_message(id: &str) -> Version {
        Version(format!("#{id}").into())
    }

    /// The version of that name, as others write it.
    #[must_use]
    pub fn named(name: &str) -> Version {
        Version(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}
