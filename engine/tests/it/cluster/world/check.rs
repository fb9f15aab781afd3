//! The rules, during a run and after it.

use std::time::Duration;

use lazy_layers_engine::observe::Kind as EventKind;

use super::{Asked, KEYS, Read, Second, VERSIONS, World, Wrong};
use crate::setup::SECOND;

impl World {
    /// Records the loads that ended and the requests that were answered in this step.
    pub(super) fn look(&mut self) -> Result<(), Wrong> {
        let (truth, shows_overtaken) = (self.truth, matches!(self.second, Second::Own));
        for (at, instance) in self.instances.iter_mut().enumerate() {
            let oldest = &mut instance.oldest;
            instance.doings.retain(|doing| {
                let is_over = doing.pending.is_over();
                if is_over {
                    for (key, version) in &doing.of {
                        oldest[*key] = oldest[*key].max(*version);
                    }
                }
                !is_over
            });
            for read in &mut instance.reads {
                if let Asked::GetOrSet(request) = &read.request
                    && read.loading.is_none()
                    && request.has_loaded()
                {
                    read.loading = Some(truth[read.key]);
                }
                let Some(value) = read.answer() else { continue };
                let (key, version) = (*value.as_inner() / VERSIONS, *value.as_inner() % VERSIONS);
                if key != read.key {
                    return Err(format!("i{at}: {} got a value of {}", KEYS[read.key], KEYS[key]));
                }
                if matches!(read.request, Asked::Get(_)) && !self.to_store.contains(value.as_inner()) {
                    return Err(format!("i{at}: {} got version {version}, which was not stored", KEYS[key]));
                }
                // A value that an overtaken load has written to a slow layer of its own may be seen there until it is
                // cleared.
                if version < read.oldest && !shows_overtaken {
                    let oldest = read.oldest;
                    return Err(format!("i{at}: {} got version {version}, not {oldest}", KEYS[key]));
                }
            }
            instance.reads.retain(|read| !read.is_over());
        }
        for at in 0..self.instances.len() {
            self.count(at);
        }
        Ok(())
    }

    pub(super) fn count(&mut self, at: usize) {
        for event in self.instances[at].cache.events.take() {
            match lazy_layers_engine::testing::kind_of(&event) {
                EventKind::SetReceived => {
                    self.figures.values += 1;
                    self.figures.kept += 1;
                }
                EventKind::InvalidationStale
                    if lazy_layers_engine::testing::describe(&event).contains("invalidation:stale set") =>
                {
                    self.figures.values += 1;
                    self.figures.refused += 1;
                }
                EventKind::ExtendReceived => self.figures.extended += 1,
                _ => {}
            }
        }
    }

    /// Lets everything end, arrive and be noticed: then no layer holds anything that was invalidated.
    pub(super) async fn quiet(&mut self) -> Result<(), Wrong> {
        self.tell(|| "quiet".to_owned());
        for at in 0..self.instances.len() {
            if self.instances[at].bus.is_cut() {
                self.mend(at);
            }
            if self.instances[at].away {
                self.cut_store(at);
            }
        }
        for _ in 0..4 {
            for at in 0..self.instances.len() {
                if let Some(store) = &self.instances[at].store {
                    store.gates.open_all();
                }
                self.instances[at].cache.settle();
                self.look()?;
                while self.instances[at].reads.iter().any(Read::runs) {
                    self.end(at, false);
                    self.look()?;
                }
            }
            self.pass(self.hub_time()).await;
            self.look()?;
        }
        let upkeep = usize::from(self.second.fails());
        for (at, instance) in self.instances.iter().enumerate() {
            let open = instance.cache.open_calls()
                - upkeep
                - instance.outages.iter().filter(|one| !one.is_over()).count();
            if open > 0 {
                return Err(format!("i{at}: {open} calls have not ended"));
            }
            for (key, name) in KEYS.into_iter().enumerate() {
                let held = instance.cache.get(name).done();
                let entry = self.second.entry(name);
                let valid = instance.store.as_ref().filter(|store| store.tags_stand(&entry));
                let stored = valid.and_then(|store| store.peek(&entry));
                for value in [held, stored].into_iter().flatten() {
                    let version = *value.as_inner() % VERSIONS;
                    if !self.to_store.contains(value.as_inner()) {
                        return Err(format!(
                            "i{at}: after quiet there is version {version} of {name}, which was skipped"
                        ));
                    }
                    if version != self.truth[key] {
                        let truth = self.truth[key];
                        return Err(format!("i{at}: after quiet {name} is version {version}, not {truth}"));
                    }
                }
            }
            let fenced = instance.cache.cache.inspect().fenced_keys;
            if fenced > 0 {
                return Err(format!("i{at}: {fenced} keys are tracked with nothing under way"));
            }
        }
        Ok(())
    }

    /// Longer than anything travels, and than a value lives that arrived as an instance began to listen.
    pub(super) fn hub_time(&self) -> Duration {
        if self.kind.is_late() { 55 * SECOND } else { 3 * SECOND }
    }
}
