//! `subledger accounts`: the sub accounts and their API keys, through the API.
//!
//! Each action is one small function that calls the client and says what came of it. Nothing here captures or charges;
//! only `delete` takes a capture first, because afterwards nobody can tell whose usage it was.

mod change;
mod delete;
mod keys;
mod provision;
mod secret;
pub(super) mod show;
pub(super) mod write;

use std::path::PathBuf;

use serde_json::{Value, json};
use uuid::Uuid;

pub use self::keys::KeyAction;

use super::Outcome;
use super::consent::Consent;
use crate::ahasend::{self, AccountChange, Client, IdempotencyKey, NewAccount, NewKey};
use crate::billing::books::Status;
use crate::config::Config;
use crate::failure::{Evidence, Failure, closing};
use crate::nightly::Signals;

/// What to do.
#[derive(Debug, Clone)]
pub enum Action {
    /// List the sub accounts, all of them or those of one status.
    List(Option<Status>),
    /// Show one sub account.
    Show(Uuid),
    /// Create a sub account.
    Create(NewAccount, Option<IdempotencyKey>),
    /// Change a sub account.
    Update(Uuid, AccountChange),
    /// Suspend a sub account, with a reason.
    Suspend(Uuid, String, Consent),
    /// End a sub account's suspension.
    Unsuspend(Uuid),
    /// Soft-delete a sub account, once its usage is captured.
    Delete(Uuid, Consent),
    /// Create a sub account and its first key.
    Provision(Provision),
    /// Something about the API keys of a sub account.
    Keys(Uuid, KeyAction),
}

/// A sub account to be created together with its first key.
#[derive(Debug, Clone)]
pub struct Provision {
    /// The sub account.
    pub account: NewAccount,
    /// Its first key.
    pub key: NewKey,
    /// Where the key's secret goes.
    pub secret: SecretPlace,
    /// What makes a repetition recognisable, as given; else it is made from the account's name and website.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// Where a one-time secret goes. A log is no such place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// A new file that only its owner can read.
    File(PathBuf),
    /// The result on stdout.
    Stdout,
}

/// Does it.
pub async fn run(config: &Config, action: &Action, signals: &Signals, show_progress: bool) -> Result<Outcome, Failure> {
    let office = Office::open(config, signals)?;
    match action {
        Action::List(status) => show::list(&office, status.as_ref()).await,
        Action::Show(id) => show::one(&office, *id).await,
        Action::Create(account, key) => change::create(&office, account, key.as_ref()).await,
        Action::Update(id, change) => change::update(&office, *id, change).await,
        Action::Suspend(id, reason, consent) => change::suspend(&office, *id, reason, *consent).await,
        Action::Unsuspend(id) => change::unsuspend(&office, *id).await,
        Action::Delete(id, consent) => delete::delete(&office, *id, *consent, show_progress).await,
        Action::Provision(wanted) => provision::provision(&office, wanted).await,
        Action::Keys(account, action) => keys::run(&office, *account, action).await,
    }
}

/// What every action works with.
pub(super) struct Office<'a> {
    pub(super) client: Client,
    pub(super) config: &'a Config,
    pub(super) signals: &'a Signals,
    pub(super) account_id: Uuid,
}

impl<'a> Office<'a> {
    pub(super) fn open(config: &'a Config, signals: &'a Signals) -> Result<Self, Failure> {
        let account_id = config.account_id().map_err(Failure::usage)?;
        let api = config.api().map_err(Failure::usage)?;
        let client =
            api.client(account_id).map_err(|error| Failure::usage(error).hint("nothing was asked of the API"))?;
        Ok(Self { client, config, signals, account_id })
    }

    /// Makes a call that only reads, and turns its error into what this reader needs to know.
    pub(super) async fn ask<T>(
        &self,
        doing: &str,
        call: impl Future<Output = Result<T, ahasend::Error>>,
    ) -> Result<T, Failure> {
        self.signals.or(call, |error| Failure::of_reading(doing, error)).await
    }
}

/// A result that is complete, in its two forms.
fn done(text: impl Into<String>, mut json: Value, next: &str) -> Outcome {
    if let Some(object) = json.as_object_mut() {
        object.insert("exit_code".to_owned(), json!(0));
    }
    let closing = closing(&Evidence::Untouched, next);
    Outcome { text: text.into(), json: json.to_string(), closing, ..Outcome::default() }
}
