//! `lib/contract/raw.d.ts`: types of what crosses by calls.

use super::text::camel;
use crate::contract::methods::{Invocation, Method};

/// The file.
pub(super) fn file() -> String {
    let methods: String = Invocation::METHODS.iter().map(method).collect();
    format!(
        "// Types of what crosses between JavaScript and Rust by calls.
// Generated from src/contract by `npm run contract`.

import type {{ MessageFields }} from './events.js';

/** What Rust has JavaScript do with users' objects; `T` is what it is done with. */
export interface Methods<T> {{
{methods}}}
"
    )
}

fn method(method: &Method) -> String {
    let arguments = method.arguments.iter().map(|(name, kind)| match *kind {
        "MessageFields" => format!(", ...{}: MessageFields", camel(name)),
        kind => format!(", {}: {kind}", camel(name)),
    });
    format!("  /**{} */\n  {}(on: T{}): unknown;\n", method.about, method.name, arguments.collect::<String>())
}
