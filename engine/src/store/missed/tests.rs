use super::*;

const NOW: Time = Time(10_000_000);

fn keys(repair: Option<Repair<'_>>) -> (Repair<'_>, Vec<String>) {
    let repair = repair.expect("there is a repair");
    let Deletes::Keys(keys) = &repair.deletes else { panic!("keys are missed") };
    let mut names: Vec<String> =
        keys.iter().map(|(_, key)| String::from_utf8_lossy(key.as_bytes()).into_owned()).collect();
    names.sort();
    (repair, names)
}

#[test]
fn a_missed_write_counts_until_it_is_repaired() {
    let missed = MissedWrites::new(Arc::default());
    missed.add(&Key::from("a"), true);
    missed.add(&Key::from("b"), true);
    assert!(missed.contains(&Key::from("a")) && !missed.contains(&Key::from("c")));
    let (repair, names) = keys(missed.start_repair(NOW));
    assert_eq!(names, ["a", "b"]);
    assert!(missed.start_repair(NOW).is_none(), "one at a time");
    repair.ends(Outcome::Done);
    assert!(!missed.contains(&Key::from("a")));
    assert!(missed.start_repair(NOW).is_none());
    assert_eq!(missed.take_repaired().len(), 2, "they are published again");
    assert!(missed.start_repair(NOW).is_none());
    assert!(!missed.any());
}

#[test]
fn a_write_that_is_missed_again_during_its_repair_stays() {
    let missed = MissedWrites::new(Arc::default());
    missed.add(&Key::from("a"), true);
    let (repair, _) = keys(missed.start_repair(NOW));
    missed.add(&Key::from("a"), true);
    repair.ends(Outcome::Done);
    assert!(missed.contains(&Key::from("a")));
}

#[test]
fn a_key_that_was_written_is_not_missed_any_more() {
    let missed = MissedWrites::new(Arc::default());
    missed.add(&Key::from("a"), true);
    missed.removed(&Key::from("a"), missed.moment());
    assert!(!missed.contains(&Key::from("a")));
}

#[test]
fn a_late_answer_says_nothing_of_writes_that_were_missed_after_its_operation_began() {
    let missed = MissedWrites::new(Arc::default());
    missed.add(&Key::from("b"), true);
    let began = missed.moment();
    missed.add(&Key::from("a"), true);
    missed.removed(&Key::from("a"), began);
    missed.written(&Key::from("a"), began);
    missed.removed(&Key::from("b"), began);
    assert!(missed.contains(&Key::from("a")) && !missed.contains(&Key::from("b")));
}

#[test]
fn patterns_come_before_keys() {
    let missed = MissedWrites::new(Arc::default());
    missed.add(&Key::from("a"), true);
    missed.add_pattern(&Pattern::from("user:*"));
    assert!(missed.contains(&Key::from("user:1")));
    let repair = missed.start_repair(NOW).expect("there is a repair");
    assert!(matches!(repair.deletes, Deletes::Pattern(..)));
    repair.ends(Outcome::Done);
    assert!(!missed.contains(&Key::from("user:1")));
    assert_eq!(keys(missed.start_repair(NOW)).1, ["a"]);
}

#[test]
fn a_pattern_that_is_missed_again_counts_once_and_forgets_no_other() {
    let missed = MissedWrites::new(Arc::default());
    missed.add_pattern(&Pattern::from("a*"));
    for _ in 0..=MOST_PATTERNS {
        missed.add_pattern(&Pattern::from("b*"));
    }
    assert!(missed.contains(&Key::from("a1")));
    for _ in 0..2 {
        missed.start_repair(NOW).expect("there is a repair").ends(Outcome::Done);
    }
    assert!(missed.start_repair(NOW).is_none());
    assert_eq!(missed.take_repaired().len(), 2);
}

#[test]
fn a_pattern_that_is_missed_again_during_its_repair_stays() {
    let missed = MissedWrites::new(Arc::default());
    missed.add_pattern(&Pattern::from("a*"));
    let repair = missed.start_repair(NOW).expect("there is a repair");
    missed.add_pattern(&Pattern::from("a*"));
    repair.ends(Outcome::Done);
    assert!(missed.contains(&Key::from("a1")));
}

#[test]
fn an_abandoned_repair_is_tried_again_after_the_pause() {
    let missed = MissedWrites::new(Arc::default());
    missed.add(&Key::from("a"), true);
    let (repair, _) = keys(missed.start_repair(NOW));
    drop(repair);
    assert!(missed.contains(&Key::from("a")));
    assert!(missed.start_repair(NOW).is_none());
    assert_eq!(keys(missed.start_repair(NOW.after(PAUSE))).1, ["a"]);
}

#[test]
fn the_oldest_are_forgotten_beyond_the_bound() {
    let missed = MissedWrites::new(Arc::default());
    for number in 0..=MOST_KEYS {
        missed.add(&Key::from(format!("k{number}").as_str()), true);
    }
    assert!(!missed.contains(&Key::from("k0")) && missed.contains(&Key::from("k1")));
    let (repair, names) = keys(missed.start_repair(NOW));
    assert_eq!(names.len(), AT_ONCE);
    repair.ends(Outcome::Done);
    for number in 0..=MOST_PATTERNS {
        missed.add_pattern(&Pattern::from(format!("p{number}*").as_str()));
    }
    assert!(!missed.contains(&Key::from("p0")) && missed.contains(&Key::from("p1")));
}
