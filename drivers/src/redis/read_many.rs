//! Reads of several keys without loads: by one `MGET`, if all entries are on one server.

use std::{
    future::Future,
    sync::{Arc, atomic::Ordering},
};

use lazy_layers_engine::clock::Ttl;
use redis::{Arg, Cmd, Value, cluster_routing::Slot};
use tokio::sync::oneshot;

use super::{
    batch::{Answers, Operation},
    commands,
    fault::{Fault, FaultKind},
    read::{Found, found, opened},
    store::{LARGE, Payloads, RedisStore, StoreState},
};

/// The most entries of one command. So the server answers other clients in between, and packing here, work on the
/// server, and reading overlap.
const MOST: usize = 128;

/// The value found under each key, in order.
type FoundMany<T> = Result<Vec<Found<T>>, Fault>;

impl<P: Payloads> RedisStore<P> {
    /// The values of keys, in order; with `lifetime` also the rest of their lifetimes. `None` where they have to be
    /// read one by one: they are on several servers, a client with few commands is driven, some have to wait for a
    /// write that is being prepared, or the server refuses `MGET`.
    pub fn get_many(
        &self,
        keys: &mut dyn ExactSizeIterator<Item = &[u8]>,
        lifetime: bool,
    ) -> Option<impl Future<Output = Result<Vec<Found<P::Opened>>, Fault>> + Send + 'static + use<P>> {
        let shared = &self.shared;
        let link = shared.links();
        let is_single = !shared.names.is_clustered() && shared.supervised.access.client.is_none();
        let is_refused = shared.refuses_mget.load(Ordering::Relaxed) == link + 1;
        let is_waited_for = shared.preparing_count.load(Ordering::SeqCst) > 0;
        if !is_single || is_refused || is_waited_for || shared.supervised.is_touchy() {
            return None;
        }
        let mut asked = Vec::with_capacity(keys.len() / MOST + 1);
        while keys.len() > 0 {
            asked.push(self.ask_many(&mut (&mut *keys).take(MOST), lifetime));
        }
        let store = self.clone();
        Some(async move {
            let mut all = Vec::new();
            for answer in asked {
                match answer.await.map_err(|_| Fault::closed())? {
                    Answered::Found(found) if all.is_empty() => all = found,
                    Answered::Found(found) => all.extend(found),
                    Answered::Failed(fault) => return Err(fault),
                    Answered::Refused(get) => {
                        store.shared.refuses_mget.store(link + 1, Ordering::Relaxed);
                        all.extend(store.get_each(&get, lifetime).await?);
                    }
                }
            }
            Ok(all)
        })
    }

    fn ask_many(
        &self,
        keys: &mut dyn Iterator<Item = &[u8]>,
        lifetime: bool,
    ) -> oneshot::Receiver<Answered<P::Opened>> {
        let prefix = self.shared.names.prefix.as_slice();
        let mut get = Cmd::with_capacity(MOST + 1, MOST * 32);
        get.arg("MGET");
        let mut entry = prefix.to_vec();
        for key in keys {
            entry.truncate(prefix.len());
            entry.extend_from_slice(key);
            get.arg(entry.as_slice());
        }
        let (reply, received) = oneshot::channel();
        let operation = GetMany { shared: Arc::clone(&self.shared), get, lifetime, reply };
        // No write is being prepared, so it waits for none.
        self.shared.request(&entry, Box::new(operation));
        received
    }

    /// The same by single commands. A value that cannot be read fails its key alone.
    async fn get_each(&self, get: &Cmd, lifetime: bool) -> FoundMany<P::Opened> {
        let key = |entry| self.shared.names.key(entry).unwrap_or_default().to_vec();
        let asked: Vec<_> = entries(get).map(|entry| self.get(&key(entry), lifetime)).collect();
        let mut all = Vec::with_capacity(asked.len());
        for answer in asked {
            match answer.await {
                Err(fault) if fault.kind == FaultKind::Disconnected => return Err(fault),
                found => all.push(found),
            }
        }
        Ok(all)
    }
}

/// The entries that a command names.
fn entries(get: &Cmd) -> impl Iterator<Item = &[u8]> {
    get.args_iter().skip(1).map(|argument| match argument {
        Arg::Simple(entry) => entry,
        _ => &[],
    })
}

enum Answered<T> {
    Found(Vec<Found<T>>),
    Failed(Fault),
    /// The server refuses the command.
    Refused(Cmd),
}

struct GetMany<P: Payloads> {
    shared: Arc<StoreState<P>>,
    get: Cmd,
    lifetime: bool,
    reply: oneshot::Sender<Answered<P::Opened>>,
}

impl<P: Payloads> Operation for GetMany<P> {
    fn slot(&self) -> Slot {
        Slot::for_key(&self.shared.names.prefix)
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        add(self.get.clone());
        if self.lifetime {
            entries(&self.get).for_each(|entry| add(commands::one("PTTL", entry)));
        }
    }

    fn finish(self: Box<Self>, answers: Answers<'_>) {
        let payloads = match answers.and_then(|answers| self.payloads(answers)) {
            Ok(payloads) => payloads,
            Err(fault) => {
                let is_refusal = fault.kind == FaultKind::Server;
                let answer = if is_refusal { Answered::Refused(self.get) } else { Answered::Failed(fault) };
                return drop(self.reply.send(answer));
            }
        };
        let GetMany { shared, get, reply, .. } = *self;
        if payloads.iter().any(|found| matches!(found, Ok(None))) {
            let absent = entries(&get).zip(&payloads).filter(|(_, found)| matches!(found, Ok(None)));
            absent.for_each(|(entry, _)| shared.forget(entry));
        }
        let bytes: usize = payloads.iter().flatten().flatten().map(|(payload, _)| payload.len()).sum();
        let runtime = shared.runtime.clone();
        let open = move || {
            let open = |(payload, left)| opened(&*shared.payloads, payload, left);
            let all = payloads.into_iter().map(|found| found?.map(open).transpose()).collect();
            drop(reply.send(Answered::Found(all)));
        };
        if bytes >= LARGE {
            runtime.spawn_blocking(open);
        } else {
            open();
        }
    }
}

/// The payload of an entry and its lifetime left, if it is there.
type Raw = Result<Option<(Vec<u8>, Ttl)>, Fault>;

impl<P: Payloads> GetMany<P> {
    fn payloads(&self, answers: &mut dyn Iterator<Item = Value>) -> Result<Vec<Raw>, Fault> {
        let Value::Array(payloads) = commands::next(answers)? else { return Err(Fault::unexpected()) };
        let each = payloads.into_iter().map(|payload| {
            let lifetime = if self.lifetime { answers.next() } else { None };
            found(&mut std::iter::once(payload).chain(lifetime))
        });
        Ok(each.collect())
    }
}
