//! `lib/contract/described.js`: the options of stores and buses that cross as JSON, with their defaults.

use lazy_layers_drivers::{
    bus::QueueOptions,
    nats::{JetStreamOptions, NatsBusOptions},
    rabbitmq::RabbitOptions,
    redis::{RedisBusOptions, StoreOptions, address::Node},
};
use serde::Serialize;
use serde_json::Value;

use super::text::{Style, comment, exports, head, number, quoted};
use crate::bus::session::JsTransportOptions;

/// The file.
pub(super) fn file() -> String {
    let rows = [
        ("STORE", " A store in Redis.", of(StoreOptions::default())),
        ("REDIS_NODE", " A server of Redis.", of(Node::default())),
        ("RETRY_QUEUE", " The queue of a bus while its broker is away.", of(QueueOptions::default())),
        ("REDIS_BUS", " A bus on Redis.", of(RedisBusOptions::default())),
        ("RABBITMQ_BUS", " A bus on RabbitMQ.", of(RabbitOptions::default())),
        ("NATS_SUBJECT", " The subject of a bus on NATS.", of(NatsBusOptions::default().subject)),
        ("JETSTREAM", " A bus on JetStream.", of(JetStreamOptions::default())),
        ("JS_TRANSPORT", " A bus whose sessions are in JavaScript.", of(JsTransportOptions::default())),
    ];
    let names: Vec<_> = rows.iter().map(|row| row.0.to_owned()).collect();
    let mut file = head("Options of stores and buses as they cross, with their defaults.");
    for (name, about, value) in rows {
        file += &format!("\n{}const {name} = {};\n", comment(&[about], ""), literal(&value, ""));
    }
    file + &exports(&names)
}

fn of(options: impl Serialize) -> Value {
    serde_json::to_value(options).expect("options that can be written")
}

/// A value as a literal.
fn literal(value: &Value, indent: &str) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(count) => number(count.as_f64().expect("a number that is finite"), Style::Count),
        Value::String(text) => quoted(text),
        Value::Array(_) => unreachable!("no default is a list"),
        Value::Object(members) => {
            let inner = format!("{indent}  ");
            let members =
                members.iter().map(|(name, value)| format!("{inner}{name}: {},\n", literal(value, &inner)));
            format!("Object.freeze({{\n{}{indent}}})", members.collect::<String>())
        }
    }
}
