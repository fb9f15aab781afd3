//! Keys as a tree by a delimiter: counts one level of it.

use std::collections::HashMap;

use super::json::{Object, array, number};

/// A child of a prefix.
#[derive(Default)]
struct Node {
    keys: u64,
    bytes: u64,
    is_key: bool,
}

/// One level of the tree.
pub(crate) struct Tree<'a> {
    prefix: &'a str,
    delimiter: &'a str,
    /// By name; an entry and a folder with the same name are two nodes.
    nodes: HashMap<(String, bool), Node>,
    keys: u64,
    bytes: u64,
    seen: u64,
    /// Whether entries of the layer are weighed.
    is_weighed: bool,
}

impl<'a> Tree<'a> {
    /// The level below a prefix.
    pub(crate) fn new(prefix: &'a str, delimiter: &'a str, is_weighed: bool) -> Tree<'a> {
        Tree { prefix, delimiter, nodes: HashMap::new(), keys: 0, bytes: 0, seen: 0, is_weighed }
    }

    /// Takes a key, and the weight of its entry.
    pub(crate) fn add(&mut self, key: &str, bytes: u64) {
        self.seen += 1;
        let Some(rest) = key.strip_prefix(self.prefix) else { return };
        self.keys += 1;
        self.bytes += bytes;
        let folder = if self.delimiter.is_empty() { None } else { rest.split_once(self.delimiter) };
        let (name, is_key) = folder.map_or((rest, true), |(name, _)| (name, false));
        let node = self.nodes.entry((name.to_owned(), is_key)).or_default();
        node.keys += 1;
        node.bytes += bytes;
        node.is_key = is_key;
    }

    /// The level as JSON: up to `limit` children, those with the most keys first.
    #[expect(clippy::cast_precision_loss, reason = "keys and bytes of a process fit 53 bits")]
    pub(crate) fn json(self, layer: &str, limit: usize) -> String {
        let Tree { prefix, delimiter, nodes, keys, bytes, seen, is_weighed } = self;
        let weight = |bytes: u64| if is_weighed { number(bytes as f64) } else { "null".to_owned() };
        let mut nodes: Vec<_> = nodes.into_iter().collect();
        nodes.sort_by(|(one, first), (other, second)| {
            second.keys.cmp(&first.keys).then_with(|| one.cmp(other))
        });
        let more = nodes.len().saturating_sub(limit);
        let shown = nodes.into_iter().take(limit).map(|((name, is_key), node)| {
            let end = if is_key { "" } else { delimiter };
            Object::default()
                .text("name", &name)
                .text("prefix", &format!("{prefix}{name}{end}"))
                .number("keys", node.keys as f64)
                .raw("bytes", weight(node.bytes))
                .flag("isKey", node.is_key)
                .end()
        });
        Object::default()
            .text("layer", layer)
            .text("prefix", prefix)
            .text("delimiter", delimiter)
            .number("keys", keys as f64)
            .raw("bytes", weight(bytes))
            .number("seen", seen as f64)
            .number("size", seen as f64)
            .flag("complete", true)
            .raw("nodes", array(shown))
            .number("more", more as f64)
            .end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The children of `user:`, the first two of them; each entry weighs ten times its place.
    fn level(is_weighed: bool) -> serde_json::Value {
        let mut tree = Tree::new("user:", ":", is_weighed);
        let keys = ["user:1:name", "user:1:mail", "user:2", "user:1", "other", "user:"];
        for (key, place) in keys.into_iter().zip(1..) {
            tree.add(key, place * 10);
        }
        serde_json::from_str(&tree.json("l1", 2)).expect("JSON")
    }

    #[test]
    fn what_is_weighed_is_told_by_child_and_together() {
        let json = level(true);
        assert_eq!(json["bytes"], 10 + 20 + 30 + 40 + 60);
        assert_eq!(json["nodes"][0]["bytes"], 10 + 20);
    }

    #[test]
    fn children_are_counted_and_the_largest_come_first() {
        let json = level(false);
        assert_eq!(json["bytes"], serde_json::Value::Null);
        assert_eq!(json["nodes"][0]["bytes"], serde_json::Value::Null);
        assert_eq!(json["keys"], 5);
        assert_eq!(json["seen"], 6);
        assert_eq!(json["more"], 2);
        assert_eq!(json["nodes"][0]["prefix"], "user:1:");
        assert_eq!(json["nodes"][0]["keys"], 2);
        assert_eq!(json["nodes"][1]["prefix"], "user:");
        assert_eq!(json["nodes"][1]["isKey"], true);
    }
}
