//! One function per verb. The first argument names the cache, with bits for a key given as a number and
//! for options of this call in the params.

use std::{
    future::Future,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use lazy_layers_engine::{
    entry::{key::Key, pattern::Pattern},
    flow::Begun,
    options::Settings,
    value::{Failure, Opaque},
};

use super::current;
use crate::{
    contract::{Code, call},
    executor::{Polled, Work},
    instance::{Instance, NativeCache},
    options::Record,
    raw::call::{Args, Fault, Given},
    reply::{Answer, Reply},
    request::{Request, RequestCaller, Signals},
};

/// A call: its environment, its cache, and the bits that came with the cache's id.
pub(super) struct Call {
    pub(super) instance: Rc<Instance>,
    pub(super) native: Rc<NativeCache>,
    bits: u32,
}

impl Call {
    pub(super) fn of(args: &Args) -> Result<Call, Fault> {
        let instance = current()?;
        let bits = args.u32(0)?;
        let native = instance.caches.borrow().get((bits & call::ID) as usize).cloned();
        let native = native.ok_or_else(|| Fault("no such cache".into()))?;
        Ok(Call { instance, native, bits })
    }

    pub(super) fn key(&self, args: &Args) -> Result<Key, Fault> {
        let key = args.js().read_key(args.value(1))?;
        Ok(key.given_as_number(self.bits & call::NUMERIC_KEY != 0))
    }

    pub(super) fn settings(&self) -> Arc<Settings> {
        if self.bits & call::HAS_OPTIONS == 0 {
            return Arc::clone(&self.native.settings);
        }
        let record = Record::of(&self.instance);
        let mut settings = record.settings(&self.native.settings);
        let handed = record.handed().map(|slot| self.native.storage.adopt(slot, 0));
        settings.handed = handed.map(|slot| Opaque(Arc::new(slot)));
        Arc::new(settings)
    }

    /// Answers a verb: at once where nothing is ever waited for, without a task.
    fn run_verb<F: Future<Output = Reply> + 'static>(&self, verb: F) -> Given {
        if self.native.memory_only { self.run_now(verb) } else { self.run(|_| Box::pin(verb)) }
    }

    /// Answers a verb of a cache that is memory only.
    pub(super) fn run_now(&self, verb: impl Future<Output = Reply>) -> Given {
        self.give(now(verb).unwrap_or_else(waited))
    }

    /// Begins a load of a cache that is memory only.
    fn begin(&self, key: Key, settings: Arc<Settings>) -> Given {
        let executor = &self.instance.executor;
        let id = executor.next_id();
        match now(self.native.cache.begin(key, settings, id)) {
            Some(Begun::Load(load)) => {
                executor.keep(load);
                self.give_coded(Code::Load, f64::from(id), Reply::Nothing)
            }
            Some(Begun::Over(outcome)) => self.give(outcome.into()),
            None => self.give(waited()),
        }
    }

    /// Runs a request as far as it comes now.
    pub(super) fn run(&self, make: impl FnOnce(Arc<Request>) -> Work) -> Given {
        let (id, polled) = self.instance.executor.start(make);
        self.answer(id, polled)
    }

    /// The answer of a request that was just polled.
    pub(super) fn answer(&self, id: u32, polled: Polled) -> Given {
        match polled {
            Polled::Over(reply, _) => {
                self.instance.executor.retire(id);
                self.give(reply)
            }
            Polled::Waits(signals) => {
                let code = if signals.load { Code::Load } else { Code::Wait };
                if signals.early.is_some() || signals.abort.is_some() {
                    self.put_off(id, signals);
                }
                self.give_coded(code, f64::from(id), Reply::Nothing)
            }
            Polled::Elsewhere => self.give_coded(Code::Wait, f64::from(id), Reply::Nothing),
        }
    }

    /// An answer names one thing: the rest follows with the next batch.
    fn put_off(&self, id: u32, signals: Signals) {
        if let Some(request) = self.instance.executor.request(id) {
            request.put_back(signals);
            self.instance.executor.ready().push(id);
        }
    }

    /// Gives a reply.
    pub(super) fn give(&self, reply: Reply) -> Given {
        let (code, argument) = self.instance.encode(&reply);
        self.give_coded(code, argument, reply)
    }

    fn give_coded(&self, code: Code, argument: f64, reply: Reply) -> Given {
        self.instance.leave();
        Given::Answer(Answer::new(code.with(argument), reply, Rc::clone(&self.native.storage)))
    }
}

/// What a future comes to that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

fn waited() -> Reply {
    Reply::Failed(Failure::Message("a memory layer waited".into()))
}

/// `get(cache, key)`
pub(super) fn get(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let key = call.key(args)?;
    if call.native.memory_only && call.bits & call::HAS_OPTIONS == 0 {
        let NativeCache { cache, settings, .. } = &*call.native;
        return Ok(call.run_now(async { Reply::of(cache.get(&key, settings).await) }));
    }
    let settings = call.settings();
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move { Reply::of(cache.get(&key, &settings).await) }))
}

/// `getOrSet(cache, key)`
pub(super) fn get_or_set(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let key = call.key(args)?;
    let settings = call.settings();
    if call.native.memory_only && call.native.cache.loads_in_halves(&settings) {
        return Ok(call.begin(key, settings));
    }
    Ok(call.run(|request| {
        let outcome = call.native.cache.get_or_set(key, settings, RequestCaller(request));
        Box::pin(async move { outcome.await.into() })
    }))
}

/// `set(cache, key, slot, weight)`
pub(super) fn set(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let key = call.key(args)?;
    let value = call.native.storage.adopt(args.u32(2)?, args.u32(3)?);
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

/// `tellLoaded(cache, key, slot)`: sends a value that the facade has stored to the peers, as loaded values are.
pub(super) fn tell_loaded(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let key = call.key(args)?;
    let value = call.native.storage.adopt(args.u32(2)?, 0);
    let settings = call.settings();
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move {
        cache.tell_loaded(&key, &value, &settings).await;
        Reply::Nothing
    }))
}

/// `takeTicket(cache, key)`: a load begins whose value the facade stores itself. Gives the number of its ticket.
#[expect(clippy::cast_precision_loss, reason = "tickets are counted in a slab")]
pub(super) fn take_ticket(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let ticket = call.native.cache.ticket(&call.key(args)?);
    let number = call.native.tickets.borrow_mut().insert(ticket);
    Ok(Given::Number(number as f64))
}

/// `returnTicket(cache, ticket)`: 1 if nothing has invalidated the key meanwhile, else 0.
pub(super) fn return_ticket(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let ticket = call.native.tickets.borrow_mut().try_remove(args.u32(1)? as usize);
    Ok(Given::Number(f64::from(u8::from(ticket.is_some_and(|ticket| ticket.is_valid())))))
}

/// `unset(cache, key)`: `set` of `undefined`.
pub(super) fn unset(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let key = call.key(args)?;
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move {
        cache.unset(&key).await;
        Reply::Nothing
    }))
}

/// `has(cache, key)`
pub(super) fn has(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let key = call.key(args)?;
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move { Reply::Flag(cache.has(&key).await) }))
}

/// `delete(cache, key)`
pub(super) fn delete(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let key = call.key(args)?;
    let cache = call.native.cache.clone();
    Ok(call.run_verb(async move {
        cache.delete(&key).await;
        Reply::Nothing
    }))
}

/// `deleteByPattern(cache, pattern)`
pub(super) fn delete_by_pattern(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let pattern = Pattern::from_wtf8(call.key(args)?.as_bytes());
    let cache = call.native.cache.clone();
    // In memory too it may take more than one turn.
    Ok(call.run(|_| {
        Box::pin(async move {
            cache.delete_by_pattern(&pattern).await;
            Reply::Nothing
        })
    }))
}

/// `matches(pattern, key)`: 1 or 0.
pub(super) fn matches(args: &Args) -> Result<Given, Fault> {
    let js = args.js();
    let pattern = Pattern::from_wtf8(js.read_key(args.value(0))?.as_bytes());
    let key = js.read_key(args.value(1))?;
    Ok(Given::Number(f64::from(u8::from(pattern.matches(key.as_bytes())))))
}

/// `size(cache)`
pub(super) fn size(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let cache = call.native.cache.clone();
    #[expect(clippy::cast_precision_loss, reason = "counts of entries fit 53 bits")]
    Ok(call.run_verb(async move { Reply::Count(cache.size().await as f64) }))
}
