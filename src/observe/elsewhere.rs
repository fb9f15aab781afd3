//! Answers of the dashboards of caches in other threads, for handlers that are mounted in this one.

use lazy_layers_drivers::http::{Body, Response};

use super::{desk::DEADLINE, latency, listener::answered, router, snapshot, watched};
use crate::stats;

/// Asks. Returns the status of the answer and its body.
pub(crate) async fn ask(cache: &str, what: &str, params: String) -> (u16, String) {
    let none = |text: String| (404, serde_json::json!({ "error": text }).to_string());
    let Some(stats) = stats::all().into_iter().find(|stats| stats.id() == cache) else {
        return none(format!("there is no cache {cache}"));
    };
    let Some(watched) = watched::find(stats.number) else {
        return none("this cache was made without observability".to_owned());
    };
    match what {
        "overview" => (200, snapshot::overview(&watched)),
        "latency" => (200, latency::json(&watched)),
        _ => match router::question(what) {
            Some(what) => text_of(answered(watched.ask(what, params, DEADLINE).await)),
            None => none("not found".to_owned()),
        },
    }
}

fn text_of(response: Response) -> (u16, String) {
    match response.body {
        Body::Bytes(bytes) => (response.status, String::from_utf8_lossy(&bytes).into_owned()),
        Body::Stream(_) => (500, String::new()),
    }
}
