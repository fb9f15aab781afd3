//! Bits, places and sizes that both languages count with. JavaScript finds them in `lib/contract/numbers.js`.

/// Declares modules of numbers.
macro_rules! numbers {
    ($(
        $(#[doc = $about:literal])*
        $style:ident $module:ident: $type:ty $(, of $($from:ident)+)? {
            $($(#[doc = $of:literal])* $name:ident = $number:expr;)+
        }
    )+) => {
        $(
            $(#[doc = $about])*
            #[allow(dead_code, reason = "some are for JavaScript alone")]
            pub(crate) mod $module {
                $(use $crate::contract::options::{$($from,)+};)?
                $($(#[doc = $of])* pub(crate) const $name: $type = $number;)+
            }
        )+

        #[cfg(test)]
        #[allow(clippy::cast_lossless, clippy::cast_precision_loss, reason = "numbers of several types")]
        pub(super) const NUMBERS: &[super::javascript::Table] = &[
            $(super::javascript::Table {
                name: stringify!($module),
                about: &[$($about,)*],
                rows: &[$(super::javascript::Row {
                    name: stringify!($name),
                    about: &[$($of,)*],
                    number: $module::$name as f64,
                },)+],
                style: super::javascript::Style::$style,
            },)+
        ];
    };
}

numbers! {
    /// The parts of an answer: a code and its argument.
    Count answer: u8 {
        /// Bits of the code; the argument is above them.
        CODE_BITS = 5;
    }

    /// The parts of the first argument of a verb.
    Bits call: u32 {
        /// The key was given as a number.
        NUMERIC_KEY = 1 << 30;
        /// The options of this call are in the params.
        HAS_OPTIONS = 1 << 29;
        /// The id of the cache.
        ID = (1 << 29) - 1;
    }

    /// The kinds of the layers of a cache.
    Bits layers: u32 {
        /// The first layer is a custom store.
        CUSTOM_L1 = 1;
        /// There is no memory layer.
        NO_L1 = 2;
        /// The second layer is an object that is driven from JavaScript.
        CUSTOM_L2 = 4;
        /// That object has locks.
        L2_LOCKS = 8;
        /// The bus is a custom one.
        CUSTOM_BUS = 16;
        /// Other processes read that object.
        L2_SHARED = 64;
        /// The second layer is a Redis of the addon.
        BUILTIN_L2 = 128;
        /// The bus is one of the addon.
        BUILTIN_BUS = 256;
    }

    /// Work that has come up by the end of a call.
    Bits pending: u32 {
        /// Events and answers are to be told: `settle` does.
        WOKEN = 1;
        /// Operations on stores, or loaded values, wait to be sent: `submit` does.
        SUBMITS = 2;
    }

    /// The numbers of an option record beside those of the options.
    Count params: usize, of CALL LAYERS CACHE {
        /// Place of the slot of the options of the call, for custom stores.
        HANDED = CALL.len() + LAYERS.len() + CACHE.len();
        /// Place of 1 where JavaScript has looked for the key.
        WAS_READ = HANDED + 1;
        /// Place of the number under which the source of the answer is asked for.
        SOURCE = WAS_READ + 1;
        /// Place of the texts that are the tags.
        TAGS = SOURCE + 1;
        /// Place of the text that is the etag.
        ETAG = TAGS + 1;
        /// Place of the text that is the version of the stale value, where that is stored.
        EXTENDS = ETAG + 1;
        /// Place of 1 where the value is loaded anew, whatever its life.
        RENEWS = EXTENDS + 1;
        /// Place of 1 where a subclass stores the loaded value, and not the engine.
        OF_OWNER = RENEWS + 1;
        /// Length of the record.
        LENGTH = OF_OWNER + 1;
    }

    /// Whose work something is, in the place of a request.
    Bits behalf: u32 {
        /// The code that has called, whose context is the current one.
        CALLER = u32::MAX - 1;
        /// No caller: another instance has sent a message.
        NOBODY = u32::MAX;
    }

    /// The numbers of the clock's array.
    Count clock: usize {
        /// The time with a margin, for hits to compare with; infinite where they have to look at the clock.
        HITS = 0;
        /// Whether another clock is followed: 1 or 0.
        FOLLOWS = 1;
        /// The realm that starts the engine's timers, or 0. Rust does not look at it.
        TIMERS = 2;
        /// The time; infinite as above.
        TIME = 3;
        /// Length of the array.
        LENGTH = 4;
    }

    /// The journal: the hits and writes of JavaScript, and the slots that it has to clear. It is an
    /// array `[…head (HEAD), record …(RECORDS), freed slot …(FREED_SLOTS)]`; a record is a slot with bits.
    /// The records are a ring.
    Count journal: usize {
        /// Place of the number of records that were written, modulo 2³². JavaScript counts them.
        RECORDED = 0;
        /// Place of the number of records at which JavaScript has to call: those that were drained and as many as
        /// fit, modulo 2³². Rust writes it.
        LIMIT = 1;
        /// Place of the number of hits without a record, as the last record says the same, modulo 2³². JavaScript
        /// counts them.
        REPEATED = 2;
        /// The same of overwrites.
        REPEATED_SETS = 3;
        /// Place of the number of slots to clear.
        FREED = 4;
        /// Place of the headroom: how many entries the layer still has room for.
        HEADROOM = 5;
        /// Place of the number of records that insert.
        INSERTED = 6;
        /// Place of the number of victims: entries that make room next, which JavaScript has to ask for.
        VICTIMS = 7;
        /// Length of the head.
        HEAD = 8;
        /// The most records, a power of two; JavaScript calls when there are that many.
        RECORDS = 1024;
        /// The most slots to clear; the rest follows at the next call.
        FREED_SLOTS = 1024;
        /// Length of the array.
        LENGTH = HEAD + RECORDS + FREED_SLOTS;
        /// The longest key that an insert may have, in UTF-16. The keys of waiting inserts are one text, and their
        /// lengths an array of bytes.
        LONGEST_KEY = 128;
    }

    /// The counts of a cache in JavaScript, an array for each cache: of everything without a call.
    Count counted: usize {
        /// Hits of a memory layer that several caches use. Those of one alone are in the journal.
        HITS = 0;
        /// The same of values that were stored.
        SETS = 1;
        /// Keys that are known to be absent.
        ABSENCES = 2;
        /// Loads that were joined. Each is a miss.
        JOINS = 3;
        /// Local loads that began. Each is a miss.
        LOADS = 4;
        /// Local loads that are over.
        ENDED = 5;
        /// Of those, the ones that threw.
        FAILED = 6;
        /// Of those, the ones whose outcome the engine counts, and the ones that were abandoned.
        REPORTED = 7;
        /// How long the others took in all, in milliseconds.
        LOAD_MS = 8;
        /// When the oldest local load that runs began, in milliseconds of the clock.
        OLDEST = 9;
        /// Audits of hits in the memory layer that found the value that was answered.
        FRESH_L1 = 10;
        /// The same in the second layer.
        FRESH_L2 = 11;
        /// Audits of hits in the memory layer that found another value.
        STALE_L1 = 12;
        /// The same in the second layer.
        STALE_L2 = 13;
        /// Audits that came to nothing: their key was written or invalidated meanwhile, or their loader failed.
        UNKNOWN = 14;
        /// Length of the array.
        LENGTH = 15;
    }

    /// The times of an entry, an array: in milliseconds, not a number where that is not known.
    Count times: usize {
        /// Place of the age.
        AGE = 0;
        /// Place of the rest of the lifetime; infinite where that has no end.
        LEFT = 1;
        /// Length of the array.
        LENGTH = 2;
    }

    /// Bits of a record beside its slot; a record without one is a hit.
    Bits record: u32 {
        /// In the place of the last record once it was drained: the next one is written, whatever it says.
        DRAINED = u32::MAX;
        /// The value of the slot was replaced.
        OVERWRITE = 1 << 31;
        /// The value of the slot is to be stored under the next of the keys.
        INSERT = 1 << 30;
    }

    /// Bits beside a form.
    Count form_bits: u8 {
        /// The value is stored under several keys.
        SEVERAL_KEYS = 8;
        /// The most forms: an encoding comes with a form as `form + FORMS * encoding`.
        FORMS = 4;
    }

    /// The type of a field of an event that is told together with others. A number beside it is the field, or the
    /// length of the text.
    Count line: u8 {
        /// A number.
        NUMBER = 0;
        /// The next part of the text that all of them share.
        TEXT = 1;
        /// It is undefined.
        NOTHING = 2;
    }

    /// Sizes of the arrays that an environment shares with JavaScript.
    Count shared: usize {
        /// Answers that come later and are told together.
        BATCH = 256;
        /// Numbers of such an answer: request, code, argument.
        ANSWER = 3;
        /// Numbers of events that are told together.
        LINES = 8192;
        /// Requests whose loads can be joined without a call; those beyond are joined by calls.
        JOINABLE = 4096;
        /// Bytes of the largest value that is handed over in memory that is reused.
        SCRATCH_BYTES = 65_536;
    }
}
