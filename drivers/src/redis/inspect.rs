//! A look at what is stored, one page at a time: a page costs one step of a scan and one pipeline.

use std::future::Future;

use lazy_layers_engine::{clock::Ttl, entry::pattern::Pattern};
use redis::Value;

use super::{
    commands,
    fault::{Fault, FaultKind},
    read::found,
    scan::Position,
    store::{Payloads, RedisStore},
};

/// A page of entries.
#[derive(Debug)]
pub struct Page<T> {
    /// The number of entries in the store.
    pub size: u64,
    /// Where to go on; `None` at the end.
    pub cursor: Option<String>,
    /// The entries, in no particular order.
    pub entries: Vec<Seen<T>>,
}

/// An entry that was looked at.
#[derive(Debug)]
pub struct Seen<T> {
    /// Its key.
    pub key: Vec<u8>,
    /// What is left of its lifetime.
    pub left: Ttl,
    /// Bytes of its payload.
    pub stored_bytes: u64,
    /// Its value, or why that cannot be read.
    pub value: Result<T, Fault>,
}

/// Where a page begins: after so many of the names that a step of the scan finds.
#[derive(Debug, Clone, Copy, Default)]
struct Cursor {
    at: Position,
    skip: usize,
}

impl Cursor {
    fn parse(text: &str) -> Option<Cursor> {
        let mut numbers = text.split('.');
        let cursor = Cursor {
            at: Position { node: numbers.next()?.parse().ok()?, cursor: numbers.next()?.parse().ok()? },
            skip: numbers.next()?.parse().ok()?,
        };
        numbers.next().is_none().then_some(cursor)
    }

    fn format(self) -> String {
        format!("{}.{}.{}", self.at.node, self.at.cursor, self.skip)
    }
}

impl<P: Payloads> RedisStore<P> {
    /// A page of up to `limit` entries that match, from `cursor` on. It may be short or empty before the end.
    pub fn inspect(
        &self,
        cursor: Option<String>,
        limit: u32,
        pattern: Pattern,
    ) -> impl Future<Output = Result<Page<P::Opened>, Fault>> + Send + 'static + use<P> {
        let store = self.clone();
        self.shared.apart(async move {
            let from = match cursor {
                None => Cursor::default(),
                Some(text) => Cursor::parse(&text).ok_or_else(|| {
                    Fault::new(FaultKind::Server, format!("{text:?} is no cursor that inspect() gave"))
                })?,
            };
            let size = store.size().await?;
            let mut step = store.step(from.at, &pattern, limit).await?;
            let limit = limit as usize;
            let rest = step.names.len().saturating_sub(from.skip);
            let next = if rest > limit {
                Some(Cursor { skip: from.skip + limit, ..from })
            } else {
                step.next.map(|at| Cursor { at, skip: 0 })
            };
            let names = step.names.drain(..).skip(from.skip).take(limit).collect();
            let entries = store.look_at(names).await?;
            Ok(Page { size, cursor: next.map(Cursor::format), entries })
        })
    }

    async fn look_at(&self, names: Vec<Vec<u8>>) -> Result<Vec<Seen<P::Opened>>, Fault> {
        let asked: Vec<_> =
            names.iter().map(|name| self.shared.ask(name, commands::get(name).into())).collect();
        let mut entries = Vec::with_capacity(names.len());
        for (name, answers) in names.iter().zip(asked) {
            entries.extend(self.seen(name, answers.await?)?);
        }
        Ok(entries)
    }

    /// `None` for what has expired meanwhile.
    fn seen(&self, name: &[u8], answers: Vec<Value>) -> Result<Option<Seen<P::Opened>>, Fault> {
        let Some((payload, left)) = found(&mut answers.into_iter())? else { return Ok(None) };
        let stored_bytes = payload.len() as u64;
        let value =
            self.shared.payloads.open(payload).map_err(|reason| Fault::new(FaultKind::Corrupt, reason));
        let key = self.shared.names.key(name).unwrap_or(name).to_vec();
        Ok(Some(Seen { key, left, stored_bytes, value }))
    }
}
