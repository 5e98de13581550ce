//! What the client can ask of the API: each operation with the scope it needs and the answers it takes.
//!
//! The scope table is our own; the server's messages are never parsed for it.

use std::fmt;

use reqwest::StatusCode;
use uuid::Uuid;

/// One operation of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Usage of the current billing period.
    Usage,
    /// One page of the list of sub accounts.
    ListAccounts,
    /// One sub account.
    GetAccount,
}

impl Operation {
    /// The scope a key needs for this operation.
    #[must_use]
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Usage => "sub-accounts:usage",
            Self::ListAccounts | Self::GetAccount => "sub-accounts:read",
        }
    }

    /// Whether `status` makes a usable answer. Exactly 200, not "any success": a 204 or 206 is no reading.
    pub(super) fn is_answered_by(self, status: StatusCode) -> bool {
        status == StatusCode::OK || (self == Self::GetAccount && status == StatusCode::NOT_FOUND)
    }
}

/// One call as an error or a log line names it: the operation and what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// The usage.
    Usage,
    /// A page of the list, counted from 1.
    Page(u32),
    /// A single sub account.
    Account(Uuid),
}

impl Call {
    /// The operation this call performs.
    #[must_use]
    pub const fn operation(self) -> Operation {
        match self {
            Self::Usage => Operation::Usage,
            Self::Page(_) => Operation::ListAccounts,
            Self::Account(_) => Operation::GetAccount,
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage => f.write_str("reading the usage"),
            Self::Page(page) => write!(f, "reading page {page} of the sub-account list"),
            Self::Account(id) => write!(f, "reading sub account `{id}`"),
        }
    }
}
