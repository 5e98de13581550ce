//! The API keys of one sub account.

use std::fmt::Write as _;

use serde_json::json;
use uuid::Uuid;

use super::change::{quoted, remembered, repeatable};
use super::secret::{Ready, Told};
use super::show::{day, key_json, key_text};
use super::write::Write;
use super::{Office, SecretPlace, done};
use crate::ahasend::wire::ApiKey;
use crate::ahasend::{Deleted, IdempotencyKey, KeyChange, NewKey, Operation};
use crate::commands::Outcome;
use crate::commands::consent::Consent;
use crate::failure::Failure;
use crate::report::text::{counted, shown};

/// What to do with the keys of a sub account.
#[derive(Debug, Clone)]
pub enum KeyAction {
    /// List them.
    List,
    /// Show one.
    Show(Uuid),
    /// Create one, and put its secret somewhere.
    Create(NewKey, SecretPlace, Option<IdempotencyKey>),
    /// Change one.
    Update(Uuid, KeyChange),
    /// Delete one.
    Delete(Uuid, Consent),
}

pub(super) async fn run(office: &Office<'_>, account: Uuid, action: &KeyAction) -> Result<Outcome, Failure> {
    match action {
        KeyAction::List => list(office, account).await,
        KeyAction::Show(id) => {
            let key = office.ask("the key cannot be shown", office.client.show_key(account, *id)).await?;
            Ok(key_outcome(&key, ""))
        }
        KeyAction::Create(new, place, idempotency) => create(office, account, new, place, idempotency.as_ref()).await,
        KeyAction::Update(id, change) => {
            let look = format!("accounts keys show {account} {id}");
            let write = Write { what: "changing the key", look: &look };
            let key = office.write(write, office.client.update_key(account, *id, change)).await?;
            Ok(key_outcome(&key, "changed\n"))
        }
        KeyAction::Delete(id, consent) => delete(office, account, *id, *consent).await,
    }
}

async fn list(office: &Office<'_>, account: Uuid) -> Result<Outcome, Failure> {
    let keys = office.ask("the keys were not listed", office.client.keys(account)).await?;
    let mut text = String::new();
    let _ = writeln!(text, "{:<36}  {:<10}  label and scopes", "id", "created");
    for key in &keys {
        let created = day(key.created_at);
        let scopes: Vec<String> = key.scopes.iter().map(|scope| shown(scope)).collect();
        let _ = writeln!(text, "{}  {created:<10}  {}: {}", key.id, shown(&key.label), scopes.join(", "));
    }
    let _ = writeln!(text, "{}", counted(keys.len(), "key"));
    let keys: Vec<_> = keys.iter().map(key_json).collect();
    let json = json!({ "schema": "subledger/keys/v1", "account_id": account, "keys": keys });
    Ok(done(text, json, "nothing to do"))
}

fn key_outcome(key: &ApiKey, headline: &str) -> Outcome {
    let json = json!({ "schema": "subledger/key/v1", "key": key_json(key) });
    done(format!("{headline}{}", key_text(key)), json, "nothing to do")
}

async fn create(
    office: &Office<'_>,
    account: Uuid,
    new: &NewKey,
    place: &SecretPlace,
    idempotency: Option<&IdempotencyKey>,
) -> Result<Outcome, Failure> {
    let ready = Ready::prepare(place)?;
    let idempotency = idempotency.cloned().unwrap_or_else(IdempotencyKey::random);
    let look = format!("accounts keys list {account}");
    let write = Write { what: "creating the key", look: &look };
    let created = office.write(write, office.client.create_key(account, new, &idempotency)).await;
    let created = created.map_err(|failure| repeatable(failure, &idempotency, Operation::CreateKey))?;
    let (key, secret) = created.made;
    let told = Told {
        text: key_text(&key),
        json: json!({
            "schema": "subledger/key-created/v1",
            "key": key_json(&key),
            "replayed": created.replayed,
            "idempotency_key": idempotency.as_str(),
        }),
        next: "the secret is not shown again".to_owned(),
        if_lost: format!(
            "key {} is live: for {} the same command with `--idempotency-key {}` and another place shows its secret once \
             more; after that, `subledger accounts keys delete {account} {}`",
            key.id,
            remembered(Operation::CreateKey),
            quoted(idempotency.as_str()),
            key.id,
        ),
    };
    ready.keep(&secret, told)
}

async fn delete(office: &Office<'_>, account: Uuid, id: Uuid, consent: Consent) -> Result<Outcome, Failure> {
    consent.possible("deleting a key")?;
    // also where nobody is asked: a key that was never there must not count as deleted by a lost answer
    let key = office.ask("the key was not deleted", office.client.show_key(account, id)).await?;
    let question = format!("{}\nWhatever uses this key stops working.", key_text(&key));
    consent.obtain(&question, office.signals).await?;
    let look = format!("accounts keys list {account}");
    let write = Write { what: "deleting the key", look: &look };
    let deleted = office.write(write, office.client.delete_key(account, id)).await?;
    let json = json!({
        "schema": "subledger/key-deleted/v1",
        "key": key_json(&key),
        "already_gone": deleted == Deleted::AlreadyGone,
    });
    Ok(done(format!("deleted {} ({id}){}\n", shown(&key.label), how(deleted)), json, "nothing to do"))
}

/// What a deletion came to, behind what was deleted.
pub(super) fn how(deleted: Deleted) -> &'static str {
    match deleted {
        Deleted::Now => "",
        Deleted::AlreadyGone => " (by an attempt whose answer was lost)",
    }
}
