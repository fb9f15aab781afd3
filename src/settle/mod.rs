//! Work between calls: events are told, and the requests that were woken are polled and answered.

mod items;

use lazy_layers_drivers::{held, wakes::Sleeper};

use crate::{
    contract::{Code, Coded, shared},
    events::{tell, tell_dropped},
    executor::Polled,
    instance::{self, Instance},
    raw::js::Js,
    reply::Reply,
    request::Signals,
};

/// Called on the thread of the environment when another thread has woken it.
pub(crate) fn woken(_: Js) {
    if let Some(instance) = instance::current() {
        instance.settle();
        held::release();
    }
}

/// Called at the end of every call from JavaScript. A call that takes an answer settles new work itself; after any
/// other call, and after one that threw, the thread is woken for that work.
pub(crate) fn left(is_answer: bool) {
    let Some(instance) = instance::current() else { return };
    if is_answer || instance.settling.get() {
        return;
    }
    if instance.executor.ready().is_pending() || held::has_held() {
        instance.executor.ready().wake().wake();
    }
}

impl Instance {
    /// Does the work that has come up since the last time: tells events, and polls and answers requests that
    /// were woken. It calls into JavaScript, so it runs while no answer is on its way there: such an answer
    /// could name a request that ends before the answer arrives.
    ///
    /// When users' code calls it from within itself, it only tells events: the answers under way further up the
    /// stack may name a request that would end here.
    pub(crate) fn settle(&self) {
        if self.settling.replace(true) {
            self.tell_events();
            return;
        }
        let _settling = Settling(self);
        self.executor.keep_ids();
        while self.executor.ready().take_pending() {
            let woken = self.executor.ready().take();
            let mut polled: Vec<_> = woken.into_iter().map(|id| (id, self.executor.poll(id))).collect();
            // Ended requests first: a loader that is called may end its load at once, and the requests that
            // joined the load still have to find it.
            polled.sort_by_key(|(_, polled)| matches!(polled, Polled::Waits(_)));
            self.tell_events();
            self.deliver(polled);
            self.tell_buses();
        }
        self.env.pending.store(0, 0);
        self.keep_alive();
    }

    fn tell_events(&self) {
        tell_dropped(&self.env, &self.events);
        loop {
            let events = self.events.take();
            if events.is_empty() {
                return;
            }
            tell(&self.env, &events);
        }
    }

    fn tell_buses(&self) {
        for item in self.bus_queue.take() {
            items::deliver(self, item);
        }
    }

    fn deliver(&self, polled: Vec<(u32, Polled)>) {
        let mut kept = Vec::new();
        let mut over = Vec::new();
        let mut count = 0;
        for (id, polled) in polled {
            match polled {
                Polled::Over(reply, signals) => {
                    self.signal(&mut count, id, Signals { load: false, ..signals }, &mut kept);
                    let (code, argument) = self.encode(&reply);
                    self.write(&mut count, id, code, argument);
                    over.push(id);
                    kept.push(reply);
                }
                Polled::Waits(signals) => self.signal(&mut count, id, signals, &mut kept),
                Polled::Elsewhere => {}
            }
        }
        self.flush(&mut count);
        for id in over {
            self.executor.retire(id);
        }
        drop(kept);
    }

    /// The signals of a request that goes on.
    fn signal(&self, count: &mut usize, id: u32, signals: Signals, kept: &mut Vec<Reply>) {
        if let Some(value) = signals.early {
            self.write(count, id, Code::Early, f64::from(value.index()));
            kept.push(Reply::Value(value));
        }
        if let Some(value) = signals.refreshed {
            self.write(count, id, Code::Refresh, f64::from(value.index()));
            kept.push(Reply::Value(value));
        }
        if signals.is_locked_out {
            self.write(count, id, Code::LockedOut, 0.0);
        }
        if let Some(limit) = signals.abort {
            self.write(count, id, Code::Abort, limit.as_millis_f64());
        }
        if signals.load {
            self.write(count, id, Code::Load, f64::from(id));
        }
    }

    fn write(&self, count: &mut usize, id: u32, code: Code, argument: f64) {
        if *count == shared::BATCH {
            self.flush(count);
        }
        for (at, number) in [f64::from(id), code.number(), argument].into_iter().enumerate() {
            self.env.out.store(*count * shared::ANSWER + at, number);
        }
        *count += 1;
    }

    fn flush(&self, count: &mut usize) {
        if *count > 0 {
            #[expect(clippy::cast_precision_loss, reason = "at most BATCH")]
            self.env.js().call(self.env.functions.deliver, &[self.env.js().number(*count as f64)]);
            *count = 0;
        }
    }
}

/// Ends the settling when it is dropped, also by a panic.
struct Settling<'a>(&'a Instance);

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        self.0.settling.set(false);
        self.0.executor.release_ids();
    }
}
