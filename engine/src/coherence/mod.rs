//! Keeps layers and instances in agreement: the [`fence`] between loads and invalidations, key
//! [`generations`], the [`seen`] events, the [`recent`] invalidations that values of peers are compared with, and the
//! rules while the bus is down (`outage`).

pub mod fence;
pub mod generations;
pub(crate) mod outage;
pub mod recent;
pub mod seen;
