//! One function per verb. The first argument names the cache, with bits for a key given as a number and
//! for options of this call in the params.

use std::{
    future::Future,
    pin::pin,
    rc::Rc,
    sync::{Arc, atomic::AtomicU32},
    task::{Context, Poll, Waker},
};

use lazy_layers_engine::{
    entry::{key::Key, pattern::Pattern},
    options::Settings,
    value::{Failure, Opaque},
};

use super::{
    arguments::{Argument, Array, found},
    current,
};
use crate::{
    contract::{Code, call, option_record::Record},
    executor::{Polled, Work},
    instance::{Instance, NativeCache},
    raw::{
        call::{Args, Fault},
        js::{Js, JsValue, Unexpected},
    },
    reply::{Answer, Reply},
    request::{Request, RequestCaller, Signals},
};

/// A call: its environment, its cache, and the bits that came with the cache's id.
pub(crate) struct Call {
    pub(super) instance: Rc<Instance>,
    pub(super) native: Rc<NativeCache>,
    bits: u32,
}

impl Argument for Call {
    #[cfg(test)]
    const TYPE: &'static str = "Id";

    fn take(args: &Args, at: &mut usize) -> Result<Call, Fault> {
        let bits = u32::take(args, at)?;
        let instance = current()?;
        let native = found(&instance.caches.borrow(), bits & call::ID, "cache")?;
        Ok(Call { instance, native, bits })
    }
}

impl Call {
    /// The key as it was given.
    pub(super) fn key(&self, key: Key) -> Key {
        key.given_as_number(self.bits & call::NUMERIC_KEY != 0)
    }

    /// Whether it has options of its own.
    pub(super) fn has_options(&self) -> bool {
        self.bits & call::HAS_OPTIONS != 0
    }

    pub(super) fn settings(&self) -> Arc<Settings> {
        if !self.has_options() {
            return Arc::clone(&self.native.settings);
        }
        let record = Record::of(&self.instance.env);
        let mut settings = record.settings(&self.native.settings);
        let handed = record.handed().map(|slot| self.native.storage.adopt(slot, 0));
        settings.handed = handed.map(|slot| Opaque(Arc::new(slot)));
        let sources = self.instance.sources.borrow();
        settings.source = record.source().and_then(|source| sources.get(source as usize).cloned());
        Arc::new(settings)
    }

    /// Answers a verb: at once and without a task, if it never has to wait.
    fn run_verb<F: Future<Output = Reply> + 'static>(&self, verb: F) -> Answer {
        if self.native.memory_only { self.run_now(verb) } else { self.run(|_| Box::pin(verb)) }
    }

    /// Answers a verb of a cache that is memory only.
    pub(super) fn run_now(&self, verb: impl Future<Output = Reply>) -> Answer {
        self.reply_with(now(verb).unwrap_or_else(waited))
    }

    /// Runs a request as far as it can go now.
    pub(super) fn run(&self, make: impl FnOnce(Arc<Request>) -> Work) -> Answer {
        let (id, polled) = self.instance.executor.start(make);
        self.answer(id, polled)
    }

    /// The answer of a request that was just polled.
    pub(super) fn answer(&self, id: u32, polled: Polled) -> Answer {
        match polled {
            Polled::Over(reply, _) => {
                self.instance.executor.retire(id);
                self.reply_with(reply)
            }
            Polled::Waits(signals) => {
                let code = match &signals {
                    Signals { refreshed: Some(_), .. } => Code::Refresh,
                    Signals { load: true, .. } => Code::Load,
                    _ => Code::Wait,
                };
                let later = Signals { load: signals.load && code != Code::Load, ..signals };
                if later.are_any() {
                    self.put_off(id, later);
                }
                self.reply_coded(code, f64::from(id), Reply::Nothing)
            }
            Polled::Elsewhere => self.reply_coded(Code::Wait, f64::from(id), Reply::Nothing),
        }
    }

    /// An answer names one signal: the other ones follow with the next batch.
    fn put_off(&self, id: u32, signals: Signals) {
        if let Some(request) = self.instance.executor.request(id) {
            request.put_back(signals);
            self.instance.executor.ready().push(id);
        }
    }

    /// A reply on its way.
    pub(super) fn reply_with(&self, reply: Reply) -> Answer {
        let (code, argument) = self.instance.encode(&reply);
        self.reply_coded(code, argument, reply)
    }

    fn reply_coded(&self, code: Code, argument: f64, reply: Reply) -> Answer {
        self.instance.leave();
        Answer::new(code.with(argument), reply, Rc::clone(&self.native.storage))
    }
}

/// The outcome of a future that does not wait.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

fn waited() -> Reply {
    Reply::Failed(Failure::Message("a memory layer waited".into()))
}

/// The value of a key.
pub(crate) fn get(call: Call, key: Key) -> Result<Answer, Fault> {
    let key = call.key(key);
    if call.native.memory_only && call.bits & call::HAS_OPTIONS == 0 {
        let NativeCache { cache, settings, .. } = &*call.native;
        return Ok(call.run_now(async { Reply::of(cache.get(&key, settings).await) }));
    }
    let settings = call.settings();
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move { Reply::of(cache.get(&key, &settings).await) }))
}

/// Keys in one text. Of each there is its length, doubled, and one more if it was given as a number.
fn read_joined_keys(js: Js, text: JsValue, lengths: &Array<AtomicU32>) -> Result<Vec<Key>, Fault> {
    let units = js.read_units_of(text)?;
    let mut rest = units.as_slice();
    let keys = (0..lengths.memory.len()).map(|at| {
        let length = lengths.memory.load(at);
        let (key, behind) =
            rest.split_at_checked(length as usize >> 1).ok_or(Unexpected("the text of keys"))?;
        rest = behind;
        let key = Key::from_utf16(key);
        Ok(if length & 1 == 0 { key } else { key.given_as_number(true) })
    });
    keys.collect()
}

/// The values of several keys.
pub(crate) fn get_many(
    js: Js,
    call: Call,
    keys: JsValue,
    lengths: Array<AtomicU32>,
) -> Result<Answer, Fault> {
    let keys = read_joined_keys(js, keys, &lengths)?;
    let settings = call.settings();
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move { Reply::Values(cache.get_many(&keys, &settings).await) }))
}

/// Writes the slots of an answer with values into the array, each plus one; 0 stands for no value.
pub(crate) fn take_values(instance: Rc<Instance>, values: u32, slots: Array<AtomicU32>) -> Result<(), Fault> {
    for (at, slot) in instance.take_values(values).into_iter().enumerate() {
        slots.memory.store(at, slot);
    }
    Ok(())
}

/// The value of a key, or the signal to load it.
pub(crate) fn get_or_set(call: Call, key: Key) -> Result<Answer, Fault> {
    let key = call.key(key);
    let settings = call.settings();
    Ok(call.run(|request| {
        let cache = call.native.cache.clone();
        // The future of the load is made inside the block: moved in, it would take its room twice.
        Box::pin(async move { cache.get_or_set(key, settings, RequestCaller(request)).await.into() })
    }))
}

/// The slot of the live value with which a request that goes on as a refresh is answered.
pub(crate) fn take_refreshed(call: Call, request: u32) -> Result<f64, Fault> {
    let value = call.instance.executor.request(request).and_then(|request| request.take_refreshed());
    Ok(value.map_or(-1.0, |value| f64::from(value.index())))
}

/// Stores the value in a slot.
pub(crate) fn set(call: Call, key: Key, slot: u32, weight: u32) -> Result<Answer, Fault> {
    let key = call.key(key);
    let value = call.native.storage.adopt(slot, weight);
    if call.native.memory_only && call.bits & call::HAS_OPTIONS == 0 {
        let NativeCache { cache, settings, .. } = &*call.native;
        return Ok(call.run_now(async {
            cache.set(&key, value, settings).await;
            Reply::Nothing
        }));
    }
    let settings = call.settings();
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move {
        cache.set(&key, value, &settings).await;
        Reply::Nothing
    }))
}

/// Sends a value that the facade has stored to the peers, as loaded values are.
pub(crate) fn broadcast_loaded(call: Call, key: Key, slot: u32) -> Result<Answer, Fault> {
    let key = call.key(key);
    let value = call.native.storage.adopt(slot, 0);
    let settings = call.settings();
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move {
        cache.broadcast_loaded(&key, &value, &settings).await;
        Reply::Nothing
    }))
}

/// Begins a load whose value the facade stores itself. Returns the number of its ticket.
pub(crate) fn take_ticket(call: Call, key: Key) -> Result<usize, Fault> {
    let ticket = call.native.cache.ticket(&call.key(key));
    Ok(call.native.tickets.borrow_mut().insert(ticket))
}

/// Takes a ticket back. Returns whether nothing has invalidated its key meanwhile, nor one of the tags of the call.
pub(crate) fn return_ticket(call: Call, ticket: usize) -> Result<bool, Fault> {
    let ticket = call.native.tickets.borrow_mut().try_remove(ticket);
    Ok(ticket.is_some_and(|ticket| call.native.cache.stands(&ticket, &call.settings())))
}

/// `set` of `undefined`.
pub(crate) fn unset(call: Call, key: Key) -> Result<Answer, Fault> {
    let key = call.key(key);
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move {
        cache.unset(&key).await;
        Reply::Nothing
    }))
}

/// Whether there is a value.
pub(crate) fn has(call: Call, key: Key) -> Result<Answer, Fault> {
    let key = call.key(key);
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move { Reply::Flag(cache.has(&key).await) }))
}

/// Deletes a key.
pub(crate) fn delete(call: Call, key: Key) -> Result<Answer, Fault> {
    let key = call.key(key);
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move {
        cache.delete(&key).await;
        Reply::Nothing
    }))
}

/// Deletes several keys.
pub(crate) fn delete_many(
    js: Js,
    call: Call,
    keys: JsValue,
    lengths: Array<AtomicU32>,
) -> Result<Answer, Fault> {
    let keys = read_joined_keys(js, keys, &lengths)?;
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move {
        cache.delete_many(&keys).await;
        Reply::Nothing
    }))
}

/// Stops serving a key; a stale copy stays where fail-safe keeps them.
pub(crate) fn expire(call: Call, key: Key) -> Result<Answer, Fault> {
    let key = call.key(key);
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move {
        cache.expire(&key).await;
        Reply::Nothing
    }))
}

/// Deletes the keys that match.
pub(crate) fn delete_by_pattern(call: Call, pattern: Key) -> Result<Answer, Fault> {
    let pattern = Pattern::from_wtf8(pattern.as_bytes());
    let cache = call.native.cache.clone();
    // It may take more than one turn, even in memory.
    Ok(call.run(|_| {
        Box::pin(async move {
            cache.delete_by_pattern(&pattern).await;
            Reply::Nothing
        })
    }))
}

/// Stops serving the keys that match; stale copies stay where fail-safe keeps them.
pub(crate) fn expire_by_pattern(call: Call, pattern: Key) -> Result<Answer, Fault> {
    let pattern = Pattern::from_wtf8(pattern.as_bytes());
    let cache = call.native.cache.clone();
    Ok(call.run(|_| {
        Box::pin(async move {
            cache.expire_by_pattern(&pattern).await;
            Reply::Nothing
        })
    }))
}

/// Deletes the entries with one of these tags.
pub(crate) fn delete_by_tag(js: Js, call: Call, tags: JsValue) -> Result<Answer, Fault> {
    let (tags, cache) = (js.read_keys(tags)?, call.native.cache.clone());
    Ok(call.run(|_| {
        Box::pin(async move {
            cache.delete_by_tag(&tags).await;
            Reply::Nothing
        })
    }))
}

/// Stops serving these entries; stale copies stay where fail-safe keeps them.
pub(crate) fn expire_by_tag(js: Js, call: Call, tags: JsValue) -> Result<Answer, Fault> {
    let (tags, cache) = (js.read_keys(tags)?, call.native.cache.clone());
    Ok(call.run(|_| {
        Box::pin(async move {
            cache.expire_by_tag(&tags).await;
            Reply::Nothing
        })
    }))
}

/// Calls `visit(tag, entries)` for each tag of entries in memory.
#[expect(clippy::cast_precision_loss, reason = "counts of entries fit 53 bits")]
pub(crate) fn tags(js: Js, call: Call, visit: JsValue) -> Result<(), Fault> {
    for (tag, entries) in call.native.cache.tags() {
        js.call_value(visit, &[js.key(&tag), js.number(entries as f64)]);
    }
    Ok(())
}

/// Calls `visit(tag)` for each tag of the entry in memory for a key.
pub(crate) fn tags_of(js: Js, call: Call, key: Key, visit: JsValue) -> Result<(), Fault> {
    let tags = call.native.cache.tags_of(&key);
    for tag in tags.iter().flat_map(|tags| tags.iter()) {
        js.call_value(visit, &[js.key(tag)]);
    }
    Ok(())
}

/// Whether a key matches a pattern.
pub(crate) fn matches(pattern: Key, key: Key) -> Result<bool, Fault> {
    Ok(Pattern::from_wtf8(pattern.as_bytes()).matches(key.as_bytes()))
}

/// How many entries of the memory layer match.
#[expect(clippy::cast_precision_loss, reason = "counts of entries fit 53 bits")]
pub(crate) fn size_by_pattern(call: Call, pattern: Key) -> Result<Answer, Fault> {
    let pattern = Pattern::from_wtf8(pattern.as_bytes());
    let cache = call.native.cache.clone();
    Ok(call.run(|_| Box::pin(async move { Reply::Count(cache.size_matching(&pattern).await as f64) })))
}

/// How many entries there are.
pub(crate) fn size(call: Call) -> Result<Answer, Fault> {
    let cache = call.native.cache.clone();
    #[expect(clippy::cast_precision_loss, reason = "counts of entries fit 53 bits")]
    Ok(call.run_verb(async move { Reply::Count(cache.size().await as f64) }))
}
