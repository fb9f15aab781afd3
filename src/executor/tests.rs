//! Tests of the executor.

use lazy_layers_engine::load::Caller;

use super::*;
use crate::{raw::wake::Wake, request::RequestCaller};

fn executor() -> Executor {
    Executor::new(Arc::new(Ready::new(Wake::none())))
}

#[test]
fn a_request_that_panics_ends_with_what_the_panic_said() {
    let executor = executor();
    let (id, polled) = executor.start(|_| Box::pin(async { panic!("out of luck") }));
    let Polled::Over(Reply::Failed(Failure::Message(message)), _) = polled else {
        panic!("the request did not fail");
    };
    assert_eq!(message, "internal error: out of luck");
    executor.retire(id);
    assert_eq!(executor.open(), 0);
}

#[test]
fn a_request_waits_for_its_loader_and_goes_on_when_that_reports() {
    let executor = executor();
    let (id, polled) = executor.start(|request| {
        let loading = RequestCaller(request).load();
        Box::pin(async move { Reply::Flag(loading.await.came_to.is_ok_and(|value| value.is_none())) })
    });
    assert!(matches!(polled, Polled::Waits(Signals { load: true, .. })));
    executor.request(id).expect("it waits").loaded(Ok(None).into());
    assert!(matches!(executor.poll(id), Polled::Over(Reply::Flag(true), _)));
}

#[test]
fn a_wake_from_another_thread_queues_a_request_once() {
    let executor = executor();
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let (id, polled) = executor.start(|_| {
        Box::pin(async move {
            drop(receiver.await);
            Reply::Nothing
        })
    });
    assert!(matches!(polled, Polled::Waits(_)));
    std::thread::spawn(move || sender.send(())).join().expect("sent").expect("received");
    assert!(executor.ready().take_pending());
    assert_eq!(executor.ready().take(), vec![id]);
    assert!(matches!(executor.poll(id), Polled::Over(Reply::Nothing, _)));
}

#[test]
fn a_request_that_is_cancelled_drops_what_it_holds() {
    let executor = executor();
    let held = Arc::new(());
    let kept = Arc::clone(&held);
    let (id, _) = executor.start(|_| {
        Box::pin(async move {
            std::future::pending::<()>().await;
            drop(kept);
            Reply::Nothing
        })
    });
    executor.cancel(id);
    assert_eq!((Arc::strong_count(&held), executor.open()), (1, 0));
}

#[test]
fn a_request_that_is_cancelled_while_it_is_polled_leaves_its_id_to_another() {
    let executor = std::rc::Rc::new(executor());
    let again = std::rc::Rc::clone(&executor);
    let other = std::rc::Rc::new(Cell::new(LoadId::MAX));
    let started = std::rc::Rc::clone(&other);
    let (id, polled) = executor.start(move |request| {
        Box::pin(std::future::poll_fn(move |_| {
            again.cancel(request.id());
            let (id, _) = again.start(|request| {
                let loading = RequestCaller(request).load();
                Box::pin(async move { Reply::Flag(loading.await.came_to.is_ok_and(|value| value.is_none())) })
            });
            started.set(id);
            Poll::Pending
        }))
    });
    assert!(matches!(polled, Polled::Elsewhere));
    assert_eq!(other.get(), id);
    executor.request(id).expect("it waits").loaded(Ok(None).into());
    assert!(matches!(executor.poll(id), Polled::Over(Reply::Flag(true), _)));
}

#[test]
fn ids_that_are_kept_are_used_again_only_once_they_are_released() {
    let executor = executor();
    let wait = |_| -> Work { Box::pin(std::future::pending()) };
    executor.keep_ids();
    let (first, _) = executor.start(wait);
    executor.cancel(first);
    let (second, _) = executor.start(wait);
    assert_ne!(first, second);
    assert_eq!(executor.open(), 1);
    executor.release_ids();
    let (third, _) = executor.start(wait);
    assert_eq!(first, third);
}
