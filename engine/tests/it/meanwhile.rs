//! Acts of others while the memory layer is locked: they come as far as they do without it.

use std::sync::{Arc, Mutex};

use lazy_layers_engine::{
    bounded::{NodeId, PolicyKind},
    clock::Time,
    l1::{Layer1, Memory, MemoryOptions, Mirror, Record},
};

use crate::setup::Text;

type Act = Box<dyn FnOnce() + Send>;

/// What others do as the layer is locked next. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Meanwhile(Arc<Mutex<Option<Act>>>);

impl Meanwhile {
    /// Nothing yet, and the layer.
    pub(crate) fn and_memory() -> (Meanwhile, Layer1<Text>) {
        let meanwhile = Meanwhile::default();
        let options = MemoryOptions { entries: 10, bytes: None, policy: PolicyKind::Lru };
        let mirror = Box::new(meanwhile.clone());
        (meanwhile, Layer1::Memory(Arc::new(Memory::new(options, vec![mirror]))))
    }

    /// Calls `act` as the layer is locked next, once.
    pub(crate) fn act(&self, act: impl FnOnce() + Send + 'static) {
        *self.0.lock().expect("no panic") = Some(Box::new(act));
    }

    pub(crate) fn has_acted(&self) -> bool {
        self.0.lock().expect("no panic").is_none()
    }
}

impl Mirror<Text> for Meanwhile {
    fn publish(&mut self, _: &Text, _: NodeId, _: Time) {}

    fn ask_for(&mut self, _: &Text) {}

    fn retract(&mut self, _: &Text) {}

    fn drain(&mut self, _: &mut dyn FnMut(Record<'_, Text>) -> Option<NodeId>) {
        let act = self.0.lock().expect("no panic").take();
        act.into_iter().for_each(|act| act());
    }

    fn headroom(&mut self, _: usize) {}
}
