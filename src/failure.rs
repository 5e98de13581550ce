//! What can stop a run: the exit code, a sentence on what to do, and whether the evidence is safe.
//!
//! A difference in the books is no failure; that is a finding. The cause of a failure stays in `source`.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::ahasend;
use crate::archive;
use crate::archive::lock::LockError;
use crate::{publish, report};

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
    /// What the last line says to do, where the class alone does not tell.
    next: Option<Box<str>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
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
            next: None,
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
        self.next = Some(next.into());
        self
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

    /// A caught panic.
    pub fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Self::new(Kind::Bug, format!("a defect of subledger: {text}"))
    }

    /// A configuration that cannot be used.
    pub fn usage(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Kind::Usage, "the configuration cannot be used").because(source)
    }

    /// The client's error while capturing.
    pub fn of_client(error: ahasend::Error) -> Self {
        Self::of_reading("the capture failed", error)
    }

    /// The client's error while reading anything.
    pub fn of_reading(doing: &str, error: ahasend::Error) -> Self {
        let class = error.class();
        let hint = match class {
            // they name what is wrong themselves
            ahasend::Class::Config | ahasend::Class::Rejected => None,
            ahasend::Class::Unreachable => Some("run again as soon as the API answers"),
            ahasend::Class::Refused => Some("check AHASEND_API_KEY, its scopes and its IP allow list"),
            ahasend::Class::Unusable if error.is_not_found() => Some("check AHASEND_ACCOUNT_ID and AHASEND_BASE_URL"),
            ahasend::Class::Unusable => Some("run again; if it stays, look for a newer version"),
        };
        let failure = Self::new(class.into(), doing).because(error);
        Self { hint: hint.map(str::to_owned), ..failure }
    }

    /// The archive's error while capturing.
    pub fn of_evidence(error: archive::Error) -> Self {
        Self::new(Kind::NotDurable, "the capture could not be made durable")
            .because(error)
            .hint("free space or repair the archive, then run again")
    }

    /// The archive's error while reading captures back.
    pub fn of_archive(error: archive::Error) -> Self {
        let hint = match &error {
            archive::Error::Version { .. } => "use the version of subledger that wrote it, or a newer one",
            archive::Error::Store { source, .. } if !matches!(source, object_store::Error::NotFound { .. }) => {
                "see that the archive can be reached and read, then run again; nothing was changed"
            }
            _ => "restore what is named from a backup; nothing was changed",
        };
        Self::new(Kind::ArchiveUnusable, "the archive cannot be read").because(error).hint(hint)
    }

    /// Archived answers that cannot become books.
    pub fn of_wire(capture: &str, error: ahasend::wire::Error) -> Self {
        Self::new(Kind::ArchiveUnusable, format!("the answers of capture `{capture}` cannot be used"))
            .because(error)
            .hint(
                "the answers are archived as they came; if those of another capture are no better, ask AhaSend, or look \
                 for a newer version of subledger",
            )
            .then("run again for another capture, and read the hint if that is no better")
    }

    /// Reports that could not be made; a failure of our own that came up on the way stays what it is.
    pub fn of_report(error: report::Error) -> Self {
        let error = match error {
            report::Error::Sink(source) => match source.downcast::<Self>() {
                Ok(failure) => return *failure,
                Err(source) => report::Error::Sink(source),
            },
            error => error,
        };
        let hint = match &error {
            report::Error::Leak { .. } => "this is a defect of subledger, nothing was published; please report it",
            _ => "run `subledger report` once the cause is mended",
        };
        Self::new(Kind::NotPublished, "the reports were not published").because(error).hint(hint)
    }

    /// A table that stdout did not take whole.
    pub fn of_table(error: report::Error) -> Self {
        let doing = "the table on stdout is not whole";
        Self::new(Kind::NotPublished, doing).because(error).then("run again once the cause is mended")
    }

    /// Reports that could not be put in their place.
    pub fn of_publish(error: publish::Error) -> Self {
        let hint = match &error {
            publish::Error::NotAsIssued { folder, .. } => {
                let period = folder.parent().and_then(std::path::Path::file_name).unwrap_or_default().to_string_lossy();
                format!("move it away, then `subledger report --period {period}` puts it back")
            }
            publish::Error::Io { .. } => {
                "run `subledger report` once the cause is mended; the last set is as it was".to_owned()
            }
        };
        Self::new(Kind::NotPublished, "the reports were not published").because(error).hint(hint)
    }

    /// Report sets that cannot be read back.
    pub fn of_reports_reading(error: publish::Error) -> Self {
        Self::new(Kind::NotPublished, "the report sets cannot be read")
            .because(error)
            .hint("make what is named above readable for this user, or move it away")
            .then("run again once the cause is mended")
    }

    /// A lock that could not be had to capture. Another run is at work on tonight's evidence; without any lock nobody is.
    pub fn of_capture_lock(error: LockError) -> Self {
        let doing = "nothing was captured";
        match error {
            LockError::Busy { .. } => Self::new(Kind::Busy, doing).because(error),
            LockError::Io { .. } => Self::new(Kind::Usage, doing)
                .because(error)
                .hint("make the folder writable for this user, or choose another with `--archive`")
                .with_evidence(Evidence::Missing),
        }
    }

    /// A lock that could not be had to publish.
    pub fn of_reports_lock(error: LockError) -> Self {
        let kind = if matches!(error, LockError::Busy { .. }) { Kind::Busy } else { Kind::NotPublished };
        Self::new(kind, "the reports were not published").because(error).hint("run `subledger report` later")
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
        if let Some(next) = &self.next {
            return closing(&self.evidence, next);
        }
        closing(
            &self.evidence,
            match self.kind {
                Kind::Bug => "please report this defect, then run again",
                Kind::Usage => "correct what is named above and run again",
                Kind::NotPublished => "rebuild the reports with `subledger report`",
                Kind::ArchiveUnusable => "mend the archive as the hint says, then run `subledger report`",
                Kind::Unreachable | Kind::AnswerUnusable | Kind::NotDurable | Kind::Interrupted(_) => "run again",
                Kind::Refused => "mend the key and run again",
                Kind::Busy => "the other run does the work",
            },
        )
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
    let mut causes: Vec<String> = chain.map(ToString::to_string).collect();
    causes.dedup();
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_that_is_not_as_issued_can_be_put_back() {
        let folder = "reports/acme/2024-01-01/final-r1".into();
        let error = publish::Error::NotAsIssued { folder, file: "control.csv".into(), problem: "differs" };
        let failure = Failure::of_publish(error);
        let hint = "move it away, then `subledger report --period 2024-01-01` puts it back";
        assert_eq!((failure.kind, failure.hint.as_deref()), (Kind::NotPublished, Some(hint)));
        assert!(causes(&failure)[0].contains("`reports/acme/2024-01-01/final-r1` is not what was issued"));
    }
}
