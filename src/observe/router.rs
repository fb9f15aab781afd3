//! The one router of the dashboard: a request to a decision. The listener of the addon, the handler that users mount
//! and the one for `Request` objects all ask it, so that one place decides which requests are allowed.

use serde::{Deserialize, Serialize};

use super::{
    auth::{Auth, Login, Throttle},
    page,
    query::{self, Query},
    reply::{self, Reply},
};
use lazy_layers_engine::clock::Time;

/// The configuration of a dashboard, as the facade writes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RouterOptions {
    /// The base: `/` or a path without a slash at its end.
    pub(crate) route: String,
    pub(crate) auth: Auth,
    /// Whether there are metrics, and whether they are for everybody.
    pub(crate) metrics: bool,
    pub(crate) metrics_public: bool,
    /// Whether entries may be changed.
    pub(crate) actions: bool,
    /// The names that a `Host` header may have, beside addresses and `localhost`. Only the listener looks at it.
    pub(crate) allowed_hosts: Vec<String>,
}

/// The relevant parts of a request. Of several headers with the same name, the first counts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask<'a> {
    #[serde(borrow)]
    pub(crate) method: std::borrow::Cow<'a, str>,
    /// The target of the request line.
    #[serde(borrow)]
    pub(crate) target: std::borrow::Cow<'a, str>,
    pub(crate) authorization: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) origin: Option<String>,
    /// `Sec-Fetch-Site`.
    pub(crate) site: Option<String>,
    /// `X-Lazy-Layers-Action`.
    pub(crate) action: Option<String>,
    /// `Accept-Encoding`.
    pub(crate) encodings: Option<String>,
    /// The peer that asks, for the bound on wrong passwords.
    pub(crate) peer: String,
}

/// The decision about a request.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub(crate) enum Decision {
    /// The request is for another handler.
    Foreign,
    /// This answer, at once.
    Reply(Reply),
    /// A file of the page.
    File { file: usize, brotli: bool, headers: reply::Headers },
    /// The page, whose links begin with `prefix`.
    Page { prefix: String, headers: reply::Headers },
    /// Ask `what` about `params`, and answer with these headers if it succeeds.
    Ask { what: &'static str, params: Query, headers: reply::Headers },
}

/// The questions below `api/`.
const ASKED: &[&str] = &[
    "overview", "l1", "l2", "config", "caches", "history", "latency", "loads", "bus", "key", "tree",
    "events", "advice", "health",
];

/// The actions below `api/actions/`, which change entries.
const ACTIONS: &[&str] = &["delete", "delete-pattern", "expire", "refresh"];

/// A question that a cache of another thread may be asked: those of requests, and the one for the events of a stream.
pub(crate) fn question(what: &str) -> Option<&'static str> {
    ASKED.iter().chain(ACTIONS).chain(&["feed"]).find(|name| **name == what).copied()
}

/// Decides about requests.
pub(crate) struct Router {
    pub(crate) options: RouterOptions,
    throttle: Throttle,
}

impl Router {
    pub(crate) fn new(mut options: RouterOptions) -> Router {
        if options.route == "/" {
            options.route.clear();
        }
        Router { options, throttle: Throttle::default() }
    }

    /// Decides about a request, at `now`.
    pub(crate) fn decide(&self, ask: &Ask<'_>, now: Time) -> Decision {
        let (path, query) = query::split(&ask.target);
        let Some(below) = self.below(path) else { return Decision::Foreign };
        let is_read = matches!(&*ask.method, "GET" | "HEAD");
        let action = below.and_then(|rest| rest.strip_prefix("api/actions/"));
        let takes_actions = self.options.actions && action.is_some_and(|action| ACTIONS.contains(&action));
        let is_action = takes_actions && ask.method == "POST" && ask.action.is_some();
        if !is_read && !is_action {
            return Decision::Reply(reply::not_allowed(if takes_actions { "POST" } else { "GET, HEAD" }));
        }
        let params = query::parse(query);
        let is_metrics = self.options.metrics && self.options.metrics_public && below == Some("metrics");
        // Files contain no data, and a page that was opened with a token asks for them without it.
        let is_file = below.is_some_and(|below| page::find(below).is_some());
        if !is_metrics
            && !is_file
            && let Some(refused) = self.refused(ask, &params, now)
        {
            return refused;
        }
        match (is_action, below) {
            (true, Some(_)) if !is_same_origin(ask) => error(403, "the request comes from another site"),
            (true, _) => {
                let what = ACTIONS.iter().find(|name| Some(**name) == action).copied().unwrap_or_default();
                Decision::Ask { what, params, headers: reply::json() }
            }
            (false, below) => self.route(below, params, ask),
        }
    }

    /// The part of a path below the base: empty for the base itself. `None` if the path is not below the base.
    fn below<'a>(&self, path: &'a str) -> Option<Option<&'a str>> {
        if !path.starts_with('/') || path.starts_with("//") {
            return None;
        }
        let rest = path.strip_prefix(self.options.route.as_str())?;
        match rest.strip_prefix('/') {
            _ if rest.is_empty() => Some(None),
            Some(below) => Some(Some(below)),
            None => None,
        }
    }

    /// Why the request is refused.
    fn refused(&self, ask: &Ask<'_>, params: &Query, now: Time) -> Option<Decision> {
        let token = params.get("token").map(String::as_str);
        let is_checked = ask.authorization.is_some() || token.is_some();
        if is_checked
            && !self.options.auth.disabled
            && let Err(wait) = self.throttle.ask(&ask.peer, now)
        {
            let mut reply = reply::error(429, "too many wrong logins");
            reply.headers.push("Retry-After", wait.to_string());
            return Some(Decision::Reply(reply));
        }
        match self.options.auth.login(ask.authorization.as_deref(), token) {
            Login::Open => return None,
            Login::Wrong => self.throttle.count(&ask.peer, now),
            Login::Missing => {}
        }
        let mut reply = reply::error(401, "unauthorized");
        reply.headers.push("WWW-Authenticate", "Basic realm=\"lazy-layers-cache observability\"");
        Some(Decision::Reply(reply))
    }

    fn route(&self, below: Option<&str>, params: Query, ask: &Ask<'_>) -> Decision {
        let Some(below) = below else {
            // Links of the page are relative to the folder that it is in.
            let name = self.options.route.rsplit('/').next().unwrap_or_default();
            let prefix = if name.is_empty() { "./".to_owned() } else { format!("./{name}/") };
            return Decision::Page { prefix, headers: reply::html() };
        };
        if below.is_empty() {
            return Decision::Page { prefix: "./".to_owned(), headers: reply::html() };
        }
        if let Some(file) = page::find(below) {
            let brotli = page::FILES[file].brotli.is_some() && accepts_brotli(ask.encodings.as_deref());
            return Decision::File { file, brotli, headers: page::headers(file, brotli) };
        }
        if let Some(asked) = below.strip_prefix("api/")
            && let Some(what) = ASKED.iter().find(|name| **name == asked)
        {
            return Decision::Ask { what, params, headers: reply::json() };
        }
        match below {
            "stream" => Decision::Ask { what: "stream", params, headers: reply::events() },
            "metrics" if self.options.metrics => {
                Decision::Ask { what: "metrics", params, headers: reply::metrics() }
            }
            "metrics" => error(404, "prometheus disabled"),
            _ => error(404, "not found"),
        }
    }
}

fn error(status: u16, text: &str) -> Decision {
    Decision::Reply(reply::error(status, text))
}

/// Whether a request comes from a page of this very server, as its browser says, or from no browser at all.
fn is_same_origin(ask: &Ask<'_>) -> bool {
    if ask.site.as_deref().is_some_and(|site| site != "same-origin") {
        return false;
    }
    let Some(origin) = ask.origin.as_deref() else { return true };
    let of_origin = origin.split_once("://").map(|(_, host)| host);
    of_origin.is_some() && of_origin == ask.host.as_deref()
}

fn accepts_brotli(encodings: Option<&str>) -> bool {
    encodings.is_some_and(|list| {
        list.split(',').any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            parts.next() == Some("br")
                && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
    })
}

/// Whether a `Host` header names this machine by an address, as `localhost`, or by an allowed name. A page of another
/// site whose name resolves to this machine (DNS rebinding) sends the name of that site.
pub(crate) fn is_host_allowed(host: &str, allowed: &[String]) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => return address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::Ipv4Addr>().is_ok()
        || allowed.iter().any(|known| known == "*" || known.eq_ignore_ascii_case(&name))
}
