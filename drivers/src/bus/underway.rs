//! Events that were handed on and are not acknowledged yet.

use futures_util::{StreamExt, stream::FuturesUnordered};
use lazy_layers_engine::value::BoxFuture;

/// The most events that are handled at a time, and the most bytes that they take (32 MiB). Beyond either bound no
/// event is taken from the broker.
const MOST_HANDLED: usize = 10_000;
const MOST_BYTES_HANDLED: usize = 32 << 20;

/// Events of a session that were handed on and are not acknowledged yet.
#[derive(Default)]
pub(super) struct Underway {
    /// The acknowledgement of an event that was handled at once: in order, one at a time.
    pub(super) acknowledging: Option<BoxFuture<'static, ()>>,
    /// Those that are handled elsewhere, each with its size.
    pub(super) handled: FuturesUnordered<BoxFuture<'static, usize>>,
    pub(super) bytes: usize,
}

impl Underway {
    pub(super) fn has_room(&self) -> bool {
        self.handled.len() < MOST_HANDLED && self.bytes < MOST_BYTES_HANDLED
    }

    pub(super) async fn acknowledged(&mut self) {
        if let Some(acknowledging) = &mut self.acknowledging {
            acknowledging.await;
        }
        self.acknowledging = None;
    }

    /// Waits until the broker was told of all.
    pub(super) async fn settled(&mut self) {
        self.acknowledged().await;
        while self.handled.next().await.is_some() {}
    }
}
