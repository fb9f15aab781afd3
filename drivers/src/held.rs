//! What a thread like that of JavaScript holds until its job ends, so that it leaves together: operations on stores,
//! and the wakes for loaded values on buses.

use crate::{bus, redis};

/// From here on this thread holds them until [`release`].
pub fn hold() {
    redis::hold();
    bus::hold();
}

/// Whether anything is held.
#[must_use]
pub fn has_held() -> bool {
    redis::has_held() || bus::has_held()
}

/// Sends what is held.
pub fn release() {
    redis::send_held();
    bus::wake_held();
}
