//! Circuit breakers that users create themselves.

use std::rc::Rc;

use lazy_layers_engine::{
    clock::{Time, Ttl},
    resilience::breaker::{Breaker, BreakerOptions, BreakerState},
    words::Word,
};

use crate::{instance::Instance, raw::call::Fault};

/// Makes a breaker. Returns its id.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the facade checks; saturates")]
pub(crate) fn create(
    instance: Rc<Instance>,
    enabled: Option<bool>,
    failure_threshold: Option<f64>,
    cooldown_ms: Option<f64>,
) -> Result<usize, Fault> {
    let defaults = BreakerOptions::default();
    let options = BreakerOptions {
        enabled: enabled.unwrap_or(defaults.enabled),
        failure_threshold: failure_threshold.map_or(defaults.failure_threshold, |count| count as u32),
        cooldown: cooldown_ms.map_or(defaults.cooldown, Ttl::from_millis_f64),
    };
    Ok(instance.breakers.borrow_mut().insert(Breaker::new(options)))
}

/// Releases a breaker.
pub(crate) fn release(instance: Rc<Instance>, breaker: usize) -> Result<(), Fault> {
    instance.breakers.borrow_mut().try_remove(breaker);
    Ok(())
}

/// The number of its state.
pub(crate) fn state(instance: Rc<Instance>, breaker: usize) -> Result<f64, Fault> {
    with(&instance, breaker, |breaker, now| number(breaker.state(now)))
}

/// Whether a call may go through.
pub(crate) fn can_call(instance: Rc<Instance>, breaker: usize) -> Result<bool, Fault> {
    with(&instance, breaker, Breaker::can_call)
}

/// Records the outcome of a call. Returns the number of the state after it.
pub(crate) fn record(instance: Rc<Instance>, breaker: usize, success: bool) -> Result<f64, Fault> {
    with(&instance, breaker, |breaker, now| {
        number(if success { breaker.record_success() } else { breaker.record_failure(now) })
    })
}

fn with<T>(
    instance: &Instance,
    breaker: usize,
    act: impl FnOnce(&mut Breaker, Time) -> T,
) -> Result<T, Fault> {
    let mut breakers = instance.breakers.borrow_mut();
    let breaker = breakers.get_mut(breaker).ok_or_else(|| Fault("no such breaker".into()))?;
    Ok(act(breaker, instance.time.clock().now()))
}

fn number(state: BreakerState) -> f64 {
    f64::from(state.number())
}
