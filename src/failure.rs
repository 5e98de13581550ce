//! What can stop a run: the exit code, a sentence on what to do, and whether the evidence is safe.
//!
//! A difference in the books is no failure; that is a finding. The cause of a failure stays in `source`.

mod rooms;

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;

use crate::ahasend;

pub use self::rooms::NO_LOCK;

/// Characters kept of what a panic says: enough to find it, and too few for a body.
const PANIC_CHAR_COUNT_MAX: usize = 300;

/// What to do about evidence that waits in the spool.
pub const SHIP: &str =
    "evidence waits in the spool: see that the archive can be reached and written, then run again, which ships it";

/// What happened to tonight's evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// The command does not capture.
    Untouched,
    /// Nothing of tonight was kept.
    Missing,
    /// Only part of a capture was kept; it says where.
    Partial(String),
    /// The capture is complete and durable; it says where.
    Safe(String),
}

/// The class of a failure: its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A defect of this program.
    Bug,
    /// The command line, the configuration or the environment.
    Usage,
    /// Reports could not be published.
    NotPublished,
    /// Archived bytes cannot be used.
    ArchiveUnusable,
    /// The archive did not take the evidence, which waits in the spool.
    Waiting,
    /// The API could not be reached.
    Unreachable,
    /// The API refused the key.
    Refused,
    /// The API's answer cannot be used.
    AnswerUnusable,
    /// The archive is not durable.
    NotDurable,
    /// Another run holds the lock.
    Busy,
    /// A signal, by its number.
    Interrupted(u8),
}

impl Kind {
    /// The exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Bug => 1,
            Self::Usage => 2,
            Self::NotPublished => 12,
            Self::ArchiveUnusable => 13,
            Self::Waiting => 15,
            Self::Unreachable => 20,
            Self::Refused => 21,
            Self::AnswerUnusable => 22,
            Self::NotDurable => 23,
            Self::Busy => 75,
            Self::Interrupted(signal) => 128 + signal,
        }
    }
}

/// What a failed write came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing was changed.
    NotDone,
    /// Nobody knows.
    Unknown,
    /// It was carried out; only its answer cannot be used.
    Done,
}

impl Effect {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotDone => "not done",
            Self::Unknown => "unknown",
            Self::Done => "done",
        }
    }
}

impl From<ahasend::Class> for Kind {
    /// Rejected values came from the command line or the configuration.
    fn from(class: ahasend::Class) -> Self {
        match class {
            ahasend::Class::Config | ahasend::Class::Rejected => Self::Usage,
            ahasend::Class::Unreachable => Self::Unreachable,
            ahasend::Class::Refused => Self::Refused,
            ahasend::Class::Unusable => Self::AnswerUnusable,
        }
    }
}

/// A run that could not go on.
#[derive(Debug)]
pub struct Failure {
    /// Its class.
    pub kind: Kind,
    /// What was being done, and on what.
    pub doing: String,
    /// What the reader can do about it.
    pub hint: Option<String>,
    /// What happened to tonight's evidence.
    pub evidence: Evidence,
    /// What it came to; nothing for what is no write.
    pub effect: Option<Effect>,
    more: Box<More>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What few failures have.
#[derive(Debug, Default)]
struct More {
    /// What the last line says to do, where the class alone does not tell.
    next: Option<Box<str>>,
    /// Lines for whoever runs us and reads the log, as they are.
    for_runner: Vec<String>,
}

impl Failure {
    /// A failure without a cause below it.
    pub fn new(kind: Kind, doing: impl Into<String>) -> Self {
        Self {
            kind,
            doing: doing.into(),
            hint: None,
            evidence: Evidence::Untouched,
            effect: None,
            more: Box::default(),
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds what the reader can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what a write came to.
    #[must_use]
    pub fn came_to(mut self, effect: Effect) -> Self {
        self.effect = Some(effect);
        self
    }

    /// Says in the last line what to do, instead of what the class says.
    #[must_use]
    pub fn then(mut self, next: impl Into<Box<str>>) -> Self {
        self.more.next = Some(next.into());
        self
    }

    /// Adds lines for whoever runs us and reads the log, as they are.
    #[must_use]
    pub fn telling(mut self, for_runner: Vec<String>) -> Self {
        self.more.for_runner = for_runner;
        self
    }

    /// Lines for whoever runs us and reads the log, as they are.
    pub fn for_runner(&self) -> &[String] {
        &self.more.for_runner
    }

    /// The same, with one more thing to do.
    #[must_use]
    pub fn also(self, next: &str) -> Self {
        let both = format!("{}; {next}", self.next());
        self.then(both)
    }

    /// The same, as another class: what a failure means depends on what was under way.
    #[must_use]
    pub fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Says what happened to the evidence.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = evidence;
        self
    }

    /// Runs work that only a defect of ours can make panic, and turns such a panic into a failure.
    ///
    /// A panic's text is ours; what it was about is not shown to anybody else.
    pub fn guard<T>(work: impl FnOnce() -> Result<T, Self>) -> Result<T, Self> {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Self::of_panic(panic.as_ref())))
    }

    /// The same for work that waits.
    pub async fn guard_waiting<T>(work: impl Future<Output = Result<T, Self>>) -> Result<T, Self> {
        let done = AssertUnwindSafe(work).catch_unwind().await;
        done.unwrap_or_else(|panic| Err(Self::of_panic(panic.as_ref())))
    }

    /// A caught panic.
    pub fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        // what libraries say of a panic may quote what it was about, line by line
        let text = ahasend::wire::display(&text, PANIC_CHAR_COUNT_MAX);
        Self::new(Kind::Bug, format!("a defect of subledger: {text}"))
    }

    /// A configuration that cannot be used.
    pub fn usage(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Kind::Usage, "the configuration cannot be used").because(source)
    }

    /// Everything that stderr is told: the error, its causes, the hint, and the last line.
    pub fn report(&self) -> String {
        let mut lines = vec![format!("error: {}", self.doing)];
        lines.extend(causes(self).iter().map(|cause| format!("  caused by: {cause}")));
        lines.extend(self.hint.iter().map(|hint| format!("\nhint: {hint}")));
        lines.push(self.closing());
        lines.join("\n")
    }

    /// The last line on stderr: whether the evidence is safe, and what to do next.
    pub fn closing(&self) -> String {
        closing(&self.evidence, self.next())
    }

    /// What to do next.
    fn next(&self) -> &str {
        self.more.next.as_deref().unwrap_or(match self.kind {
            Kind::Bug => "please report this defect, then run again",
            Kind::Usage => "correct what is named above and run again",
            Kind::NotPublished => "rebuild the reports with `subledger report`",
            Kind::ArchiveUnusable => "mend the archive as the hint says, then run `subledger report`",
            Kind::Unreachable | Kind::AnswerUnusable | Kind::Interrupted(_) => "run again",
            Kind::Waiting => SHIP,
            Kind::NotDurable => "mend the archive as the hint says and run again",
            Kind::Refused => "mend the key and run again",
            Kind::Busy => "the other run does the work",
        })
    }
}

/// A closing line: the state of the evidence, then what to do.
pub fn closing(evidence: &Evidence, next: &str) -> String {
    match evidence {
        Evidence::Untouched => format!("evidence: untouched; {next}"),
        Evidence::Safe(place) => format!("evidence: safe in {place}; {next}"),
        Evidence::Partial(place) => {
            format!("evidence: NOT SAFE, only a part is kept in {place}; {next} before the billing period closes")
        }
        Evidence::Missing => {
            format!("evidence: NOT SAFE, nothing of tonight is kept; {next} before the billing period closes")
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.doing)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The chain of causes below an error, each once, outermost first.
pub fn causes(error: &(dyn StdError + 'static)) -> Vec<String> {
    let chain = std::iter::successors(error.source(), |error: &&(dyn StdError + 'static)| (*error).source());
    let mut causes: Vec<String> = Vec::new();
    for cause in chain.map(ToString::to_string) {
        // some errors say their own causes
        if !causes.last().is_some_and(|last| last.ends_with(&cause)) {
            causes.push(cause);
        }
    }
    causes
}

/// An error with its causes, in one line.
pub fn in_one_line(error: &(dyn StdError + 'static)) -> String {
    [vec![error.to_string()], causes(error)].concat().join(": ")
}
