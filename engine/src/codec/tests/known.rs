//! The rewrite in one walk, beside that in two.

use proptest::prelude::*;

use super::*;
use crate::codec::{known::rewrite_known, records::rewrite_any, shapes::Shapes};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn one_walk_over_known_shapes_comes_to_the_same_as_two(
        list in prop::collection::vec(values(), 1..8),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let shapes = Shapes::default();
        let mut all: Vec<_> = list.iter().chain(&list).chain(&list).map(packed).collect();
        for (at, byte) in changes {
            let last = all.last_mut().expect("a value");
            let at = at.index(last.len());
            last[at] = byte;
        }
        for packed in all {
            for depth in [3, 4096] {
                let known = shapes.with_lasting(|lasting| rewrite_known(&packed, depth, lasting));
                let any = rewrite_any(&packed, depth, &shapes);
                if let Some(known) = known {
                    prop_assert_eq!(Ok(known), any);
                }
            }
        }
    }
}

#[test]
fn objects_of_known_shapes_take_one_walk() {
    let (reader, mut known) = (Reader::new(Limits::default()), KnownShapes::default());
    let nested =
        |id| Value::Object(vec![("of".into(), object(id)), ("all".into(), Value::List(vec![object(id)]))]);
    for id in [1, 2, 100] {
        known.read(&reader, &reader.open(payload(&nested(id))).expect("sound"));
    }
    let shapes = reader.shapes();
    let once =
        |value: &Value| shapes.with_lasting(|lasting| rewrite_known(&packed(value), 9, lasting)).is_some();
    assert!(once(&nested(7)));
    assert!(once(&Value::List(vec![object(100), Value::Nil, nested(200)])));
    assert!(
        !once(&Value::Object(vec![("id".into(), Value::Nil), ("other".into(), Value::Nil)])),
        "another name"
    );
    assert!(!once(&Value::Object(vec![("new".into(), Value::Nil)])), "an unknown one");
}
