//! Deletes: of keys, and of all that match a pattern.

use std::future::Future;

use lazy_layers_engine::entry::pattern::Pattern;
use redis::Cmd;

use super::{
    commands,
    fault::Fault,
    scan::Position,
    store::{Payloads, RedisStore},
};

impl<P: Payloads> RedisStore<P> {
    /// Removes keys; with `revoke_locks` their locks too. Gives how many there were.
    pub fn delete(
        &self,
        keys: &[&[u8]],
        revoke_locks: bool,
    ) -> impl Future<Output = Result<(), Fault>> + Send + 'static + use<P> {
        let names = &self.shared.names;
        let asked: Vec<_> = keys
            .iter()
            .map(|key| {
                let entry = names.entry(key);
                let mut command = self.removal(&entry);
                if revoke_locks {
                    command.arg(names.lock(key));
                }
                let answers = self.shared.ask(&entry, vec![command]);
                let unlisted = self.unlist(std::slice::from_ref(&entry));
                async move {
                    commands::next(&mut answers.await?.into_iter())?;
                    unlisted.await
                }
            })
            .collect();
        async move {
            for answers in asked {
                answers.await?;
            }
            Ok(())
        }
    }

    /// Removes all keys that match. Gives how many.
    pub fn delete_by_pattern(
        &self,
        pattern: &Pattern,
    ) -> impl Future<Output = Result<u64, Fault>> + Send + 'static + use<P> {
        let (store, pattern) = (self.clone(), pattern.clone());
        self.shared.apart(async move {
            store.shared.all_sealed().await;
            let (mut at, mut count) = (Some(Position::default()), 0);
            while let Some(position) = at {
                let step = store.step(position, &pattern, store.shared.options.scan_count).await?;
                for names in step.names.chunks(store.shared.options.batch_size.max(1)) {
                    store.remove(names).await?;
                    count += names.len() as u64;
                }
                at = step.next;
            }
            Ok(count)
        })
    }

    /// Removes entries, and takes them out of the index.
    pub(super) async fn remove(&self, names: &[Vec<u8>]) -> Result<(), Fault> {
        // All are on their way before the first answer is waited for: each is sent by itself in a cluster.
        let asked: Vec<_> = if self.shared.names.is_clustered() {
            names.iter().map(|name| self.shared.ask(name, vec![self.removal(name)])).collect()
        } else {
            let mut command = commands::one(self.shared.options.delete_strategy.command(), &names[0]);
            names[1..].iter().for_each(|name| {
                command.arg(name.as_slice());
            });
            vec![self.shared.ask(&names[0], vec![command])]
        };
        let unlisted = self.unlist(names);
        for answers in asked {
            commands::next(&mut answers.await?.into_iter())?;
        }
        unlisted.await
    }

    fn removal(&self, entry: &[u8]) -> Cmd {
        commands::one(self.shared.options.delete_strategy.command(), entry)
    }

    fn unlist(&self, names: &[Vec<u8>]) -> impl Future<Output = Result<(), Fault>> + Send + 'static + use<P> {
        let answers = self.shared.names.index.as_ref().map(|index| {
            let members = names.iter().map(|name| self.shared.names.member(name));
            self.shared.ask(index, vec![commands::forget(index, members)])
        });
        async move {
            if let Some(answers) = answers {
                commands::next(&mut answers.await?.into_iter())?;
            }
            Ok(())
        }
    }
}
