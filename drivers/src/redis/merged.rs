//! Several changes of one kind as one: the work of each of them, and the same answers.

use redis::{Cmd, cmd};

use super::{
    atomic::Change,
    commands, scripts,
    write::{number, text},
};

/// Plain writes: a transaction that lists all entries by two commands, and writes them by `MSETEX` if the server
/// `takes_many` and all have one lifetime.
pub(super) fn writes(changes: &[&Change], takes_many: bool) -> Vec<Cmd> {
    let millis = |change: &Change| number(&change.arguments[1]);
    let common = millis(changes[0]);
    let [index, expiry] = [&changes[0].keys[2], &changes[0].keys[3]];
    let (mut written, mut ends) = (commands::one("ZADD", index), commands::one("ZADD", expiry));
    let mut sets = Vec::with_capacity(changes.len());
    let by_one = takes_many && changes.iter().all(|change| millis(change) == common);
    let mut many = cmd("MSETEX");
    many.arg(changes.len());
    for change in changes {
        let (entry, [payload, _, member, now, ..]) = (&change.keys[0], &*change.arguments) else { continue };
        written.arg(now.as_slice()).arg(member.as_slice());
        ends.arg(commands::end(number(now), millis(change))).arg(member.as_slice());
        if by_one {
            many.arg(entry.as_slice()).arg(payload.as_slice());
        } else {
            sets.push(commands::set(entry, payload, millis(change)));
        }
    }
    if by_one {
        if common > 0 {
            many.arg("PX").arg(common);
        }
        sets.push(many);
    }
    let begun = [cmd("MULTI"), written, ends].into_iter();
    begun.chain(sets).chain([cmd("EXEC")]).collect()
}

/// Invalidations: one of all their entries and locks. The entries among the keys begin at `first`.
pub(super) fn removals(changes: &[&Change], first: usize) -> Change {
    let one = changes[0];
    let entries = |change: &Change| usize::try_from(number(&change.arguments[0])).unwrap_or(0);
    let mut keys = one.keys[..first].to_vec();
    for change in changes {
        keys.extend_from_slice(&change.keys[first..first + entries(change)]);
    }
    let mut arguments = one.arguments.clone();
    arguments[0] = text((keys.len() - first) as u64);
    for change in changes {
        keys.extend_from_slice(&change.keys[first + entries(change)..]);
    }
    // One of them may have to renew the life of the marks.
    let renews = changes.iter().find(|change| !change.arguments[LIFETIME].starts_with(b"-"));
    arguments[LIFETIME].clone_from(&renews.unwrap_or(&one).arguments[LIFETIME]);
    Change { keys, arguments, ..*one }
}

/// The place of the lifetime of marks among the arguments of scripts that remove.
const LIFETIME: usize = 3;

/// Writes of loaded values. The last one tells the time.
pub(super) fn fills(changes: &[&Change]) -> Change {
    let one = changes[0];
    let [entry, marks, index, expiry] = [0, 1, 2, 3].map(|at| one.keys[at].clone());
    let before_member = text((entry.len() - one.arguments[2].len()) as u64);
    let mut keys = vec![marks, index, expiry];
    let mut arguments = vec![one.arguments[5].clone(), before_member, Vec::new()];
    for change in changes {
        let [payload, millis, _, now, seen, _, ends] = &*change.arguments else { continue };
        keys.push(change.keys[0].clone());
        arguments[2].clone_from(now);
        arguments.extend([payload, millis, seen, ends].map(Clone::clone));
    }
    Change { script: &scripts::FILL_MANY, keys, arguments, decides: true, otherwise: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(texts: &[&str]) -> Vec<Vec<u8>> {
        texts.iter().map(|text| text.as_bytes().to_vec()).collect()
    }

    fn removal(names: &[&str], entries: &str, lifetime: &str) -> Change {
        let keys = bytes(&[&["index", "expiry", "marks"], names].concat());
        let arguments = bytes(&[entries, "UNLINK", "7", lifetime, "50", "0", "1"]);
        Change { script: &scripts::REMOVE, keys, arguments, decides: true, otherwise: None }
    }

    #[test]
    fn removals_as_one_have_all_entries_before_all_locks_and_renew_the_marks_if_one_does() {
        let all =
            [removal(&["a", "lock"], "1", "-9"), removal(&["b", "c"], "2", "9"), removal(&["d"], "1", "-9")];
        let one = removals(&all.each_ref(), 3);
        assert_eq!(one.keys, bytes(&["index", "expiry", "marks", "a", "b", "c", "d", "lock"]));
        assert_eq!(one.arguments, bytes(&["4", "UNLINK", "7", "9", "50", "0", "1"]));
        let [first, _, last] = &all;
        assert_eq!(removals(&[first, last], 3).arguments[3], b"-9");
    }
}
