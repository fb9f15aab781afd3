//! The log for cases that need help: brings the lines of `tracing` that `LAZY_LOG` selects to the console.
//!
//! - [`filter`] the wanted lines · [`line`] a line · [`backlog`] lines that wait for a thread that prints
//!
//! Without `LAZY_LOG` nothing here runs, and code that would log loads one number and goes on.

mod backlog;
mod filter;
mod line;

use std::{
    cell::RefCell,
    ptr,
    sync::{Arc, Weak},
};

use lazy_layers_drivers::wakes::Sleeper;
use parking_lot::Mutex;
use tracing::{
    Event, Level, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::{self, Interest},
};

use self::{backlog::Backlog, filter::Filter, line::Line};
use crate::{
    env::{self, Env},
    raw::{
        js::{Js, Unexpected},
        wake::{self, Wake},
    },
    ticker,
};

/// Lines of all threads.
static BACKLOG: Backlog = Backlog::new();
/// The environments that can print, in the order of their creation: the first one that still exists prints.
static PRINTERS: Mutex<Vec<Weak<Wake>>> = Mutex::new(Vec::new());

thread_local! {
    static PRINTER: RefCell<Option<Arc<Wake>>> = const { RefCell::new(None) };
}

/// Makes this environment print lines, and the process make those that the filter selects. The filter of the first
/// environment holds for the process. Returns whether this environment prints from here on.
pub(crate) fn start(js: Js, filter: &str) -> Result<bool, Unexpected> {
    let (filter, complaints) = Filter::read(filter);
    let is_off = filter.most() == LevelFilter::OFF && complaints.is_empty();
    if is_off || PRINTER.with_borrow(Option::is_some) {
        return Ok(false);
    }
    let wake = Arc::new(Wake::new(js, |_| print())?);
    {
        let mut printers = PRINTERS.lock();
        printers.retain(|printer| printer.strong_count() > 0);
        printers.push(Arc::downgrade(&wake));
    }
    PRINTER.set(Some(wake));
    wake::at_end(js, tear_down);
    // There is one already if this is not the first environment.
    if subscriber::set_global_default(Lines { filter }).is_ok() {
        for text in complaints {
            say(Line { level: Level::WARN, at: ticker::clock().wall_millis(), text });
        }
    }
    // If the last environment that printed has ended, lines wait already, and further lines would not rouse
    // this one.
    rouse();
    Ok(true)
}

fn say(line: Line) {
    if BACKLOG.push(line) {
        rouse();
    }
}

/// The environment ends: another one prints the waiting lines, if there is one.
fn tear_down() {
    let Some(wake) = PRINTER.take() else { return };
    // Another thread may still hold it, as it rouses.
    PRINTERS.lock().retain(|printer| !ptr::eq(printer.as_ptr(), Arc::as_ptr(&wake)));
    wake.close();
    rouse();
}

/// Makes the first environment print.
fn rouse() {
    // Not woken under the lock: dropping the last handle of an environment takes the lock as well.
    let first = PRINTERS.lock().iter().find_map(Weak::upgrade);
    if let Some(wake) = first {
        wake.wake();
    }
}

/// Prints the waiting lines in the environment of this thread. An environment that is being terminated runs no
/// JavaScript: then the lines wait for the next one.
pub(crate) fn print() {
    let Some(env) = env::current() else { return };
    let mut lines = BACKLOG.take();
    while let Some(line) = lines.pop_front() {
        if !is_printed(&env, &line) {
            lines.push_front(line);
            BACKLOG.put_back(lines);
            return;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit 53 bits")]
fn is_printed(env: &Env, Line { level, at, text }: &Line) -> bool {
    let js = env.js();
    let mut is_printed = false;
    js.scoped(|| {
        let args = [js.text(level.as_str()), js.number(*at as f64), js.text(text)];
        is_printed = js.call(env.functions.log, &args).is_some();
    });
    is_printed
}

/// Makes lines from events, and ignores spans.
struct Lines {
    filter: Filter,
}

impl Subscriber for Lines {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && self.filter.wants(metadata.target(), *metadata.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.filter.most())
    }

    fn event(&self, event: &Event<'_>) {
        say(Line::of(event, ticker::clock().wall_millis()));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
