//! Writes: values are sealed on their way, large ones on a thread of their own.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
};

use redis::{Cmd, Value, cluster_routing::Slot};
use tokio::sync::oneshot;

use super::{
    batch::{Answers, Operation},
    fault::Fault,
    store::{LARGE, Payload, Payloads, Queue, Shared},
    submit::send_held,
};

/// Makes the command that writes a payload.
pub(super) type MakeCommand = Box<dyn FnOnce(&[u8]) -> Cmd + Send>;

impl<P: Payloads> Shared<P> {
    /// Seals a payload, then sends the command that `write` makes of it.
    pub(super) fn write(
        self: &Arc<Self>,
        entry: &[u8],
        payload: Payload,
        write: MakeCommand,
    ) -> impl Future<Output = Result<Vec<Value>, Fault>> + Send + 'static + use<P> {
        let (reply, received) = oneshot::channel();
        let written = Write { slot: Slot::for_key(entry), payload: Some(payload), write: Some(write), reply };
        let written = Written { shared: Arc::clone(self), write: written };
        match &written.write.payload {
            Some(Payload::Packed(packed)) if packed.len() >= LARGE => {
                self.seal_first(entry.to_vec(), written)
            }
            _ => self.request(entry, Box::new(written)),
        }
        async move { received.await.unwrap_or_else(|_| Err(Fault::closed())) }
    }

    /// Seals on a thread of its own. Operations on the entry that come meanwhile wait for it.
    fn seal_first(self: &Arc<Self>, entry: Vec<u8>, written: Written<P>) {
        {
            let mut sealing = self.sealing.lock();
            if let Some(queue) = sealing.get_mut(&entry) {
                queue.push(Box::new(written));
                return;
            }
            sealing.insert(entry.clone(), Vec::new());
            self.sealing_count.fetch_add(1, Ordering::SeqCst);
        }
        // What was asked for before must not come after it.
        send_held();
        let shared = Arc::clone(self);
        self.runtime.spawn_blocking(move || {
            let mut operations: Queue = vec![Box::new(written)];
            while !operations.is_empty() {
                for mut operation in operations {
                    // One that cannot be sealed is dropped, which its caller notices; the others go on.
                    if catch_unwind(AssertUnwindSafe(|| operation.prepare())).is_ok() {
                        shared.requests.send(operation);
                    }
                }
                operations = shared.next_queued(&entry);
            }
            shared.sealed.notify_waiters();
        });
    }

    /// What has come up for an entry meanwhile. When that is nothing, operations on it wait no longer.
    fn next_queued(&self, entry: &[u8]) -> Queue {
        let mut sealing = self.sealing.lock();
        let queued = sealing.get_mut(entry).map(std::mem::take).unwrap_or_default();
        if queued.is_empty() {
            sealing.remove(entry);
            self.sealing_count.fetch_sub(1, Ordering::SeqCst);
        }
        queued
    }

    /// Ends when every value that is being sealed now was sent: what concerns many keys comes after it.
    pub(super) async fn all_sealed(&self) {
        loop {
            // Listens before it looks: what ends in between is not missed.
            let sealed = self.sealed.notified();
            if self.sealing_count.load(Ordering::SeqCst) == 0 {
                return;
            }
            sealed.await;
        }
    }
}

/// A write that may have to be sealed.
struct Write {
    slot: Slot,
    payload: Option<Payload>,
    write: Option<MakeCommand>,
    reply: oneshot::Sender<Result<Vec<Value>, Fault>>,
}

struct Written<P> {
    shared: Arc<Shared<P>>,
    write: Write,
}

impl<P: Payloads> Written<P> {
    fn seal(&mut self) {
        if let Some(Payload::Packed(packed)) = self.write.payload.take() {
            self.write.payload = Some(Payload::Sealed(self.shared.payloads.seal(packed)));
        }
    }
}

impl<P: Payloads> Operation for Written<P> {
    fn slot(&self) -> Slot {
        self.write.slot
    }

    fn prepare(&mut self) {
        if matches!(self.write.payload, Some(Payload::Packed(_))) {
            self.seal();
        }
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        self.prepare();
        if let (Some(Payload::Sealed(payload)), Some(write)) =
            (self.write.payload.take(), self.write.write.take())
        {
            add(write(&payload));
        }
    }

    fn finish(self: Box<Self>, answers: Answers<'_>) {
        drop(self.write.reply.send(answers.map(Iterator::collect)));
    }
}
