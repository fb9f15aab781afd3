//! Four bytes that the memory layer notes of each entry.

use super::types::Origin;
use crate::clock::{Time, Ttl};

/// What the layer notes of an entry: how long the front may answer it without asking, and whether it was
/// taken over from the second layer. Four bytes: the lease in milliseconds and one more, 0 for ever, at most twelve
/// days; and two bits. There is one for each entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note(pub(super) u32);

impl Note {
    const TAKEN_OVER: u32 = 1 << 31;
    const OF_OWN_LAYER: u32 = 1 << 30;
    const LONGEST: u32 = Note::OF_OWN_LAYER - 1;

    pub(super) fn new(lease: Ttl, origin: Origin) -> Note {
        let lease = if lease == Ttl::FOREVER {
            0
        } else {
            u32::try_from(lease.0 / 1000).unwrap_or(u32::MAX).saturating_add(1).min(Note::LONGEST)
        };
        let origin = match origin {
            Origin::Made => 0,
            Origin::SharedLayer => Note::TAKEN_OVER,
            Origin::OwnLayer => Note::TAKEN_OVER | Note::OF_OWN_LAYER,
        };
        Note(lease | origin)
    }

    pub(super) fn is_taken_over(self) -> bool {
        self.0 & Note::TAKEN_OVER != 0
    }

    pub(super) fn is_of_own_layer(self) -> bool {
        self.0 & Note::OF_OWN_LAYER != 0
    }

    pub(super) fn lease_end(self, now: Time) -> Time {
        match self.0 & Note::LONGEST {
            0 => Time::NEVER,
            lease => now.after(Ttl(u64::from(lease - 1) * 1000)),
        }
    }
}
