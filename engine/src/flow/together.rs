//! Futures that are driven at the same time, as the parts of one request.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

enum Part<F: Future> {
    Runs(Pin<Box<F>>),
    Done(F::Output),
}

/// Drives futures to their ends and returns their outputs in order. Their requests to a store in one poll leave
/// together.
pub(super) async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut parts: Vec<_> = futures.into_iter().map(|future| Part::Runs(Box::pin(future))).collect();
    let mut running = parts.len();
    poll_fn(|context| {
        for part in &mut parts {
            if let Part::Runs(future) = part
                && let Poll::Ready(output) = future.as_mut().poll(context)
            {
                *part = Part::Done(output);
                running -= 1;
            }
        }
        if running == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    let done = |part| match part {
        Part::Done(output) => Some(output),
        Part::Runs(_) => None,
    };
    parts.into_iter().filter_map(done).collect()
}
