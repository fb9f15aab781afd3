//! The log for cases that need help.

use crate::{
    log,
    raw::{call::Fault, js::Js},
};

/// Starts the log with a filter. Returns whether this environment prints the lines from here on.
pub(crate) fn start(js: Js, filter: String) -> Result<bool, Fault> {
    Ok(log::start(js, &filter)?)
}

/// Prints the waiting lines.
pub(crate) fn flush() -> Result<(), Fault> {
    log::print();
    Ok(())
}
