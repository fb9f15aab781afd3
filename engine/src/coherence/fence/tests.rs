use super::*;

fn fence() -> Arc<Fence> {
    Arc::new(Fence::default())
}

#[test]
fn an_invalidation_voids_the_tickets_of_its_key_and_no_other() {
    let fence = fence();
    let (a, b) = (Key::from("a"), Key::from("b"));
    let (touched, other) = (fence.ticket(&a, Time::ZERO), fence.ticket(&b, Time::ZERO));
    fence.void(&a);
    assert!(!touched.is_valid());
    assert!(other.is_valid());
    assert!(fence.ticket(&a, Time::ZERO).is_valid(), "a later ticket is not touched");
}

#[test]
fn a_pattern_voids_the_tickets_of_matching_keys_only() {
    let fence = fence();
    let (user, post) = (Key::from("user:1"), Key::from("post:1"));
    let (touched, other) = (fence.ticket(&user, Time::ZERO), fence.ticket(&post, Time::ZERO));
    fence.void_matching(&Pattern::from("user:*"));
    assert!(!touched.is_valid());
    assert!(other.is_valid());
}

#[test]
fn more_patterns_than_are_remembered_void_everything_that_runs() {
    let fence = fence();
    let post = Key::from("post:1");
    let ticket = fence.ticket(&post, Time::ZERO);
    for n in 0..=PATTERNS_KEPT {
        fence.void_matching(&Pattern::from(format!("user:{n}").as_str()));
    }
    assert!(!ticket.is_valid());
}

#[test]
fn a_value_that_is_being_stored_voids_reads_of_its_key_until_it_is_stored() {
    let fence = fence();
    let (a, b) = (Key::from("a"), Key::from("b"));
    let (load, other_load) = (fence.ticket(&a, Time::ZERO), fence.ticket(&a, Time::ZERO));
    let (read, other) = (fence.read_ticket(&a, Time::ZERO), fence.read_ticket(&b, Time::ZERO));
    assert!(read.is_valid());
    let storing = load.storing();
    let during = fence.read_ticket(&a, Time::ZERO);
    drop(storing);
    assert!(!read.is_valid() && !during.is_valid());
    assert!(load.is_valid() && other_load.is_valid() && other.is_valid());
    assert!(fence.read_ticket(&a, Time::ZERO).is_valid());
}

#[test]
fn nothing_is_tracked_when_nothing_runs() {
    let fence = fence();
    let a = Key::from("a");
    drop([fence.ticket(&a, Time::ZERO), fence.ticket(&a, Time::ZERO)]);
    fence.void(&a);
    fence.void_matching(&Pattern::from("*"));
    assert_eq!(fence.tracked_keys(), 0);
}
