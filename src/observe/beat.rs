//! Whether an event loop turns: it gets a question now and then, and the time until its answer is its delay.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use lazy_layers_engine::clock::Time;
use parking_lot::Mutex;

/// The microseconds of a window whose longest delay is known: the last two cover between half a minute and a minute.
const WINDOW: u64 = 30_000_000;

/// The beat of an event loop.
#[derive(Default)]
pub(crate) struct Beat {
    /// The time of the question that it has not answered yet, plus one; 0 if there is none.
    asked: AtomicU64,
    delays: Mutex<Delays>,
}

/// In micros.
#[derive(Default)]
struct Delays {
    last: Option<u64>,
    /// The longest of this window, and of the one before.
    longest: [u64; 2],
    began: u64,
}

impl Beat {
    /// Asks the loop. Returns whether it has to be woken: not if an earlier question is open.
    pub(crate) fn ask(&self, now: Time) -> bool {
        self.asked.compare_exchange(0, now.0 + 1, Relaxed, Relaxed).is_ok()
    }

    /// The loop turns.
    pub(crate) fn answer(&self, now: Time) {
        let asked = self.asked.swap(0, Relaxed);
        if asked == 0 {
            return;
        }
        let delay = now.0.saturating_sub(asked - 1);
        let mut delays = self.delays.lock();
        if now.0.saturating_sub(delays.began) >= WINDOW {
            delays.longest = [0, delays.longest[0]];
            delays.began = now.0;
        }
        delays.last = Some(delay);
        delays.longest[0] = delays.longest[0].max(delay);
    }

    /// How long it has not turned, in milliseconds, as far as that is known.
    pub(crate) fn stalled(&self, now: Time) -> f64 {
        let asked = self.asked.load(Relaxed);
        if asked == 0 { 0.0 } else { millis(now.0.saturating_sub(asked - 1)) }
    }

    /// The last delay and the longest of the last minute, in milliseconds; not numbers if they were not measured.
    pub(crate) fn delays(&self) -> [f64; 2] {
        let delays = self.delays.lock();
        let longest = delays.longest[0].max(delays.longest[1]);
        delays.last.map_or([f64::NAN; 2], |last| [millis(last), millis(longest)])
    }
}

#[expect(clippy::cast_precision_loss, reason = "micros of a process fit 53 bits")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_does_not_answer_is_stalled_since_it_was_asked() {
        let beat = Beat::default();
        assert!(beat.ask(Time(1_000)));
        assert!(!beat.ask(Time(2_000_000)), "it was asked before");
        assert_eq!(beat.stalled(Time(3_001_000)).to_bits(), 3_000_f64.to_bits());
        beat.answer(Time(5_001_000));
        assert_eq!(beat.stalled(Time(6_000_000)).to_bits(), 0_f64.to_bits());
        assert_eq!(beat.delays().map(f64::to_bits), [5_000_f64.to_bits(); 2]);
    }

    #[test]
    fn the_longest_delay_is_forgotten_after_a_minute() {
        let beat = Beat::default();
        for (asked, answered) in [(0, 9_000), (40_000_000, 40_001_000), (80_000_000, 80_001_000)] {
            beat.ask(Time(asked));
            beat.answer(Time(answered));
        }
        assert_eq!(beat.delays()[1].to_bits(), 1_f64.to_bits());
    }
}
