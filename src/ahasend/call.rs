//! One call as an error or a log line names it: the operation and what it is about.
//!
//! It holds ids and page numbers only, never a value that is sent.

use std::fmt;

use uuid::Uuid;

use super::{List, Operation};

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// The usage.
    Usage,
    /// A page of the list of sub accounts, counted from 1.
    Page(u32),
    /// A single sub account.
    Account(Uuid),
    /// A new sub account.
    CreateAccount,
    /// Other values for a sub account.
    UpdateAccount(Uuid),
    /// The end of a sub account.
    DeleteAccount(Uuid),
    /// A stop to the sending of a sub account.
    SuspendAccount(Uuid),
    /// The end of such a stop.
    UnsuspendAccount(Uuid),
    /// A page of the list of a sub account's API keys.
    KeyPage {
        /// The sub account.
        account: Uuid,
        /// The page, counted from 1.
        page: u32,
    },
    /// A single API key.
    Key {
        /// The sub account.
        account: Uuid,
        /// The key's id.
        id: Uuid,
    },
    /// A new API key.
    CreateKey {
        /// The sub account.
        account: Uuid,
    },
    /// Other values for an API key.
    UpdateKey {
        /// The sub account.
        account: Uuid,
        /// The key's id.
        id: Uuid,
    },
    /// The end of an API key.
    DeleteKey {
        /// The sub account.
        account: Uuid,
        /// The key's id.
        id: Uuid,
    },
}

impl Call {
    /// The operation this call performs.
    #[must_use]
    pub const fn operation(self) -> Operation {
        match self {
            Self::Usage => Operation::Usage,
            Self::Page(_) => Operation::ListAccounts,
            Self::Account(_) => Operation::GetAccount,
            Self::CreateAccount => Operation::CreateAccount,
            Self::UpdateAccount(_) => Operation::UpdateAccount,
            Self::DeleteAccount(_) => Operation::DeleteAccount,
            Self::SuspendAccount(_) => Operation::SuspendAccount,
            Self::UnsuspendAccount(_) => Operation::UnsuspendAccount,
            Self::KeyPage { .. } => Operation::ListKeys,
            Self::Key { .. } => Operation::GetKey,
            Self::CreateKey { .. } => Operation::CreateKey,
            Self::UpdateKey { .. } => Operation::UpdateKey,
            Self::DeleteKey { .. } => Operation::DeleteKey,
        }
    }
}

impl fmt::Display for Call {
    /// Begins the sentence "… failed after 3 attempts".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage => f.write_str("reading the usage"),
            Self::Page(page) => write!(f, "reading page {page} of {}", List::Accounts),
            Self::Account(id) => write!(f, "reading sub account `{id}`"),
            Self::CreateAccount => f.write_str("creating a sub account"),
            Self::UpdateAccount(id) => write!(f, "updating sub account `{id}`"),
            Self::DeleteAccount(id) => write!(f, "deleting sub account `{id}`"),
            Self::SuspendAccount(id) => write!(f, "suspending sub account `{id}`"),
            Self::UnsuspendAccount(id) => write!(f, "unsuspending sub account `{id}`"),
            Self::KeyPage { account, page } => write!(f, "reading page {page} of {}", List::Keys(*account)),
            Self::Key { account, id } => write!(f, "reading API key `{id}` of sub account `{account}`"),
            Self::CreateKey { account } => write!(f, "creating an API key of sub account `{account}`"),
            Self::UpdateKey { account, id } => write!(f, "updating API key `{id}` of sub account `{account}`"),
            Self::DeleteKey { account, id } => write!(f, "deleting API key `{id}` of sub account `{account}`"),
        }
    }
}
