//! Access to the dashboard: its login, and how often a peer may try.

use std::{collections::HashMap, hint::black_box};

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use lazy_layers_engine::clock::Time;
use parking_lot::Mutex;
use serde::Deserialize;

/// Base64 with or without its padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The login of the dashboard.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Auth {
    username: String,
    password: String,
    token: Option<String>,
    pub(crate) disabled: bool,
}

/// Without the secrets.
impl std::fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Auth").field("disabled", &self.disabled).finish_non_exhaustive()
    }
}

/// The outcome of a login.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// Let in.
    Open,
    /// A login was given, and it was wrong.
    Wrong,
    /// No login was given.
    Missing,
}

impl Auth {
    /// Checks an `Authorization` header and a token of the query.
    pub(crate) fn login(&self, authorization: Option<&str>, token: Option<&str>) -> Login {
        if self.disabled {
            return Login::Open;
        }
        let is_token = |given: &str| self.token.as_deref().is_some_and(|token| is_same(given, token));
        if token.is_some_and(is_token) {
            return Login::Open;
        }
        let Some(header) = authorization else {
            return if token.is_some() { Login::Wrong } else { Login::Missing };
        };
        let (scheme, given) = header.trim().split_once(' ').unwrap_or((header, ""));
        let is_right = match scheme.to_ascii_lowercase().as_str() {
            "bearer" => is_token(given.trim()),
            "basic" => self.is_basic(given.trim()),
            _ => false,
        };
        if is_right { Login::Open } else { Login::Wrong }
    }

    fn is_basic(&self, given: &str) -> bool {
        let Ok(decoded) = LENIENT.decode(given) else { return false };
        let text = String::from_utf8_lossy(&decoded);
        let Some((username, password)) = text.split_once(':') else { return false };
        // Both are always compared.
        is_same(username, &self.username) & is_same(password, &self.password)
    }
}

/// Whether two texts are the same. How long that takes depends on the length of `given` alone.
fn is_same(given: &str, secret: &str) -> bool {
    let (given, secret) = (given.as_bytes(), secret.as_bytes());
    let mut difference = u8::from(given.len() != secret.len());
    for (at, byte) in given.iter().enumerate() {
        let other = secret.get(at % secret.len().max(1)).copied().unwrap_or_default();
        difference |= black_box(byte ^ other);
    }
    black_box(difference) == 0
}

/// The number of wrong logins of one peer that are answered at once; after that, one a second is.
const BURST: f64 = 50.0;
/// The microseconds after which one more login is allowed.
const REFILL: f64 = 1_000_000.0;
/// The most peers that are told apart. Further ones share one bound.
const PEERS: usize = 1024;

/// A bound on wrong logins. A peer beyond the bound is not checked at all for a while, so that guessing learns
/// nothing.
#[derive(Default)]
pub(crate) struct Throttle {
    /// Wrong logins by peer, as of a time.
    peers: Mutex<HashMap<String, (f64, Time)>>,
}

impl Throttle {
    /// # Errors
    /// The seconds to wait, when this peer was wrong too often.
    pub(crate) fn ask(&self, peer: &str, now: Time) -> Result<(), u64> {
        let peers = self.peers.lock();
        let Some(wrong) = peers.get(self.name(&peers, peer)).map(|entry| left(entry, now)) else {
            return Ok(());
        };
        if wrong < BURST {
            return Ok(());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
        Err((wrong - BURST).max(0.0) as u64 + 1)
    }

    /// Counts a wrong login.
    pub(crate) fn count(&self, peer: &str, now: Time) {
        let mut peers = self.peers.lock();
        if peers.len() >= PEERS {
            peers.retain(|_, entry| left(entry, now) > 0.0);
        }
        let name = self.name(&peers, peer).to_owned();
        let entry = peers.entry(name).or_insert((0.0, now));
        *entry = (left(entry, now) + 1.0, now);
    }

    #[expect(clippy::unused_self, reason = "a rule of it")]
    fn name<'a>(&self, peers: &HashMap<String, (f64, Time)>, peer: &'a str) -> &'a str {
        if peers.len() < PEERS || peers.contains_key(peer) { peer } else { "" }
    }
}

#[expect(clippy::cast_precision_loss, reason = "micros of a process fit 53 bits")]
fn left((wrong, at): &(f64, Time), now: Time) -> f64 {
    (wrong - now.0.saturating_sub(at.0) as f64 / REFILL).max(0.0)
}
