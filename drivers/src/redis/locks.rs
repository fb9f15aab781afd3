//! Locks of keys. Where no script may check the owner of a lock before its release, commands come as close as they
//! can.

use std::sync::Arc;

use lazy_layers_engine::clock::Ttl;
use redis::Value;

use super::{
    commands,
    fault::Fault,
    scripts::{Mode, refuses},
    store::{Payloads, RedisStore, millis},
};

impl<P: Payloads> RedisStore<P> {
    /// Takes the lock of a key, for the entry of `key`. Returns false if another holds it.
    pub fn acquire_lock(
        &self,
        key: &[u8],
        lock: &[u8],
        token: &str,
        ttl: Ttl,
    ) -> impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P> {
        let lock = self.shared.names.lock(key, lock);
        let taken = self.shared.acquire(lock, token.to_owned(), millis(ttl));
        async move { taken.await.unwrap_or_else(|_| Err(Fault::closed())) }
    }

    /// Releases the lock of a key. Returns false if `token` no longer holds it.
    pub fn release_lock(
        &self,
        key: &[u8],
        lock: &[u8],
        token: &str,
    ) -> impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P> {
        let lock = self.shared.names.lock(key, lock);
        let (shared, token) = (Arc::clone(&self.shared), token.to_owned());
        let link = shared.links();
        let is_driven = shared.supervised.access.client.is_some();
        // Clients with few commands may know this one script, which 0.4.0 had.
        let runs_scripts = is_driven || shared.scripting.runs_scripts(link);
        let asked = if runs_scripts {
            vec![commands::release(&lock, &token)]
        } else {
            commands::release_singly(&lock, &token, shared.supervised.is_touchy())
        };
        let answers = shared.ask(&lock, asked);
        async move {
            let mut answers = answers.await?;
            if runs_scripts {
                match answers.as_slice() {
                    [Value::ServerError(error)] if refuses(error) => {
                        if !is_driven {
                            shared.refuse(Mode::Scripts, error, link);
                        }
                    }
                    _ => return Ok(commands::integer(&commands::next(&mut answers.into_iter())?)? > 0),
                }
                answers = shared.ask(&lock, commands::release_singly(&lock, &token, is_driven)).await?;
            }
            if let Some(Value::BulkString(owner)) = answers.last() {
                if *owner != token.as_bytes() {
                    return Ok(false);
                }
                answers = shared.ask(&lock, vec![commands::one("DEL", &lock)]).await?;
            }
            Ok(answers.iter().any(|answer| commands::integer(answer).is_ok_and(|removed| removed > 0)))
        }
    }
}
