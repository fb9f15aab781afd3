//! The log for cases that need help.

use crate::{
    log,
    raw::{call::Fault, js::Js},
};

/// Has lines be told that a filter wants. Returns whether this environment prints them from here on.
pub(crate) fn start(js: Js, filter: String) -> Result<bool, Fault> {
    Ok(log::start(js, &filter)?)
}

/// Tells the lines that wait.
pub(crate) fn flush() -> Result<(), Fault> {
    log::print();
    Ok(())
}
