//! Values that may be too large for the server, which then ends the connection (`proto-max-bulk-len`), perhaps
//! without an error that arrives. A value that was under way when a connection was lost is sent over a connection of
//! its own the next time, so that other operations do not fail with it. If that connection is lost too, the value is
//! given up.

use std::sync::atomic::Ordering;

use redis::{Pipeline, RedisError, Value};
use tokio::time::timeout;

use super::{
    batch::Operation,
    connect::connect,
    fault::{Fault, FaultKind, breaks_link},
    store::{Payloads, StoreState},
    supervised::State,
};

impl<P: Payloads> StoreState<P> {
    /// A value of `bytes` bytes was not stored, for that reason.
    pub(super) fn suspect(&self, bytes: usize, fault: &Fault) {
        let is_refusal = fault.message.contains("Protocol error");
        if fault.kind == FaultKind::Disconnected || is_refusal {
            self.suspected.fetch_min(bytes, Ordering::Relaxed);
        }
    }

    /// Whether a value of that size may have ended a connection.
    pub(super) fn is_suspect(&self, bytes: usize) -> bool {
        bytes >= self.suspected.load(Ordering::Relaxed)
    }

    /// A connection has survived a value of that size.
    pub(super) fn survived(&self, bytes: usize, answers: &[Value]) {
        if self.is_suspect(bytes) && !answers.iter().any(|answer| matches!(answer, Value::ServerError(_))) {
            // The value was not the cause: a larger one may still be.
            self.suspected.fetch_max(bytes + 1, Ordering::Relaxed);
        }
    }

    /// Why a value that had a connection of its own was not stored.
    pub(super) fn lost(&self, bytes: usize, error: &RedisError) -> Fault {
        if !self.is_suspect(bytes) || !breaks_link(error) {
            return Fault::of(error, &self.place);
        }
        Fault::new(
            FaultKind::Server,
            format!("Redis at {} ends the connection for a value of {bytes} bytes: {error}", self.place),
        )
    }

    /// Sends an operation by a connection of its own.
    pub(super) async fn send_alone(&self, mut operation: Box<dyn Operation>) {
        match self.supervised.settled(self.options.command_timeout).await {
            State::Up(..) => {}
            State::Down(fault) => return operation.finish(Err(fault)),
            State::Closed => return operation.finish(Err(Fault::closed())),
            State::Connecting => return operation.finish(Err(Fault::not_yet(&self.place))),
        }
        // The tracked connection is told of the value that this one stores.
        let access = self.supervised.access.tracking(None);
        let mut link = match connect(&self.address, &access, &self.supervised.servers).await {
            Ok(link) => link,
            Err(error) => return operation.finish(Err(Fault::unreachable(&error, &self.place))),
        };
        let (bytes, slot) = (operation.bytes(), operation.slot());
        operation.goes_alone();
        let (mut pipeline, mut count) = (Pipeline::with_capacity(3), 0);
        operation.commands(&mut |command| {
            pipeline.add_command(command);
            count += 1;
        });
        let limit = self.options.command_timeout;
        match timeout(limit, link.send(&pipeline, count, slot)).await {
            Ok(Ok(values)) => {
                self.survived(bytes, &values);
                operation.finish(Ok(&mut values.into_iter()));
            }
            Ok(Err(error)) => operation.finish(Err(self.lost(bytes, &error))),
            Err(_) => operation.finish(Err(Fault::too_late(&self.place, limit))),
        }
    }
}
