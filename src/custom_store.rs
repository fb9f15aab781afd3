//! Custom stores as layers of the engine.

use lazy_layers_engine::{
    clock::Ttl,
    codec::Metadata,
    entry::{key::Key, pattern::Pattern},
    options::SetDetails,
    store::{Found, LockOf, Locks, Store, StoreFuture},
};

use crate::{
    contract::{Target, methods::Invocation},
    js_calls::{self, JsResult},
    memory::Slot,
};

/// A custom store, which is called by its methods.
pub(crate) struct CustomStore {
    pub(crate) adapter: u32,
    pub(crate) target: Target,
    pub(crate) has_locks: bool,
    /// Whether other instances read and write the same data.
    pub(crate) is_shared: bool,
}

impl CustomStore {
    fn call<T: 'static>(
        &self,
        method: &Invocation<'_>,
        convert: fn(JsResult) -> T,
    ) -> StoreFuture<'static, T, Slot> {
        let answer = js_calls::call(self.adapter, self.target, method);
        Box::pin(async move { answer.await.map(convert) })
    }
}

impl Store<Slot> for CustomStore {
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Found<Slot>>, Slot> {
        self.call(&Invocation::Get { key }, |answer| match answer {
            JsResult::Value(value) => Some(Found::beside(Metadata::default(), value, Ttl::FOREVER)),
            _ => None,
        })
    }

    fn set<'a>(&'a self, key: &'a Key, value: &'a Slot, ttl: Ttl) -> StoreFuture<'a, (), Slot> {
        self.set_with(key, value, ttl, SetDetails { is_given: true, options: None, metadata: Metadata::NONE })
    }

    fn set_with<'a>(
        &'a self,
        key: &'a Key,
        value: &'a Slot,
        ttl: Ttl,
        details: SetDetails<'a>,
    ) -> StoreFuture<'a, (), Slot> {
        let ttl_ms = if details.is_given { ttl.as_millis_f64() } else { f64::NAN };
        let options = details.options.and_then(|options| options.0.downcast_ref::<Slot>()).map(Slot::index);
        let held = value.clone();
        let set = self.call(&Invocation::Set { key, slot: value.index(), ttl_ms, options }, |_| ());
        Box::pin(async move {
            let set = set.await;
            drop(held);
            set
        })
    }

    fn has<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, bool, Slot> {
        self.call(&Invocation::Has { key }, is_true)
    }

    fn delete<'a>(&'a self, key: &'a Key, _: Option<&'a Key>) -> StoreFuture<'a, (), Slot> {
        self.call(&Invocation::Delete { key }, |_| ())
    }

    fn delete_by_pattern<'a>(&'a self, pattern: &'a Pattern) -> StoreFuture<'a, (), Slot> {
        let pattern = Key::from_wtf8(pattern.as_bytes());
        self.call(&Invocation::DeleteByPattern { pattern: &pattern }, |_| ())
    }

    fn size(&self) -> StoreFuture<'_, u64, Slot> {
        self.call(&Invocation::Size {}, |answer| match answer {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
            JsResult::Number(count) => count as u64,
            _ => 0,
        })
    }

    fn locks(&self) -> Option<&dyn Locks<Slot>> {
        self.has_locks.then_some(self)
    }

    fn stores_together(&self) -> bool {
        true
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }
}

impl Locks<Slot> for CustomStore {
    fn acquire<'a>(&'a self, lock: LockOf<'a>, token: &'a str, ttl: Ttl) -> StoreFuture<'a, bool, Slot> {
        self.call(&Invocation::AcquireLock { key: lock.key, token, ttl_ms: ttl.as_millis_f64() }, is_true)
    }

    fn release<'a>(&'a self, lock: LockOf<'a>, token: &'a str) -> StoreFuture<'a, (), Slot> {
        self.call(&Invocation::ReleaseLock { key: lock.key, token }, |_| ())
    }

    fn set_if_owner<'a>(
        &'a self,
        _: LockOf<'a>,
        _: &'a Slot,
        _: Ttl,
        _: &'a str,
    ) -> Option<StoreFuture<'a, bool, Slot>> {
        None
    }
}

fn is_true(answer: JsResult) -> bool {
    matches!(answer, JsResult::Flag(true))
}
