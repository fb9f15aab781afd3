//! Where scripts are denied, a conditional write is a write and a look after it. Readers keep values that they find in
//! between. So a look before the write finds loads that were overtaken while they ran: only an invalidation between the
//! two looks is found too late.

use std::future::Future;

use redis::Value;

use super::{
    commands,
    fault::Fault,
    marks,
    store::{Payloads, RedisStore},
    write::Writing,
};

impl<P: Payloads> RedisStore<P> {
    /// Whether a write may be made, if no script decides that.
    pub(super) fn look_first(
        &self,
        writing: &Writing,
    ) -> Option<impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P>> {
        let Writing { entry, owner, seen, .. } = writing;
        let shared = &self.shared;
        let is_conditional = owner.is_some() || seen.is_some();
        let is_driven = shared.supervised.access.client.is_some();
        if !is_conditional || is_driven || shared.scripting.runs_scripts(shared.links()) {
            return None;
        }
        let mut asked = vec![marks::ask_standing(&shared.names.marks(entry), entry)];
        asked.extend(owner.as_ref().map(|(lock, _)| commands::one("GET", lock)));
        let answers = shared.ask(entry, asked);
        let key = shared.names.key(entry).unwrap_or_default().to_vec();
        let seen = seen.as_ref().map(|seen| seen.own.clone());
        let token = owner.as_ref().map(|(_, token)| token.clone().into_bytes());
        Some(async move {
            let mut answers = answers.await?.into_iter();
            let standing = commands::next(&mut answers)?;
            let stands = seen.is_none_or(|seen| marks::stands(&standing, &seen, &key));
            let Some(token) = token else { return Ok(stands) };
            Ok(stands && commands::next(&mut answers)? == Value::BulkString(token))
        })
    }
}
