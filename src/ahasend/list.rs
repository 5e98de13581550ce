//! The lists that can be walked, and why the pages of one may not make a list.
//!
//! A cursor is never shown: it is the server's text.

use std::error::Error;
use std::fmt;

use uuid::Uuid;

use super::Call;

/// What the addresses of keys have after the sub account's.
pub(super) const API_KEYS: &str = "api-keys";

/// A list that comes in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum List {
    /// The sub accounts of the parent account.
    Accounts,
    /// The API keys of one sub account.
    Keys(Uuid),
}

impl List {
    /// The call that reads a page of it, counted from 1.
    pub(super) const fn page(self, page: u32) -> Call {
        match self {
            Self::Accounts => Call::Page(page),
            Self::Keys(account) => Call::KeyPage { account, page },
        }
    }

    /// What its entries are, in words.
    const fn entry(self) -> &'static str {
        match self {
            Self::Accounts => "sub account",
            Self::Keys(_) => "API key",
        }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accounts => f.write_str("the sub-account list"),
            Self::Keys(account) => write!(f, "the API keys of sub account `{account}`"),
        }
    }
}

/// Why the pages read so far do not make one list. Pages are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFault {
    /// The list.
    pub list: List,
    /// The page that does not fit.
    pub page: u32,
    /// What is wrong with it.
    pub problem: PageProblem,
}

/// What is wrong with a page that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageProblem {
    /// `has_more` without `next_cursor`.
    CursorMissing,
    /// `has_more` with an empty `next_cursor`.
    CursorEmpty,
    /// A `next_cursor` longer than [`Limits::cursor_bytes_max`](super::Limits::cursor_bytes_max).
    CursorTooLong {
        /// Length of the cursor in bytes.
        bytes: usize,
        /// Length allowed in bytes.
        bytes_max: usize,
    },
    /// A `next_cursor` that an earlier page sent already: the list would never end.
    CursorRepeated {
        /// The page that sent it first.
        first: u32,
    },
    /// `has_more` on a page with nothing on it.
    Empty,
    /// Something listed twice: the list changed while it was read, or pages overlap.
    Repeated {
        /// The sub account or the API key.
        id: Uuid,
        /// The page it was on first; may be the same.
        first: u32,
    },
    /// More pages than [`Limits::page_count_max`](super::Limits::page_count_max).
    TooMany,
}

impl fmt::Display for PageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { list, page, problem } = self;
        match problem {
            PageProblem::CursorMissing => {
                write!(f, "page {page} of {list} says that more follows, but sends no cursor")
            }
            PageProblem::CursorEmpty => {
                write!(f, "page {page} of {list} says that more follows, but its cursor is empty")
            }
            PageProblem::CursorTooLong { bytes, bytes_max } => {
                write!(f, "page {page} of {list} sends a cursor of {bytes} bytes, more than the {bytes_max} allowed")
            }
            PageProblem::CursorRepeated { first } => {
                write!(f, "page {page} of {list} sends the cursor of page {first} again")
            }
            PageProblem::Empty => write!(f, "page {page} of {list} is empty, but says that more follows"),
            PageProblem::Repeated { id, first } => {
                write!(f, "{} `{id}` is on page {first} and again on page {page} of {list}", list.entry())
            }
            PageProblem::TooMany => {
                write!(f, "page {page} of {list} says that more follows, but no more pages are allowed")
            }
        }
    }
}

impl Error for PageFault {}
