//! Making and releasing what lives longer than a call.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use lazy_layers_drivers::runtime;
use lazy_layers_engine::{
    bus::Bus,
    cache::{Cache, Layers},
    clock::{Time, Timers},
    entry::pattern::Pattern,
    l1::Layer1,
    options::Inflight,
    store::Store,
    value::Value,
};

use super::{bus, current, redis};
use crate::{
    bus::{native::NativeBus, own::OwnBus},
    contract::{Coded, Derived, Target, layers as bits, options::Configured},
    events::JsObserver,
    executor::Ready,
    fake_timers,
    instance::{self, Functions, NativeCache, SharedArrays},
    options::Record,
    own_store::OwnStore,
    raw::{
        call::{Args, Fault, Given},
        wake::Wake,
    },
    redis_store::NativeRedis,
    slots::Slot,
    storage::Storage,
    values::Values,
};

/// The JavaScript side of an environment.
const BRIDGE: &str = include_str!("../bridge.js");

/// `bridge(addon)`: the JavaScript side of this environment, made when it is first asked for. All facades share it.
pub(super) fn bridge(args: &Args) -> Result<Given, Fault> {
    let js = args.js();
    if instance::current().is_none() {
        js.call_value(js.run(BRIDGE)?, &[args.value(0)]);
    }
    Ok(Given::Value(js.kept(current()?.bridge)))
}

/// `setUp(bridge, functions, arrays)`: the functions host, measure, deliver, emit, pack, unpack, shape,
/// visit, hear, and the arrays out, params, texts, clock, pending, joinable, scratch, transfer.
pub(super) fn set_up(args: &Args) -> Result<Given, Fault> {
    let js = args.js();
    if instance::current().is_some() {
        return Err(Fault("the environment is set up already".into()));
    }
    let function = |at| js.keep_function(args.element(1, at)?);
    let functions = Functions {
        host: function(0)?,
        measure: function(1)?,
        deliver: function(2)?,
        emit: function(3)?,
        pack: function(4)?,
        unpack: function(5)?,
        shape: function(6)?,
        visit: function(7)?,
        hear: function(8)?,
    };
    let numbers = |at| args.float64_array_of(args.element(2, at)?);
    let arrays = SharedArrays {
        out: numbers(0)?,
        params: numbers(1)?,
        texts: js.keep(args.element(2, 2)?)?,
        clock: numbers(3)?,
        pending: args.uint32_array_of(args.element(2, 4)?)?,
        joinable: numbers(5)?,
        scratch: args.scratch_of(args.element(2, 6)?)?,
        transfer: numbers(7)?,
    };
    // The bridge holds the arrays, and nothing lets go of it while the environment lives.
    let bridge = js.keep(args.value(0))?;
    let ready = Arc::new(Ready::new(Wake::new(js, instance::woken)?));
    instance::set_up(js, bridge, functions, arrays, ready);
    Ok(Given::Undefined)
}

/// `createStorage(hasMemory)`: the options of the memory layer are read from the params. Gives its id.
#[expect(clippy::cast_precision_loss, reason = "ids are counted in a slab")]
pub(super) fn create_storage(args: &Args) -> Result<Given, Fault> {
    let instance = current()?;
    let memory = (args.u32(0)? == 1).then(|| Record::of(&instance).configured().memory);
    let id = instance.storages.borrow_mut().insert(Rc::new(Storage::new(memory, instance.time.clock())));
    Ok(Given::Number(id as f64))
}

/// `attachStorage(storage, words, ledger, letters)`
pub(super) fn attach_storage(args: &Args) -> Result<Given, Fault> {
    let js = args.js();
    let kept = [1, 2, 3].into_iter().map(|at| js.keep(args.value(at))).collect::<Result<Vec<_>, _>>()?;
    let before =
        storage(args)?.attach(args.float64_array(1)?, args.uint32_array(2)?, args.uint16_array(3)?, kept);
    js.let_go(before);
    Ok(Given::Undefined)
}

/// `releaseStorage(storage)`
pub(super) fn release_storage(args: &Args) -> Result<Given, Fault> {
    args.js().let_go(storage(args)?.detach());
    current()?.storages.borrow_mut().try_remove(args.u32(0)? as usize);
    Ok(Given::Undefined)
}

/// `replayNotes(storage, guarded)`: has the layer take note of what was done in front and guard the next
/// entries that make room, and fills the ledger with slots to clear.
pub(super) fn replay_notes(args: &Args) -> Result<Given, Fault> {
    let storage = storage(args)?;
    storage.replay(args.u32(1)? as usize);
    storage.report_freed();
    Ok(Given::Undefined)
}

/// `reportFreed(storage)`: fills the ledger with slots to clear.
pub(super) fn report_freed(args: &Args) -> Result<Given, Fault> {
    storage(args)?.report_freed();
    Ok(Given::Undefined)
}

/// `scan(storage, cursor, limit, pattern, visit)`: calls `visit(key, slot, ttlRemainingMs)` for each entry
/// of a page. Gives the next cursor, -1 at the end.
pub(super) fn scan(args: &Args) -> Result<Given, Fault> {
    let js = args.js();
    let storage = storage(args)?;
    let Some(memory) = storage.memory() else { return Ok(Given::Number(-1.0)) };
    let pattern = Pattern::from_wtf8(js.read_key(args.value(3))?.as_bytes());
    let now = current()?.time.clock().now();
    let (page, next) = memory.scan(args.u32(1)?, args.u32(2)? as usize, &pattern, now);
    for entry in page.iter().filter(|entry| entry.value.realize().is_ok()) {
        let left = if entry.expires == Time::NEVER {
            f64::INFINITY
        } else {
            entry.expires.since(now).as_secs_f64() * 1000.0
        };
        let slot = js.number(f64::from(entry.value.index()));
        js.call_value(args.value(4), &[js.key(&entry.key), slot, js.number(left)]);
    }
    Ok(Given::Number(next.map_or(-1.0, f64::from)))
}

/// `createCache(adapter, storage, flags, redisStore, bus)`: its options are read from the params. Gives its id.
#[expect(clippy::cast_precision_loss, reason = "ids are counted in a slab")]
pub(super) fn create_cache(args: &Args) -> Result<Given, Fault> {
    let instance = current()?;
    let adapter = args.u32(0)?;
    let storage = storage_at(args, 1)?;
    let flags = args.u32(2)?;
    let Configured { cache: options, l2_entries, .. } = Record::of(&instance).configured();
    let redis = if flags & bits::BUILTIN_L2 == 0 {
        None
    } else {
        let values = Values { adapter, table: Arc::clone(storage.table()) };
        let driver = redis::driver(args, 3)?;
        let takes_over = flags & bits::NO_L1 == 0;
        Some(Arc::new(NativeRedis { driver, values, takes_over, entries: l2_entries }))
    };
    let bus: Option<Arc<dyn Bus<Slot>>> = if flags & bits::BUILTIN_BUS != 0 {
        let values = Values { adapter, table: Arc::clone(storage.table()) };
        Some(Arc::new(NativeBus::new(bus::bus(args, 4)?, values)))
    } else {
        (flags & bits::CUSTOM_BUS != 0).then(|| Arc::new(OwnBus { adapter }) as _)
    };
    let settings = Arc::new(options.settings.clone());
    let observer = Arc::new(JsObserver::new(adapter, Arc::clone(&instance.events)));
    let cache = Cache::fronted(
        options,
        layers(adapter, flags, &storage, redis.as_ref(), bus),
        instance.time.clock().clone(),
        Timers::on(|| runtime::handle().ok()).replaced_by(fake_timers::sleep),
        Arc::clone(&observer) as _,
        Arc::clone(&instance.joinable) as _,
    );
    let memory_only = cache.is_memory_only();
    let attached = RefCell::default();
    let native = NativeCache {
        cache,
        settings,
        storage,
        observer,
        memory_only,
        redis,
        tickets: RefCell::default(),
        attached,
    };
    let id = instance.caches.borrow_mut().insert(Rc::new(native));
    Ok(Given::Number(id as f64))
}

fn layers(
    adapter: u32,
    flags: u32,
    storage: &Storage,
    redis: Option<&Arc<NativeRedis>>,
    bus: Option<Arc<dyn Bus<Slot>>>,
) -> Layers<Slot> {
    let has = |bit| flags & bit != 0;
    let own = |target, has_locks| OwnStore {
        adapter,
        target,
        has_locks,
        is_fenced: has_locks && has(bits::L2_FENCED),
        is_shared: has(bits::L2_SHARED),
    };
    let l1 = match storage.memory() {
        _ if has(bits::NO_L1) => Layer1::Off,
        _ if has(bits::CUSTOM_L1) => Layer1::Own(Arc::new(own(Target::L1, false))),
        Some(memory) => Layer1::Memory(Arc::clone(memory)),
        None => Layer1::Off,
    };
    Layers {
        l1,
        l2: match redis {
            Some(redis) => Some(Arc::clone(redis) as Arc<dyn Store<Slot>>),
            None => has(bits::CUSTOM_L2).then(|| Arc::new(own(Target::L2, has(bits::L2_LOCKS))) as _),
        },
        bus,
    }
}

/// `derived(cache, which)`: a setting that follows from its options.
pub(super) fn derived(args: &Args) -> Result<Given, Fault> {
    let settings = &cache(args)?.settings;
    let Inflight { enabled, ttl, entries } = settings.inflight;
    let is_plain = enabled
        && entries.is_none_or(|most| most == usize::MAX)
        && settings.timeouts.soft.is_none()
        && settings.timeouts.hard.is_none();
    let which = Derived::of(args.u32(1)?).ok_or_else(|| Fault("no such setting".into()))?;
    Ok(Given::Number(match which {
        Derived::Lifetime => settings.l1_ttl.as_millis_f64(),
        Derived::Joinable if is_plain => ttl.as_millis_f64(),
        Derived::Joinable => f64::NAN,
        Derived::RemembersAbsence => f64::from(u8::from(settings.negative.lifetime().is_some())),
        Derived::L2Lifetime => settings.l2_ttl.as_millis_f64(),
    }))
}

/// `observe(cache, whether)`: whether anybody listens to its events.
pub(super) fn observe(args: &Args) -> Result<Given, Fault> {
    cache(args)?.observer.set_observed(args.u32(1)? == 1);
    Ok(Given::Undefined)
}

/// `closeCache(cache, clearMemory)`
pub(super) fn close_cache(args: &Args) -> Result<Given, Fault> {
    let native = cache(args)?;
    native.attached.take();
    native.cache.close(args.u32(1)? == 1);
    current()?.leave();
    native.storage.report_freed();
    Ok(Given::Undefined)
}

/// `releaseCache(cache)`
pub(super) fn release_cache(args: &Args) -> Result<Given, Fault> {
    let released = current()?.caches.borrow_mut().try_remove(args.u32(0)? as usize);
    drop(released);
    Ok(Given::Undefined)
}

fn cache(args: &Args) -> Result<Rc<NativeCache>, Fault> {
    let id = args.u32(0)? as usize;
    current()?.caches.borrow().get(id).cloned().ok_or_else(|| Fault("no such cache".into()))
}

pub(super) fn storage(args: &Args) -> Result<Rc<Storage>, Fault> {
    storage_at(args, 0)
}

fn storage_at(args: &Args, index: usize) -> Result<Rc<Storage>, Fault> {
    let id = args.u32(index)? as usize;
    current()?.storages.borrow().get(id).cloned().ok_or_else(|| Fault("no such storage".into()))
}
