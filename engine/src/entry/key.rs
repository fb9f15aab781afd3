//! The key of an entry, without loss.
//!
//! JavaScript strings are UTF-16 and may have lone surrogates, which UTF-8 cannot encode. So keys are kept in WTF-8
//! (<https://simonsapin.github.io/wtf-8/>), which is UTF-8 that also encodes lone surrogates: two different
//! JavaScript strings are always two different keys, and ASCII keys cost one byte a character.

use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// An immutable key. Cloning it allocates nothing.
///
/// A key that the caller gave as a number addresses the same entry as its decimal text: the flag only
/// tells events which of the two to show, and takes no part in comparisons.
#[derive(Clone)]
pub struct Key {
    text: Text,
}

/// The text of a key. Short texts are kept in place: there may be a million of them, and each is read together with
/// its entry.
#[derive(Clone)]
enum Text {
    Short { is_numeric: bool, length: u8, bytes: [u8; SHORT] },
    Long(Arc<[u8]>),
    LongNumeric(Arc<[u8]>),
}

/// Bytes of the longest text that is kept in place.
const SHORT: usize = 22;

impl Text {
    /// Returns none for longer text.
    fn short(is_numeric: bool, length: usize, fill: impl FnOnce(&mut [u8])) -> Option<Text> {
        let mut bytes = [0; SHORT];
        fill(bytes.get_mut(..length)?);
        Some(Text::Short { is_numeric, length: u8::try_from(length).ok()?, bytes })
    }
}

impl Key {
    /// From text in WTF-8.
    #[must_use]
    pub fn from_wtf8(text: &[u8]) -> Key {
        Key::new(text, false)
    }

    /// The same key, marked as given by the caller as a number.
    #[must_use]
    pub fn given_as_number(mut self, numeric: bool) -> Key {
        self.text = match self.text {
            Text::Short { length, bytes, .. } => Text::Short { is_numeric: numeric, length, bytes },
            Text::Long(bytes) | Text::LongNumeric(bytes) if numeric => Text::LongNumeric(bytes),
            Text::Long(bytes) | Text::LongNumeric(bytes) => Text::Long(bytes),
        };
        self
    }

    fn new(text: &[u8], is_numeric: bool) -> Key {
        let short = Text::short(is_numeric, text.len(), |bytes| bytes.copy_from_slice(text));
        let long = || Key { text: Text::Long(Arc::from(text)) }.given_as_number(is_numeric);
        short.map_or_else(long, |text| Key { text })
    }

    /// Whether the caller gave this key as a number.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        matches!(self.text, Text::Short { is_numeric: true, .. } | Text::LongNumeric(_))
    }

    /// A key given as a number: its decimal text as JavaScript writes it.
    #[must_use]
    pub fn from_number(number: f64) -> Key {
        Key::from(ryu_js::Buffer::new().format(number)).given_as_number(true)
    }

    /// The number that the caller gave.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        let text = str::from_utf8(self.as_bytes()).ok().filter(|_| self.is_numeric())?;
        match text {
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => text.parse().ok(),
        }
    }

    /// From a JavaScript string. Nearly all are of ASCII alone: those are not decoded.
    #[must_use]
    pub fn from_utf16(units: &[u16]) -> Key {
        if units.iter().fold(0, |all, unit| all | unit) >= 0x80 {
            let mut text = Vec::with_capacity(units.len());
            encode_wtf8(units, &mut text);
            return Key::from_wtf8(&text);
        }
        let letters = units.iter().map(|unit| unit.to_le_bytes()[0]);
        let short = Text::short(false, units.len(), |bytes| {
            bytes.iter_mut().zip(letters.clone()).for_each(|(byte, letter)| *byte = letter);
        });
        Key { text: short.unwrap_or_else(|| Text::Long(letters.collect())) }
    }

    /// The text in WTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.text {
            Text::Short { length, bytes, .. } => &bytes[..usize::from(*length)],
            Text::Long(bytes) | Text::LongNumeric(bytes) => bytes,
        }
    }

    /// The JavaScript string that this key came from.
    #[must_use]
    pub fn to_utf16(&self) -> Vec<u16> {
        decode_wtf8(self.as_bytes())
    }

    /// The key under which generation `generation` of this key is stored: `<key>::v<generation>`.
    #[must_use]
    pub fn versioned(&self, generation: u64) -> Key {
        let text = [self.as_bytes(), format!("::v{generation}").as_bytes()].concat();
        Key::new(&text, self.is_numeric())
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Key {
        Key::from_wtf8(text.as_bytes())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(self.as_bytes()), formatter)
    }
}

/// Appends `units` to `text` as WTF-8: surrogate pairs become one code point, lone surrogates three bytes.
pub fn encode_wtf8(units: &[u16], text: &mut Vec<u8>) {
    for unit in char::decode_utf16(units.iter().copied()) {
        match unit {
            Ok(character) => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(lone) => {
                let [high, low] = lone.unpaired_surrogate().to_be_bytes();
                text.extend_from_slice(&[
                    0xE0 | (high >> 4),
                    0x80 | ((high & 0x0F) << 2) | (low >> 6),
                    0x80 | (low & 0x3F),
                ]);
            }
        }
    }
}

fn decode_wtf8(text: &[u8]) -> Vec<u16> {
    let mut units = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((code_point, length)) = next_code_point(rest) {
        if let Ok(unit) = u16::try_from(code_point) {
            units.push(unit);
        } else {
            let offset = code_point - 0x1_0000;
            #[expect(clippy::cast_possible_truncation, reason = "both halves are ten bits")]
            units.extend([0xD800 + (offset >> 10) as u16, 0xDC00 + (offset & 0x3FF) as u16]);
        }
        rest = &rest[length..];
    }
    units
}

/// The first code point of `text` and its length in bytes. A byte that starts none counts as one.
#[must_use]
pub fn next_code_point(text: &[u8]) -> Option<(u32, usize)> {
    let first = *text.first()?;
    let (length, bits) = match first {
        0xF0.. => (4, u32::from(first & 0x07)),
        0xE0.. => (3, u32::from(first & 0x0F)),
        0xC0.. => (2, u32::from(first & 0x1F)),
        _ => return Some((u32::from(first), 1)),
    };
    let length = length.min(text.len());
    let code_point = text[1..length].iter().fold(bits, |bits, byte| (bits << 6) | u32::from(byte & 0x3F));
    Some((code_point, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_takes_no_more_than_its_longest_short_text_and_two_bytes() {
        assert_eq!(size_of::<Key>(), SHORT + 2);
        assert_eq!(size_of::<Option<Key>>(), SHORT + 2);
    }

    #[test]
    fn keys_about_the_longest_short_text_are_what_they_were() {
        for (length, letters) in [0, 1, SHORT - 1, SHORT, SHORT + 1, 300]
            .into_iter()
            .flat_map(|length| [(length, "a-z"), (length, "aé")])
        {
            let text: String = letters.chars().cycle().take(length).collect();
            let key = Key::from(&*text);
            let units: Vec<u16> = text.encode_utf16().collect();
            assert_eq!((key.as_bytes(), &key), (text.as_bytes(), &Key::from_utf16(&units)));
            assert_eq!(key.to_utf16(), units);
            let given = key.clone().given_as_number(true);
            assert!(given.is_numeric() && !key.is_numeric());
            assert_eq!(given, key, "the flag takes no part in comparisons");
        }
    }

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        let written =
            [(1.0, "1"), (-0.0, "0"), (1.5, "1.5"), (1e21, "1e+21"), (2f64.powi(53), "9007199254740992")];
        for (number, text) in written {
            assert_eq!(Key::from_number(number), Key::from(text));
        }
        assert_eq!(Key::from("7").as_number(), None, "a text that looks like a number is none");
    }

    proptest! {
        #[test]
        fn any_javascript_string_comes_back_as_it_was(units: Vec<u16>) {
            let key = Key::from_utf16(&units);
            prop_assert_eq!(key.to_utf16(), units);
        }

        #[test]
        fn a_number_comes_back_as_it_was(number: f64) {
            let number = if number.is_nan() || number == 0.0 { 0.0 } else { number };
            prop_assert_eq!(Key::from_number(number).as_number(), Some(number));
        }

        #[test]
        fn text_without_lone_surrogates_is_utf8(text: String) {
            let units: Vec<u16> = text.encode_utf16().collect();
            let key = Key::from_utf16(&units);
            prop_assert_eq!(key.as_bytes(), text.as_bytes());
        }
    }
}
