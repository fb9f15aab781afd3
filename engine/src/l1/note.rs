//! Four bytes that the memory layer notes of each entry.

use crate::clock::{Time, Ttl};

/// What the layer notes of an entry: how long the front may answer it without asking, and whether it was
/// taken over from the second layer. Four bytes: the lease in milliseconds and one more, 0 for ever; and a
/// bit. There is one for each entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note(pub(super) u32);

impl Note {
    const TAKEN_OVER: u32 = 1 << 31;
    const LONGEST: u32 = Note::TAKEN_OVER - 1;

    pub(super) fn new(lease: Ttl, taken_over: bool) -> Note {
        let lease = if lease == Ttl::FOREVER {
            0
        } else {
            u32::try_from(lease.0 / 1000).unwrap_or(u32::MAX).saturating_add(1).min(Note::LONGEST)
        };
        Note(lease | if taken_over { Note::TAKEN_OVER } else { 0 })
    }

    pub(super) fn is_taken_over(self) -> bool {
        self.0 & Note::TAKEN_OVER != 0
    }

    pub(super) fn lease_end(self, now: Time) -> Time {
        match self.0 & Note::LONGEST {
            0 => Time::NEVER,
            lease => now.after(Ttl(u64::from(lease - 1) * 1000)),
        }
    }
}
