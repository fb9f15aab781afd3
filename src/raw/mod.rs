//! Raw N-API and raw memory: everything `unsafe` of the addon is below this module.

#[cfg(target_os = "linux")]
mod allocator;
mod arrays;
pub(crate) mod bytes;
pub(crate) mod call;
pub(crate) mod js;
pub(crate) mod memory;
pub(crate) mod text;
pub(crate) mod turns;
pub(crate) mod wake;
