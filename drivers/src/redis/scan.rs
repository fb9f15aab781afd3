//! Pages of keys, a step of a scan at a time: of the index, or of the servers.

use lazy_layers_engine::entry::pattern::Pattern;
use redis::{Cmd, Value, cmd};
use tokio::time::timeout;

use super::{
    address::Node,
    commands,
    connect::Link,
    fault::{Fault, FaultKind},
    store::{Payloads, RedisStore},
    supervised::State,
};

/// The names that a step found, and the next position.
pub(super) struct Step {
    /// Names of entries that match, perhaps some twice.
    pub(super) names: Vec<Vec<u8>>,
    /// `None` at the end.
    pub(super) next: Option<Position>,
}

/// The position of a scan: a server, and a cursor there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Position {
    pub(super) node: usize,
    pub(super) cursor: u64,
}

/// The source of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Index,
    /// The set beside the index.
    Expiry,
    Servers,
}

impl<P: Payloads> RedisStore<P> {
    /// One step of a scan for entries whose keys match: of the index, where there is one.
    pub(super) async fn step(&self, at: Position, pattern: &Pattern, count: u32) -> Result<Step, Fault> {
        self.step_from(self.source(), at, pattern, count).await
    }

    /// The source that has all entries.
    pub(super) fn source(&self) -> Source {
        if self.shared.names.index.is_some() { Source::Index } else { Source::Servers }
    }

    pub(super) async fn step_from(
        &self,
        source: Source,
        at: Position,
        pattern: &Pattern,
        count: u32,
    ) -> Result<Step, Fault> {
        let names = &self.shared.names;
        let (index, expiry) = names.sets();
        let set = match source {
            Source::Index => index,
            Source::Expiry => expiry,
            Source::Servers => {
                return self.step_of_servers(at, pattern, &self.glob(&names.prefix, pattern), count).await;
            }
        };
        let matched = self.glob(names.member_prefix(), pattern);
        let command = scan(commands::one("ZSCAN", &set), at.cursor, &matched, count);
        let answers = self.shared.ask(&set, vec![command]).await?;
        let (cursor, found) = page(commands::next(&mut answers.into_iter())?)?;
        // Members and scores take turns.
        let listed = found.into_iter().step_by(2).map(|member| names.listed(member));
        let names = self.matching(listed, pattern);
        Ok(Step { names, next: (cursor != 0).then_some(Position { node: 0, cursor }) })
    }

    /// The pattern as it is sent. It may find too much, since names that are found are matched again.
    fn glob(&self, prefix: &[u8], pattern: &Pattern) -> Vec<u8> {
        if !self.shared.is_bare() {
            return glob(prefix, pattern);
        }
        // Some imitations of Redis only know a star at the end.
        let wild = pattern.as_bytes().iter().position(|byte| b"*?".contains(byte));
        let literal = &pattern.as_bytes()[..wild.unwrap_or(pattern.as_bytes().len())];
        glob(prefix, &Pattern::from_wtf8(&[literal, b"*"].concat()))
    }

    async fn step_of_servers(
        &self,
        at: Position,
        pattern: &Pattern,
        matched: &[u8],
        count: u32,
    ) -> Result<Step, Fault> {
        let mut link = self.link().await?;
        if link.is_touchy() {
            return Err(Fault::new(FaultKind::Server, "the proxy before Redis does not take SCAN"));
        }
        let nodes = self.in_time(link.primaries()).await?;
        let Some(node) = nodes.get(at.node) else { return Ok(Step { names: Vec::new(), next: None }) };
        let command = scan(cmd("SCAN"), at.cursor, matched, count);
        let (cursor, found) = page(self.ask_node(&mut link, command, node).await?)?;
        let names = self.matching(found.into_iter(), pattern);
        let next = if cursor != 0 {
            Some(Position { cursor, ..at })
        } else {
            (at.node + 1 < nodes.len()).then_some(Position { node: at.node + 1, cursor: 0 })
        };
        Ok(Step { names, next })
    }

    async fn ask_node(&self, link: &mut Link, command: Cmd, node: &Node) -> Result<Value, Fault> {
        commands::sound(self.in_time(link.ask(command, node)).await?)
    }

    async fn in_time<T>(&self, asked: impl Future<Output = redis::RedisResult<T>>) -> Result<T, Fault> {
        let limit = self.shared.options.command_timeout;
        match timeout(limit, asked).await {
            Ok(answered) => answered.map_err(|error| Fault::of(&error, &self.shared.place)),
            Err(_) => Err(Fault::too_late(&self.shared.place, limit)),
        }
    }

    async fn link(&self) -> Result<Link, Fault> {
        match self.shared.supervised.settled(self.shared.options.command_timeout).await {
            State::Up(link, _) => Ok(link),
            State::Down(fault) => Err(fault),
            State::Closed => Err(Fault::closed()),
            State::Connecting => Err(Fault::not_yet(&self.shared.place)),
        }
    }

    pub(super) fn matching(&self, names: impl Iterator<Item = Vec<u8>>, pattern: &Pattern) -> Vec<Vec<u8>> {
        names.filter(|name| self.shared.names.key(name).is_some_and(|key| pattern.matches(key))).collect()
    }

    /// How many entries there are, by a scan.
    pub(super) fn count(&self) -> impl Future<Output = Result<u64, Fault>> + Send + 'static + use<P> {
        self.shared.apart(self.clone().count_all())
    }

    async fn count_all(self) -> Result<u64, Fault> {
        let (everything, mut at, mut count) = (Pattern::from("*"), Some(Position::default()), 0);
        let mut seen = std::collections::HashSet::new();
        while let Some(position) = at {
            let step = self.step(position, &everything, self.shared.options.scan_count).await?;
            count += step.names.into_iter().filter(|name| seen.insert(name.clone())).count() as u64;
            at = step.next;
        }
        Ok(count)
    }
}

fn scan(mut command: Cmd, cursor: u64, matched: &[u8], count: u32) -> Cmd {
    command.arg(cursor).arg("MATCH").arg(matched).arg("COUNT").arg(count);
    command
}

/// The cursor and the elements in the answer to a scan.
fn page(value: Value) -> Result<(u64, Vec<Vec<u8>>), Fault> {
    let Value::Array(parts) = value else { return Err(Fault::unexpected()) };
    let mut parts = parts.into_iter();
    let (Some(Value::BulkString(cursor)), Some(Value::Array(found))) = (parts.next(), parts.next()) else {
        return Err(Fault::unexpected());
    };
    let cursor = std::str::from_utf8(&cursor).ok().and_then(|cursor| cursor.parse().ok());
    let text = |value| match value {
        Value::BulkString(text) => Ok(text),
        Value::Double(score) => Ok(score.to_string().into_bytes()),
        Value::Int(score) => Ok(score.to_string().into_bytes()),
        _ => Err(Fault::unexpected()),
    };
    Ok((cursor.ok_or_else(Fault::unexpected)?, found.into_iter().map(text).collect::<Result<_, _>>()?))
}

/// The pattern as Redis matches it. A `?` is one byte in Redis and one character here, so a `*` takes its place and
/// finds too much. Only necessary characters are escaped: imitations of Redis take an escaped character for two.
fn glob(prefix: &[u8], pattern: &Pattern) -> Vec<u8> {
    let mut glob = Vec::with_capacity(prefix.len() + pattern.as_bytes().len() + 8);
    let literal = |byte: u8, glob: &mut Vec<u8>| {
        if b"*?[]\\".contains(&byte) {
            glob.push(b'\\');
        }
        glob.push(byte);
    };
    prefix.iter().for_each(|byte| literal(*byte, &mut glob));
    let mut after_star = false;
    for byte in pattern.as_bytes() {
        let is_wild = matches!(byte, b'*' | b'?');
        if !is_wild {
            literal(*byte, &mut glob);
        } else if !after_star {
            glob.push(b'*');
        }
        after_star = is_wild;
    }
    glob
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_stars_and_question_marks_of_the_pattern_are_wild() {
        assert_eq!(glob(b"a*b?:", &Pattern::from("u[1]^*")), b"a\\*b\\?:u\\[1\\]^*");
        assert_eq!(glob(b"", &Pattern::from("a?b")), b"a*b");
        assert_eq!(glob(b"a*", &Pattern::from("**?-")), b"a\\**-", "the star of the prefix is itself");
    }
}
