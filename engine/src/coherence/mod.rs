//! What keeps layers and instances in agreement: the [`fence`] between loads and invalidations, key
//! [`generations`], and the [`seen`] events.

pub mod fence;
pub mod generations;
pub mod seen;
