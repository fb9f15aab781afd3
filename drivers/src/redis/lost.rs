//! Repairs a lost index: one that was deleted, or evicted by a full server. Without repair a pattern finds nothing,
//! and a delete by pattern reports success.
//!
//! A mark shows that both sets are whole. 0.4.0 takes each member of the index for an entry, so the mark is a member
//! of the set beside it, before all times. If the mark is missing, the servers are scanned for entries, which are
//! listed anew.

use lazy_layers_engine::{codec::Encoding, entry::pattern::Pattern};
use redis::{Cmd, Value};

use super::{
    commands::{self, Commands},
    fault::{Fault, FaultKind},
    scan::{Position, Source},
    store::{Payloads, RedisStore},
};

/// The member that shows that the sets are whole: no name of an entry has such a byte.
pub(super) const MARK: &[u8] = b"\xff";

/// The state of the index.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Whole,
    /// The set beside the index lists more than the index.
    Short,
    Lost,
}

impl<P: Payloads> RedisStore<P> {
    /// The state of the index, as far as the two sets tell.
    pub(super) async fn standing(&self) -> Result<Standing, Fault> {
        let (index, expiry) = self.shared.names.sets();
        let mut mark = commands::one("ZSCORE", &expiry);
        mark.arg(MARK);
        let asked = vec![mark, commands::one("ZCARD", &index), commands::known(&expiry)];
        let mut answers = self.shared.ask(&index, asked).await?.into_iter();
        let is_marked = commands::next(&mut answers)? != Value::Nil;
        let [listed, known] = [commands::next(&mut answers)?, commands::next(&mut answers)?];
        let (listed, known) = (commands::count(&listed)?, commands::count(&known)?);
        Ok(match is_marked {
            true if listed >= known => Standing::Whole,
            true if listed > 0 => Standing::Short,
            _ => Standing::Lost,
        })
    }

    /// Removes the entries that match and that a damaged index may not list. Returns their number.
    pub(super) async fn remove_unlisted(&self, pattern: &Pattern) -> Result<u64, Fault> {
        match self.standing().await? {
            Standing::Whole => Ok(0),
            Standing::Short => self.remove_found(Source::Expiry, pattern).await,
            Standing::Lost => self.repair(pattern).await,
        }
    }

    /// Finds all entries on the servers and lists them anew, and removes those that match. Returns the number
    /// of removed ones.
    async fn repair(&self, pattern: &Pattern) -> Result<u64, Fault> {
        let (everything, mut at, mut removed, mut unlisted) =
            (Pattern::from("*"), Some(Position::default()), 0, 0);
        while let Some(position) = at {
            let count = self.shared.options.scan_count;
            let step = match self.step_from(Source::Servers, position, &everything, count).await {
                Ok(step) => step,
                // Not every user may scan: then the index is all there is.
                Err(fault) if fault.kind == FaultKind::Server => {
                    let place = &self.shared.place;
                    self.shared.scripting.complain(format!(
                        "the index of Redis at {place} may be lost, and its entries cannot be looked for: {}",
                        fault.message
                    ));
                    return Ok(removed);
                }
                Err(fault) => return Err(fault),
            };
            let entries = self.entries_among(step.names).await?;
            unlisted += self.list_again(&entries).await?;
            let matching = entries.into_iter().map(|(name, _)| name);
            removed += self.remove_all(self.matching(matching, pattern)).await?;
            at = step.next;
        }
        let (index, expiry) = self.shared.names.sets();
        let mut mark = commands::one("ZADD", &expiry);
        mark.arg("-inf").arg(MARK);
        commands::next(&mut self.shared.ask(&index, vec![mark]).await?.into_iter())?;
        if unlisted > 0 {
            let place = &self.shared.place;
            self.shared.scripting.complain(format!(
                "the index of Redis at {place} was lost: {unlisted} entries that it did not list were found by a scan; \
                 it may have been evicted (maxmemory-policy) or deleted"
            ));
        }
        Ok(removed)
    }

    /// Returns the names that belong to entries, with their lifetimes left: a database may have other values
    /// under such names.
    async fn entries_among(&self, names: Vec<Vec<u8>>) -> Result<Vec<(Vec<u8>, i64)>, Fault> {
        let asked: Vec<_> = names
            .iter()
            .map(|name| {
                let mut head = commands::one("GETRANGE", name);
                head.arg(0).arg(3);
                let (asked, answers) = Commands::asked(name, vec![head, commands::one("PTTL", name)]);
                self.shared.requests.send(asked);
                answers
            })
            .collect();
        let mut entries = Vec::new();
        for (name, answers) in names.into_iter().zip(asked) {
            let answers = answers.await.unwrap_or_else(|_| Err(Fault::closed()))?;
            let [Value::BulkString(head), left] = answers.as_slice() else { continue };
            let Ok(left) = commands::integer(left) else { continue };
            if Encoding::PREFIXED.iter().any(|encoding| encoding.prefix() == head.as_slice()) {
                entries.push((name, left));
            }
        }
        Ok(entries)
    }

    /// Lists entries in both sets if they are missing there. Returns how many the index had not listed.
    async fn list_again(&self, entries: &[(Vec<u8>, i64)]) -> Result<u64, Fault> {
        if entries.is_empty() {
            return Ok(0);
        }
        let (index, expiry) = self.shared.names.sets();
        let now = self.shared.clock.wall_millis();
        let add = |set: &[u8]| {
            let mut add = commands::one("ZADD", set);
            // A write that lists it meanwhile knows better.
            add.arg("NX");
            add
        };
        let [mut written, mut ends]: [Cmd; 2] = [add(&index), add(&expiry)];
        for (name, left) in entries {
            let member = self.shared.names.member(name);
            written.arg(now).arg(member);
            match u64::try_from(*left) {
                Ok(left) => ends.arg(now.saturating_add(left).saturating_add(1)),
                Err(_) => ends.arg("+inf"),
            };
            ends.arg(member);
        }
        let mut answers = self.shared.ask(&index, vec![written, ends]).await?.into_iter();
        let listed = commands::count(&commands::next(&mut answers)?)?;
        commands::next(&mut answers)?;
        Ok(listed)
    }
}
