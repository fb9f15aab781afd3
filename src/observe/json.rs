//! JSON whose fields keep their order.

use serde_json::Value;

/// An object, field by field.
#[derive(Default)]
pub(crate) struct Object(String);

impl Object {
    /// A field that is JSON already.
    pub(crate) fn raw(mut self, name: &str, json: impl AsRef<str>) -> Object {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&quoted(name));
        self.0.push(':');
        self.0.push_str(json.as_ref());
        self
    }

    pub(crate) fn text(self, name: &str, text: &str) -> Object {
        self.raw(name, quoted(text))
    }

    pub(crate) fn number(self, name: &str, value: f64) -> Object {
        self.raw(name, number(value))
    }

    pub(crate) fn flag(self, name: &str, flag: bool) -> Object {
        self.raw(name, if flag { "true" } else { "false" })
    }

    pub(crate) fn end(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        self.0
    }
}

/// A text.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A number; `null` if it is not finite.
pub(crate) fn number(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { "null".to_owned() }
}

/// An array of JSON texts.
pub(crate) fn array(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<_> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}
