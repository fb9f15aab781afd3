//! Four bytes that the memory layer keeps of each entry.

use super::types::Origin;
use crate::clock::{Time, Ttl};

/// How long mirrors may answer an entry without asking, and where its value was found. Each entry has one, of four
/// bytes:
///
/// - the lease in milliseconds plus one, at most three days; 0 means for ever
/// - two bits for the [`Origin`]
/// - one bit: the layer knows when the value was written, which it does not if a mirror wrote it
/// - one bit: the entry has tags
#[derive(Debug, Clone, Copy)]
pub(super) struct EntryFlags(pub(super) u32);

impl EntryFlags {
    const TAKEN_OVER: u32 = 1 << 31;
    /// With the bit above; without it the value is one that a private second layer does not have.
    const OF_PRIVATE_LAYER: u32 = 1 << 30;
    const IS_DATED: u32 = 1 << 29;
    const IS_TAGGED: u32 = 1 << 28;
    const LONGEST: u32 = EntryFlags::IS_TAGGED - 1;

    pub(super) fn new(lease: Ttl, origin: Origin) -> EntryFlags {
        let lease = if lease == Ttl::FOREVER {
            0
        } else {
            u32::try_from(lease.0 / 1000).unwrap_or(u32::MAX).saturating_add(1).min(EntryFlags::LONGEST)
        };
        let origin = match origin {
            Origin::Made => 0,
            Origin::MadeAlone => EntryFlags::OF_PRIVATE_LAYER,
            Origin::SharedLayer => EntryFlags::TAKEN_OVER,
            Origin::PrivateLayer => EntryFlags::TAKEN_OVER | EntryFlags::OF_PRIVATE_LAYER,
        };
        EntryFlags(lease | origin | EntryFlags::IS_DATED)
    }

    pub(super) fn tagged(self) -> EntryFlags {
        EntryFlags(self.0 | EntryFlags::IS_TAGGED)
    }

    pub(super) fn is_tagged(self) -> bool {
        self.0 & EntryFlags::IS_TAGGED != 0
    }

    pub(super) fn is_dated(self) -> bool {
        self.0 & EntryFlags::IS_DATED != 0
    }

    pub(super) fn is_taken_over(self) -> bool {
        self.0 & EntryFlags::TAKEN_OVER != 0
    }

    pub(super) fn is_of_private_layer(self) -> bool {
        self.0 & EntryFlags::OF_PRIVATE_LAYER != 0 && self.is_taken_over()
    }

    /// Whether a private second layer does not have the value.
    pub(super) fn is_alone(self) -> bool {
        self.0 & EntryFlags::OF_PRIVATE_LAYER != 0 && !self.is_taken_over()
    }

    /// The same of a value that was made.
    pub(super) fn alone(self) -> EntryFlags {
        if self.is_taken_over() { self } else { EntryFlags(self.0 | EntryFlags::OF_PRIVATE_LAYER) }
    }

    pub(super) fn lease_end(self, now: Time) -> Time {
        match self.0 & EntryFlags::LONGEST {
            0 => Time::NEVER,
            lease => now.after(Ttl(u64::from(lease - 1) * 1000)),
        }
    }
}
