//! Heartbeats: of others, and of this publisher.

use std::sync::atomic::Ordering::SeqCst;

use lazy_layers_engine::{
    bus::wire::{Heartbeat, Number, heartbeat},
    observe::event::GapReason,
};
use tokio::time::Duration;

use super::world::{Broker, LONG, MOMENT, World, event, pass, world};
use crate::bus::{Delivery, QueueOptions};

const SECOND: Duration = Duration::from_secs(1);

/// Another publisher is heard.
fn hear(broker: &Broker, sequence: u64, within: Option<u64>) {
    let number = Number { publisher: "other".to_owned(), sequence };
    let beat = Heartbeat { number, within, beat: 1 };
    broker.deliver(|| Delivery::Heartbeat(heartbeat(&beat), None));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_tell_of_the_last_event_that_was_missed() {
    let World { broker, ear, bus: _bus, .. } = world(QueueOptions::default()).await;
    hear(&broker, 7, None);
    pass(MOMENT).await;
    assert_eq!(*ear.gaps.lock(), []);
    hear(&broker, 8, None);
    hear(&broker, 8, None);
    pass(MOMENT).await;
    assert_eq!(*ear.gaps.lock(), [(GapReason::Sequence, 1)]);
}

#[tokio::test(start_paused = true)]
async fn one_that_may_overtake_events_says_nothing_of_their_number() {
    let World { broker, ear, bus: _bus, .. } = world(QueueOptions::default()).await;
    hear(&broker, 7, Some(1000));
    let number = Number { publisher: "other".to_owned(), sequence: 9 };
    let beat = Heartbeat { number, within: Some(1000), beat: 1 };
    broker.deliver(|| Delivery::SignOfLife(heartbeat(&beat)));
    pass(MOMENT).await;
    assert_eq!(*ear.gaps.lock(), []);
    pass(4 * SECOND).await;
    assert_eq!(ear.status.lock().last(), Some(&false), "but it says that the publisher is there");
}

#[tokio::test(start_paused = true)]
async fn heartbeats_come_every_second_once_there_is_something_to_tell() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    pass(LONG).await;
    assert_eq!(broker.beats.lock().len(), 0, "who only listens has nothing to tell");
    bus.publish(event(), true).await.expect("it is up");
    pass(LONG).await;
    let beats = broker.beats.lock();
    assert!((9..=10).contains(&beats.len()), "{beats:?}");
    assert!(beats.iter().all(|beat| beat.number.sequence == 1 && beat.within == Some(1000)), "{beats:?}");
}

#[tokio::test(start_paused = true)]
async fn they_come_between_events_that_never_end_and_before_the_first() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    bus.announce();
    pass(5 * SECOND / 2).await;
    assert_eq!(broker.beats.lock().iter().map(|beat| beat.number.sequence).collect::<Vec<_>>(), [0, 0]);
    for _ in 0..20 {
        bus.publish(event(), true).await.expect("it is up");
        pass(SECOND / 4).await;
    }
    assert!(broker.beats.lock().len() >= 6, "{:?}", broker.beats);
}

#[tokio::test(start_paused = true)]
async fn the_more_publishers_there_are_the_rarer_each_is_heard() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    for at in 0..100 {
        let number = Number { publisher: format!("p{at}"), sequence: 1 };
        let beat = Heartbeat { number, within: Some(60_000), beat: 1 };
        broker.deliver(|| Delivery::Heartbeat(heartbeat(&beat), None));
    }
    bus.announce();
    pass(20 * SECOND).await;
    let beats = broker.beats.lock();
    assert!((4..=5).contains(&beats.len()), "{beats:?}");
    assert!(beats.iter().all(|beat| beat.within == Some(4000)), "{beats:?}");
}

#[tokio::test(start_paused = true)]
async fn a_publisher_that_falls_silent_counts_as_a_bus_that_is_down_and_then_as_a_gap() {
    let World { broker, ear, bus: _bus, .. } = world(QueueOptions::default()).await;
    hear(&broker, 7, Some(1000));
    pass(2 * SECOND).await;
    assert_eq!(*ear.status.lock(), [true]);
    pass(2 * SECOND).await;
    assert_eq!((ear.status.lock().clone(), ear.gaps.lock().len()), (vec![true, false], 0));
    pass(10 * SECOND).await;
    assert_eq!(*ear.gaps.lock(), [(GapReason::Silence, 0)]);
    assert_eq!(*ear.status.lock(), [true, false, true]);
    pass(60 * SECOND).await;
    assert_eq!(ear.gaps.lock().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_heard_again_has_left_no_gap_unless_its_numbers_say_so() {
    for (sequence, gaps) in [(7, vec![]), (9, vec![(GapReason::Sequence, 2)])] {
        let World { broker, ear, bus: _bus, .. } = world(QueueOptions::default()).await;
        hear(&broker, 7, Some(1000));
        pass(5 * SECOND).await;
        hear(&broker, sequence, Some(1000));
        pass(SECOND).await;
        assert_eq!((ear.status.lock().clone(), ear.gaps.lock().clone()), (vec![true, false, true], gaps));
    }
}

#[tokio::test(start_paused = true)]
async fn a_publisher_that_says_goodbye_is_not_missed() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    hear(&broker, 7, Some(1000));
    hear(&broker, 7, Some(0));
    pass(60 * SECOND).await;
    assert_eq!((ear.status.lock().clone(), ear.gaps.lock().len()), (vec![true], 0));
    bus.announce();
    bus.disconnect().await;
    assert_eq!(broker.beats.lock().last().map(|beat| beat.within), Some(Some(0)), "nor is this one");
}

#[tokio::test(start_paused = true)]
async fn while_the_bus_is_down_nobody_is_silent() {
    let World { broker, ear, bus: _bus, .. } = world(QueueOptions::default()).await;
    hear(&broker, 7, Some(1000));
    pass(5 * SECOND).await;
    broker.crash();
    pass(60 * SECOND).await;
    broker.keeps.store(true, SeqCst);
    broker.come_back();
    pass(3 * SECOND).await;
    assert_eq!((ear.status.lock().clone(), ear.gaps.lock().len()), (vec![true, false, true], 0));
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_heartbeats_do_not_come_back_is_lost() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    bus.announce();
    pass(10 * SECOND).await;
    assert_eq!(bus.connects(), 1);
    broker.swallows_beats.store(true, SeqCst);
    pass(6 * SECOND).await;
    broker.swallows_beats.store(false, SeqCst);
    pass(2 * SECOND).await;
    assert_eq!((bus.connects(), ear.status.lock().clone()), (2, vec![true, false, true]));
}
