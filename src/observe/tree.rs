//! Keys as a tree by a delimiter: one level of it, counted.

use std::collections::HashMap;

use super::json::{Object, array};

/// A child of a prefix.
#[derive(Default)]
struct Node {
    keys: u64,
    is_key: bool,
}

/// One level of the tree.
pub(crate) struct Tree<'a> {
    prefix: &'a str,
    delimiter: &'a str,
    /// By name; entries and folders of one name are two.
    nodes: HashMap<(String, bool), Node>,
    keys: u64,
    seen: u64,
}

impl<'a> Tree<'a> {
    /// The level below a prefix.
    pub(crate) fn new(prefix: &'a str, delimiter: &'a str) -> Tree<'a> {
        Tree { prefix, delimiter, nodes: HashMap::new(), keys: 0, seen: 0 }
    }

    /// Takes a key.
    pub(crate) fn add(&mut self, key: &str) {
        self.seen += 1;
        let Some(rest) = key.strip_prefix(self.prefix) else { return };
        self.keys += 1;
        let folder = if self.delimiter.is_empty() { None } else { rest.split_once(self.delimiter) };
        let (name, is_key) = folder.map_or((rest, true), |(name, _)| (name, false));
        let node = self.nodes.entry((name.to_owned(), is_key)).or_default();
        node.keys += 1;
        node.is_key = is_key;
    }

    /// It as JSON, the children with the most keys first, so many of them.
    #[expect(clippy::cast_precision_loss, reason = "keys of a process fit 53 bits")]
    pub(crate) fn json(self, layer: &str, limit: usize) -> String {
        let Tree { prefix, delimiter, nodes, keys, seen } = self;
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
                .raw("bytes", "null")
                .flag("isKey", node.is_key)
                .end()
        });
        Object::default()
            .text("layer", layer)
            .text("prefix", prefix)
            .text("delimiter", delimiter)
            .number("keys", keys as f64)
            .raw("bytes", "null")
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

    #[test]
    fn children_are_counted_and_the_largest_come_first() {
        let mut tree = Tree::new("user:", ":");
        for key in ["user:1:name", "user:1:mail", "user:2", "user:1", "other", "user:"] {
            tree.add(key);
        }
        let json: serde_json::Value = serde_json::from_str(&tree.json("l1", 2)).expect("JSON");
        assert_eq!(json["keys"], 5);
        assert_eq!(json["seen"], 6);
        assert_eq!(json["more"], 2);
        assert_eq!(json["nodes"][0]["prefix"], "user:1:");
        assert_eq!(json["nodes"][0]["keys"], 2);
        assert_eq!(json["nodes"][1]["prefix"], "user:");
        assert_eq!(json["nodes"][1]["isKey"], true);
    }
}
