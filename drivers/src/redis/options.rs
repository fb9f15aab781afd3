//! How a store behaves. Every default is here, once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Options of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StoreOptions {
    /// Before every name in Redis, as a client puts it there: nothing. Members of the index are without it.
    pub key_prefix: String,
    /// Before every key: `cache:`.
    pub prefix: String,
    /// The sorted set that lists the keys: `<prefix>__index`.
    pub index_key: Option<String>,
    /// Whether it is kept, and patterns and sizes go by it: yes.
    pub use_index: bool,
    /// How many keys a step of a scan looks at, roughly: 1000.
    pub scan_count: u32,
    /// How many keys are deleted at a time: 500.
    pub batch_size: usize,
    /// With which command: `UNLINK`.
    pub delete_strategy: DeleteStrategy,
    /// How long an operation may take: a second.
    #[serde(rename = "commandTimeoutMs", with = "millis")]
    pub command_timeout: Duration,
    /// How long connecting may take: two seconds.
    #[serde(rename = "connectTimeoutMs", with = "millis")]
    pub connect_timeout: Duration,
    /// The longest that a load may take: invalidations are remembered for 5/4 of it, so that no load from before one is
    /// stored, and a load that takes 7/8 of it counts as old. An hour.
    #[serde(rename = "longestLoadMs", with = "millis")]
    pub longest_load: Duration,
    /// Whether the server tells caches over this store of changes: no.
    pub tracking: bool,
    /// In a cluster: how long expired entries stay in the index, so that a sweep never overtakes a write that
    /// is about to happen. A minute: no write is under way for that long.
    #[serde(skip)]
    pub sweep_grace: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        StoreOptions {
            key_prefix: String::new(),
            prefix: "cache:".to_owned(),
            index_key: None,
            use_index: true,
            scan_count: 1000,
            batch_size: 500,
            delete_strategy: DeleteStrategy::Unlink,
            command_timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(2),
            longest_load: Duration::from_secs(3600),
            tracking: false,
            sweep_grace: Duration::from_secs(60),
        }
    }
}

/// How keys are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeleteStrategy {
    /// Memory is freed by another thread of the server.
    Unlink,
    /// Memory is freed at once.
    Del,
}

impl DeleteStrategy {
    pub(super) fn command(self) -> &'static str {
        match self {
            DeleteStrategy::Unlink => "UNLINK",
            DeleteStrategy::Del => "DEL",
        }
    }
}

/// Milliseconds, at least one; a larger number lasts for a day.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    const LONGEST: f64 = 86_400.0;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let millis = f64::deserialize(deserializer)?;
        Ok(Duration::from_secs_f64((millis / 1000.0).clamp(0.001, LONGEST)))
    }

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64() * 1000.0)
    }
}
