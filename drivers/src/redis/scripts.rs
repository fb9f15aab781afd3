//! The scripts that change entries and the index in one step, and the mode that a server allows: scripts;
//! transactions, for changes that decide nothing or users that may run no scripts; else single commands.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use redis::{Cmd, ServerError, ServerErrorKind, cmd};
use tracing::warn;

use super::{complaint::Complaint, fault::without_arguments};
use crate::targets::REDIS;

/// Commands that do the same as a script, from its keys and arguments.
pub(super) type Commands = fn(Mode, &[Vec<u8>], &[Vec<u8>]) -> Vec<Cmd>;

/// A script.
pub(super) struct Script {
    text: &'static str,
    sha: LazyLock<String>,
    place: usize,
}

macro_rules! scripts {
    ($($name:ident $file:literal $place:literal [$($prelude:literal),*]),+ $(,)?) => {
        $(pub(super) static $name: Script = Script {
            text: concat!(
                $(include_str!(concat!("lua/", $prelude, ".lua")),)* include_str!(concat!("lua/", $file, ".lua"))
            ),
            sha: LazyLock::new(|| sha(concat!(
                $(include_str!(concat!("lua/", $prelude, ".lua")),)* include_str!(concat!("lua/", $file, ".lua"))
            ))),
            place: $place,
        };)+
        const COUNT: usize = [$($place),+].len();
    };
}

scripts! {
    WRITE "write" 0 ["prelude", "stands"],
    REMOVE "remove" 1 ["marks", "mark"],
    FORGET "forget" 2 ["prelude"],
    COUNT_LISTED "count" 3 ["prelude"],
    ADOPT "adopt" 4 ["prelude"],
    TRIM "trim" 5 ["prelude"],
    LIST "list" 6 ["prelude", "stands"],
    NOTE_OVER "over" 7 ["prelude"],
    DUE "due" 8 ["prelude"],
    SETTLE "settle" 9 ["prelude"],
    STRANGERS "strangers" 10 ["prelude"],
    SWEEP "sweep" 11 ["prelude"],
    FILL "fill" 12 ["stands"],
    FILL_ALONE "fill_alone" 13 ["stands"],
    REMOVE_ALONE "remove_alone" 14 ["marks", "mark"],
    FORBID "forbid" 15 ["marks"],
    ACQUIRE "acquire" 16 [],
    FILL_MANY "fill_many" 17 ["stands"],
}

/// The SHA-1 of a text, as Redis writes it.
pub(super) fn sha(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Script {
    /// The command that makes the server keep the script.
    pub(super) fn load(&'static self) -> Cmd {
        let mut command = cmd("SCRIPT");
        command.arg("LOAD").arg(self.text);
        command
    }

    /// The call of the script, by its name or with its text.
    pub(super) fn call(&'static self, with_text: bool, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Cmd {
        let mut command = if with_text { cmd("EVAL") } else { cmd("EVALSHA") };
        if with_text {
            command.arg(self.text);
        } else {
            command.arg(self.sha.as_str());
        }
        command.arg(keys.len());
        keys.iter().chain(arguments).for_each(|part| {
            command.arg(part.as_slice());
        });
        command
    }
}

/// How entries and index are changed in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Scripts,
    Transactions,
    /// One command after the other: those that must not be missing come first.
    Singly,
    /// The same by the few commands that every client has, see `bare`.
    Bare,
}

/// The known features of the server at the end of the link.
pub(super) struct Scripting {
    /// The links over which scripts and transactions were refused.
    refused: [AtomicU64; 2],
    /// The link over which `WATCH` was refused.
    unwatched: AtomicU64,
    /// For each script the link over which it was sent.
    known: [AtomicU64; COUNT],
    complaint: Complaint,
    complained: Mutex<Option<&'static str>>,
    last_complaint: Mutex<Option<String>>,
}

impl Scripting {
    pub(super) fn new() -> Scripting {
        Scripting {
            refused: [AtomicU64::new(u64::MAX), AtomicU64::new(u64::MAX)],
            unwatched: AtomicU64::new(u64::MAX),
            known: std::array::from_fn(|_| AtomicU64::new(u64::MAX)),
            complaint: Complaint::default(),
            complained: Mutex::default(),
            last_complaint: Mutex::default(),
        }
    }

    /// The mode of changes over that link. A change that does not `decide` anything is cheaper as a
    /// transaction. Each link is tried anew: rights may have been given meanwhile.
    pub(super) fn mode(&self, link: u64, decides: bool) -> Mode {
        let [scripts, transactions] = [0, 1].map(|at| self.refused[at].load(Ordering::Relaxed) != link);
        match (scripts, transactions) {
            (true, true) if decides => Mode::Scripts,
            (_, true) => Mode::Transactions,
            (true, false) => Mode::Scripts,
            (false, false) => Mode::Singly,
        }
    }

    /// Whether scripts run over that link, as far as is known.
    pub(super) fn runs_scripts(&self, link: u64) -> bool {
        self.refused[0].load(Ordering::Relaxed) != link
    }

    /// Whether this is the first call of a script over that link: then the script has to be sent before it.
    pub(super) fn is_new(&self, script: &Script, link: u64) -> bool {
        self.known[script.place].swap(link, Ordering::Relaxed) != link
    }

    /// The server has lost its scripts: they are sent anew.
    pub(super) fn forget(&self) {
        self.known.iter().for_each(|link| link.store(u64::MAX, Ordering::Relaxed));
    }

    /// The server refuses a mode: another one is used for as long as the link lasts.
    pub(super) fn refuse(&self, refused: Mode, link: u64) {
        self.refused[usize::from(refused != Mode::Scripts)].store(link, Ordering::Relaxed);
    }

    /// Whether transactions can be guarded by `WATCH` over that link, as far as is known.
    pub(super) fn watches(&self, link: u64) -> bool {
        self.unwatched.load(Ordering::Relaxed) != link
    }

    /// The server refuses `WATCH`.
    pub(super) fn refuse_watch(&self, error: &ServerError, link: u64, place: &str) {
        if self.unwatched.swap(link, Ordering::Relaxed) == link {
            return;
        }
        let error = error.to_string();
        self.complain(format!(
            "Redis at {place} refuses ({}) the right to run WATCH as well: a load that an invalidation overtakes as \
             it is stored can be read for one round trip",
            without_arguments(&error)
        ));
    }

    /// Keeps a warning that a right is missing, with the way that is used instead.
    pub(super) fn complain_of(&self, error: &ServerError, instead: Mode, place: &str) {
        let instead = match instead {
            Mode::Scripts => return,
            Mode::Transactions => "transactions; the right to run SCRIPT LOAD, EVALSHA and EVAL is missing",
            Mode::Singly | Mode::Bare => {
                "single commands, so that the index may list entries that are not there"
            }
        };
        let mut complained = self.complained.lock();
        if complained.replace(instead) == Some(instead) {
            return;
        }
        let error = error.to_string();
        let error = without_arguments(&error);
        warn!(target: REDIS, server = place, %error, instead, "a right is missing");
        let message =
            format!("Redis at {place} refuses ({error}): entries and index are changed by {instead}");
        self.complaint.add(message);
    }

    /// Tries neither scripts nor transactions: a proxy would end the connection for commands that it does not
    /// know.
    pub(super) fn spare(&self, link: u64, place: &str) {
        let [scripts, transactions] = &self.refused;
        if transactions.swap(link, Ordering::Relaxed) != link {
            scripts.store(link, Ordering::Relaxed);
            self.complain(format!(
                "Redis at {place} is behind a proxy that ends connections: entries and index are changed by single \
                 commands, so that the index may list entries that are not there"
            ));
        }
    }

    /// Keeps a warning about the server, unless it repeats the last one.
    pub(super) fn complain(&self, message: String) {
        let mut last = self.last_complaint.lock();
        if last.as_ref() != Some(&message) {
            self.complaint.add(message.clone());
            *last = Some(message);
        }
    }

    /// A warning, returned once.
    pub(super) fn take_complaint(&self) -> Option<String> {
        self.complaint.take()
    }
}

/// Whether an error says that scripts, or transactions, cannot be used, whatever they do.
pub(super) fn refuses(error: &ServerError) -> bool {
    let details = error.details().unwrap_or_default().to_ascii_lowercase();
    let names = ["'eval", "'multi", "'exec"].iter().any(|name| details.contains(name));
    match error.kind() {
        Some(ServerErrorKind::CrossSlot) => true,
        Some(ServerErrorKind::NoPerm) => names,
        _ => {
            let unknown = ["unknown", "unsupported", "disabled", "not supported", "not allowed"];
            (names && unknown.iter().any(|word| details.contains(word)))
                || details.contains("undeclared key")
                || details.contains("executing the script can't")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_named_by_the_hash_that_redis_gives_it() {
        assert_eq!(sha("return 1"), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
    }
}
