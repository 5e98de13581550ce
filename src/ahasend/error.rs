//! What can stop the client, said once for people, and sorted once for exit codes.
//!
//! A message names the operation, the page and the attempts made; the cause is in `source`. No variant holds the key
//! or any of a body.

use uuid::Uuid;

use super::{Answer, Call, Failure, GiveUp, wire};

/// What an error asks of its reader; the shell turns it into an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The configuration or the machine must change: base URL, key, trust anchors.
    Config,
    /// The server cannot be reached, is too slow or too busy: run again later.
    Unreachable,
    /// The server refuses the key.
    Refused,
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
    #[error("{call} failed after {attempts} attempt{}{end}", if *.attempts == 1 { "" } else { "s" })]
    Call {
        /// The call.
        call: Call,
        /// Attempts made, each a request sent; 0 if the deadline passed before the first.
        attempts: u32,
        /// Why there was no further attempt.
        end: GiveUp,
        /// How the last attempt failed.
        #[source]
        failure: Failure,
    },

    /// A page arrived whole but cannot be read.
    #[error("page {page} of the sub-account list cannot be read")]
    Page {
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
    /// Whether the server knows nothing of what was asked for: most likely the account id or the base URL is wrong.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::Call { failure: Failure::Status { status: 400 | 404, .. }, .. })
    }

    /// What the error asks of its reader.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::BaseUrl { .. } | Self::Key { .. } | Self::Setup { .. } => Class::Config,
            Self::Call { failure, .. } => failure.class(),
            Self::Page { .. } | Self::Paging(_) => Class::Unusable,
        }
    }
}

/// Why the pages read so far do not make one list. Pages are counted from 1.
///
/// The cursor itself is never shown: it is the server's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PageFault {
    /// `has_more` without `next_cursor`.
    #[error("page {page} of the sub-account list says that more follows, but sends no cursor")]
    CursorMissing {
        /// The page.
        page: u32,
    },

    /// `has_more` with an empty `next_cursor`.
    #[error("page {page} of the sub-account list says that more follows, but its cursor is empty")]
    CursorEmpty {
        /// The page.
        page: u32,
    },

    /// A `next_cursor` longer than [`Limits::cursor_bytes_max`](super::Limits::cursor_bytes_max).
    #[error("page {page} of the sub-account list sends a cursor of {bytes} bytes, more than the {bytes_max} allowed")]
    CursorTooLong {
        /// The page.
        page: u32,
        /// Length of the cursor in bytes.
        bytes: usize,
        /// Length allowed in bytes.
        bytes_max: usize,
    },

    /// A `next_cursor` that an earlier page sent already: the list would never end.
    #[error("page {page} of the sub-account list sends the cursor of page {first} again")]
    CursorRepeated {
        /// The page.
        page: u32,
        /// The page that sent it first.
        first: u32,
    },

    /// `has_more` on a page without accounts.
    #[error("page {page} of the sub-account list is empty, but says that more follows")]
    PageEmpty {
        /// The page.
        page: u32,
    },

    /// An account listed twice: the list changed while it was read, or pages overlap.
    #[error("sub account `{id}` is on page {first} and again on page {page} of the sub-account list")]
    AccountRepeated {
        /// The account.
        id: Uuid,
        /// The page it was on first.
        first: u32,
        /// The page it is on again; may be the same.
        page: u32,
    },

    /// More pages than [`Limits::page_count_max`](super::Limits::page_count_max).
    #[error("page {page} of the sub-account list says that more follows, but no more pages are allowed")]
    TooManyPages {
        /// The last page allowed.
        page: u32,
    },
}
