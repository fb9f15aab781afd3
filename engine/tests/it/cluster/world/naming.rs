//! The keys that invalidations touch, values that are still true, and messages in words.

use lazy_layers_engine::{bus::Body, entry::key::Key, options::Settings, testing::Harness};

use super::{KEYS, Number, TAG, VERSIONS};

pub(super) fn touches(body: &Body<Number>, name: &str) -> bool {
    match body {
        Body::Delete(keys) => keys.is_empty() || keys.contains(&Key::from(name)),
        Body::Pattern(pattern) => pattern.matches(name.as_bytes()),
        Body::Set { .. } | Body::Extend { .. } => false,
    }
}

pub(super) fn named(body: &Body<Number>) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match body {
        Body::Delete(keys) => {
            keys.first().map_or_else(|| format!("tag {TAG}"), |key| format!("del {}", text(key.as_bytes())))
        }
        Body::Pattern(pattern) => format!("pattern {}", text(pattern.as_bytes())),
        Body::Set { keys, value, .. } => {
            format!("set {} {}", text(keys[0].as_bytes()), value.as_inner() % VERSIONS)
        }
        Body::Extend { keys, version, .. } => {
            format!("extend {} {}", text(keys[0].as_bytes()), version.name())
        }
    }
}

/// The settings of a loader that finds the stale value still true; `None` if that is another value.
pub(super) fn still_true(cache: &Harness<Number>, key: usize, number: usize) -> Option<Settings> {
    let settings = cache.cache.settings();
    let stale = cache.cache.stale_of(&Key::from(KEYS[key]), settings)?;
    let settings = Settings { extends: stale.version, ..settings.clone() };
    (*stale.value.as_inner() == number).then_some(settings)
}
