//! Event buses as the engine and JavaScript see them: custom ones ([`custom`]), builtin ones ([`native`]),
//! their sessions in JavaScript ([`session`]), their receivers ([`listen`]), and the items that wait for the thread of JavaScript ([`queue`], [`backlog`]).

pub(crate) mod backlog;
pub(crate) mod custom;
pub(crate) mod listen;
pub(crate) mod native;
pub(crate) mod queue;
pub(crate) mod session;
pub(crate) mod step;
