//! Converts records of options for the engine.

use lazy_layers_engine::{bus::random_source, entry::version::Version, options::Settings};

use crate::{
    contract::{
        option_record::Record,
        options::{CACHE, CALL, Configured, LAYERS, apply_cache, apply_call, apply_layers},
        params,
    },
    env::Env,
};

impl Record<'_> {
    /// The options of the call under way, as JavaScript has written them.
    pub(crate) fn of(env: &Env) -> Record<'_> {
        Record::new(&env.params, (env.js(), env.texts))
    }

    /// The number under which the source of the answer is asked for.
    pub(crate) fn source(&self) -> Option<u32> {
        self.index(params::SOURCE)
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
        settings.is_of_owner = self.number(params::OF_OWNER).is_some();
        settings.refresh.at_once = self.number(params::RENEWS).is_some();
        if let Some(tags) = self.keys(params::TAGS) {
            settings.tags = Some(tags.into());
        }
        let text = |at| self.texts(at).and_then(|mut texts| texts.pop());
        settings.etag = text(params::ETAG).map(Into::into);
        settings.extends = text(params::EXTENDS).map(|name| Version::named(&name));
        settings
    }

    /// The options of a cache, its memory layer and its second layer; generates a source if none is given.
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
