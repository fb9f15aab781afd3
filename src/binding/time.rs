//! The clock of the environment.

use std::rc::Rc;

use lazy_layers_engine::clock::Reading;

use crate::{
    fake_timers,
    instance::Instance,
    raw::{
        call::Fault,
        js::{Js, JsValue},
    },
};

/// Makes hits look at the clock in each turn of the event loop, unless the libuv of the host must not be called.
pub(crate) fn watch_turns(js: Js, instance: Rc<Instance>, can_be_told: bool) -> Result<(), Fault> {
    instance.time.watch_turns(js, can_be_told);
    Ok(())
}

/// Looks at the clock of the machine, which is not replaced, or no longer. `hits` is the number of hits since the
/// last look. Returns the milliseconds of the clock.
pub(crate) fn look(instance: Rc<Instance>, hits: u32) -> Result<f64, Fault> {
    Ok(instance.time.look(hits))
}

/// Follows another clock. It `shows` these milliseconds, and `would_show` those if nobody had replaced it: not a
/// number if that is unknown. A wall clock counts from 1970. Returns the milliseconds of our own clock.
pub(crate) fn follow(
    instance: Rc<Instance>,
    shows: f64,
    would_show: f64,
    is_wall: bool,
) -> Result<f64, Fault> {
    Ok(instance.time.follow(Reading { shows, would_show, is_wall }))
}

/// From here on, `start(timer, ms)` starts the engine's timers, and cancels them if it is called with -1. Without a
/// function the real timers are used again.
pub(crate) fn fake_timers(js: Js, start: Option<JsValue>) -> Result<(), Fault> {
    fake_timers::start_by(js, start);
    Ok(())
}

/// A timer that `start` has started is over.
pub(crate) fn timer_fired(instance: Rc<Instance>, timer: u32) -> Result<(), Fault> {
    fake_timers::fired(timer);
    instance.leave();
    Ok(())
}
