use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::entry::key::Key;

fn matches(pattern: &str, key: &str) -> bool {
    Pattern::from(pattern).matches(key.as_bytes())
}

#[test]
fn a_star_is_any_run_and_a_question_mark_one_character() {
    for (pattern, key) in [
        ("user:*", "user:1"),
        ("user:*", "user:"),
        ("*:1", "user:1"),
        ("u*r:*1", "user:11"),
        ("*", ""),
        ("**", "anything"),
        ("", ""),
        ("a?c", "abc"),
        ("a?c", "a😀c"),
        ("*?", "é"),
        ("?*?", "ab"),
        ("*a?b*", "xxaéb"),
    ] {
        assert!(matches(pattern, key), "{pattern} should match {key}");
    }
    for (pattern, key) in [
        ("user:*", "users:1"),
        ("user", "user:1"),
        ("user:1", "user"),
        ("", "a"),
        ("?", ""),
        ("?", "ab"),
        ("??", "😀"),
        ("?*?", "é"),
        ("ab*ba", "aba"),
        ("*a?b*", "xab"),
        ("a*b*c", "acb"),
    ] {
        assert!(!matches(pattern, key), "{pattern} should not match {key}");
    }
}

#[test]
fn every_other_character_is_literal() {
    for text in ["[ab]", "[^a]", "a\\*", "{a,b}", "a.+$", "^a|b", "(a)", "\\"] {
        assert!(matches(text, text), "{text}");
        assert!(matches(&format!("*{text}*"), &format!("x{text}y")), "{text}");
    }
    assert!(!matches("[ab]", "a"));
    assert!(matches("a\\*", "a\\b"));
    assert!(!matches("a\\?", "a?"));
}

#[test]
fn only_stars_are_everything() {
    assert!(Pattern::from("*").is_everything() && Pattern::from("***").is_everything());
    assert!(!Pattern::from("").is_everything() && !Pattern::from("*?").is_everything());
}

#[test]
fn a_lone_surrogate_is_one_character() {
    let key = Key::from_utf16(&[u16::from(b'a'), 0xD800, u16::from(b'b')]);
    assert!(Pattern::from("a?b").matches(key.as_bytes()));
    assert!(Pattern::from("*a?b*").matches(key.as_bytes()));
    assert!(!Pattern::from("a??b").matches(key.as_bytes()));
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    for key in [&[0x80_u8, 0xFF, 0xF0][..], &[0xF0], &[0xBF, 0xBF]] {
        for pattern in ["*?", "?*", "?", "*?*", "*a?*", "?a*?b?*??"] {
            let _ = Pattern::from(pattern).matches(key);
            let _ = Pattern::from_wtf8(key).matches(key);
        }
    }
}

#[test]
fn a_hostile_pattern_ends_quickly() {
    let key = "a".repeat(100_000);
    let hostile = [
        format!("{}b", "*a".repeat(50_000)),
        format!("*{}b*", "a".repeat(50_000)),
        format!("*{}b*", "a?".repeat(1_000)),
        format!("{}b", "*?a".repeat(10_000)),
        format!("{}b", "?*".repeat(50_000)),
    ];
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let matched = hostile.iter().any(|pattern| matches(pattern, &key));
        done.send(matched)
    });
    assert_eq!(ended.recv_timeout(Duration::from_secs(20)), Ok(false));
}

/// The meaning of a pattern, spelled out.
fn naive(pattern: &[char], key: &[char]) -> bool {
    match pattern.split_first() {
        None => key.is_empty(),
        Some(('*', rest)) => (0..=key.len()).any(|skipped| naive(rest, &key[skipped..])),
        Some((&first, rest)) => {
            key.split_first().is_some_and(|(&next, key)| (first == '?' || first == next) && naive(rest, key))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn patterns_mean_what_they_say(pattern in "[ab*?é😀]{0,10}", key in "[abé😀]{0,12}") {
        let expected = naive(&pattern.chars().collect::<Vec<_>>(), &key.chars().collect::<Vec<_>>());
        prop_assert_eq!(matches(&pattern, &key), expected);
    }

    #[test]
    fn long_segments_mean_the_same(
        before in "[ab]{0,40}", segment in "[ab😀]{60,140}", after in "[ab]{0,40}", wild in 0..60_usize, other: bool,
    ) {
        let mut wanted: Vec<char> = segment.chars().collect();
        wanted[wild] = '?';
        let text = if other { segment.replacen("ab", "a", 1) } else { segment };
        let key: Vec<char> = format!("{before}{text}{after}").chars().collect();
        let expected = key.windows(wanted.len()).any(|window| {
            window.iter().zip(&wanted).all(|(&have, &want)| want == '?' || have == want)
        });
        let pattern = format!("*{}*", wanted.iter().collect::<String>());
        prop_assert_eq!(matches(&pattern, &key.iter().collect::<String>()), expected);
    }
}
