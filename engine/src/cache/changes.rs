//! Changes by others that the second layer tells.

use super::Cache;
use crate::{entry::key::Key, value::Value};

pub use crate::flow::changed::{Affected, Named};

impl<V: Value> Cache<V> {
    /// Others have changed or removed these entries of the second layer, or they have expired there.
    pub async fn changed(&self, entries: Vec<Key>) {
        self.state.changed(entries).await;
    }

    /// Others have changed the counters of these tags in the second layer.
    pub async fn changed_tags(&self, tags: Vec<Key>) {
        self.state.changed_tags(tags).await;
    }

    /// Changes of these entries may have been missed: those in L1 are no longer served.
    pub async fn missed_changes(&self, affected: Affected<'_>) {
        self.state.missed_changes(affected).await;
    }

    /// Changes are told from here on; those from before are not known. As above, without an event.
    pub async fn hears_changes(&self, affected: Affected<'_>) {
        self.state.hears_changes(affected).await;
    }
}
