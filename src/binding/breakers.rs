//! Circuit breakers that users hold themselves.

use lazy_layers_engine::{
    clock::{Time, Ttl},
    resilience::breaker::{Breaker, BreakerOptions, BreakerState},
    words::Word,
};

use super::current;
use crate::raw::call::{Args, Fault, Given};

/// `createBreaker(enabled, failureThreshold, cooldownMs)`: NaN for what is not given. Gives its id.
#[expect(clippy::cast_precision_loss, reason = "ids are counted in a slab")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the facade checks; saturates")]
pub(super) fn create(args: &Args) -> Result<Given, Fault> {
    let mut options = BreakerOptions::default();
    let given = |index| args.number(index).ok().filter(|number| !number.is_nan());
    if let Some(enabled) = given(0) {
        options.enabled = enabled != 0.0;
    }
    if let Some(threshold) = given(1) {
        options.failure_threshold = threshold as u32;
    }
    if let Some(cooldown) = given(2) {
        options.cooldown = Ttl::from_millis_f64(cooldown);
    }
    let id = current()?.breakers.borrow_mut().insert(Breaker::new(options));
    Ok(Given::Number(id as f64))
}

/// `releaseBreaker(breaker)`
pub(super) fn release(args: &Args) -> Result<Given, Fault> {
    current()?.breakers.borrow_mut().try_remove(args.u32(0)? as usize);
    Ok(Given::Undefined)
}

/// `breakerState(breaker)`: 0 closed, 1 open, 2 half-open.
pub(super) fn state(args: &Args) -> Result<Given, Fault> {
    with(args, |breaker, now| code(breaker.state(now)))
}

/// `breakerCanCall(breaker)`: 1 or 0.
pub(super) fn can_call(args: &Args) -> Result<Given, Fault> {
    with(args, |breaker, now| f64::from(u8::from(breaker.can_call(now))))
}

/// `breakerRecord(breaker, success)`: gives the state after it.
pub(super) fn record(args: &Args) -> Result<Given, Fault> {
    let success = args.u32(1)? == 1;
    with(args, |breaker, now| {
        code(if success { breaker.record_success() } else { breaker.record_failure(now) })
    })
}

fn with(args: &Args, act: impl FnOnce(&mut Breaker, Time) -> f64) -> Result<Given, Fault> {
    let instance = current()?;
    let mut breakers = instance.breakers.borrow_mut();
    let breaker = breakers.get_mut(args.u32(0)? as usize).ok_or_else(|| Fault("no such breaker".into()))?;
    Ok(Given::Number(act(breaker, instance.time.clock().now())))
}

fn code(state: BreakerState) -> f64 {
    f64::from(state.number())
}
