//! Random numbers for decisions that need not be secret.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A source of random numbers: splitmix64 by Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014. Threads may share it.
#[derive(Debug)]
pub struct Chance {
    state: AtomicU64,
}

impl Default for Chance {
    fn default() -> Self {
        Chance { state: AtomicU64::new(RandomState::new().hash_one(0)) }
    }
}

impl Chance {
    /// A number above 0 and up to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn fraction(&self) -> f64 {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut bits = self.state.fetch_add(GOLDEN, Relaxed).wrapping_add(GOLDEN);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        ((bits >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn fractions_are_spread_from_0_to_1() {
        let chance = Chance::default();
        let mut tenths = [0; 10];
        for _ in 0..10_000 {
            let fraction = chance.fraction();
            assert!(fraction > 0.0 && fraction <= 1.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 9")]
            let tenth = (fraction * 9.999) as usize;
            tenths[tenth] += 1;
        }
        assert!(tenths.iter().all(|count| (800..1200).contains(count)), "{tenths:?}");
    }
}
