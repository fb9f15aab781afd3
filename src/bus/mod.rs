//! Event buses as the engine and JavaScript see them: custom ones ([`custom`]), builtin ones ([`native`]), their
//! receivers ([`listen`]), the items that wait for the thread of JavaScript ([`queue`], [`backlog`]), and the sessions
//! with brokers that JavaScript keeps ([`session`], by [`step`]s).

pub(crate) mod backlog;
pub(crate) mod custom;
pub(crate) mod listen;
pub(crate) mod native;
pub(crate) mod queue;
pub(crate) mod session;
pub(crate) mod step;
