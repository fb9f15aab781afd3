//! A bus that records its messages.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::gates::{Gates, Point};
use crate::{
    bus::{Body, Bus, Message},
    value::{BoxFuture, Failure, Value},
};

/// Keeps every message that it took. Its one operation at the gates is `publish`.
pub struct FakeBus<V> {
    /// Hold its operation.
    pub gates: Gates,
    failing: AtomicBool,
    reconnects: watch::Sender<u64>,
    postponed: Mutex<Vec<Message<V>>>,
    published: Mutex<Vec<Message<V>>>,
}

impl<V> Default for FakeBus<V> {
    fn default() -> Self {
        FakeBus {
            gates: Gates::default(),
            failing: AtomicBool::new(false),
            reconnects: watch::Sender::new(0),
            postponed: Mutex::default(),
            published: Mutex::default(),
        }
    }
}

impl<V: Value> FakeBus<V> {
    /// Makes publishing fail, or work again.
    pub fn set_failing(&self, failing: bool) {
        self.failing.store(failing, SeqCst);
    }

    /// The transport reconnects.
    pub fn come_back(&self) {
        self.set_failing(false);
        self.reconnects.send_modify(|reconnects| *reconnects += 1);
    }

    /// The messages to send later.
    #[must_use]
    pub fn postponed(&self) -> Vec<Message<V>> {
        self.postponed.lock().clone()
    }

    /// The messages published so far.
    #[must_use]
    pub fn published(&self) -> Vec<Message<V>> {
        self.published.lock().clone()
    }

    /// Empties the record; returns its contents.
    #[must_use]
    pub fn take(&self) -> Vec<Message<V>> {
        std::mem::take(&mut *self.published.lock())
    }
}

impl<V: Value> Bus<V> for FakeBus<V> {
    fn publish<'a>(&'a self, message: &'a Message<V>) -> BoxFuture<'a, Result<(), Failure<V>>> {
        Box::pin(async move {
            self.gates.pass("publish", Point::Before).await;
            if self.failing.load(SeqCst) {
                return Err(Failure::Message("publish is down".to_owned()));
            }
            self.published.lock().push(message.clone());
            self.gates.pass("publish", Point::After).await;
            Ok(())
        })
    }

    fn postpone(&self, message: &Message<V>) {
        self.postponed.lock().push(message.clone());
    }

    fn reconnects(&self) -> u64 {
        *self.reconnects.borrow()
    }

    fn reconnected(&self, seen: u64) -> BoxFuture<'static, ()> {
        let mut reconnects = self.reconnects.subscribe();
        Box::pin(async move { drop(reconnects.wait_for(|now| *now != seen).await) })
    }

    /// The weight of the value; 0 without one.
    fn encoded_bytes(&self, message: &Message<V>) -> u64 {
        match &message.body {
            Body::Set { value, .. } => value.weight(),
            Body::Delete(_) | Body::Pattern(_) | Body::Extend { .. } => 0,
        }
    }
}
