//! The clock of the environment.

use lazy_layers_engine::clock::Reading;

use super::current;
use crate::raw::call::{Args, Fault, Given};

/// `watchTurns(canBeTold)`: has hits look at the clock in each turn of the event loop. 0 where the host's
/// libuv is not to be called.
pub(super) fn watch_turns(args: &Args) -> Result<Given, Fault> {
    current()?.time.watch_turns(args.js(), args.u32(0)? == 1);
    Ok(Given::Undefined)
}

/// `look(hits)`: looks at the clock of the machine, which is not replaced, or not any more, after so many
/// hits since the last look. Returns its milliseconds.
pub(super) fn look(args: &Args) -> Result<Given, Fault> {
    Ok(Given::Number(current()?.time.look(args.u32(0)?)))
}

/// `follow(shows, wouldShow, isWall)`: goes by another clock, which shows so many milliseconds and would have
/// shown others had nobody replaced it; not a number where that is not known. 1 when they count from 1970.
/// Gives the milliseconds of this clock.
pub(super) fn follow(args: &Args) -> Result<Given, Fault> {
    let reading = Reading { shows: args.number(0)?, would_show: args.number(1)?, is_wall: args.u32(2)? == 1 };
    Ok(Given::Number(current()?.time.follow(reading)))
}

/// `fakeTimers(start)`: has `start(timer, ms)` start the engine's timers from here on, and cancel them when
/// it is called with -1; without a function they are the real ones again.
pub(super) fn fake_timers(args: &Args) -> Result<Given, Fault> {
    let js = args.js();
    let start = args.value(0);
    current()?.time.timers().start_by(js, js.is_function(start).then_some(start));
    Ok(Given::Undefined)
}

/// `timerFired(timer)`: a timer that was started that way is over.
pub(super) fn timer_fired(args: &Args) -> Result<Given, Fault> {
    let instance = current()?;
    instance.time.timers().fired(args.u32(0)?);
    instance.leave();
    Ok(Given::Undefined)
}
