//! Event buses as the engine sees them: custom ones ([`custom`]), builtin ones ([`native`]), the receivers of those
//! ([`listen`]), and a transport whose sessions with brokers JavaScript keeps ([`session`]).

pub(crate) mod custom;
pub(crate) mod listen;
pub(crate) mod native;
pub(crate) mod session;
