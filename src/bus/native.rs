//! A bus of the drivers as an event bus of the engine. Values become bytes on the JavaScript thread.

use std::{sync::Arc, time::Duration};

use lazy_layers_drivers::bus::{BusFault, BusFaultKind, EventBus};
use lazy_layers_engine::{
    bus::{
        Body, Bus, Message,
        wire::{Number, Packed, RawValue, encode},
    },
    codec::{Encoding, NULL_SENTINEL, PREFIX_BYTES},
    value::{BoxFuture, Failure},
};
use parking_lot::Mutex;

use crate::{
    memory::{Slot, slots},
    values::Values,
};

/// A bus of the drivers, used by one cache.
pub(crate) struct NativeBus {
    pub(crate) bus: Arc<EventBus>,
    pub(crate) values: Values,
    /// The most bytes of a message with values.
    most: usize,
    /// The message that was measured last, which is sent next.
    measured: Mutex<Option<(String, Packed)>>,
}

impl NativeBus {
    /// `most` bounds the bytes of a message with values.
    pub(crate) fn new(bus: Arc<EventBus>, values: Values, most: Option<u64>) -> NativeBus {
        bus.announce();
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        NativeBus { bus, values, most, measured: Mutex::new(None) }
    }

    fn packed(&self, message: &Message<Slot>) -> Result<Packed, Failure<Slot>> {
        let measured = self.measured.lock().take();
        if let Some((id, packed)) = measured
            && message.id.as_ref() == Some(&id)
        {
            return Ok(packed);
        }
        let value = match &message.body {
            Body::Set { value, .. } => Some(self.raw(value)?),
            Body::Delete(_) | Body::Pattern(_) | Body::Extend { .. } => None,
        };
        Ok(encode(message, value.as_ref(), value.is_none() && writes_json()))
    }

    /// A value in the form of events, where no sentinel stands for `null`.
    fn raw(&self, value: &Slot) -> Result<RawValue, Failure<Slot>> {
        Ok(match self.values.pack(value)? {
            slots::Packed::Msgpack(bytes) if is_sentinel(&bytes) => RawValue::Msgpack(vec![0xc0]),
            slots::Packed::Msgpack(bytes) => RawValue::Msgpack(bytes),
            slots::Packed::Payload(payload) => {
                let text = payload.get(PREFIX_BYTES..).unwrap_or_default();
                let is_null = text.get(1..text.len().saturating_sub(1)) == Some(NULL_SENTINEL.as_bytes());
                RawValue::Json(if is_null { b"null".to_vec() } else { text.to_vec() })
            }
        })
    }
}

impl Bus<Slot> for NativeBus {
    fn publish<'a>(&'a self, message: &'a Message<Slot>) -> BoxFuture<'a, Result<(), Failure<Slot>>> {
        let packed = self.packed(message);
        if must_arrive(message) {
            let sent = packed.map(|packed| self.bus.publish(packed, true));
            Box::pin(async move { sent?.await.map_err(failure) })
        } else {
            let sent = packed.map(|packed| self.bus.publish_value(packed, self.most));
            Box::pin(async move { sent?.await.map_err(failure) })
        }
    }

    fn encoded_bytes(&self, message: &Message<Slot>) -> u64 {
        // A value that cannot be packed exceeds every limit.
        let Ok(packed) = self.packed(message) else { return u64::MAX };
        let bytes = packed.len() + Encoding::Msgpack.prefix().len();
        *self.measured.lock() = message.id.clone().map(|id| (id, packed));
        bytes as u64
    }

    fn postpone(&self, message: &Message<Slot>) {
        if let Ok(packed) = self.packed(message) {
            self.bus.postpone(packed, true);
        }
    }

    /// None: while the broker takes events, an event may wait its turn behind many others. The driver notices
    /// when the broker stops taking them.
    fn deadline(&self) -> Option<Duration> {
        None
    }

    fn position(&self) -> Option<Number> {
        Some(self.bus.position())
    }

    fn reconnects(&self) -> u64 {
        self.bus.connects()
    }

    fn away(&self) -> Duration {
        self.bus.away()
    }

    fn reconnected(&self, seen: u64) -> BoxFuture<'static, ()> {
        Box::pin(self.bus.connected_again(seen))
    }
}

/// Whether the loss of a message matters. A value that does not arrive is loaded instead.
fn must_arrive(message: &Message<Slot>) -> bool {
    !message.body.is_of_load()
}

/// The failure, in the words of the driver. An event that no broker takes says nothing about the health of the bus.
pub(crate) fn failure(fault: BusFault) -> Failure<Slot> {
    let message = Failure::Message(fault.message);
    if fault.kind == BusFaultKind::Refused { Failure::Unreadable(Box::new(message)) } else { message }
}

fn is_sentinel(packed: &[u8]) -> bool {
    packed.strip_prefix(&[0xb4]) == Some(NULL_SENTINEL.as_bytes())
}

/// Whether events are to be written as JSON. Called on the thread of JavaScript, whose environment it is.
fn writes_json() -> bool {
    let is = |name, value| std::env::var_os(name).is_some_and(|given| given == value);
    is("CACHE_FORMAT", "json") || is("CACHE_DEBUG_SERIALIZATION", "true")
}
