//! Event buses as the engine and JavaScript see them: users' own objects ([`own`]), those of the drivers ([`native`]),
//! who listens to them ([`listen`]), and what waits to be told on the thread of JavaScript ([`queue`], [`backlog`]).

pub(crate) mod backlog;
pub(crate) mod listen;
pub(crate) mod native;
pub(crate) mod own;
pub(crate) mod queue;
