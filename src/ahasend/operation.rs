//! What the client can ask of the API: each operation with the scope it needs, the answers it takes, and what a second
//! attempt of it would do.
//!
//! The scope table is our own; the server's messages are never parsed for it.

use std::time::Duration;

use reqwest::{Method, StatusCode};

/// Time that a repeat may take until the server looks at its idempotency key.
const REPEAT_MARGIN: Duration = Duration::from_mins(1);

/// One operation of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Usage of the current billing period.
    Usage,
    /// One page of the list of sub accounts.
    ListAccounts,
    /// One sub account.
    GetAccount,
    /// A new sub account.
    CreateAccount,
    /// Other values for a sub account.
    UpdateAccount,
    /// The end of a sub account.
    DeleteAccount,
    /// A stop to the sending of a sub account.
    SuspendAccount,
    /// The end of such a stop.
    UnsuspendAccount,
    /// One page of the list of a sub account's API keys.
    ListKeys,
    /// One API key of a sub account, without its secret.
    GetKey,
    /// A new API key of a sub account.
    CreateKey,
    /// Other values for an API key of a sub account.
    UpdateKey,
    /// The end of an API key of a sub account.
    DeleteKey,
}

/// What a second attempt would do, where the first may have been carried out although its answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeats {
    /// No harm: it only reads.
    Freely,
    /// No harm, as long as it has the idempotency key and the bytes of the first.
    WithKey,
    /// No harm, but it may be refused because nothing is left to do: what that means takes a look at the thing.
    AfterLooking,
    /// Nobody knows, so it is left to a person.
    Never,
}

impl Operation {
    /// The scope a key needs for this operation.
    #[must_use]
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Usage => "sub-accounts:usage",
            Self::ListAccounts | Self::GetAccount => "sub-accounts:read",
            Self::CreateAccount | Self::UpdateAccount => "sub-accounts:write",
            Self::DeleteAccount => "sub-accounts:delete",
            Self::SuspendAccount | Self::UnsuspendAccount => "sub-accounts:suspend",
            Self::ListKeys | Self::GetKey => "sub-account-api-keys:read",
            Self::CreateKey | Self::UpdateKey => "sub-account-api-keys:write",
            Self::DeleteKey => "sub-account-api-keys:delete",
        }
    }

    /// Whether a failed attempt may be followed by another.
    #[must_use]
    pub const fn repeats(self) -> Repeats {
        match self {
            Self::Usage | Self::ListAccounts | Self::GetAccount | Self::ListKeys | Self::GetKey => Repeats::Freely,
            Self::CreateAccount | Self::CreateKey => Repeats::WithKey,
            Self::UpdateAccount | Self::DeleteAccount | Self::UpdateKey | Self::DeleteKey => Repeats::AfterLooking,
            Self::SuspendAccount | Self::UnsuspendAccount => Repeats::Never,
        }
    }

    /// The HTTP method.
    pub(super) const fn method(self) -> Method {
        match self {
            Self::Usage | Self::ListAccounts | Self::GetAccount | Self::ListKeys | Self::GetKey => Method::GET,
            Self::CreateAccount | Self::CreateKey | Self::SuspendAccount | Self::UnsuspendAccount => Method::POST,
            Self::UpdateAccount | Self::UpdateKey => Method::PUT,
            Self::DeleteAccount | Self::DeleteKey => Method::DELETE,
        }
    }

    /// Whether `status` makes a usable answer. Exactly one, not "any success": a 204 or 206 is no reading, and what a
    /// 202 will come to is not known.
    pub(super) fn is_answered_by(self, status: StatusCode) -> bool {
        match self {
            Self::CreateAccount | Self::CreateKey => status == StatusCode::CREATED,
            Self::GetAccount => status == StatusCode::OK || status == StatusCode::NOT_FOUND,
            _ => status == StatusCode::OK,
        }
    }

    /// Whether captures ask this. What they are refused says nothing of any values: they send none.
    pub(super) const fn is_of_captures(self) -> bool {
        matches!(self, Self::Usage | Self::ListAccounts | Self::GetAccount)
    }

    /// How long the server keeps the answer to a creation and repeats it to the same idempotency key. A repeat beyond that
    /// creates a second one.
    #[must_use]
    pub const fn remembered_for(self) -> Option<Duration> {
        match self {
            Self::CreateKey => Some(Duration::from_mins(5)),
            Self::CreateAccount => Some(Duration::from_hours(24)),
            _ => None,
        }
    }

    /// How long after the first attempt a repeat is still sure to be recognised by its idempotency key: somewhat shorter,
    /// because a repeat takes its time to arrive.
    pub(super) fn repeatable_for(self) -> Duration {
        self.remembered_for().map_or(Duration::MAX, |kept| kept.saturating_sub(REPEAT_MARGIN))
    }
}
