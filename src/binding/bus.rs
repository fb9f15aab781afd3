//! Event buses of the drivers. The first argument of a verb names the cache that the request belongs to.

use std::{
    rc::Rc,
    sync::{Arc, Weak},
    time::Duration,
};

use lazy_layers_drivers::{
    bus::{BusFault, EventBus, leave},
    nats::{self, NatsBusOptions},
    rabbitmq::{self, RabbitOptions},
    redis::{self, Address, RedisBusOptions},
    runtime,
};
use lazy_layers_engine::bus::wire::Packed;
use serde::Deserialize;

use super::{arguments::Made, requests::Call};
use crate::{
    bus::{
        listen::{Attached, CacheListener, HandlerListener},
        native::failure,
        session::{JsTransport, JsTransportOptions},
    },
    instance::Instance,
    queue::OwnerNotices,
    raw::call::Fault,
    redis_owner::{JsOwner, Renewal},
    reply::{Answer, Reply},
    values::Values,
};

/// How long a question about health waits for a connection that is being made.
const HEALTH: Duration = Duration::from_secs(2);

/// The description of a bus, as the facade writes it.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Described {
    Redis { address: Address, options: RedisBusOptions, renewal: Renewal },
    Rabbitmq { url: String, options: RabbitOptions },
    Nats(NatsBusOptions),
    Js(JsTransportOptions),
}

/// Makes a bus from its description in JSON. Returns its id, or the error in its URL. The bus connects when it is
/// first used; the owner gets notices.
pub(crate) fn create(instance: Rc<Instance>, description: String, owner: u32) -> Result<Made, Fault> {
    let described = serde_json::from_str(&description)
        .map_err(|error| Fault(format!("the description of an event bus: {error}")))?;
    let needs_js = matches!(described, Described::Js(_));
    let runtime = runtime::handle().map_err(|error| Fault(error.to_string()))?;
    let notices = Arc::new(OwnerNotices { bus: owner, queue: Arc::clone(&instance.bus_queue) });
    let bus = match described {
        Described::Redis { address, options, renewal } => {
            let connections = JsOwner { number: owner, renewal, queue: Arc::clone(&instance.bus_queue) };
            redis::event_bus(runtime, address, options, notices, Some(Arc::new(connections)))
        }
        Described::Rabbitmq { url, options } => match rabbitmq::event_bus(runtime, &url, options, notices) {
            Ok(bus) => bus,
            Err(reason) => return Ok(Made(Err(reason))),
        },
        Described::Nats(options) => nats::event_bus(runtime, options, notices),
        Described::Js(options) => {
            let retry_queue = options.retry_queue;
            let transport = JsTransport::new(options, owner, Arc::clone(&instance.bus_queue));
            EventBus::new(runtime, Arc::new(transport), retry_queue, notices)
        }
    };
    let bus = Arc::new(bus);
    if !needs_js {
        let mut leaving = instance.leaving.borrow_mut();
        leaving.retain(|bus| bus.strong_count() > 0);
        leaving.push(Arc::downgrade(&bus));
    }
    Ok(Made(Ok(instance.buses.borrow_mut().insert(bus))))
}

/// At the end of the process: sends what waits and says goodbye, so that other instances do not miss this one. Those
/// whose sessions are in JavaScript cannot, as no JavaScript runs any more.
pub(crate) fn leave_all(instance: Rc<Instance>) -> Result<(), Fault> {
    if let Ok(runtime) = runtime::handle() {
        leave(&runtime, instance.leaving.take().iter().filter_map(Weak::upgrade));
    }
    Ok(())
}

/// Releases a bus. Caches that use it keep its connection.
pub(crate) fn release(instance: Rc<Instance>, bus: usize) -> Result<(), Fault> {
    let released = instance.buses.borrow_mut().try_remove(bus);
    drop(released);
    Ok(())
}

fn run<F>(call: &Call, verb: F) -> Answer
where
    F: Future<Output = Result<Reply, BusFault>> + 'static,
{
    call.run(|_| Box::pin(async move { verb.await.unwrap_or_else(|fault| Reply::Failed(failure(fault))) }))
}

/// Connects.
pub(crate) fn connect(call: Call, bus: Arc<EventBus>) -> Result<Answer, Fault> {
    let connected = bus.connect();
    Ok(run(&call, async move { connected.await.map(|()| Reply::Nothing) }))
}

/// Disconnects.
pub(crate) fn disconnect(call: Call, bus: Arc<EventBus>) -> Result<Answer, Fault> {
    let ended = bus.disconnect();
    Ok(run(&call, async move {
        ended.await;
        Ok(Reply::Nothing)
    }))
}

/// Publishes a packed event, without the prefix of a payload. An event that must arrive is numbered, so that its loss
/// is noticed.
pub(crate) fn publish(
    call: Call,
    bus: Arc<EventBus>,
    bytes: Vec<u8>,
    is_json: bool,
    must_arrive: bool,
) -> Result<Answer, Fault> {
    let event = if is_json { Packed::Json(bytes) } else { Packed::Msgpack(bytes) };
    let sent = bus.publish(event, must_arrive);
    Ok(run(&call, async move { sent.await.map(|()| Reply::Nothing) }))
}

/// The health of a bus, as JSON.
pub(crate) fn health(call: Call, bus: Arc<EventBus>) -> Result<Answer, Fault> {
    let health = bus.health(HEALTH);
    Ok(run(&call, async move {
        let health = health.await;
        let mut told = serde_json::json!({
            "ok": health.fault.is_none(),
            "error": health.fault.map(|fault| fault.message),
            "connected": health.connected,
            "subscribed": health.subscribed,
            "queued": health.queued,
            "dropped": health.dropped,
            "unreadable": health.garbage,
            "connects": health.connects,
            "place": health.place,
        });
        if !health.heartbeats {
            told["heartbeats"] = false.into();
        }
        Ok(Reply::Text(told.to_string()))
    }))
}

/// Waits until events arrive, or it is certain that they do not for now.
pub(crate) fn subscribed(call: Call, bus: Arc<EventBus>) -> Result<Answer, Fault> {
    let subscribed = bus.subscribed();
    Ok(run(&call, async move {
        subscribed.await;
        Ok(Reply::Nothing)
    }))
}

/// Sends events to a handler of the owner, for as long as the bus lives.
pub(crate) fn listen(
    instance: Rc<Instance>,
    bus: Arc<EventBus>,
    owner: u32,
    subscription: u32,
) -> Result<(), Fault> {
    let listener = HandlerListener::new(owner, subscription, Arc::clone(&instance.bus_queue));
    bus.subscribe(Arc::new(listener));
    Ok(())
}

/// Sends events to a cache, until it is closed.
pub(crate) fn attach(call: Call, bus: Arc<EventBus>, adapter: u32) -> Result<(), Fault> {
    let values = Values { adapter, table: Arc::clone(call.native.storage.table()) };
    let queue = Arc::clone(&call.instance.bus_queue);
    let listener = CacheListener::new(call.native.cache.clone(), values, queue);
    *call.native.attached.borrow_mut() = Some(Attached::new(bus, listener));
    Ok(())
}

/// The outcome of an event.
pub(crate) fn handled(instance: Rc<Instance>, delivery: usize, well: bool) -> Result<(), Fault> {
    instance.being_handled.report(delivery, well);
    Ok(())
}
