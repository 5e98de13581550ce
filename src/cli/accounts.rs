//! The flags of `accounts`, and what they ask for.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum, value_parser};
use uuid::Uuid;

use crate::ahasend::{AccountChange, IdempotencyKey, KeyChange, NewAccount, NewKey};
use crate::billing::books::Status;
use crate::commands::accounts::{Action, KeyAction, Provision, SecretPlace};
use crate::commands::consent::Consent;

/// The largest cap that the API takes, in messages a month.
const MONTHLY_CREDIT_MAX: u64 = 1_000_000_000;

/// What to do with sub accounts.
#[derive(Debug, Subcommand)]
pub enum Accounts {
    /// List the sub accounts
    List {
        /// Only those of this status
        #[arg(long, value_enum)]
        status: Option<StatusName>,
    },
    /// Show one sub account
    Show {
        /// The sub account
        id: Uuid,
    },
    /// Create a sub account
    Create {
        /// What it is to be
        #[command(flatten)]
        account: NewAccountFlags,
        /// Idempotency key: for 24 hours, repeating the command with it creates no second account [default: a random one]
        #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
        idempotency_key: Option<IdempotencyKey>,
    },
    /// Change the name, website or monthly cap of a sub account
    #[command(group = ArgGroup::new("change").args(["name", "website", "monthly_credit"]).required(true).multiple(true))]
    Update {
        /// The sub account
        id: Uuid,
        /// Another name
        #[arg(long)]
        name: Option<String>,
        /// Another website: a domain or an address
        #[arg(long, value_name = "DOMAIN")]
        website: Option<String>,
        /// Another cap, in messages a month; 0 lifts it
        #[arg(long, value_name = "MESSAGES", allow_negative_numbers = true, value_parser = value_parser!(u64).range(..=MONTHLY_CREDIT_MAX))]
        monthly_credit: Option<u64>,
    },
    /// Stop all sending of a sub account
    Suspend {
        /// The sub account
        id: Uuid,
        /// Why; it is kept with the suspension
        #[arg(long)]
        reason: String,
        /// Whether it is agreed
        #[command(flatten)]
        yes: Yes,
    },
    /// Let a suspended sub account send again
    Unsuspend {
        /// The sub account
        id: Uuid,
    },
    /// Delete a sub account for good, once its usage is captured
    Delete {
        /// The sub account
        id: Uuid,
        /// Archive for the capture: a folder or an object-store URL [default: archive]
        #[arg(long, value_name = "PLACE")]
        archive: Option<String>,
        /// Whether it is agreed
        #[command(flatten)]
        yes: Yes,
    },
    /// Create a sub account and its first API key; the same command again goes on where it stopped
    Provision {
        /// What the account is to be
        #[command(flatten)]
        account: NewAccountFlags,
        /// What its key is to be
        #[command(flatten)]
        key: NewKeyFlags,
        /// What the idempotency keys of both calls begin with [default: made from name and website]
        #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
        idempotency_key: Option<IdempotencyKey>,
    },
    /// Manage the API keys of a sub account
    #[command(subcommand)]
    Keys(Keys),
}

/// What to do with the API keys of a sub account.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// List its keys
    List {
        /// The sub account
        account: Uuid,
    },
    /// Show one key, without its secret
    Show {
        /// The sub account
        account: Uuid,
        /// The key
        key: Uuid,
    },
    /// Create a key; its secret is shown only now
    Create {
        /// The sub account
        account: Uuid,
        /// What it is to be
        #[command(flatten)]
        new: NewKeyFlags,
        /// Idempotency key: for 5 minutes, repeating the command with it creates no second key [default: a random one]
        #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
        idempotency_key: Option<IdempotencyKey>,
    },
    /// Change the label, scopes or allowed addresses of a key
    #[command(group = ArgGroup::new("change").args(["label", "scope", "allow_ip", "any_ip"]).required(true).multiple(true))]
    Update {
        /// The sub account
        account: Uuid,
        /// The key
        key: Uuid,
        /// Another label
        #[arg(long)]
        label: Option<String>,
        /// A scope it is to have, instead of those it has; once for each
        #[arg(long)]
        scope: Vec<String>,
        /// An address or block it may be used from, instead of those it has; once for each
        #[arg(long, value_name = "CIDR")]
        allow_ip: Vec<String>,
        /// Let it be used from anywhere
        #[arg(long, conflicts_with = "allow_ip")]
        any_ip: bool,
    },
    /// Delete a key; whatever uses it stops working
    Delete {
        /// The sub account
        account: Uuid,
        /// The key
        key: Uuid,
        /// Whether it is agreed
        #[command(flatten)]
        yes: Yes,
    },
}

/// A new sub account.
#[derive(Debug, Args)]
pub struct NewAccountFlags {
    /// Name of the sub account
    #[arg(long)]
    pub name: String,
    /// Its website: a domain or an address
    #[arg(long, value_name = "DOMAIN")]
    pub website: String,
    /// Its cap in messages a month; 0 means uncapped [default: 0]
    #[arg(long, value_name = "MESSAGES", allow_negative_numbers = true, value_parser = value_parser!(u64).range(..=MONTHLY_CREDIT_MAX))]
    pub monthly_credit: Option<u64>,
}

/// A new key, and where its secret goes.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("secret").args(["secret_file", "secret_stdout"]).required(true))]
pub struct NewKeyFlags {
    /// Label of the key
    #[arg(long, default_value = "Bootstrap key")]
    pub label: String,
    /// A scope it is to have, as in messages:send:all; once for each
    #[arg(long, required = true)]
    pub scope: Vec<String>,
    /// An address or block it may be used from; once for each [default: anywhere]
    #[arg(long, value_name = "CIDR")]
    pub allow_ip: Vec<String>,
    /// New file for the secret, readable for you alone
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Print the secret on stdout, alone
    #[arg(long)]
    pub secret_stdout: bool,
}

/// Agreement beforehand.
#[derive(Debug, Args)]
pub struct Yes {
    /// Do it without asking; needed where there is no terminal
    #[arg(long)]
    pub yes: bool,
}

/// A status to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatusName {
    /// May send
    Active,
    /// Paused on its own
    Suspended,
    /// Paused because the parent account is
    ParentSuspended,
}

fn idempotency_key(text: &str) -> Result<IdempotencyKey, &'static str> {
    IdempotencyKey::parse(text)
}

impl Accounts {
    /// What the flags ask for.
    pub fn action(&self) -> Action {
        match self {
            Self::List { status } => Action::List(status.map(StatusName::status)),
            Self::Show { id } => Action::Show(*id),
            Self::Create { account, idempotency_key } => Action::Create(account.wanted(), idempotency_key.clone()),
            Self::Update { id, name, website, monthly_credit } => {
                let (name, website) = (name.clone(), website.clone());
                Action::Update(*id, AccountChange { name, website, monthly_credit: *monthly_credit })
            }
            Self::Suspend { id, reason, yes } => Action::Suspend(*id, reason.clone(), yes.consent()),
            Self::Unsuspend { id } => Action::Unsuspend(*id),
            Self::Delete { id, yes, .. } => Action::Delete(*id, yes.consent()),
            Self::Provision { account, key, idempotency_key } => Action::Provision(Provision {
                account: account.wanted(),
                key: key.wanted(),
                secret: key.place(),
                idempotency_key: idempotency_key.clone(),
            }),
            Self::Keys(keys) => keys.action(),
        }
    }

    /// The archive that `delete` captures into.
    pub(super) fn archive(&self) -> Option<String> {
        if let Self::Delete { archive, .. } = self { archive.clone() } else { None }
    }
}

impl Keys {
    fn action(&self) -> Action {
        match self {
            Self::List { account } => Action::Keys(*account, KeyAction::List),
            Self::Show { account, key } => Action::Keys(*account, KeyAction::Show(*key)),
            Self::Create { account, new, idempotency_key } => {
                Action::Keys(*account, KeyAction::Create(new.wanted(), new.place(), idempotency_key.clone()))
            }
            Self::Update { account, key, label, scope, allow_ip, any_ip } => {
                let change = KeyChange {
                    label: label.clone(),
                    scopes: (!scope.is_empty()).then(|| scope.clone()),
                    ip_allow_list: (*any_ip || !allow_ip.is_empty()).then(|| allow_ip.clone()),
                };
                Action::Keys(*account, KeyAction::Update(*key, change))
            }
            Self::Delete { account, key, yes } => Action::Keys(*account, KeyAction::Delete(*key, yes.consent())),
        }
    }
}

impl NewAccountFlags {
    fn wanted(&self) -> NewAccount {
        NewAccount { name: self.name.clone(), website: self.website.clone(), monthly_credit: self.monthly_credit }
    }
}

impl NewKeyFlags {
    fn wanted(&self) -> NewKey {
        NewKey { label: self.label.clone(), scopes: self.scope.clone(), ip_allow_list: self.allow_ip.clone() }
    }

    fn place(&self) -> SecretPlace {
        self.secret_file.clone().map_or(SecretPlace::Stdout, SecretPlace::File)
    }
}

impl Yes {
    /// As the commands understand it.
    pub(super) fn consent(&self) -> Consent {
        if self.yes { Consent::Given } else { Consent::Ask }
    }
}

impl StatusName {
    fn status(self) -> Status {
        match self {
            Self::Active => Status::Active,
            Self::Suspended => Status::Suspended,
            Self::ParentSuspended => Status::ParentSuspended,
        }
    }
}
