//! Lines on their way to a console. A bounded number of lines waits; further lines are only counted, and the count is
//! told once there is room.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tracing::Level;

use super::line::Line;

/// The most lines that wait for a busy thread.
const MOST: usize = 1000;

/// The waiting lines.
#[derive(Default)]
pub(super) struct Backlog {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Line>,
    left_out: u64,
    /// The time of the last line that was left out.
    last: u64,
}

impl Backlog {
    /// Nothing waits.
    pub(super) const fn new() -> Backlog {
        Backlog { state: Mutex::new(State { lines: VecDeque::new(), left_out: 0, last: 0 }) }
    }

    /// Takes a line. Returns whether none waited before.
    pub(super) fn push(&self, line: Line) -> bool {
        let mut state = self.state.lock();
        if state.lines.len() >= MOST {
            state.left_out += 1;
            state.last = line.at;
            return false;
        }
        state.lines.push_back(line);
        state.lines.len() == 1
    }

    /// All waiting lines, with the number of missing ones at the end.
    pub(super) fn take(&self) -> VecDeque<Line> {
        let mut state = self.state.lock();
        let mut lines = std::mem::take(&mut state.lines);
        if state.left_out > 0 {
            let text = format!("log: {} lines were left out, as nobody took them in time", state.left_out);
            lines.push_back(Line { level: Level::WARN, at: state.last, text });
            state.left_out = 0;
        }
        lines
    }

    /// Puts back lines that were taken and not printed, before the waiting ones.
    pub(super) fn put_back(&self, mut lines: VecDeque<Line>) {
        let mut state = self.state.lock();
        lines.append(&mut state.lines);
        state.lines = lines;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: u64) -> Line {
        Line { level: Level::DEBUG, at, text: format!("line {at}") }
    }

    #[test]
    fn lines_come_in_their_order_and_the_first_of_them_wakes() {
        let backlog = Backlog::default();
        assert!(backlog.push(line(1)));
        assert!(!backlog.push(line(2)));
        assert_eq!(backlog.take(), [line(1), line(2)]);
        assert_eq!(backlog.take(), []);
        assert!(backlog.push(line(3)));
    }

    #[test]
    fn lines_that_are_put_back_come_first() {
        let backlog = Backlog::default();
        backlog.push(line(1));
        backlog.push(line(2));
        let taken = backlog.take();
        backlog.push(line(3));
        backlog.put_back(taken);
        assert_eq!(backlog.take(), [line(1), line(2), line(3)]);
    }

    #[test]
    fn what_does_not_fit_is_counted_and_told() {
        let backlog = Backlog::default();
        for at in 0..MOST as u64 + 5 {
            backlog.push(line(at));
        }
        let lines = backlog.take();
        assert_eq!(lines.len(), MOST + 1);
        assert_eq!(lines[MOST - 1], line(MOST as u64 - 1));
        let Line { level, at, text } = &lines[MOST];
        assert_eq!((*level, *at), (Level::WARN, MOST as u64 + 4));
        assert_eq!(text, "log: 5 lines were left out, as nobody took them in time");
        assert_eq!(backlog.take(), [], "it is told once");
    }
}
