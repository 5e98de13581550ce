//! What can stop the client, said once for people, and sorted once for exit codes.
//!
//! A message names the operation, the page and the attempts made; the cause is in `source`. No variant shows the key
//! or any of a body, except what a refusal says to people.

use super::{Answer, Call, Failure, GiveUp, List, PageFault, wire};

/// What an error asks of its reader; the shell turns it into an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The configuration or the machine must change: base URL, key, trust anchors.
    Config,
    /// The server cannot be reached, is too slow or too busy: run again later.
    Unreachable,
    /// The server refuses the key.
    Refused,
    /// The server rejects the values sent, or knows nothing of what they were about.
    Rejected,
    /// The server answers, but not with something to build on.
    Unusable,
}

/// An error of the client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The base URL breaks a rule. The URL itself is not shown, it may hold a password.
    #[error("the base URL cannot be used: {rule}")]
    BaseUrl {
        /// The rule.
        rule: &'static str,
    },

    /// The key breaks a rule. The key itself is not shown.
    #[error("the API key cannot be used: {rule}")]
    Key {
        /// The rule.
        rule: &'static str,
    },

    /// The machine lacks something, most likely trust anchors for TLS.
    #[error("the HTTP client cannot be set up; are CA certificates installed on this machine?")]
    Setup {
        /// What the HTTP library says.
        source: reqwest::Error,
    },

    /// A call had no usable answer.
    #[error(
        "{call} failed after {attempts} attempt{}{end}{}",
        if *.attempts == 1 { "" } else { "s" },
        if *.in_doubt { "; it is unknown whether it took effect" } else { "" }
    )]
    Call {
        /// The call.
        call: Call,
        /// Attempts made, each a request sent; 0 if the deadline passed before the first.
        attempts: u32,
        /// Why there was no further attempt.
        end: GiveUp,
        /// Whether it is a write that may have been carried out all the same.
        in_doubt: bool,
        /// How the last attempt failed.
        #[source]
        failure: Box<Failure>,
    },

    /// A call was answered with success, but the answer cannot be read. A write was carried out.
    #[error("{call} was answered with success, but the answer cannot be read")]
    Answer {
        /// The call.
        call: Call,
        /// What is wrong with the answer.
        source: wire::Error,
    },

    /// A page arrived whole but cannot be read.
    #[error("page {page} of {list} cannot be read")]
    Page {
        /// The list.
        list: List,
        /// The page, counted from 1.
        page: u32,
        /// The page as received: it is evidence all the same.
        answer: Box<Answer>,
        /// What is wrong with it.
        source: wire::Error,
    },

    /// The pages do not make one list.
    #[error(transparent)]
    Paging(#[from] PageFault),
}

impl Error {
    /// How the last attempt of a failed call failed.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Call { failure, .. } => Some(&**failure),
            _ => None,
        }
    }

    /// Whether the server knows nothing of what was asked for: most likely the account id or the base URL is wrong.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self.failure(), Some(Failure::Status { status: 400 | 404, .. }))
    }

    /// Whether the server is there and not trusted as it is: another attempt would end the same way.
    #[must_use]
    pub const fn is_of_trust(&self) -> bool {
        matches!(self.failure(), Some(Failure::Tls { .. }))
    }

    /// Whether the call is a write that may have been carried out although it failed: only a look at the thing tells.
    ///
    /// That is so as soon as one attempt ended without a clear refusal, until a look at the thing, or a refusal of the
    /// values under the same idempotency key.
    #[must_use]
    pub const fn outcome_unknown(&self) -> bool {
        matches!(self, Self::Call { in_doubt: true, .. })
    }

    /// Whether what the idempotency key was used for before is what stands in the way.
    #[must_use]
    pub const fn is_of_used_key(&self) -> bool {
        matches!(self.failure(), Some(Failure::KeyReused { .. } | Failure::Rejected { replayed: true, .. }))
    }

    /// Whether the last attempt was rejected with `status`, and one before it may have been carried out.
    pub(super) fn is_second_answer(&self, status: u16) -> bool {
        let is_rejected = matches!(self.failure(), Some(Failure::Rejected { status: last, .. }) if *last == status);
        is_rejected && self.outcome_unknown()
    }

    /// The same after a look at the thing, which showed that nothing was carried out.
    pub(super) fn without_doubt(self) -> Self {
        match self {
            Self::Call { call, attempts, end, failure, .. } => {
                Self::Call { call, attempts, end, in_doubt: false, failure }
            }
            other => other,
        }
    }

    /// What the error asks of its reader.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::BaseUrl { .. } | Self::Key { .. } | Self::Setup { .. } => Class::Config,
            Self::Call { failure, .. } => failure.class(),
            Self::Answer { .. } | Self::Page { .. } | Self::Paging(_) => Class::Unusable,
        }
    }
}
