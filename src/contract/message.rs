//! A message between instances as it crosses.

use super::crossing::Crossing;

/// Declares a record: its fields cross in this order.
macro_rules! record {
    ($(#[doc = $about:literal])* $name:ident { $($(#[doc = $of:literal])* $field:ident: $type:literal,)+ }) => {
        $(#[doc = $about])*
        pub(crate) struct $name<'a> {
            $($(#[doc = $of])* pub(crate) $field: Crossing<'a>,)+
        }

        impl<'a> $name<'a> {
            /// Name, type and description of each field.
            #[cfg(test)]
            pub(super) const FIELDS: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($field), $type, concat!($($of),*)),)+];

            /// The fields, in order.
            pub(crate) fn fields(self) -> impl IntoIterator<Item = Crossing<'a>> {
                [$(self.$field,)+]
            }
        }
    };
}

record! {
    /// A message. Its tags, and its keys or its pattern, follow it.
    MessageRecord {
        /// The number of its kind.
        kind: "number",
        /// Its id, if it has one.
        id: "string | undefined",
        /// The instance that sent it.
        source: "string",
        /// The cache that it is about, if it has a name.
        cache: "string | undefined",
        /// When it was sent, in milliseconds since 1970.
        ts: "number",
        /// How often its sender knows the keys to have been deleted; not a number where it does not tell.
        generation: "number",
        /// Lifetime of its value; not a number where the sender does not tell.
        ttl_ms: "number",
        /// The slot of its value, or -1.
        slot: "number",
        /// Names the run of its publisher, if it is numbered; absent in received messages.
        publisher: "string | undefined",
        /// Its place among the invalidations of that; not a number where it has none.
        sequence: "number",
        /// The numbers that the load of its value had seen, in hexadecimal; absent in received messages.
        seen: "string | undefined",
        /// Whether its keys expire, so that stale copies stay: 1 or 0.
        expires: "number",
        /// The etag of a value, if it has one.
        etag: "string | undefined",
        /// The version of the value that is extended: the keys are those that have it.
        version: "string | undefined",
        /// How many tags there are: they follow it, before the keys.
        tag_count: "number",
    }
}
