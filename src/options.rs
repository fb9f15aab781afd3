//! Options as they cross: a `Float64Array` with a number per option, NaN where none is given, and an array of
//! texts.
//!
//! The number of an option that is text is the place of its texts: first how many there are, then they.

use std::{
    cell::RefCell,
    sync::{Arc, atomic::AtomicU64},
};

use lazy_layers_engine::{
    bus::random_source,
    clock::Ttl,
    entry::{key::Key, source::SourceCell},
    options::Settings,
};
use slab::Slab;

use crate::{
    contract::{
        options::{CACHE, CALL, Configured, LAYERS, apply_cache, apply_call, apply_layers},
        params,
    },
    instance::Instance,
    raw::{
        js::{Js, JsKept},
        memory::Shared,
    },
};

/// A record of options.
pub(crate) struct Record<'a> {
    numbers: &'a Shared<AtomicU64>,
    texts: (Js, JsKept),
    sources: &'a RefCell<Slab<Arc<SourceCell>>>,
}

impl Record<'_> {
    /// The options of the call under way, as JavaScript has written them.
    pub(crate) fn of(instance: &Instance) -> Record<'_> {
        Record {
            numbers: &instance.params,
            texts: (instance.js(), instance.texts),
            sources: &instance.sources,
        }
    }

    /// The number of an option, if it is given.
    pub(crate) fn number(&self, at: usize) -> Option<f64> {
        let number = self.numbers.load(at);
        (!number.is_nan()).then_some(number)
    }

    /// The texts of an option, if it is given.
    pub(crate) fn texts(&self, at: usize) -> Option<Vec<String>> {
        let place = self.index(at)?;
        let (js, kept) = self.texts;
        let texts = js.kept(kept);
        let count = js.element(texts, place).and_then(|count| js.read_u32(count)).ok()?;
        (1..=count)
            .map(|text| js.element(texts, place + text).and_then(|text| js.read_text(text)).ok())
            .collect()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a slot or a place")]
    fn index(&self, at: usize) -> Option<u32> {
        self.number(at).map(|number| number as u32)
    }

    /// The slot of the call's options.
    pub(crate) fn handed(&self) -> Option<u32> {
        self.index(params::HANDED)
    }

    /// `base`, overridden by the record.
    pub(crate) fn settings(&self, base: &Settings) -> Settings {
        let mut settings = base.clone();
        apply_call(self, 0, &mut settings);
        settings.was_read = self.number(params::WAS_READ).is_some();
        if let Some(tags) = self.texts(params::TAGS) {
            settings.tags = Some(tags.iter().map(|tag| Key::from(tag.as_str())).collect());
            // The second layer keeps no tags: what has some is in memory alone.
            (settings.l2_ttl, settings.l2_given) = (Ttl::NONE, true);
        }
        let source = self.index(params::SOURCE);
        settings.source = source.and_then(|source| self.sources.borrow().get(source as usize).cloned());
        settings
    }

    /// The options of a cache, its memory layer and its second layer; a source that is not given is generated.
    pub(crate) fn configured(&self) -> Configured {
        let mut configured = Configured::default();
        configured.cache.settings = self.settings(&configured.cache.settings);
        apply_layers(self, CALL.len(), &mut configured);
        apply_cache(self, CALL.len() + LAYERS.len(), &mut configured.cache);
        debug_assert_eq!(CALL.len() + LAYERS.len() + CACHE.len(), params::HANDED);
        if configured.cache.source.is_empty() {
            configured.cache.source = random_source();
        }
        configured
    }
}
