//! Messages on their way, and faults of brokers, connections and instances.

use std::time::Duration;

use lazy_layers_engine::observe::event::GapReason;

use super::{Doing, Flying, Kind, MOMENT, World, naming::named};
use crate::setup::ttl;

impl World {
    /// Sends the waiting messages to all instances, the sender among them.
    pub(super) fn collect(&mut self) {
        let now = self.clock.now();
        for at in 0..self.instances.len() {
            for message in self.instances[at].bus.take() {
                let unsent = &mut self.instances[at].unsent;
                if let Some(nth) = unsent.iter().position(|(what, _)| *what == named(&message.body)) {
                    let (_, of) = unsent.remove(nth);
                    self.about.insert(message.id.clone().expect("it has one"), of);
                }
                for to in 0..self.instances.len() {
                    if self.instances[to].bus.is_cut() && self.kind == Kind::Lossy {
                        continue;
                    }
                    self.hub.send(to, message.clone(), now, &mut self.random);
                }
            }
        }
    }

    pub(super) fn any(&mut self) -> Option<Flying> {
        let cut: Vec<bool> = self.instances.iter().map(|instance| instance.bus.is_cut()).collect();
        self.hub.any(&mut self.random, &cut)
    }

    pub(super) fn deliver(&mut self, flying: Flying) {
        let (to, message) = (flying.to, flying.message.clone());
        self.tell(|| format!("i{to}: hears {} of {}", named(&message.body), message.source));
        let instance = &mut self.instances[to];
        // A sender that is cut off from the second layer leaves its invalidated entries there, for others to read.
        let binds = !self.second.fails();
        let of = message.id.as_ref().filter(|_| binds).and_then(|id| self.about.get(id)).cloned();
        let of = of.unwrap_or_default();
        let pending = instance.cache.apply(message);
        instance.doings.push(Doing { pending, of });
        if self.kind == Kind::Durable && self.random.one_in(3) {
            self.instances[to].unacknowledged.push(flying.clone());
        }
        self.hub.delivered.push(flying);
    }

    pub(super) fn deliver_again(&mut self) {
        if self.hub.delivered.is_empty() {
            return;
        }
        let at = self.random.below(self.hub.delivered.len());
        let mut flying = self.hub.delivered[at].clone();
        // Within the time for which one travels.
        if flying.due < self.clock.now() {
            return;
        }
        flying.message.is_redelivered = self.random.one_in(2);
        self.deliver(flying);
    }

    /// Lets time pass, and runs everything that is due by then.
    pub(super) async fn pass(&mut self, time: Duration) {
        let until = self.clock.now().after(ttl(time));
        loop {
            self.collect();
            let cut: Vec<bool> = self.instances.iter().map(|instance| instance.bus.is_cut()).collect();
            let gaps = self.instances.iter().flat_map(|instance| instance.gaps.iter().copied());
            // Messages for an instance that is cut off wait in its queue.
            let arriving = self.hub.flying.iter().filter(|flying| !cut[flying.to]).map(|flying| flying.due);
            let next = arriving.chain(gaps).min().filter(|next| *next <= until);
            tokio::time::advance(next.unwrap_or(until).since(self.clock.now())).await;
            self.instances.iter().for_each(|instance| instance.cache.settle());
            let Some(next) = next else { return };
            for at in 0..self.instances.len() {
                let before = self.instances[at].gaps.len();
                self.instances[at].gaps.retain(|gap| *gap > next);
                if self.instances[at].gaps.len() < before {
                    self.heal(at, GapReason::Sequence);
                }
            }
            if let Some(flying) = self.hub.due(next, &cut) {
                self.deliver(flying);
            }
        }
    }

    pub(super) fn heal(&mut self, at: usize, reason: GapReason) {
        self.tell(|| format!("i{at}: notices a gap"));
        self.figures.gaps += 1;
        let instance = &mut self.instances[at];
        let pending = instance.cache.heal(reason, 0);
        instance.doings.push(Doing { pending, of: Vec::new() });
    }

    /// A message is lost, which its receiver is told within a second.
    pub(super) fn lose(&mut self) {
        let Some(flying) = self.any() else { return };
        self.tell(|| format!("i{}: misses {}", flying.to, named(&flying.message.body)));
        // Values may be lost without a word.
        if !flying.message.body.is_of_load() {
            let share = u32::try_from(1 + self.random.below(10)).expect("small");
            self.instances[flying.to].gaps.push(self.clock.now().after(ttl(MOMENT * share / 10)));
        }
    }

    pub(super) fn cut_or_mend(&mut self, at: usize) {
        if self.instances[at].bus.is_cut() {
            return self.mend(at);
        }
        self.tell(|| format!("i{at}: is cut off"));
        self.instances[at].bus.cut();
        if self.kind == Kind::Lossy {
            self.hub.forget(at);
            self.instances[at].gaps.clear();
        }
        let outage = self.instances[at].cache.bus_down();
        self.instances[at].outages.push(outage);
    }

    pub(super) fn mend(&mut self, at: usize) {
        self.tell(|| format!("i{at}: is connected again"));
        if self.kind == Kind::Lossy {
            self.heal(at, GapReason::Resubscribed);
        } else {
            self.redeliver(at);
        }
        self.instances[at].cache.cache.listens();
        self.instances[at].cache.cache.bus_up("fake");
        self.instances[at].bus.mend();
    }

    /// Unacknowledged messages come again, and those that were not delivered yet come.
    pub(super) fn redeliver(&mut self, to: usize) {
        let now = self.clock.now();
        let waiting = self.hub.forget(to);
        let again = std::mem::take(&mut self.instances[to].unacknowledged);
        self.figures.again += again.len() as u64;
        for flying in again {
            let at_once = self.random.one_in(2);
            self.hub.send_again(to, flying.message, now, at_once);
        }
        for flying in waiting {
            self.hub.send(to, flying.message, now, &mut self.random);
        }
    }

    /// An instance is killed, and its successor takes its place.
    pub(super) fn restart(&mut self, at: usize) {
        // Deletes that the second layer has missed die with the instance, and so do unacknowledged messages.
        let instance = &self.instances[at];
        if instance.may_owe || instance.doings.iter().any(|doing| !doing.pending.is_over()) {
            return;
        }
        // An invalidation that nobody was told of: its publisher falls silent, which is noticed, but not with durable
        // queues, where a successor is taken for it.
        if self.instances[at].bus.is_cut() || !self.instances[at].unsent.is_empty() {
            if self.kind != Kind::Lossy {
                return;
            }
            let noticed = self.clock.now().after(ttl(MOMENT));
            for other in (0..self.instances.len()).filter(|other| *other != at) {
                self.instances[other].gaps.push(noticed);
            }
        }
        self.tell(|| format!("i{at}: is killed, another takes its place"));
        self.figures.restarts += 1;
        self.count(at);
        let mut successor = self.instance();
        successor.unacknowledged = std::mem::take(&mut self.instances[at].unacknowledged);
        self.instances[at] = successor;
        if self.kind == Kind::Lossy {
            self.hub.forget(at);
        } else {
            self.redeliver(at);
        }
    }
}
