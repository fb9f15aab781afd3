//! Enums whose variants have names that users see.

/// An enum that [`words!`](crate::words) declares.
pub trait Word: Copy {
    /// The names, in the order of the variants.
    const WORDS: &'static [&'static str];

    /// The variant of a number.
    fn of(number: u32) -> Option<Self>;

    /// The number of the variant.
    fn number(self) -> u8;
}

/// Declares such an enum: a row for each variant, with its name.
#[macro_export]
macro_rules! words {
    (
        $(#[$about:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$of:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        $visibility enum $name {
            $($(#[$of])* $variant,)+
        }

        impl $name {
            /// The name that users see.
            #[must_use]
            $visibility fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }
        }

        impl $crate::words::Word for $name {
            const WORDS: &'static [&'static str] = &[$($word,)+];

            fn of(number: u32) -> Option<$name> {
                [$($name::$variant,)+].get(number as usize).copied()
            }

            fn number(self) -> u8 {
                self as u8
            }
        }
    };
}
