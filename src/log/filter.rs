//! The filter of lines: `debug`, or `redis=debug,bus=trace`, or both: `warn,redis=trace`.

use lazy_layers_drivers::targets::{BUS, HTTP, PREFIX, REDIS};
use lazy_layers_engine::targets::{BREAKER, RETRY};
use tracing::{Level, level_filters::LevelFilter};

/// All targets.
const TARGETS: [&str; 5] = [REDIS, BUS, BREAKER, RETRY, HTTP];
const LEVELS: &str = "off, error, warn, info, debug, trace";

/// The name by which users know a target; `None` for one that is not ours.
pub(super) fn name_of(target: &str) -> Option<&str> {
    target.strip_prefix(PREFIX)
}

/// A level for each target.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter {
    levels: [LevelFilter; TARGETS.len()],
}

impl Filter {
    /// Reads a filter. Parts without a meaning are left out, and returned as sentences about them.
    pub(super) fn read(text: &str) -> (Filter, Vec<String>) {
        let (mut rest, mut named, mut complaints) = (LevelFilter::OFF, [None; TARGETS.len()], Vec::new());
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                None => match (level(part), place(part)) {
                    (Some(level), _) => rest = level,
                    (None, Some(at)) => named[at] = Some(LevelFilter::TRACE),
                    (None, None) => complaints.push(complaint(part)),
                },
                Some((target, given)) => match (place(target.trim()), level(given.trim())) {
                    (Some(at), Some(level)) => named[at] = Some(level),
                    _ => complaints.push(complaint(part)),
                },
            }
        }
        (Filter { levels: named.map(|level| level.unwrap_or(rest)) }, complaints)
    }

    /// Whether a line of that target and level is wanted.
    pub(super) fn wants(&self, target: &str, level: Level) -> bool {
        let at = TARGETS.iter().position(|known| *known == target);
        at.is_some_and(|at| level <= self.levels[at])
    }

    /// The most detailed level of all targets.
    pub(super) fn most(&self) -> LevelFilter {
        self.levels.into_iter().max().unwrap_or(LevelFilter::OFF)
    }
}

fn place(name: &str) -> Option<usize> {
    TARGETS.iter().position(|target| name_of(target) == Some(name))
}

fn level(word: &str) -> Option<LevelFilter> {
    Some(match word.to_ascii_lowercase().as_str() {
        "off" => LevelFilter::OFF,
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => return None,
    })
}

fn complaint(part: &str) -> String {
    let names: Vec<&str> = TARGETS.iter().copied().filter_map(name_of).collect();
    format!(
        "LAZY_LOG: {part:?} is none of {LEVELS}, and no level of {}; such as \"debug\" or \"redis=debug,bus=trace\"",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Filter {
        let (filter, complaints) = Filter::read(text);
        assert_eq!(complaints, Vec::<String>::new(), "{text}");
        filter
    }

    #[test]
    fn a_level_alone_is_that_of_all_targets() {
        let filter = read("debug");
        for target in TARGETS {
            assert!(filter.wants(target, Level::DEBUG) && !filter.wants(target, Level::TRACE), "{target}");
        }
        assert_eq!(filter.most(), LevelFilter::DEBUG);
    }

    #[test]
    fn targets_have_levels_of_their_own_wherever_they_stand() {
        let filter = read(" redis=debug , WARN,bus ");
        assert!(filter.wants(REDIS, Level::DEBUG) && !filter.wants(REDIS, Level::TRACE));
        assert!(filter.wants(BUS, Level::TRACE));
        assert!(filter.wants(HTTP, Level::WARN) && !filter.wants(HTTP, Level::INFO));
        assert_eq!(filter.most(), LevelFilter::TRACE);
        assert!(!read("debug,redis=off").wants(REDIS, Level::ERROR));
    }

    #[test]
    fn nothing_and_off_want_nothing() {
        for text in ["", " , ", "off"] {
            assert_eq!(read(text).most(), LevelFilter::OFF, "{text}");
        }
    }

    #[test]
    fn lines_of_other_crates_are_never_wanted() {
        let filter = read("trace");
        for target in ["hyper::proto", "async_nats", "redis", "lazy", "lazy::", "lazy::other"] {
            assert!(!filter.wants(target, Level::ERROR), "{target}");
        }
    }

    #[test]
    fn a_part_that_says_nothing_is_told_and_the_others_hold() {
        let (filter, complaints) = Filter::read("1,bus=loud,sql=debug,redis=info");
        assert!(filter.wants(REDIS, Level::INFO) && !filter.wants(BUS, Level::ERROR));
        assert_eq!(complaints.len(), 3);
        assert!(
            complaints[0].starts_with("LAZY_LOG: \"1\" is none of off, error, warn"),
            "{}",
            complaints[0]
        );
        assert!(
            complaints[1].contains("bus=loud") && complaints[2].contains("redis, bus, breaker, retry, http")
        );
    }
}
