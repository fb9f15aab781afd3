//! After a freeze, receivers are blind until all missed events have arrived, or for a limited time.

use std::{
    env,
    process::Command,
    sync::{
        Arc,
        atomic::Ordering::SeqCst,
        mpsc::{Receiver, Sender, channel},
    },
};

use lazy_layers_engine::observe::event::GapReason;
use parking_lot::Mutex;
use tokio::time::{Duration, timeout};

use super::world::{Broker, Ear, LONG, MOMENT, World, event, pass, world, world_of};
use crate::bus::{BusFault, EventBus, Handling, QueueOptions, Receive, Received, freeze};

const SECOND: Duration = Duration::from_secs(1);
/// Longer than the limit of a blindness, and shorter than others.
const LIMIT: Duration = Duration::from_millis(3300);

#[tokio::test(start_paused = true)]
async fn receivers_see_once_a_mark_has_come_back() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    broker.holds_marks.store(true, SeqCst);
    bus.shared.receivers.blind();
    pass(SECOND).await;
    assert_eq!(*ear.blind.lock(), [true]);
    broker.holds_marks.store(false, SeqCst);
    pass(2 * MOMENT).await;
    assert_eq!(*ear.blind.lock(), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_mark_holds_up_neither_events_nor_heartbeats() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    bus.announce();
    broker.holds_marks.store(true, SeqCst);
    bus.shared.receivers.blind();
    pass(MOMENT).await;
    let sent = timeout(SECOND, bus.publish(event(), true)).await;
    sent.expect("it is sent at once").expect("it is up");
    pass(2 * SECOND).await;
    assert!(!broker.beats.lock().is_empty());
    broker.holds_marks.store(false, SeqCst);
    pass(MOMENT).await;
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_has_to_wait_for_a_mark_is_sent_after_it() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    bus.announce();
    broker.marks_exclude_beats.store(true, SeqCst);
    // So that the mark is under way when a heartbeat is due.
    pass(SECOND - 5 * MOMENT).await;
    bus.shared.receivers.blind();
    pass(LIMIT).await;
    assert_eq!((bus.connects(), ear.status.lock().contains(&false)), (1, false));
    assert_eq!(ear.blind.lock().last(), Some(&false));
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_is_late_ends_the_session() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    broker.holds_marks.store(true, SeqCst);
    bus.shared.receivers.blind();
    pass(5 * SECOND).await;
    assert_eq!(bus.connects(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_waits_for_events_and_is_late_is_a_gap() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    broker.holds_marks.store(true, SeqCst);
    broker.marks_wait.store(true, SeqCst);
    bus.shared.receivers.blind();
    pass(5 * SECOND).await;
    assert_eq!(*ear.blind.lock(), [true, false]);
    assert_eq!(*ear.gaps.lock(), [(GapReason::Resubscribed, 0)]);
    assert_eq!((bus.connects(), ear.status.lock().contains(&false)), (1, false));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_one_blindness_does_not_end_the_next() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    // There is nothing to wait for but time.
    broker.returns_no_marks.store(true, SeqCst);
    bus.shared.receivers.blind();
    pass(Duration::from_millis(200)).await;
    bus.shared.receivers.blind();
    pass(Duration::from_millis(200)).await;
    assert_eq!(*ear.blind.lock(), [true, true], "it began 200 ms ago");
    pass(Duration::from_millis(200)).await;
    assert_eq!(*ear.blind.lock(), [true, true, false]);
}

#[tokio::test(start_paused = true)]
async fn while_connecting_hangs_receivers_are_blind_for_a_limited_time() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    broker.holds_marks.store(true, SeqCst);
    broker.hangs.store(true, SeqCst);
    bus.shared.receivers.blind();
    broker.crash();
    pass(2 * SECOND).await;
    assert_eq!(*ear.blind.lock(), [true]);
    pass(LIMIT - 2 * SECOND).await;
    assert_eq!(*ear.blind.lock(), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn while_subscribing_hangs_receivers_are_blind_for_a_limited_time() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    broker.holds_marks.store(true, SeqCst);
    bus.shared.receivers.blind();
    broker.crash();
    broker.come_back();
    pass(Duration::from_millis(10)).await;
    broker.hangs.store(true, SeqCst);
    pass(LIMIT).await;
    assert_eq!(*ear.blind.lock(), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_gives_up_leaves_nobody_blind() {
    let World { broker, bus, ear, .. } = world_of(Broker::patient_for(1), QueueOptions::default()).await;
    broker.holds_marks.store(true, SeqCst);
    bus.shared.receivers.blind();
    broker.crash();
    pass(LONG).await;
    assert_eq!(*ear.blind.lock(), [true, false]);
    bus.shared.receivers.blind();
    assert_eq!(*ear.blind.lock(), [true, false], "nobody would end it");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_comes_or_goes_while_others_are_blind_is_told_so() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    broker.holds_marks.store(true, SeqCst);
    bus.shared.receivers.blind();
    let late = Arc::<Ear>::default();
    let id = bus.subscribe(Arc::clone(&late) as _);
    assert_eq!(*late.blind.lock(), [true]);
    bus.unsubscribe(id);
    assert_eq!((late.blind.lock().clone(), ear.blind.lock().clone()), (vec![true, false], vec![true]));
}

/// Runs a test in a process of its own if others run in this one, as by `cargo test`: their buses show that the process
/// is alive. Returns whether it did.
fn ran_alone(name: &str) -> bool {
    const ALONE: &str = "LAZY_LAYERS_TEST_ALONE";
    if ["NEXTEST", ALONE].iter().any(|name| env::var_os(name).is_some()) {
        return false;
    }
    let mut alone = Command::new(env::current_exe().expect("it runs"));
    let path = format!("{}::{name}", module_path!().split_once("::").expect("a crate and a module").1);
    let status = alone.args(["--exact", &path]).env(ALONE, "1").status();
    assert!(status.expect("it can be started").success(), "it fails in a process of its own");
    true
}

/// Takes its time to become blind.
struct Slow {
    begins: Mutex<Sender<()>>,
    goes_on: Mutex<Receiver<()>>,
    told: Mutex<Vec<bool>>,
}

/// A listener that reports when it is being told, and waits until the test lets it go on.
fn slow(bus: &EventBus) -> (Arc<Slow>, Receiver<()>, Sender<()>) {
    let ((begins, begun), (go_on, goes_on)) = (channel(), channel());
    let slow = Slow { begins: Mutex::new(begins), goes_on: Mutex::new(goes_on), told: Mutex::default() };
    let slow = Arc::new(slow);
    bus.subscribe(Arc::clone(&slow) as _);
    (slow, begun, go_on)
}

impl Receive for Slow {
    fn receive(&self, _: &Arc<Received>) -> Handling {
        Handling::Done
    }

    fn gap(&self, _: GapReason, _: u64) {}

    fn status(&self, _: &str, _: Option<&BusFault>) {}

    fn blind(&self, is_blind: bool) {
        if is_blind {
            self.begins.lock().send(()).expect("somebody waits");
            // Nothing lets it go on if the other thread waits, as it has to.
            let _ = self.goes_on.lock().recv_timeout(Duration::from_millis(200));
        }
        self.told.lock().push(is_blind);
    }
}

#[tokio::test(start_paused = true)]
async fn threads_that_tell_of_the_beginning_and_the_end_tell_it_in_that_order() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    broker.holds_marks.store(true, SeqCst);
    let (slow, begun, go_on) = slow(&bus);
    std::thread::scope(|scope| {
        let freezing = scope.spawn(|| bus.shared.receivers.blind());
        begun.recv().expect("it becomes blind");
        scope.spawn(|| {
            bus.shared.receivers.see();
            let _ = go_on.send(());
        });
        freezing.join().expect("it was told");
    });
    assert_eq!(*slow.told.lock(), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_freeze_that_two_threads_notice_is_told_once_and_both_wait_until_it_is() {
    if ran_alone("a_freeze_that_two_threads_notice_is_told_once_and_both_wait_until_it_is") {
        return;
    }
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    broker.holds_marks.store(true, SeqCst);
    let (slow, begun, go_on) = slow(&bus);
    // The only thread of the runtime.
    std::thread::sleep(Duration::from_millis(1100));
    std::thread::scope(|scope| {
        scope.spawn(freeze::look);
        begun.recv().expect("it becomes blind");
        scope.spawn(|| {
            freeze::look();
            assert_eq!(*slow.told.lock(), [true], "a hit that follows finds it");
            let _ = go_on.send(());
        });
    });
    assert_eq!(*slow.told.lock(), [true]);
}
