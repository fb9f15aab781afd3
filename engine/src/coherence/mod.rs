//! Keeps layers and instances in agreement: the [`fence`] between loads and invalidations, key
//! [`generations`], the [`seen`] events, the [`recent`] invalidations that values of peers are compared with, the
//! [`mark`]s of shared stores, the [`counts`] of tags there, the rules while the bus is down (`outage`), and the last
//! invalidations of this instance (`removed`).

pub mod counts;
pub mod fence;
pub mod generations;
pub mod mark;
pub(crate) mod outage;
pub mod recent;
pub(crate) mod removed;
pub mod seen;
