//! Enums and bits that cross as numbers.
//!
//! A new code is a row here: its number is its place. JavaScript finds it in `lib/contract/codes.js`.

/// Declares enums that cross by their number.
macro_rules! codes {
    ($(
        $(#[doc = $about:literal])*
        $name:ident {
            $($(#[doc = $of:literal])* $variant:ident,)+
        }
    )+) => {
        $(
            $(#[doc = $about])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            #[repr(u8)]
            pub(crate) enum $name {
                $($(#[doc = $of])* $variant,)+
            }

            impl $name {
                const ALL: &'static [$name] = &[$($name::$variant,)+];
            }

            impl $crate::contract::Coded for $name {
                fn of(number: u32) -> Option<$name> {
                    $name::ALL.get(number as usize).copied()
                }

                fn number(self) -> f64 {
                    f64::from(self as u8)
                }
            }
        )+

        #[cfg(test)]
        pub(super) const CODES: &[super::javascript::Table] = &[
            $(super::javascript::Table {
                name: stringify!($name),
                about: &[$($about,)*],
                rows: &[$(super::javascript::Row {
                    name: stringify!($variant),
                    about: &[$($of,)*],
                    number: $name::$variant as u8 as f64,
                },)+],
                style: super::javascript::Style::Count,
            },)+
        ];
    };
}

codes! {
    /// The meaning of an answer; its argument in brackets.
    Code {
        /// Nothing, or done.
        Nothing,
        /// A value (its slot).
        Value,
        /// Yes or no (1 or 0).
        Flag,
        /// A count (it).
        Count,
        /// The answer comes later (the request).
        Wait,
        /// The loader is to be called (the request).
        Load,
        /// It shares the answer of another (that request).
        Joined,
        /// Users' code threw (the slot of the error).
        Thrown,
        /// A failure in words (the words are kept under this number).
        Message,
        /// The load took longer than it may (the limit in milliseconds).
        HardTimeout,
        /// It was answered before.
        Answered,
        /// An answer while the load goes on (the value's slot).
        Early,
        /// The loader's signal is to be aborted (the limit in milliseconds).
        Abort,
        /// A text (the words are kept under this number).
        Text,
        /// Values (their slots are kept under this number).
        Values,
        /// Another instance has the lock of the key; the answer comes later.
        LockedOut,
        /// A live value, which is loaded anew: `takeRefreshed` returns its slot (the request). Of a request that has
        /// waited (the slot).
        Refresh,
    }

    /// A setting of a cache that follows from its options.
    Derived {
        /// How long entries live in the memory layer by default, in milliseconds.
        Lifetime,
        /// How long loads may be joined, in milliseconds; not a number where loads have limits or may not be
        /// joined.
        Joinable,
        /// Whether it remembers that a loader found nothing: 1 or 0.
        RemembersAbsence,
        /// How long a key counts as uncacheable once its loader has skipped, in milliseconds.
        SkipTtl,
    }

    /// Which object of a cache a method is called on.
    Target {
        /// The user's memory layer.
        L1,
        /// The user's second layer.
        L2,
        /// The custom bus.
        Bus,
        /// Takes messages that the bus did not take.
        BusFailed,
        /// Takes messages that were not tried, as the circuit is open.
        BusSkipped,
    }

    /// The result of a method of a custom store or bus.
    Report {
        /// Nothing.
        Nothing,
        /// The value in a slot.
        Value,
        /// Yes or no (1 or 0).
        Flag,
        /// A number.
        Number,
        /// It threw the error in a slot.
        Thrown,
    }

    /// The outcome of a local load.
    Loaded {
        /// The value in a slot.
        Value,
        /// Nothing.
        Nothing,
        /// It threw the error in a slot.
        Error,
    }

    /// What becomes of a loaded value.
    Verdict {
        /// It is stored.
        Keep,
        /// It is returned and not stored, and its key is not queued for during a while.
        Skip,
        /// It is the stale value, which is still true: it lives on.
        Extend,
    }

    /// The form in which the bytes of a value are read.
    Form {
        /// There are none: the value is null.
        Null,
        /// `MessagePack`.
        Msgpack,
        /// `MessagePack` with records, whose shapes have crossed before.
        Records,
        /// JSON.
        Json,
    }

    /// An item of an event bus for JavaScript.
    BusItem {
        /// An event for a handler.
        ToHandler,
        /// An event for a cache.
        ToCache,
        /// A notice for the owner of the bus.
        Notice,
        /// How many events of a cache were dropped.
        Dropped,
        /// A question for the owner of a connection.
        Question,
        /// Commands for the client that the owner drives.
        Commands,
        /// A step in a session with a broker.
        Session,
    }

    /// A step in a session that JavaScript has with a broker.
    SessionStep {
        /// Opens it.
        Open,
        /// Begins to receive.
        Subscribe,
        /// Sends events.
        Publish,
        /// Sends a heartbeat.
        Heartbeat,
        /// An event was handled.
        Acknowledge,
        /// An event could not be handled: the broker delivers it again.
        Reject,
        /// Closes it.
        Close,
    }

    /// Something that was received in such a session.
    Arrival {
        /// An event or a heartbeat, on a transport that has one way for both.
        Either,
        /// An event.
        Event,
        /// An event that was delivered before.
        Again,
        /// A heartbeat, in the order of events.
        Heartbeat,
        /// A heartbeat that may overtake events.
        SignOfLife,
    }

    /// News of such a session.
    SessionNews {
        /// It is lost.
        Lost,
        /// The user has no right to heartbeats.
        NoHeartbeats,
    }

    /// A notice to the owner of an event bus.
    Notice {
        /// The bus is up.
        Up,
        /// The bus is down.
        Down,
        /// Events were dropped before they were sent.
        Unsent,
        /// An event was refused.
        Refused,
        /// Events for a handler were dropped.
        Unhandled,
    }

    /// A question or report of the retry queue of a custom bus.
    Retry {
        /// Whether messages may be sent now.
        Ask,
        /// They were sent.
        Sent,
        /// Sending them failed.
        Failed,
    }
}
