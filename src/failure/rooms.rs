//! What an error of the rooms below means for a run: the class of failure, and what the reader can do about it.

use std::error::Error as StdError;
use std::path::Path;

use super::{Evidence, Failure, Kind};
use crate::archive::lock::LockError;
use crate::{ahasend, archive, publish, report};

/// What to do where no lock can be had.
pub const NO_LOCK: &str = "keep archive and reports on a file system with locks; or, if nothing else ever runs at the same time, \
                       go on without with `--no-lock`";

impl Failure {
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
            ahasend::Class::Unreachable if error.is_of_trust() => {
                Some("check AHASEND_BASE_URL, this machine's clock, and the CA certificates that it trusts")
            }
            ahasend::Class::Unreachable => Some("run again as soon as the API answers"),
            ahasend::Class::Refused => Some("check the API key, its scopes and its IP allow list"),
            ahasend::Class::Unusable if error.is_not_found() => Some("check AHASEND_ACCOUNT_ID and AHASEND_BASE_URL"),
            ahasend::Class::Unusable => Some("run again; if it stays, look for a newer version"),
        };
        let failure = Self::new(class.into(), doing).because(error);
        Self { hint: hint.map(str::to_owned), ..failure }
    }

    /// The archive's error while capturing.
    pub fn of_evidence(error: archive::Error) -> Self {
        let hint = match &error {
            archive::Error::Full { .. } => "free space on the disk of the archive, then run again",
            _ => "see that the archive can be reached and written, then run again",
        };
        Self::new(Kind::NotDurable, "the capture could not be made durable").because(error).hint(hint)
    }

    /// What is wrong with a table of usage, which can be made again.
    pub fn of_usage_table(error: report::usage::Unusable) -> Self {
        Self::new(Kind::ArchiveUnusable, "a table of usage cannot be read").because(error)
    }

    /// The archive's error while reading captures back. What a newer version wrote is whole: this one is in the wrong place.
    pub fn of_archive(error: archive::Error) -> Self {
        let doing = "the archive cannot be read";
        if matches!(error, archive::Error::Version { .. }) {
            let hint = "use the version of subledger that wrote it, or a newer one; nothing was changed";
            return Self::new(Kind::Usage, doing).because(error).hint(hint).then("run again with that version");
        }
        let hint = match &error {
            archive::Error::Store { source, .. } if !matches!(source, object_store::Error::NotFound { .. }) => {
                "see that the archive can be reached and read, then run again; nothing was changed"
            }
            _ => "restore what is named from a backup; nothing was changed",
        };
        Self::new(Kind::ArchiveUnusable, doing).because(error).hint(hint)
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
            report::Error::Sink(source) => {
                match source.downcast::<Self>().map_err(<dyn StdError + Send + Sync>::downcast) {
                    Ok(failure) => return *failure,
                    Err(Ok(error)) => return Self::of_publish(*error),
                    Err(Err(source)) => report::Error::Sink(source),
                }
            }
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
                let period = folder.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
                format!("move it away, then `subledger report --period {period}` puts it back")
            }
            publish::Error::Full { .. } => {
                "make room, then run `subledger report`; the last set is as it was".to_owned()
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
            LockError::Unlockable { .. } => {
                Self::new(Kind::Usage, doing).because(error).hint(NO_LOCK).with_evidence(Evidence::Missing)
            }
        }
    }

    /// A lock that could not be had to publish.
    pub fn of_reports_lock(error: LockError) -> Self {
        let kind = if matches!(error, LockError::Busy { .. }) { Kind::Busy } else { Kind::NotPublished };
        let hint = if matches!(error, LockError::Unlockable { .. }) { NO_LOCK } else { "run `subledger report` later" };
        Self::new(kind, "the reports were not published").because(error).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::causes;

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
