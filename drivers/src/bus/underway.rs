//! Events that were handed on and are not acknowledged yet.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use lazy_layers_engine::value::BoxFuture;

/// The most events that are handled at a time, and the most bytes that they take (32 MiB). Beyond either bound no
/// event is taken from the broker.
const MOST_HANDLED: usize = 10_000;
const MOST_BYTES_HANDLED: usize = 32 << 20;

/// Events of a session that were handed on and are not acknowledged yet. All acknowledgements go on side by side: one
/// may have what another waits for.
#[derive(Default)]
pub(super) struct Underway {
    /// The acknowledgement of an event that was handled at once: in order, one at a time.
    acknowledging: Option<BoxFuture<'static, ()>>,
    /// Those that are handled elsewhere, each with its size.
    handled: FuturesUnordered<BoxFuture<'static, usize>>,
    bytes: usize,
}

impl Underway {
    /// Whether another event may be taken.
    pub(super) fn has_room(&self) -> bool {
        self.acknowledging.is_none() && self.handled.len() < MOST_HANDLED && self.bytes < MOST_BYTES_HANDLED
    }

    /// An event was handled at once. The next one is taken once this one is acknowledged.
    pub(super) fn acknowledge(&mut self, acknowledging: BoxFuture<'static, ()>) {
        self.acknowledging = Some(acknowledging);
    }

    /// An event of that size is handled elsewhere, and acknowledged then.
    pub(super) fn handle(&mut self, bytes: usize, handled: impl Future<Output = ()> + Send + 'static) {
        self.bytes += bytes;
        self.handled.push(Box::pin(handled.map(move |()| bytes)));
    }

    /// Ends when one was acknowledged; never while there is none.
    pub(super) async fn acknowledged(&mut self) {
        poll_fn(|context| self.poll(context)).await;
    }

    /// Waits until the broker was told of all.
    pub(super) async fn settled(&mut self) {
        while self.acknowledging.is_some() || !self.handled.is_empty() {
            self.acknowledged().await;
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut ended = Poll::Pending;
        if let Some(acknowledging) = &mut self.acknowledging
            && acknowledging.poll_unpin(context).is_ready()
        {
            self.acknowledging = None;
            ended = Poll::Ready(());
        }
        if let Poll::Ready(Some(bytes)) = self.handled.poll_next_unpin(context) {
            self.bytes -= bytes;
            ended = Poll::Ready(());
        }
        ended
    }
}
