//! Random sequences of operations, loads, invalidations, expiries and evictions.
//!
//! [`exact`] compares every answer, every event and what memory holds with a naive model. [`freshness`]
//! also holds the operations of the second layer open and lets them go in any order, and checks what has to
//! hold whatever that order is.

mod exact;
mod freshness;
mod naive;
mod steps;

use std::future::Future;

use proptest::{
    prelude::*,
    test_runner::{FileFailurePersistence, TestCaseResult},
};

/// Runs one case on a clock of its own that stands still until the case lets time pass.
fn on_paused_clock(case: impl Future<Output = TestCaseResult>) -> TestCaseResult {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(case)
}

fn sequences(cases: u32) -> ProptestConfig {
    let regressions = FileFailurePersistence::Direct("tests/it/model.regressions");
    ProptestConfig { cases, failure_persistence: Some(Box::new(regressions)), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(sequences(8_000))]

    #[test]
    fn a_cache_does_what_a_naive_one_does(setup in exact::setup(), steps in exact::steps()) {
        on_paused_clock(exact::run(setup, steps))?;
    }

    #[test]
    fn nothing_older_than_an_invalidation_is_read_after_it(
        setup in freshness::setup(),
        steps in freshness::steps(),
    ) {
        on_paused_clock(freshness::run(setup, steps))?;
    }
}
