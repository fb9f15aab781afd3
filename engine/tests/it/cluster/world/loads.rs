//! How loads end.

use lazy_layers_engine::{entry::key::Key, load::directives::Verdict, options::Settings, testing::Answer};

use super::{Asked, KEYS, Number, Read, TAG, VERSIONS, World, naming::still_true};

impl World {
    /// Ends a load, if one runs.
    pub(super) fn end(&mut self, at: usize, fails: bool) {
        let instance = &mut self.instances[at];
        let running: Vec<usize> =
            (0..instance.reads.len()).filter(|nth| instance.reads[*nth].runs()).collect();
        if running.is_empty() {
            return;
        }
        let read = &mut instance.reads[running[self.random.below(running.len())]];
        let Asked::GetOrSet(request) = &read.request else { return };
        read.ended = true;
        let version = read.loading.expect("it runs");
        let number = read.key * VERSIONS + version;
        if fails {
            request.fail(Number::new(usize::MAX));
        } else if self.directs && self.random.one_in(4) {
            let settings = instance.cache.cache.settings().clone();
            request.finish_directed(Number::new(number), settings, Verdict::Skip);
        } else if self.extends
            && let Some(settings) = still_true(&instance.cache, read.key, number)
        {
            request.finish_directed(Number::new(number), settings, Verdict::Extend);
        } else if self.directs && self.tagged {
            self.to_store.insert(number);
            let tags = Some([Key::from(TAG)].into());
            let settings = Settings { tags, ..instance.cache.cache.settings().clone() };
            request.finish_directed(Number::new(number), settings, Verdict::Keep);
        } else {
            self.to_store.insert(number);
            request.finish(Number::new(number));
        }
        let key = read.key;
        self.tell(|| format!("i{at}: load of {} ends, with {version}", KEYS[key]));
    }
}

impl Read {
    pub(super) fn runs(&self) -> bool {
        match &self.request {
            Asked::Get(_) => false,
            Asked::GetOrSet(request) => self.loading.is_some() && !self.ended && !request.is_over(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        match &self.request {
            Asked::Get(pending) => pending.is_over(),
            Asked::GetOrSet(request) => request.is_over(),
        }
    }

    pub(super) fn answer(&self) -> Option<Number> {
        match &self.request {
            Asked::Get(pending) => pending.take().flatten(),
            Asked::GetOrSet(request) => match request.answer() {
                Some(Answer::Value(value)) => Some(value),
                _ => None,
            },
        }
    }
}
