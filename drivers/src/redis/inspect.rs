//! Lists the stored entries, one page at a time: a page costs one step of a scan and one pipeline.

use std::future::Future;

use lazy_layers_engine::{clock::Ttl, entry::pattern::Pattern};
use redis::Value;

use super::{
    client::ClientLink,
    commands,
    fault::{Fault, FaultKind},
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
    /// The rest of its lifetime; `None` for an entry that has gone since it was listed.
    pub left: Option<Ttl>,
    /// Bytes of its payload; 0 when values were not asked for.
    pub stored_bytes: u64,
    /// Its value, or why that cannot be read; `None` when there is none, or values were not asked for.
    pub value: Option<Result<T, Fault>>,
}

/// Where a page begins: a step of the scan, and the number of its names to skip.
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
    /// A page of up to `limit` entries that match, from `cursor` on; an unknown cursor starts at the first
    /// entry. The page may be short or empty before the end. Without `values`, payloads are not read.
    pub fn inspect(
        &self,
        cursor: Option<String>,
        limit: u32,
        pattern: Pattern,
        values: bool,
    ) -> impl Future<Output = Result<Page<P::Opened>, Fault>> + Send + 'static + use<P> {
        let store = self.clone();
        self.shared.apart(async move {
            let from = cursor.and_then(|text| Cursor::parse(&text)).unwrap_or_default();
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
            let entries = store.look_at(names, values).await?;
            Ok(Page { size, cursor: next.map(Cursor::format), entries })
        })
    }

    /// A page of the entry of one key, which is read alone.
    pub fn look(
        &self,
        key: &[u8],
    ) -> impl Future<Output = Result<Page<P::Opened>, Fault>> + Send + 'static + use<P> {
        let (store, name) = (self.clone(), self.shared.names.entry(key));
        self.shared.apart(async move {
            let entries = store.look_at(vec![name], true).await?;
            Ok(Page { size: 1, cursor: None, entries })
        })
    }

    async fn look_at(&self, names: Vec<Vec<u8>>, values: bool) -> Result<Vec<Seen<P::Opened>>, Fault> {
        let client = self.shared.supervised.access.client.as_ref();
        let tells_lifetimes = client.is_none_or(ClientLink::tells_lifetimes);
        let commands = |name: &[u8]| {
            let [get, lifetime] = commands::get(name);
            match (values, tells_lifetimes) {
                (true, true) => vec![get, lifetime],
                (true, false) => vec![get],
                (false, true) => vec![lifetime],
                (false, false) => vec![commands::one("EXISTS", name)],
            }
        };
        let asked: Vec<_> = names.iter().map(|name| self.shared.ask(name, commands(name))).collect();
        let mut entries = Vec::with_capacity(names.len());
        for (name, answers) in names.iter().zip(asked) {
            entries.push(self.seen(name, answers.await?, values, tells_lifetimes)?);
        }
        Ok(entries)
    }

    fn seen(
        &self,
        name: &[u8],
        answers: Vec<Value>,
        values: bool,
        tells_lifetimes: bool,
    ) -> Result<Seen<P::Opened>, Fault> {
        let mut answers = answers.into_iter();
        // Keys of another type, which Redis refuses to read, are shown without a value.
        let payload = if values { commands::next(&mut answers) } else { Ok(Value::Nil) };
        let left = left_of(answers.next(), tells_lifetimes)?;
        let left = match left {
            GONE => None,
            FOREVER => Some(Ttl::FOREVER),
            left => Some(Ttl(u64::try_from(left).unwrap_or(0).max(1) * 1000)),
        };
        let key = self.shared.names.key(name).unwrap_or(name).to_vec();
        let open = |payload| {
            let corrupt = |reason| Fault::new(FaultKind::Corrupt, reason);
            self.shared.payloads.open(payload).map_err(corrupt)
        };
        Ok(match payload {
            Ok(Value::BulkString(payload)) if left.is_some() => {
                Seen { key, left, stored_bytes: payload.len() as u64, value: Some(open(payload)) }
            }
            // The entry has gone between the two commands.
            Ok(Value::Nil) if values => Seen { key, left: None, stored_bytes: 0, value: None },
            Ok(_) => Seen { key, left, stored_bytes: 0, value: None },
            Err(fault) => Seen { key, left, stored_bytes: 0, value: Some(Err(fault)) },
        })
    }
}

/// The rest of a lifetime as `PTTL` returns it, of an entry that is gone, and of one that does not end.
const GONE: i64 = -2;
const FOREVER: i64 = -1;

/// The lifetime left, from the answer to `PTTL`; where lifetimes are not told, from that to `EXISTS`, or from none.
fn left_of(answer: Option<Value>, tells_lifetimes: bool) -> Result<i64, Fault> {
    let Some(answer) = answer else { return Ok(FOREVER) };
    Ok(match commands::integer(&commands::sound(answer)?)? {
        left if tells_lifetimes => left,
        0 => GONE,
        _ => FOREVER,
    })
}
