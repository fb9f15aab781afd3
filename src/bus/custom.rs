//! Custom event buses as buses of the engine.

use lazy_layers_engine::{
    bus::{Bus, Message},
    value::{BoxFuture, Failure},
};

use crate::{
    contract::{Target, methods::Invocation},
    crossing::Published,
    js_calls,
    memory::Slot,
};

/// A custom event bus, which sends by its `publish` method.
pub(crate) struct CustomBus {
    pub(crate) adapter: u32,
}

impl CustomBus {
    /// Leaves a message to the facade, which sends it later.
    fn leave(&self, target: Target, message: &Message<Slot>) {
        drop(js_calls::call(self.adapter, target, &Invocation::Publish { message: &Published(message) }));
    }
}

impl Bus<Slot> for CustomBus {
    fn publish<'a>(&'a self, message: &'a Message<Slot>) -> BoxFuture<'a, Result<(), Failure<Slot>>> {
        let sent =
            js_calls::call(self.adapter, Target::Bus, &Invocation::Publish { message: &Published(message) });
        Box::pin(async move { sent.await.map(drop) })
    }

    fn failed(&self, message: &Message<Slot>) {
        self.leave(Target::BusFailed, message);
    }

    fn postpone(&self, message: &Message<Slot>) {
        self.leave(Target::BusSkipped, message);
    }

    fn encoded_bytes(&self, message: &Message<Slot>) -> u64 {
        let bytes = js_calls::measure(self.adapter, message);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        // A message that cannot be measured exceeds every limit.
        bytes.map_or(u64::MAX, |bytes| bytes as u64)
    }
}
