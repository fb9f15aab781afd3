//! Event buses as the engine sees them: custom ones ([`custom`]), builtin ones ([`native`]), and the receivers of those
//! ([`listen`]).

pub(crate) mod custom;
pub(crate) mod listen;
pub(crate) mod native;
