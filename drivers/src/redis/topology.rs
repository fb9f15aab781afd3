//! The slots of the nodes of a cluster.

use std::collections::{HashMap, HashSet};

use redis::{Value, cluster_routing::Slot};

use super::address::Node;

/// The primaries of a cluster and their slots.
#[derive(Debug, Default)]
pub(super) struct Topology {
    primaries: Vec<Node>,
    /// The place of a slot's primary among them.
    owners: HashMap<Slot, usize>,
}

impl Topology {
    /// Reads the answer of a node to `CLUSTER SLOTS`.
    pub(super) fn parse(answer: Value, asked: &Node) -> Topology {
        let mut topology = Topology::default();
        let Value::Array(ranges) = answer else { return topology };
        for range in ranges {
            let Some((first, last, node)) = range_of(&range, asked) else { continue };
            let owner = topology.place_of(node);
            topology.owners.extend((first..=last).filter_map(Slot::new).map(|slot| (slot, owner)));
        }
        topology
    }

    /// The primary of a slot, as far as is known.
    pub(super) fn owner(&self, slot: Slot) -> Option<&Node> {
        self.owners.get(&slot).map(|owner| &self.primaries[*owner])
    }

    /// All primaries, each once.
    pub(super) fn primaries(&self) -> &[Node] {
        &self.primaries
    }

    /// The slots that have another primary in the later topology, or none.
    pub(super) fn moved_to(&self, later: &Topology) -> HashSet<Slot> {
        let has_moved = |slot: &Slot| self.owner(*slot) != later.owner(*slot);
        self.owners.keys().copied().filter(has_moved).collect()
    }

    /// A slot has gone to another node.
    pub(super) fn note_move(&mut self, slot: Slot, node: Node) {
        let owner = self.place_of(node);
        self.owners.insert(slot, owner);
    }

    fn place_of(&mut self, node: Node) -> usize {
        self.primaries.iter().position(|known| *known == node).unwrap_or_else(|| {
            self.primaries.push(node);
            self.primaries.len() - 1
        })
    }
}

/// `[first, last, [host, port, …], …replicas]`
fn range_of(range: &Value, asked: &Node) -> Option<(u16, u16, Node)> {
    let Value::Array(parts) = range else { return None };
    let [Value::Int(first), Value::Int(last), Value::Array(primary), ..] = parts.as_slice() else {
        return None;
    };
    let [host, Value::Int(port), ..] = primary.as_slice() else { return None };
    let host = match host {
        Value::BulkString(host) if !host.is_empty() => String::from_utf8(host.clone()).ok()?,
        // A node that does not know its name is at the host where it was asked.
        _ => asked.host.clone(),
    };
    let node = Node { host, port: u16::try_from(*port).ok()? };
    Some((u16::try_from(*first).ok()?, u16::try_from(*last).ok()?, node))
}

/// The node and slot in a `MOVED` or `ASK`: `<slot> <host>:<port>`.
pub(super) fn redirect(details: &str, asked: &Node) -> Option<(Slot, Node)> {
    let (slot, place) = details.split_once(' ')?;
    let (host, port) = place.rsplit_once(':')?;
    let host = if host.is_empty() { asked.host.as_str() } else { host };
    let node = Node { host: host.to_owned(), port: port.parse().ok()? };
    Some((Slot::new(slot.parse().ok()?)?, node))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn slot(number: u16) -> Slot {
        Slot::new(number).expect("a slot")
    }

    fn node(host: &str, port: u16) -> Node {
        Node { host: host.to_owned(), port }
    }

    fn range(first: i64, last: i64, host: &str, port: i64) -> Value {
        let replica = Value::Array(vec![text("replica"), Value::Int(1)]);
        let primary = Value::Array(vec![text(host), Value::Int(port), text("id")]);
        Value::Array(vec![Value::Int(first), Value::Int(last), primary, replica])
    }

    #[test]
    fn slots_are_found_in_their_ranges_and_nowhere_else() {
        let answer =
            Value::Array(vec![range(0, 99, "a", 1), range(200, 299, "b", 2), range(300, 300, "a", 1)]);
        let topology = Topology::parse(answer, &node("asked", 9));
        let owner = |number| topology.owner(slot(number)).map(Node::to_string);
        assert_eq!(owner(0).as_deref(), Some("a:1"));
        assert_eq!(owner(99).as_deref(), Some("a:1"));
        assert_eq!(owner(100), None);
        assert_eq!(owner(250).as_deref(), Some("b:2"));
        assert_eq!(owner(300).as_deref(), Some("a:1"));
        assert_eq!(owner(301), None);
        assert_eq!(topology.primaries(), [node("a", 1), node("b", 2)]);
    }

    #[test]
    fn a_node_without_a_name_is_where_it_was_asked() {
        let topology = Topology::parse(Value::Array(vec![range(0, 9, "", 7)]), &node("asked", 9));
        assert_eq!(topology.owner(slot(5)), Some(&node("asked", 7)));
    }

    #[test]
    fn what_was_told_of_one_slot_holds_for_it_alone() {
        let mut topology = Topology::parse(Value::Array(vec![range(0, 9, "a", 1)]), &node("asked", 9));
        topology.note_move(slot(5), node("b", 2));
        assert_eq!(topology.owner(slot(5)), Some(&node("b", 2)));
        assert_eq!(topology.owner(slot(6)), Some(&node("a", 1)));
    }

    #[test]
    fn redirects_name_slot_and_node() {
        let asked = node("asked", 9);
        assert_eq!(redirect("3999 127.0.0.1:6381", &asked), Some((slot(3999), node("127.0.0.1", 6381))));
        assert_eq!(redirect("1 ::1:6381", &asked), Some((slot(1), node("::1", 6381))));
        assert_eq!(redirect("1 :6381", &asked), Some((slot(1), node("asked", 6381))));
        assert_eq!(redirect("nonsense", &asked), None);
    }

    #[test]
    fn an_answer_of_another_kind_is_a_cluster_without_slots() {
        assert!(Topology::parse(Value::Okay, &node("a", 1)).primaries().is_empty());
        let odd = Value::Array(vec![Value::Nil, Value::Array(vec![Value::Int(1)])]);
        assert!(Topology::parse(odd, &node("a", 1)).primaries().is_empty());
    }
}
