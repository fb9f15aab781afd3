//! Event buses of the drivers. The first argument of a verb names the cache whose requests it is among.

use std::{sync::Arc, time::Duration};

use lazy_layers_drivers::{
    bus::{BusFault, EventBus, SubscriptionId},
    nats::{self, NatsBusOptions},
    rabbitmq::{self, RabbitOptions},
    redis::{self, Address, RedisBusOptions},
    runtime,
};
use lazy_layers_engine::bus::wire::Packed;
use serde::Deserialize;

use super::{current, requests::Call};
use crate::{
    bus::{
        listen::{Attached, CacheListener, HandlerListener},
        native::failure,
        queue::Notes,
    },
    raw::call::{Args, Fault, Given},
    reply::Reply,
    values::Values,
};

/// How long a question about health waits for a connection that is being made.
const HEALTH: Duration = Duration::from_secs(2);

/// What a bus is made of, as the facade writes it.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Described {
    Redis { address: Address, options: RedisBusOptions },
    Rabbitmq { url: String, options: RabbitOptions },
    Nats(NatsBusOptions),
}

/// `createBus(json, owner)`: gives its id. It connects when it is first used; the owner hears of it.
#[expect(clippy::cast_precision_loss, reason = "ids are counted in a slab")]
pub(super) fn create(args: &Args) -> Result<Given, Fault> {
    let instance = current()?;
    let text = args.js().read_text(args.value(0))?;
    let described = serde_json::from_str(&text)
        .map_err(|error| Fault(format!("the description of an event bus: {error}")))?;
    let runtime = runtime::handle().map_err(|error| Fault(error.to_string()))?;
    let told = Arc::new(Notes { bus: args.u32(1)?, queue: Arc::clone(&instance.bus_queue) });
    let bus = match described {
        Described::Redis { address, options } => redis::event_bus(runtime, address, options, told),
        Described::Rabbitmq { url, options } => match rabbitmq::event_bus(runtime, &url, options, told) {
            Ok(bus) => bus,
            Err(reason) => return Ok(Given::Text(reason)),
        },
        Described::Nats(options) => nats::event_bus(runtime, options, told),
    };
    let id = instance.buses.borrow_mut().insert(Arc::new(bus));
    Ok(Given::Number(id as f64))
}

/// `releaseBus(bus)`: caches that use it keep its connection.
pub(super) fn release(args: &Args) -> Result<Given, Fault> {
    let released = current()?.buses.borrow_mut().try_remove(args.u32(0)? as usize);
    drop(released);
    Ok(Given::Undefined)
}

pub(super) fn bus(args: &Args, index: usize) -> Result<Arc<EventBus>, Fault> {
    let id = args.u32(index)? as usize;
    current()?.buses.borrow().get(id).cloned().ok_or_else(|| Fault("no such event bus".into()))
}

fn run<F>(args: &Args, verb: impl FnOnce(Arc<EventBus>) -> F) -> Result<Given, Fault>
where
    F: Future<Output = Result<Reply, BusFault>> + 'static,
{
    let call = Call::of(args)?;
    let verb = verb(bus(args, 1)?);
    Ok(call
        .run(|_| Box::pin(async move { verb.await.unwrap_or_else(|fault| Reply::Failed(failure(fault))) })))
}

/// `busConnect(target, bus)`
pub(super) fn connect(args: &Args) -> Result<Given, Fault> {
    run(args, |bus| {
        let connected = bus.connect();
        async move { connected.await.map(|()| Reply::Nothing) }
    })
}

/// `busDisconnect(target, bus)`
pub(super) fn disconnect(args: &Args) -> Result<Given, Fault> {
    run(args, |bus| {
        let ended = bus.disconnect();
        async move {
            ended.await;
            Ok(Reply::Nothing)
        }
    })
}

/// `busPublish(target, bus, bytes, isJson, counts)`: a packed event, without the prefix of a payload.
pub(super) fn publish(args: &Args) -> Result<Given, Fault> {
    let bytes = args.js().read_bytes(args.value(2))?;
    let event = if args.u32(3)? == 1 { Packed::Json(bytes) } else { Packed::Msgpack(bytes) };
    let counts = args.u32(4)? == 1;
    run(args, |bus| {
        let sent = bus.publish(event, counts);
        async move { sent.await.map(|()| Reply::Nothing) }
    })
}

/// `busHealth(target, bus)`: a text in JSON.
pub(super) fn health(args: &Args) -> Result<Given, Fault> {
    run(args, |bus| {
        let health = bus.health(HEALTH);
        async move {
            let health = health.await;
            let told = serde_json::json!({
                "ok": health.fault.is_none(),
                "error": health.fault.map(|fault| fault.message),
                "subscribed": health.subscribed,
                "queued": health.queued,
                "dropped": health.dropped,
                "unreadable": health.garbage,
                "connects": health.connects,
                "place": health.place,
            });
            Ok(Reply::Text(told.to_string()))
        }
    })
}

/// `busSubscribed(target, bus)`: ends once events arrive, or it is certain that they do not now.
pub(super) fn subscribed(args: &Args) -> Result<Given, Fault> {
    run(args, |bus| {
        let subscribed = bus.subscribed();
        async move {
            subscribed.await;
            Ok(Reply::Nothing)
        }
    })
}

/// `busListen(bus, owner, subscription)`: has a handler of the owner's hear events. Gives what ends that.
#[expect(clippy::cast_precision_loss, reason = "subscriptions are counted")]
pub(super) fn listen(args: &Args) -> Result<Given, Fault> {
    let queue = Arc::clone(&current()?.bus_queue);
    let listener = HandlerListener::new(args.u32(1)?, args.u32(2)?, queue);
    let subscription = bus(args, 0)?.subscribe(Arc::new(listener));
    Ok(Given::Number(subscription.0 as f64))
}

/// `busUnlisten(bus, subscription)`
pub(super) fn unlisten(args: &Args) -> Result<Given, Fault> {
    bus(args, 0)?.unsubscribe(SubscriptionId(args.u32(1)?.into()));
    Ok(Given::Undefined)
}

/// `busAttach(cache, bus, adapter)`: has a cache hear events, until it is closed.
pub(super) fn attach(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let adapter = args.u32(2)?;
    let values = Values { adapter, table: Arc::clone(call.native.storage.table()) };
    let queue = Arc::clone(&call.instance.bus_queue);
    let listener = CacheListener::new(call.native.cache.clone(), values, queue);
    *call.native.attached.borrow_mut() = Some(Attached::new(bus(args, 1)?, listener));
    Ok(Given::Undefined)
}

/// `busHandled(delivery, well)`: what came of an event.
pub(super) fn handled(args: &Args) -> Result<Given, Fault> {
    current()?.being_handled.report(args.u32(0)? as usize, args.u32(1)? == 1);
    Ok(Given::Undefined)
}
