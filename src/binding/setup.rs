//! Makes and releases objects that live longer than a call.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU32, AtomicU64},
    },
};

use lazy_layers_drivers::{bus::EventBus, runtime};
use lazy_layers_engine::{
    bus::Bus,
    cache::{Cache, Layers},
    clock::{Time, Timers, Ttl},
    entry::{key::Key, pattern::Pattern, tags::Tags},
    l1::Layer1,
    observe::{Kind, Levels},
    options::Inflight,
    store::Store,
    value::Value,
};

use super::{
    arguments::{Array, Bridge},
    current,
};
use crate::{
    bus::{
        custom::CustomBus,
        listen::{CacheListener, Tracked},
        native::NativeBus,
    },
    contract::{
        Derived, Target,
        bridge::{Functions, SharedArrays},
        layers as bits,
        option_record::Record,
        options::Configured,
    },
    custom_store::CustomStore,
    env,
    events::JsObserver,
    fake_timers,
    instance::{self, Instance, NativeCache},
    memory::{JournalArrays, Slot, Storage},
    raw::{
        call::Fault,
        js::{Js, JsValue},
        text::GrowingText,
        wake::Wake,
    },
    ready::Ready,
    redis_store::{NativeRedis, RedisDriver},
    settle,
    stats::CacheStats,
    upkeep,
    values::Values,
};

/// The JavaScript side of an environment.
const BRIDGE: &str = include_str!("../bridge.js");

/// The JavaScript side of this environment, made when it is first asked for. All facades share it.
pub(crate) fn bridge(js: Js, addon: JsValue) -> Result<Bridge, Fault> {
    if instance::current().is_none() {
        js.call_value(js.run(BRIDGE)?, &[addon]);
    }
    Ok(Bridge(js.kept(current()?.env.bridge)))
}

/// Takes the functions and arrays of the bridge.
pub(crate) fn set_up(js: Js, bridge: JsValue, functions: JsValue, arrays: JsValue) -> Result<(), Fault> {
    if instance::current().is_some() {
        return Err(Fault("the environment is set up already".into()));
    }
    let (functions, arrays) = (Functions::of(js, functions)?, SharedArrays::of(js, arrays)?);
    // The bridge holds the arrays, and is not released while the environment lives.
    let bridge = js.keep(bridge)?;
    let ready = Arc::new(Ready::new(Wake::new(js, settle::woken)?));
    instance::set_up(env::set_up(js, bridge, functions, arrays), ready);
    Ok(())
}

/// Makes a table of values; reads the options of its memory layer, if it has one, from the params. Returns its id.
pub(crate) fn create_storage(instance: Rc<Instance>, has_memory: bool) -> Result<usize, Fault> {
    let memory = has_memory.then(|| Record::of(&instance.env).configured().memory);
    Ok(instance.storages.borrow_mut().insert(Rc::new(Storage::new(memory, instance.time.clock()))))
}

/// Makes a storage write into larger arrays.
pub(crate) fn attach_storage(
    js: Js,
    storage: Rc<Storage>,
    words: Array<AtomicU64>,
    journal: Array<AtomicU32>,
    lengths: Array<AtomicU8>,
    uses: Array<AtomicU8>,
    text: JsValue,
) -> Result<(), Fault> {
    let text = js.keep(text)?;
    let kept =
        [words.value, journal.value, lengths.value, uses.value].into_iter().map(|array| js.keep(array));
    let kept = kept.chain([Ok(text)]).collect::<Result<Vec<_>, _>>()?;
    let journal = JournalArrays {
        words: journal.memory,
        lengths: lengths.memory,
        text: Some(GrowingText::new(js, text)),
    };
    js.let_go(storage.attach(words.memory, journal, uses.memory, kept));
    Ok(())
}

/// Releases a storage.
pub(crate) fn release_storage(js: Js, instance: Rc<Instance>, storage: usize) -> Result<(), Fault> {
    let released = instance.storages.borrow_mut().try_remove(storage);
    if let Some(storage) = released {
        js.let_go(storage.detach());
    }
    Ok(())
}

/// Makes the layer drain the journal, and tells JavaScript the next victims and the slots to clear.
pub(crate) fn drain(storage: Rc<Storage>, victims: usize) -> Result<(), Fault> {
    storage.drain(victims);
    storage.report_freed();
    Ok(())
}

/// Tells JavaScript the slots to clear.
pub(crate) fn report_freed(storage: Rc<Storage>) -> Result<(), Fault> {
    storage.report_freed();
    Ok(())
}

/// Calls `visit(key, slot, ttlRemainingMs, isTagged)` for each entry of a page. Returns the next cursor, -1 at the end.
pub(crate) fn scan(
    js: Js,
    instance: Rc<Instance>,
    storage: Rc<Storage>,
    cursor: u32,
    limit: usize,
    pattern: Key,
    visit: JsValue,
) -> Result<f64, Fault> {
    let Some(memory) = storage.memory() else { return Ok(-1.0) };
    let pattern = Pattern::from_wtf8(pattern.as_bytes());
    let now = instance.time.clock().now();
    let (page, next) = memory.scan(cursor, limit, &pattern, now);
    for entry in page.iter().filter(|entry| entry.value.realize().is_ok()) {
        let left = if entry.expires == Time::NEVER {
            f64::INFINITY
        } else {
            entry.expires.since(now).as_secs_f64() * 1000.0
        };
        let slot = js.number(f64::from(entry.value.index()));
        let is_tagged = js.number(f64::from(u8::from(entry.is_tagged)));
        js.call_value(visit, &[js.key(&entry.key), slot, js.number(left), is_tagged]);
    }
    Ok(next.map_or(-1.0, f64::from))
}

/// Makes a cache, with a store and a bus of the addon if it has them; its options are read from the params.
/// JavaScript counts into `counted`. Returns its id.
#[expect(clippy::too_many_arguments, reason = "named in the contract")]
pub(crate) fn create_cache(
    instance: Rc<Instance>,
    adapter: u32,
    storage: Rc<Storage>,
    flags: u32,
    redis: Option<RedisDriver>,
    bus: Option<Arc<EventBus>>,
    counted: Array<AtomicU64>,
    is_listed: bool,
) -> Result<usize, Fault> {
    let Configured { cache: options, l2_entries, .. } = Record::of(&instance.env).configured();
    let values = || Values { adapter, table: Arc::clone(storage.table()) };
    let takes_over = flags & bits::NO_L1 == 0;
    // Without a layer above it nobody needs to know of changes.
    let is_tracked = takes_over && redis.as_ref().is_some_and(RedisDriver::tracks);
    let redis = redis
        .map(|driver| if is_tracked { driver.tracked() } else { driver })
        .map(|driver| Arc::new(NativeRedis { driver, values: values(), takes_over, entries: l2_entries }));
    let is_kept_up = redis.is_some() || bus.is_some() || flags & bits::L2_SHARED != 0;
    // Users' objects are called on their thread.
    let thread = flags & (bits::CUSTOM_BUS | bits::CUSTOM_L2) != 0;
    let thread = thread.then(|| Arc::clone(&instance.bus_queue));
    let bus: Option<Arc<dyn Bus<Slot>>> = match bus {
        Some(bus) => Some(Arc::new(NativeBus::new(bus, values(), options.broadcast_set_max_bytes))),
        None => (flags & bits::CUSTOM_BUS != 0).then(|| Arc::new(CustomBus { adapter }) as _),
    };
    let settings = Arc::new(options.settings.clone());
    let name = options.name.clone().unwrap_or_default();
    let observer = Arc::new(JsObserver::new(adapter, Arc::clone(&instance.events)));
    let cache = Cache::with_joinable(
        options,
        layers(adapter, flags, &storage, redis.as_ref(), bus),
        instance.time.clock().clone(),
        Timers::on(|| runtime::handle().ok()).replaced_by(fake_timers::sleep),
        Arc::clone(&observer) as _,
        Arc::clone(&instance.joinable) as _,
    );
    if is_kept_up {
        upkeep::start(&cache, thread);
    }
    let tracked = redis.as_ref().filter(|_| is_tracked).map(|redis| {
        let listener = CacheListener::new(cache.clone(), values(), Arc::clone(&instance.bus_queue));
        Tracked::new(redis.driver.clone(), listener)
    });
    let memory_only = cache.is_memory_only();
    // Before the cache is registered: one that is comes to an end by its id alone.
    let kept = instance.env.js().keep(counted.value)?;
    let stats = CacheStats::register(cache.clone(), (name, instance.env.number), is_listed, counted.memory);
    let attached = RefCell::default();
    let native = NativeCache {
        cache,
        settings,
        storage,
        observer,
        memory_only,
        redis,
        stats,
        counted: kept,
        tickets: RefCell::default(),
        attached,
        tracked: RefCell::new(tracked),
    };
    Ok(instance.caches.borrow_mut().insert(Rc::new(native)))
}

fn layers(
    adapter: u32,
    flags: u32,
    storage: &Storage,
    redis: Option<&Arc<NativeRedis>>,
    bus: Option<Arc<dyn Bus<Slot>>>,
) -> Layers<Slot> {
    let has = |bit| flags & bit != 0;
    let custom =
        |target, has_locks| CustomStore { adapter, target, has_locks, is_shared: has(bits::L2_SHARED) };
    let l1 = match storage.memory() {
        _ if has(bits::NO_L1) => Layer1::Off,
        _ if has(bits::CUSTOM_L1) => Layer1::Custom(Arc::new(custom(Target::L1, false))),
        Some(memory) => Layer1::Memory(Arc::clone(memory)),
        None => Layer1::Off,
    };
    Layers {
        l1,
        l2: match redis {
            Some(redis) => Some(Arc::clone(redis) as Arc<dyn Store<Slot>>),
            None => has(bits::CUSTOM_L2).then(|| Arc::new(custom(Target::L2, has(bits::L2_LOCKS))) as _),
        },
        bus,
    }
}

/// A setting that follows from the options of a cache.
pub(crate) fn derived(native: Rc<NativeCache>, which: Derived) -> Result<f64, Fault> {
    let settings = &native.settings;
    let Inflight { enabled, ttl, entries } = settings.inflight;
    let is_plain = enabled
        && entries.is_none_or(|most| most == usize::MAX)
        && settings.timeouts.soft.is_none()
        && settings.timeouts.hard.is_none();
    Ok(match which {
        Derived::Lifetime => settings.l1_ttl.as_millis_f64(),
        Derived::Joinable if is_plain => ttl.as_millis_f64(),
        Derived::Joinable => f64::NAN,
        Derived::SkipTtl => settings.skip_ttl.as_millis_f64(),
        Derived::RemembersAbsence => f64::from(u8::from(settings.negative.lifetime().is_some())),
    })
}

/// Which events of a cache are wanted: bits of their numbers.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bits of a number below 2^53")]
pub(crate) fn observe(native: Rc<NativeCache>, interest: f64) -> Result<(), Fault> {
    let interest = interest as u64;
    native.observer.set_interest(interest);
    native.cache.watch_evictions(interest >> Kind::Evict.event() & 1 == 1);
    Ok(())
}

/// Turns the reads of layers off: bits as of the levels of events.
pub(crate) fn skip(native: Rc<NativeCache>, layers: u32) -> Result<(), Fault> {
    native.cache.skip(Levels { l1: layers & 1 != 0, l2: layers & 2 != 0 });
    Ok(())
}

/// Whether messages of other instances have ever arrived.
pub(crate) fn hears(native: Rc<NativeCache>) -> Result<bool, Fault> {
    Ok(native.cache.has_listened())
}

/// Takes back an entry of an earlier run, with the milliseconds left of its life. Returns whether it is in the memory
/// layer.
pub(crate) fn restore(
    js: Js,
    native: Rc<NativeCache>,
    key: Key,
    slot: u32,
    weight: u32,
    left: f64,
    tags: JsValue,
) -> Result<bool, Fault> {
    let value = native.storage.adopt(slot, weight);
    let tags = Some(js.read_keys(tags)?).filter(|tags| !tags.is_empty()).map(Tags::from);
    Ok(native.cache.restore(&key, value, Ttl::from_millis_f64(left), tags.as_ref()))
}

/// Closes a cache.
pub(crate) fn close_cache(
    instance: Rc<Instance>,
    native: Rc<NativeCache>,
    clear_memory: bool,
) -> Result<(), Fault> {
    native.attached.take();
    native.tracked.take();
    native.cache.watch_evictions(false);
    native.cache.close(clear_memory);
    native.stats.close();
    instance.leave();
    native.storage.report_freed();
    Ok(())
}

/// Releases a cache.
pub(crate) fn release_cache(instance: Rc<Instance>, cache: usize) -> Result<(), Fault> {
    let released = instance.caches.borrow_mut().try_remove(cache);
    if let Some(cache) = released {
        cache.stats.detach();
        instance.env.js().let_go(vec![cache.counted]);
    }
    Ok(())
}
