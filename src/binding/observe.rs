//! The dashboard: decisions about requests, metrics, and its own server.

use std::{net::SocketAddr, rc::Rc, sync::Arc, sync::atomic::AtomicU64, time::Duration};

use lazy_layers_drivers::runtime;
use lazy_layers_engine::{
    cache::Explained,
    entry::{key::Key, pattern::Pattern},
    value::Value,
};

use super::{
    arguments::{Array, Bytes},
    requests::Call,
};
use crate::{
    contract::observed::durations,
    instance::{Instance, NativeCache},
    memory::Storage,
    observe::{
        desk::Answered,
        elsewhere, exposition, gauges,
        json::Object,
        latency,
        listener::Listener,
        page, pulse,
        router::{Ask, Decision, Router, RouterOptions},
        seats, snapshot,
        tree::Tree,
    },
    raw::{
        call::Fault,
        js::{Js, JsValue},
    },
    reply::{Answer, Reply},
    stats, ticker,
};

/// Reads JSON that the facade has written.
fn read<'a, T: serde::Deserialize<'a>>(json: &'a str, what: &str) -> Result<T, Fault> {
    serde_json::from_str(json).map_err(|error| Fault(format!("{what}: {error}")))
}

/// Makes a router from its options. Returns its id.
pub(crate) fn create_router(instance: Rc<Instance>, options: String) -> Result<usize, Fault> {
    let options: RouterOptions = read(&options, "the options of a router")?;
    Ok(instance.routers.borrow_mut().insert(Rc::new(Router::new(options))))
}

/// Releases a router.
pub(crate) fn release_router(instance: Rc<Instance>, router: usize) -> Result<(), Fault> {
    drop(instance.routers.borrow_mut().try_remove(router));
    Ok(())
}

/// The decision about a request, as JSON.
pub(crate) fn decide(instance: Rc<Instance>, router: usize, ask: String) -> Result<String, Fault> {
    let ask: Ask<'_> = read(&ask, "a request")?;
    let routers = instance.routers.borrow();
    let router = routers.get(router).ok_or_else(|| Fault("no such router".into()))?;
    let decision: Decision = router.decide(&ask, ticker::clock().now());
    serde_json::to_string(&decision).map_err(|error| Fault(error.to_string()))
}

/// The page, whose links begin with `prefix`.
pub(crate) fn html(prefix: String) -> Result<String, Fault> {
    Ok(page::html(&prefix))
}

/// The bytes of a file of the page.
pub(crate) fn file(js: Js, file: usize, brotli: bool) -> Result<Bytes, Fault> {
    Ok(Bytes(js.bytes(page::bytes(file, brotli))))
}

/// The metrics of a cache: its counters and the gauges beside them.
pub(crate) fn exposition(prefix: String, numbers: Array<AtomicU64>) -> Result<String, Fault> {
    let numbers: Vec<f64> = (0..numbers.memory.len()).map(|at| numbers.memory.load(at)).collect();
    Ok(exposition::of_cache(&prefix, &numbers))
}

/// The metrics of the process.
pub(crate) fn process_metrics(instance: Rc<Instance>, prefix: String) -> Result<String, Fault> {
    pulse::look();
    Ok(gauges::of_process(&prefix, 0, instance.env.number))
}

/// How many keys are read while the layer is locked.
const PAGE: usize = 4096;

/// One level of the tree of the keys in a memory layer, as JSON. Changes no recency.
pub(crate) fn tree(
    instance: Rc<Instance>,
    storage: Rc<Storage>,
    prefix: String,
    delimiter: String,
    limit: usize,
) -> Result<String, Fault> {
    let (all, now) = (Pattern::from("*"), instance.time.clock().now());
    let is_weighed = storage.memory().is_some_and(|memory| memory.glance().bytes.is_some());
    let mut tree = Tree::new(&prefix, &delimiter, is_weighed);
    let mut cursor = Some(0);
    while let (Some(memory), Some(at)) = (storage.memory(), cursor) {
        let (page, next) = memory.scan(at, PAGE, &all, now);
        for entry in &page {
            tree.add(&String::from_utf16_lossy(&entry.key.to_utf16()), entry.value.weight());
        }
        cursor = next;
    }
    Ok(tree.json("l1", limit))
}

/// Explains a key in memory: calls `visit(slot, leftMs, ageMs)` for its live entry, and returns the rest as JSON.
/// That is the key under which layers have it, its stale copy, and for how long its absence is known.
pub(crate) fn explain(js: Js, cache: Rc<NativeCache>, key: Key, visit: JsValue) -> Result<String, Fault> {
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    let left = |left: Option<Duration>| left.map_or(f64::INFINITY, millis);
    let Explained { stored, second, entry, stale, absent } = cache.cache.explain(&key);
    if let Some(entry) = entry.filter(|entry| entry.value.realize().is_ok()) {
        let slot = js.number(f64::from(entry.value.index()));
        js.call_value(visit, &[slot, js.number(left(entry.left)), js.number(millis(entry.age))]);
    }
    let stale = stale.map(|stale| {
        let copy = Object::default().number("ageMs", millis(stale.age).round());
        copy.number("leftMs", left(stale.left).round()).end()
    });
    let rest = Object::default()
        .text("stored", &String::from_utf16_lossy(&stored.to_utf16()))
        .text("second", &String::from_utf16_lossy(&second.to_utf16()))
        .raw("stale", stale.unwrap_or_else(|| "null".to_owned()))
        .number("absentMs", absent.map_or(f64::NAN, |absent| millis(absent).round()));
    Ok(rest.end())
}

/// The id of a cache among those of the process.
pub(crate) fn cache_id(cache: Rc<NativeCache>) -> Result<String, Fault> {
    Ok(cache.stats.id())
}

/// A cache in the form of `api/caches`.
pub(crate) fn describe(cache: Rc<NativeCache>) -> Result<String, Fault> {
    Ok(snapshot::cache(&cache.stats))
}

/// The name of a cache's instance on its bus.
pub(crate) fn source(cache: Rc<NativeCache>) -> Result<String, Fault> {
    Ok(cache.cache.source().to_owned())
}

/// The states of the circuits of a cache, as JSON: `l2` and `bus`.
pub(crate) fn circuits(cache: Rc<NativeCache>) -> Result<String, Fault> {
    Ok(snapshot::circuits(&cache.stats))
}

/// Returns, as JSON, an answer that needs no question to JavaScript: `caches`, `overview` or `latency` for the
/// dashboard of a seat, `health`, or the `history` of the cache of an id. Empty for a cache that is not there.
pub(crate) fn look_up(
    js: Js,
    instance: Rc<Instance>,
    what: String,
    seat: Option<usize>,
    cache: Option<String>,
    node: String,
) -> Result<String, Fault> {
    pulse::look();
    let watched = match seat {
        Some(seat) => seats::current(js, instance.env.number)?.watched(seat),
        None => None,
    };
    let of = |id: &str| stats::all().into_iter().find(|stats| stats.id() == id);
    Ok(match what.as_str() {
        "caches" => snapshot::caches(watched.as_deref(), &node),
        "health" => snapshot::long_health(),
        "overview" => watched.as_deref().map(snapshot::overview).unwrap_or_default(),
        "latency" => watched.as_deref().map(latency::json).unwrap_or_default(),
        "history" => cache.and_then(|id| of(&id)).map(|stats| pulse::history(&stats)).unwrap_or_default(),
        _ => String::new(),
    })
}

/// Asks the dashboard of a cache of any thread. Answers with its status, a space, and its body.
pub(crate) fn ask(call: Call, cache: String, what: String, params: String) -> Result<Answer, Fault> {
    let runtime = runtime::handle().map_err(|error| Fault(error.to_string()))?;
    // On the runtime, where timers are: answers have a deadline.
    let asked = runtime.spawn(async move { elsewhere::ask(&cache, &what, params).await });
    Ok(call.run(|_| {
        Box::pin(async move {
            let (status, body) = asked.await.unwrap_or((500, r#"{"error":"no answer"}"#.to_owned()));
            Reply::Text(format!("{status} {body}"))
        })
    }))
}

/// Switches the dashboard of a cache on; `answers` answers questions about it. Returns its seat.
pub(crate) fn attach(
    js: Js,
    instance: Rc<Instance>,
    cache: Rc<NativeCache>,
    about: String,
    answers: JsValue,
    durations: Array<AtomicU64>,
) -> Result<usize, Fault> {
    let about = read(&about, "a dashboard")?;
    if durations.memory.len() < durations::LENGTH {
        return Err(Fault("an array of durations that is too short".into()));
    }
    let kept = js.keep(durations.value)?;
    let seats = seats::current(js, instance.env.number)?;
    Ok(seats.attach(js, Arc::clone(&cache.stats), about, answers, (durations.memory, kept))?)
}

/// Switches the dashboard of a cache off.
pub(crate) fn detach(js: Js, instance: Rc<Instance>, seat: usize) -> Result<(), Fault> {
    seats::current(js, instance.env.number)?.detach(js, seat);
    Ok(())
}

/// Answers a question.
pub(crate) fn answer(
    js: Js,
    instance: Rc<Instance>,
    question: usize,
    status: u32,
    body: String,
) -> Result<(), Fault> {
    let status = u16::try_from(status).unwrap_or(500);
    seats::current(js, instance.env.number)?.answer(question, Answered { status, body });
    Ok(())
}

/// The description of a server, as the facade writes it.
#[derive(serde::Deserialize)]
struct Wanted {
    address: std::net::IpAddr,
    port: u16,
    prefix: String,
    node: String,
    router: RouterOptions,
}

/// Serves the dashboard of a seat. Returns the server, its address and its port as JSON, or the error.
pub(crate) fn listen(js: Js, instance: Rc<Instance>, seat: usize, wanted: String) -> Result<String, Fault> {
    let Wanted { address, port, prefix, node, router } = read(&wanted, "a server")?;
    let seats = seats::current(js, instance.env.number)?;
    let watched = seats.watched(seat).ok_or_else(|| Fault("no such dashboard".into()))?;
    let opened = seats.serve(seat, |ended| {
        let at = SocketAddr::new(address, port);
        Listener::open(at, (Router::new(router), watched), (prefix, node), ended)
    });
    Ok(match opened {
        Ok(server) => {
            let at = seats.with_server(server, |listener| listener.server.address());
            let at = at.ok_or_else(|| Fault("a server that is gone".into()))?;
            serde_json::json!({ "server": server, "address": at.ip().to_string(), "port": at.port() })
                .to_string()
        }
        Err(error) => {
            let code = match error.kind() {
                std::io::ErrorKind::AddrInUse => "EADDRINUSE",
                std::io::ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
                std::io::ErrorKind::PermissionDenied => "EACCES",
                _ => "EIO",
            };
            serde_json::json!({ "code": code, "error": error.to_string() }).to_string()
        }
    })
}

/// Stops a server. The function that answers for its seat is called with `ended` once it has stopped.
pub(crate) fn stop(js: Js, instance: Rc<Instance>, server: usize) -> Result<(), Fault> {
    seats::current(js, instance.env.number)?.stop(js, server);
    Ok(())
}

/// Ends the connections of a server.
pub(crate) fn disconnect(js: Js, instance: Rc<Instance>, server: usize) -> Result<(), Fault> {
    let seats = seats::current(js, instance.env.number)?;
    seats.with_server(server, |listener| listener.server.close_connections());
    Ok(())
}

/// How many connections a server has.
pub(crate) fn connections(js: Js, instance: Rc<Instance>, server: usize) -> Result<usize, Fault> {
    let seats = seats::current(js, instance.env.number)?;
    Ok(seats.with_server(server, |listener| listener.server.connections()).unwrap_or(0))
}
