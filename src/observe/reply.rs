//! Answers: statuses and headers.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// Headers, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Headers(pub(crate) Vec<(&'static str, String)>);

impl Headers {
    fn of(headers: &[(&'static str, &str)]) -> Headers {
        let all = headers.iter().chain(EVERYWHERE);
        Headers(all.map(|(name, value)| (*name, (*value).to_owned())).collect())
    }

    pub(crate) fn push(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push((name, value.into()));
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: String,
}

/// The headers of every answer: only pages of this origin may use it, and only as its declared type.
const EVERYWHERE: &[(&str, &str)] = &[
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
];

/// The allowed sources of the page: its own files. Nothing inline, no frame around it, no other server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers of JSON.
pub(crate) fn json() -> Headers {
    Headers::of(&[("Content-Type", "application/json"), ("Cache-Control", "no-store")])
}

/// Headers of the page.
pub(crate) fn html() -> Headers {
    Headers::of(&[
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", POLICY),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ])
}

/// Headers of a file of the page, whose name changes with its content.
pub(crate) fn file(kind: &str) -> Headers {
    Headers::of(&[("Content-Type", kind), ("Cache-Control", "private, max-age=31536000, immutable")])
}

/// Headers of the stream of events.
pub(crate) fn events() -> Headers {
    Headers::of(&[
        ("Content-Type", "text/event-stream"),
        ("Cache-Control", "no-cache, no-transform"),
        ("Connection", "keep-alive"),
        ("X-Accel-Buffering", "no"),
    ])
}

/// Headers of metrics.
pub(crate) fn metrics() -> Headers {
    Headers::of(&[
        ("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),
        ("Cache-Control", "no-store"),
    ])
}

/// An error.
pub(crate) fn error(status: u16, text: &str) -> Reply {
    Reply { status, headers: json(), body: serde_json::json!({ "error": text }).to_string() }
}

/// The method is not one of those that the path takes.
pub(crate) fn not_allowed(methods: &str) -> Reply {
    let mut reply = error(405, "method not allowed");
    reply.headers.push("Allow", methods);
    reply
}

/// A plain text.
pub(crate) fn plain(status: u16, text: &str) -> Reply {
    Reply { status, headers: Headers::of(&[("Content-Type", "text/plain")]), body: text.to_owned() }
}
