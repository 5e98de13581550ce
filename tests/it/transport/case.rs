//! A case of misbehaviour and what it must come to: the one runner of every table in here.
//!
//! A case is played while the usage is asked for and again while the list is, until the run gives up. Each time the
//! next night has a server that mends its ways, at once or after one more such answer, and must succeed.

use std::path::Path;
use std::time::Duration;

use super::server::{RawServer, Step, Steps, Wire, whole};
use super::tls::Authority;
use super::{NEXT_SECOND, assert_nothing_kept, assert_usage_kept};
use crate::support::look;
use crate::support::{self, Answers, Asked, KEY, NIGHT, PARENT, Ran, base, base_usage, ran, subledger};

/// Attempts of the runs in here. Two tell a repeat from none, and keep those short that wait for a limit to pass.
pub(super) const ATTEMPTS: usize = 2;
/// Limits that keep a failing run short, but for the time that an answer may take.
const LIMITS: &str = "\
[limits]
run_timeout_secs = 50
attempt_count_max = 2
retry_delay_min_ms = 1
retry_after_max_secs = 2
requests_per_second = 99
body_mib_max = 1
page_count_max = 5
";
/// The shortest times that can be set, for servers that would use up longer ones.
const SHORT_TIMES: &str = "\
connect_timeout_secs = 1
read_timeout_secs = 1
request_timeout_secs = 2
";
/// A run that takes longer than this hangs: its own limit has passed by then.
const PATIENCE: Duration = Duration::from_mins(1);

/// A folder to run in, with what the runs there find in the environment.
pub(super) struct Home {
    pub(super) folder: support::Home,
    environment: Vec<(&'static str, String)>,
}

impl Home {
    pub(super) fn new() -> Self {
        let folder = support::home();
        std::fs::write(folder.path().join("subledger.toml"), LIMITS).expect("a file");
        Self { folder, environment: Vec::new() }
    }

    /// The same for runs that wait for a server in vain.
    pub(super) fn impatient() -> Self {
        let home = Self::new();
        std::fs::write(home.path().join("subledger.toml"), format!("{LIMITS}{SHORT_TIMES}")).expect("a file");
        home
    }

    /// Sets a variable for every run.
    pub(super) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Has every run trust this authority and no other.
    pub(super) fn trusting(self, authority: &Authority) -> Self {
        let file = authority.file(self.path());
        self.env("SSL_CERT_FILE", file.to_str().expect("UTF-8"))
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The nightly job against a server.
    pub(super) fn night(&self, url: &str, now: &str) -> Ran {
        self.run(url, &["run", "--now", now])
    }

    /// The same with other arguments.
    pub(super) fn run(&self, url: &str, arguments: &[&str]) -> Ran {
        let mut command = subledger(self.path());
        command.env("AHASEND_ACCOUNT_ID", PARENT).env("AHASEND_BASE_URL", url);
        command.env("RUST_LOG", "trace").envs(self.environment.iter().map(|(name, value)| (name, value)));
        ran(command.args(arguments).timeout(PATIENCE))
    }

    /// A night that must succeed after one that did not.
    pub(super) fn mended(&self, server: &RawServer) {
        let night = self.night(&server.url(), NEXT_SECOND);
        assert_eq!(night.code, 0, "{}", night.stderr);
        assert_eq!(look::assert_sound(self.path()), (1, 1));
    }
}

/// The answers of a server that behaves.
pub(super) fn behaved(answers: Answers) -> impl Fn(&Asked) -> Steps + Send + Sync + 'static {
    move |asked| whole(&answers.reply(asked))
}

/// A server that behaves over plain HTTP.
pub(super) fn healthy() -> RawServer {
    RawServer::start(Wire::Plain, behaved(base()))
}

/// What is asked for when the server misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Usage,
    List,
}

impl Place {
    pub(super) fn is_of(self, what: &str) -> bool {
        match self {
            Self::Usage => what == "/usage",
            Self::List => what.starts_with('?'),
        }
    }

    /// How often a server was asked for it.
    pub(super) fn asked(self, server: &RawServer) -> usize {
        let what = |target: &String| target.split_once("/sub-accounts").is_some_and(|(_, what)| self.is_of(what));
        server.targets().iter().filter(|target| what(target)).count()
    }

    /// The base case's answers, but these steps here for the first so many times.
    pub(super) fn misbehaving(self, times: usize, steps: Steps) -> impl Fn(&Asked) -> Steps + Send + Sync + 'static {
        let behaved = behaved(base());
        move |asked| if self.is_of(asked.what()) && asked.before < times { steps.clone() } else { behaved(asked) }
    }
}

/// What a server does, and what it must come to.
pub(super) struct Case {
    /// As a sentence about the server.
    name: &'static str,
    steps: Steps,
    code: i32,
    /// Requests that are made for it.
    asked: usize,
    /// What stderr must say, each of it.
    says: &'static [&'static str],
    /// What nobody may say.
    hides: &'static str,
    /// What the last line says to do.
    next: &'static str,
}

/// A server that may do better later: it is asked again, and then unreachable.
pub(super) fn unreachable(name: &'static str, steps: Steps, says: &'static [&'static str]) -> Case {
    Case { name, steps, code: 20, asked: ATTEMPTS, says, hides: KEY, next: "run again" }
}

/// A server whose answer is no use: it is asked once.
pub(super) fn unusable(name: &'static str, steps: Steps, says: &'static [&'static str]) -> Case {
    Case { code: 22, asked: 1, ..unreachable(name, steps, says) }
}

/// A server that does not accept the key: it is asked once.
pub(super) fn refused(name: &'static str, steps: Steps, says: &'static [&'static str]) -> Case {
    Case { code: 21, asked: 1, next: "mend the key and run again", ..unreachable(name, steps, says) }
}

impl Case {
    /// The same, given up at the first answer.
    pub(super) fn at_once(self) -> Self {
        Self { asked: 1, ..self }
    }

    /// The same with `shown-to-nobody` in its body, which is not to be seen.
    pub(super) fn showing_nothing_of_the_body(self) -> Self {
        Self { hides: "shown-to-nobody", ..self }
    }

    fn check_at(&self, place: Place) {
        let name = self.name;
        let waits = self.steps.iter().any(|step| matches!(step, Step::Stall | Step::Drip(_)));
        let home = if waits { Home::impatient() } else { Home::new() };
        let server = RawServer::start(Wire::Plain, place.misbehaving(usize::MAX, self.steps.clone()));
        let night = home.night(&server.url(), NIGHT);
        assert_eq!(night.code, self.code, "{name} at {place:?}: {}", night.stderr);
        match place {
            Place::Usage => assert_nothing_kept(&night, home.path(), self.code, self.next),
            Place::List => assert_usage_kept(&night, home.path(), self.code, &base_usage()),
        }
        assert!(night.closing().contains(&format!("; {} before", self.next)), "{name}: {}", night.stderr);
        assert_eq!(place.asked(&server), self.asked, "{name} at {place:?}: {}", night.stderr);
        for words in self.says {
            assert!(night.stderr.contains(words), "{name} at {place:?}, `{words}`: {}", night.stderr);
        }
        assert!(!night.stderr.contains(self.hides), "{name} at {place:?}: {}", night.stderr);
        // what is repeated succeeds where the server recovers, and what is not needs another night
        let times = usize::from(self.asked > 1);
        let recovering = RawServer::start(Wire::Plain, place.misbehaving(times, self.steps.clone()));
        home.mended(&recovering);
        assert_eq!(place.asked(&recovering), times + 1, "{name} at {place:?}");
    }
}

/// Plays each case at both places.
pub(super) fn check(cases: impl IntoIterator<Item = Case>) {
    for case in cases {
        case.check_at(Place::Usage);
        case.check_at(Place::List);
    }
}
