//! Sessions that JavaScript has with brokers: the ends of their steps, and the payloads they receive.

use std::rc::Rc;

use crate::{
    contract::{Arrival, SessionNews},
    instance::Instance,
    queue::step::{Ended, Failed},
    raw::call::Fault,
};

/// A step is done: the count of a batch or a subscription, and the place of a session.
pub(crate) fn done(
    instance: Rc<Instance>,
    step: usize,
    count: usize,
    place: Option<String>,
) -> Result<(), Fault> {
    instance.sessions.ended(step, Ended { count, place, failure: None });
    Ok(())
}

/// A step has failed after `count` payloads of a batch; `is_refused` if the next payload was refused for good.
pub(crate) fn failed(
    instance: Rc<Instance>,
    step: usize,
    count: usize,
    reason: String,
    is_refused: bool,
) -> Result<(), Fault> {
    let failure = Some(Failed { reason, is_refused });
    instance.sessions.ended(step, Ended { count, place: None, failure });
    Ok(())
}

/// A payload was received. The delivery is the number for its outcome, -1 if none is wanted.
pub(crate) fn received(
    instance: Rc<Instance>,
    session: u32,
    bytes: Vec<u8>,
    arrival: Arrival,
    delivery: f64,
) -> Result<(), Fault> {
    instance.sessions.received(session, bytes, arrival, delivery);
    Ok(())
}

/// There is news of a session.
pub(crate) fn news(
    instance: Rc<Instance>,
    session: u32,
    news: SessionNews,
    text: String,
) -> Result<(), Fault> {
    instance.sessions.news(session, news, text);
    Ok(())
}
