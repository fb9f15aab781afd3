//! `lib/contract/raw.d.ts`: types of the arguments and results of calls.

use super::text::camel;
use crate::{
    binding::Exported,
    contract::methods::{Invocation, Method},
    exports::EXPORTS,
};

/// The file.
pub(super) fn file() -> String {
    let methods: String = Invocation::METHODS.iter().map(method).collect();
    let exports: String = EXPORTS.iter().map(export).collect();
    format!(
        "// Types of the calls between JavaScript and Rust.
// Generated from src/contract by `npm run contract`.

import type {{ Bridge }} from '../bridge.js';
import type {{ MessageFields }} from './crossing.js';

/** Names something of the addon, or of a request there. */
export type Id = number;

/** The outcome of a request: a code and its argument. */
export type Answer = number;

/** The functions of the addon. */
export interface Raw {{
{exports}}}

/** The methods of custom stores and buses that Rust calls; `T` has the object and the values. */
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

fn export(export: &Exported) -> String {
    let (types, returned) = (export.types)();
    let Exported { name, arguments, .. } = export;
    assert_eq!(arguments.len(), types.len(), "{name}: names and types of arguments");
    let arguments: Vec<_> =
        arguments.iter().zip(types).map(|(name, kind)| format!("{name}: {kind}")).collect();
    format!("  {name}({}): {returned};\n", arguments.join(", "))
}
