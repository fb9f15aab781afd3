//! Keeps layers and instances in agreement: the [`fence`] between loads and invalidations, key
//! [`generations`], the [`seen`] events, and the rules while the bus is down (`outage`).

pub mod fence;
pub mod generations;
pub(crate) mod outage;
pub mod seen;
