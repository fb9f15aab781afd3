//! The numbers of publishers that a load had seen when it began, as its `set` message carries them.
//!
//! ```text
//! (short name: 3 bytes, number: LEB128)*     at most 57 bytes, 64 with the name of the field and the head of its value
//! ```
//!
//! A load that had seen a number of a publisher began after all of this publisher's invalidations up to that number:
//! numbers are assigned in the order of sending, and an invalidation is sent once its target has changed.

/// The most bytes in an event, but for the name of the field and the head of its value.
pub const MOST_BYTES: usize = 57;
/// Longer than any sender writes.
const LONGEST: usize = 1024;
/// Bytes of a short name.
const NAME: usize = 3;

/// 24 bits that stand for the name of a publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortName([u8; NAME]);

impl ShortName {
    /// That of a publisher: FNV-1a of 32 bits, folded.
    #[must_use]
    pub fn of(publisher: &str) -> ShortName {
        const OFFSET: u32 = 0x811c_9dc5;
        const PRIME: u32 = 0x0100_0193;
        let hash = publisher.bytes().fold(OFFSET, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(PRIME));
        let [top, a, b, c] = hash.to_be_bytes();
        ShortName([a, b, c ^ top])
    }
}

/// Numbers by publisher, as they are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenNumbers(Vec<u8>);

impl SeenNumbers {
    /// From received bytes. Too many bytes, or malformed ones, count as no numbers.
    #[must_use]
    pub fn received(bytes: &[u8]) -> SeenNumbers {
        SeenNumbers(if bytes.len() <= LONGEST { bytes.to_vec() } else { Vec::new() })
    }

    /// The same from text in hexadecimal, as events in JSON have it.
    #[must_use]
    pub fn from_hex(text: &[u8]) -> SeenNumbers {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let bytes = text.chunks(2).map(|pair| match *pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        });
        SeenNumbers::received(&bytes.collect::<Option<Vec<u8>>>().unwrap_or_default())
    }

    /// As text in hexadecimal.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Adds the number of a publisher. False when there is no room for it.
    pub fn add(&mut self, publisher: ShortName, number: u64) -> bool {
        let before = self.0.len();
        self.0.extend_from_slice(&publisher.0);
        let mut left = number;
        loop {
            let low = u8::try_from(left & 0x7f).unwrap_or_default();
            left >>= 7;
            self.0.push(if left == 0 { low } else { low | 0x80 });
            if left == 0 {
                break;
            }
        }
        if self.0.len() > MOST_BYTES {
            self.0.truncate(before);
            return false;
        }
        true
    }

    /// The number of a publisher; 0 if it is not among them.
    #[must_use]
    pub fn of(&self, publisher: ShortName) -> u64 {
        let mut rest = self.0.as_slice();
        while let Some((name, after)) = rest.split_first_chunk::<NAME>() {
            let mut number = 0u64;
            let mut bits = 0;
            let mut ends = None;
            for (at, byte) in after.iter().enumerate().take(10) {
                number |= u64::from(byte & 0x7f).checked_shl(bits).unwrap_or(0);
                bits += 7;
                if byte & 0x80 == 0 {
                    ends = Some(at + 1);
                    break;
                }
            }
            let Some(ends) = ends else { return 0 };
            if *name == publisher.0 {
                return number;
            }
            rest = &after[ends..];
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_field_takes_at_most_64_bytes_and_says_what_fits() {
        let mut seen = SeenNumbers::default();
        let told =
            (0..40u64).filter(|n| seen.add(ShortName::of(&format!("publisher {n}")), 10_000 + n)).count();
        // Its name as a string of four, its value as binary of one byte's length.
        assert!(seen.bytes().len() + 5 + 2 <= 64 && told >= 10, "{told} in {}", seen.bytes().len());
        assert_eq!(seen.of(ShortName::of("publisher 3")), 10_003);
        assert_eq!(seen.of(ShortName::of("publisher 39")), 0);
    }

    #[test]
    fn short_names_are_the_same_in_all_versions() {
        assert_eq!(ShortName::of(""), ShortName([0x1c, 0x9d, 0xc5 ^ 0x81]));
        // FNV-1a of "a" is 0xe40c292c.
        assert_eq!(ShortName::of("a"), ShortName([0x0c, 0x29, 0x2c ^ 0xe4]));
    }

    proptest! {
        #[test]
        fn what_is_told_comes_back(numbers in prop::collection::vec(any::<u64>(), 0..5)) {
            let mut seen = SeenNumbers::default();
            let told: Vec<_> = numbers
                .iter()
                .enumerate()
                .map(|(at, number)| (ShortName::of(&at.to_string()), *number))
                .filter(|(name, number)| seen.add(*name, *number))
                .collect();
            let again = SeenNumbers::from_hex(seen.to_hex().as_bytes());
            prop_assert_eq!(&again, &seen);
            for (name, number) in told {
                prop_assert_eq!(SeenNumbers::received(seen.bytes()).of(name), number);
            }
        }

        #[test]
        fn no_bytes_make_it_fail(bytes: Vec<u8>, publisher: String) {
            let _ = SeenNumbers::received(&bytes).of(ShortName::of(&publisher));
            let _ = SeenNumbers::from_hex(&bytes);
        }
    }
}
