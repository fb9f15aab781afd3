//! The dashboard's own server. It answers the router's decisions from the data in Rust, and asks JavaScript only for
//! data that JavaScript alone has. If JavaScript does not answer, the response says so.

use std::{
    borrow::Cow,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use lazy_layers_drivers::{
    http::{Answering, Answers, Body, Limits, Request, Response, Server},
    runtime,
};

use tokio::runtime::Handle;

use super::{
    desk::{Answered, DEADLINE, Unanswered},
    exposition, gauges, latency, page, pulse,
    query::{self, Query},
    reply::{self, Headers},
    router::{Ask, Decision, Router, is_host_allowed},
    snapshot,
    streams::Streams,
    watched::{self, Watched},
};
use crate::{stats, ticker};

/// The path at which everybody may ask for the health of the process.
const HEALTHZ: &str = "/healthz";
/// How long to wait for an answer of JavaScript if memory has another one.
const SOON: Duration = Duration::from_millis(50);

/// A server of the dashboard of a cache.
pub(crate) struct Listener {
    pub(crate) server: Server,
    _listening: pulse::Listening,
}

/// The sources of answers.
struct Door {
    router: Router,
    watched: Arc<Watched>,
    streams: Arc<Streams>,
    /// The prefix of metrics.
    prefix: String,
    /// The version of Node.js.
    node: String,
    runtime: Handle,
}

impl Listener {
    /// Listens, and calls `ended` when it no longer does.
    ///
    /// # Errors
    /// The reason why it cannot listen.
    pub(crate) fn open(
        address: SocketAddr,
        (router, watched): (Router, Arc<Watched>),
        (prefix, node): (String, String),
        ended: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<Listener> {
        let runtime = runtime::handle().map_err(std::io::Error::other)?;
        let streams = Streams::start(&runtime, &watched);
        let door = Arc::new(Door { router, watched, streams, prefix, node, runtime: runtime.clone() });
        let server = Server::listen(&runtime, address, Arc::new(AtDoor(door)), Limits::default(), ended)?;
        Ok(Listener { server, _listening: pulse::Listening::new() })
    }
}

/// The door as the server sees it.
struct AtDoor(Arc<Door>);

impl Answers for AtDoor {
    fn answer(&self, request: Request) -> Answering {
        let door = Arc::clone(&self.0);
        Box::pin(async move { door.respond(request).await })
    }
}

/// The number of requests that are being answered, for metrics.
pub(crate) static ANSWERING: AtomicUsize = AtomicUsize::new(0);

/// A request that is being answered, until it is dropped: also where its client has left.
struct UnderWay;

impl UnderWay {
    fn begin() -> UnderWay {
        ANSWERING.fetch_add(1, SeqCst);
        UnderWay
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        ANSWERING.fetch_sub(1, SeqCst);
    }
}

fn respond_with(status: u16, headers: Headers, body: impl Into<Bytes>) -> Response {
    Response { status, headers: headers.0, body: Body::Bytes(body.into()) }
}

fn of(reply: reply::Reply) -> Response {
    respond_with(reply.status, reply.headers, reply.body)
}

fn json(body: String) -> Response {
    respond_with(200, reply::json(), body)
}

impl Door {
    async fn respond(&self, request: Request) -> Response {
        let _answering = UnderWay::begin();
        self.decide(request).await
    }

    async fn decide(&self, request: Request) -> Response {
        let header = |name| request.header(name);
        let ask = Ask {
            method: Cow::Borrowed(&request.method),
            target: Cow::Borrowed(&request.target),
            authorization: header("authorization"),
            host: header("host"),
            origin: header("origin"),
            site: header("sec-fetch-site"),
            action: header("x-lazy-layers-action"),
            encodings: header("accept-encoding"),
            peer: request.peer.to_string(),
        };
        let (path, _) = query::split(&request.target);
        if path == HEALTHZ && matches!(&*request.method, "GET" | "HEAD") {
            let health = snapshot::health();
            let status = if health.status == "stalled" { 503 } else { 200 };
            return respond_with(status, reply::json(), snapshot::short_health());
        }
        if !path.starts_with('/') || path.starts_with("//") {
            return of(reply::error(400, "the target of the request is no path"));
        }
        let decision = self.router.decide(&ask, ticker::clock().now());
        let is_open =
            matches!(&decision, Decision::Ask { what: "metrics", .. }) && self.router.options.metrics_public;
        let names = &self.router.options.allowed_hosts;
        if !is_open && ask.host.as_deref().is_some_and(|host| !is_host_allowed(host, names)) {
            let text = "this Host is not allowed: name it in observability.server.allowedHosts";
            return of(reply::error(403, text));
        }
        match decision {
            Decision::Foreign => of(reply::plain(404, "Not found")),
            Decision::Reply(reply) => of(reply),
            Decision::File { file, brotli, headers } => {
                respond_with(200, headers, Bytes::from_static(page::bytes(file, brotli)))
            }
            Decision::Page { prefix, headers } => respond_with(200, headers, page::html(&prefix)),
            Decision::Ask { what, params, headers } => {
                // No client waits for a stream that is not read.
                if what == "stream" && request.method == "HEAD" {
                    return respond_with(200, headers, Bytes::new());
                }
                self.reply_to(what, params, headers).await
            }
        }
    }

    async fn reply_to(&self, what: &'static str, params: Query, headers: Headers) -> Response {
        let asked = params.get("cache").cloned().unwrap_or_else(|| self.watched.stats.id());
        let Some(stats) = stats::all().into_iter().find(|stats| stats.id() == asked) else {
            return of(reply::error(404, &format!("there is no cache {asked}")));
        };
        match what {
            "caches" => return json(snapshot::caches(Some(&self.watched), &self.node)),
            "history" => return json(pulse::history(&stats)),
            "health" => return json(snapshot::long_health()),
            _ => {}
        }
        let Some(watched) = watched::find(stats.number) else {
            return of(reply::error(404, "this cache was made without observability"));
        };
        match what {
            "overview" => json(snapshot::overview(&watched)),
            "latency" => json(latency::json(&watched)),
            "metrics" => respond_with(200, headers, self.metrics(&watched).await),
            "config" => self.config(&watched, params).await,
            "stream" => self.stream(&watched, &params, headers),
            _ => answered(watched.ask(what, text(&params), DEADLINE).await),
        }
    }

    /// Metrics, with the last known size of the second layer.
    async fn metrics(&self, watched: &Arc<Watched>) -> String {
        let asked = Arc::clone(watched);
        let sizing = self.runtime.spawn(async move {
            if let Ok(Answered { body, .. }) = asked.ask("l2size", "{}".to_owned(), DEADLINE).await {
                *asked.l2_size.lock() = body.parse().ok();
            }
        });
        let _ = tokio::time::timeout(SOON, sizing).await;
        let of_cache = exposition::of_cache(&self.prefix, &snapshot::counted(watched));
        of_cache + &gauges::of_process(&self.prefix, self.streams.open(), stats::ELSEWHERE)
    }

    /// The configuration of a cache. While its event loop is stuck, returns the last answer, with the present
    /// state of the circuits.
    async fn config(&self, watched: &Arc<Watched>, params: Query) -> Response {
        let asking = watched.ask("config", text(&params), DEADLINE);
        let stuck = async {
            loop {
                tokio::time::sleep(SOON).await;
                if watched.desk.stalled() >= 50.0 {
                    return;
                }
            }
        };
        let answer = tokio::select! {
            answer = asking => Some(answer),
            () = stuck => None,
        };
        match answer {
            Some(Ok(answer)) if answer.status == 200 => {
                *watched.config.lock() = Some(answer.body.clone());
                json(answer.body)
            }
            Some(Ok(answer)) => respond_with(answer.status, reply::json(), answer.body),
            _ => match watched.config.lock().as_deref().and_then(|last| remembered(last, watched)) {
                Some(config) => json(config),
                None => answered(Err(Unanswered::Stalled(watched.desk.stalled()))),
            },
        }
    }

    fn stream(&self, watched: &Arc<Watched>, params: &Query, headers: Headers) -> Response {
        let streams = if Arc::ptr_eq(watched, &self.watched) {
            Arc::clone(&self.streams)
        } else {
            self.streams.of(watched)
        };
        let from = params.get("from").and_then(|from| from.parse().ok()).unwrap_or(0);
        match streams.open_one(from) {
            Some(receiver) => Response { status: 200, headers: headers.0, body: Body::Stream(receiver) },
            None => of(reply::error(503, "too many streams are open")),
        }
    }
}

/// The last answer of JavaScript about a cache, with its circuits as they are now.
fn remembered(last: &str, watched: &Watched) -> Option<String> {
    let mut config: serde_json::Value = serde_json::from_str(last).ok()?;
    let circuits: serde_json::Value = serde_json::from_str(&snapshot::circuits(&watched.stats)).ok()?;
    for (name, of) in [("l2CircuitBreaker", "l2"), ("eventBusCircuitBreaker", "bus")] {
        if let (Some(state), Some(held)) =
            (circuits.get(of), config.pointer_mut(&format!("/resilience/{name}")))
            && !state.is_null()
        {
            *held = state.clone();
        }
    }
    config.as_object_mut()?.insert("eventLoopStalledMs".to_owned(), watched.desk.stalled().round().into());
    Some(config.to_string())
}

fn text(params: &Query) -> String {
    serde_json::to_string(params).unwrap_or_else(|_| "{}".to_owned())
}

/// The answer of JavaScript, or the error if there is none.
pub(crate) fn answered(answer: Result<Answered, Unanswered>) -> Response {
    match answer {
        Ok(Answered { status, body }) => respond_with(status, reply::json(), body),
        Err(Unanswered::Busy) => of(reply::error(503, "too many questions wait for the event loop")),
        Err(Unanswered::Gone) => of(reply::error(404, "the cache is closed")),
        Err(Unanswered::Slow) => {
            of(reply::error(504, "no answer within 2 s: the event loop turns, what it waits for is slow"))
        }
        Err(Unanswered::Stalled(millis)) => {
            let text = format!("the event loop has not turned for {:.1} s", millis / 1000.0);
            let body = super::json::Object::default()
                .text("error", &text)
                .number("eventLoopStalledMs", millis.round())
                .end();
            respond_with(504, reply::json(), body)
        }
    }
}
