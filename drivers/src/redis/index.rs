//! The index: a sorted set of all entries by the time they were written.

use std::future::Future;

use redis::Value;

use super::{
    commands::{self, Commands},
    fault::Fault,
    store::{Payloads, RedisStore, Shared},
};

impl<P: Payloads> RedisStore<P> {
    /// The number of entries: members of the index, or, without one, what a scan finds.
    pub fn size(&self) -> impl Future<Output = Result<u64, Fault>> + Send + 'static + use<P> {
        let store = self.clone();
        async move {
            let Some(index) = &store.shared.names.index else { return store.count().await };
            let answers = store.shared.ask(index, vec![commands::one("ZCARD", index)]).await?;
            commands::count(&commands::next(&mut answers.into_iter())?)
        }
    }

    /// Notes that an entry was written. The answers have the number of entries too if there is a bound.
    pub(super) fn note(
        &self,
        entry: &[u8],
        most: Option<u64>,
    ) -> impl Future<Output = Result<Vec<Value>, Fault>> + Send + 'static + use<P> {
        let answers = self.shared.names.index.as_ref().map(|index| {
            let member = self.shared.names.member(entry);
            let mut asked = vec![commands::note(index, member, self.shared.clock.wall_millis())];
            asked.extend(most.map(|_| commands::one("ZCARD", index)));
            self.shared.ask(index, asked)
        });
        async move {
            match answers {
                Some(answers) => answers.await,
                None => Ok(Vec::new()),
            }
        }
    }

    /// Given the answers to [`RedisStore::note`]: removes the oldest entries beyond `most`.
    pub(super) async fn trim(&self, answers: Vec<Value>, most: Option<u64>) -> Result<(), Fault> {
        let Some(index) = &self.shared.names.index else { return Ok(()) };
        let mut answers = answers.into_iter();
        commands::next(&mut answers)?;
        let Some(most) = most else { return Ok(()) };
        let mut beyond = commands::count(&commands::next(&mut answers)?)?.saturating_sub(most);
        let batch = self.shared.options.batch_size.max(1) as u64;
        while beyond > 0 {
            let mut pop = commands::one("ZPOPMIN", index);
            pop.arg(beyond.min(batch));
            let popped = commands::next(&mut self.shared.ask(index, vec![pop]).await?.into_iter())?;
            let listed = |member| self.shared.names.listed(member);
            let names: Vec<_> = members(popped)?.into_iter().map(listed).collect();
            // Another instance trims too.
            if names.is_empty() {
                return Ok(());
            }
            self.remove(&names).await?;
            beyond = beyond.saturating_sub(batch);
        }
        Ok(())
    }
}

impl<P: Payloads> Shared<P> {
    /// A read of the entry found nothing: the index need not list it.
    pub(super) fn forget(&self, entry: &[u8]) {
        if let Some(index) = &self.names.index {
            let forget = commands::forget(index, std::iter::once(self.names.member(entry)));
            self.requests.send(Commands::told(index, vec![forget]));
        }
    }
}

/// The members in an answer of members and scores: one after the other in RESP2, in pairs in RESP3.
fn members(value: Value) -> Result<Vec<Vec<u8>>, Fault> {
    let Value::Array(values) = value else { return Err(Fault::unexpected()) };
    let mut names = Vec::new();
    let mut values = values.into_iter();
    while let Some(value) = values.next() {
        match value {
            Value::BulkString(name) => {
                names.push(name);
                values.next();
            }
            Value::Array(pair) => {
                if let Some(Value::BulkString(name)) = pair.into_iter().next() {
                    names.push(name);
                }
            }
            _ => return Err(Fault::unexpected()),
        }
    }
    Ok(names)
}
