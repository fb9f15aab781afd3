//! A user's own object as the event bus of the engine.

use lazy_layers_engine::{
    bus::{Body, Bus, Message},
    entry::key::Key,
    value::{BoxFuture, Failure},
};

use crate::{
    contract::Target,
    host::{self, HostArgs, Method},
    reply::millis,
    slots::Slot,
};

/// A bus object of the user's, driven through its `publish`.
pub(crate) struct OwnBus {
    pub(crate) adapter: u32,
}

impl OwnBus {
    /// Leaves a message to the facade, which sends it later.
    fn leave(&self, target: Target, message: &Message<Slot>) {
        drop(with_arguments(message, |method, args| host::call(self.adapter, target, method, args)));
    }
}

impl Bus<Slot> for OwnBus {
    fn publish<'a>(&'a self, message: &'a Message<Slot>) -> BoxFuture<'a, Result<(), Failure<Slot>>> {
        let sent =
            with_arguments(message, |method, args| host::call(self.adapter, Target::Bus, method, args));
        Box::pin(async move { sent.await.map(drop) })
    }

    fn failed(&self, message: &Message<Slot>) {
        self.leave(Target::BusFailed, message);
    }

    fn postpone(&self, message: &Message<Slot>) {
        self.leave(Target::BusSkipped, message);
    }

    fn encoded_bytes(&self, message: &Message<Slot>) -> u64 {
        let bytes = with_arguments(message, |method, args| host::measure(self.adapter, method, args));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        // What cannot be measured cannot be sent within a limit.
        bytes.map_or(u64::MAX, |bytes| bytes as u64)
    }
}

fn with_arguments<T>(message: &Message<Slot>, call: impl FnOnce(Method, &HostArgs<'_>) -> T) -> T {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds and counts of deletes fit 53 bits")]
    let numbers = [message.stamped as f64, message.generation.map_or(f64::NAN, |count| count as f64)];
    let texts = [message.id.as_deref(), Some(message.source.as_str())];
    let base = HostArgs { texts, numbers, ..HostArgs::NONE };
    match &message.body {
        Body::Delete(keys) => call(Method::PublishDelete, &HostArgs { key: keys.first(), ..base }),
        Body::Pattern(pattern) => {
            let pattern = Key::from_wtf8(pattern.as_bytes());
            call(Method::PublishPattern, &HostArgs { key: Some(&pattern), ..base })
        }
        Body::Set { keys, value, ttl } => {
            let number = ttl.map_or(f64::NAN, millis);
            call(Method::PublishSet, &HostArgs { key: keys.first(), slot: Some(value), number, ..base })
        }
    }
}
