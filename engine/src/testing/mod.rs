//! Fakes and a harness for tests of this and other crates.
//!
//! Nothing here runs by itself: [`Harness`] polls requests by hand, [`Gates`] hold the operations of a [`FakeStore`]
//! or [`FakeBus`] until the test releases them, and a [`Loader`] ends when the test sets its result. Time is tokio's,
//! which tests pause and advance.

mod bus;
mod gates;
mod harness;
mod loader;
mod observer;
mod request;
mod store;
mod tasks;
mod value;

pub use bus::FakeBus;
pub use gates::{Gates, Point, Waiting};
pub use harness::{Harness, memory};
pub use loader::{Loader, Loading};
pub use observer::{Recorder, describe, kind_of};
pub use request::{Answer, Request};
pub use store::FakeStore;
pub use tasks::{Pending, Tasks};
pub use value::Weighed;
