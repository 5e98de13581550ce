//! The API keys of one sub account.

use std::fmt::Write;

use serde_json::json;
use uuid::Uuid;

use super::secret::Ready;
use super::show::{key_json, key_text};
use super::{Office, SecretPlace, change, done};
use crate::ahasend::wire::ApiKey;
use crate::ahasend::{IdempotencyKey, KeyChange, NewKey};
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
            let call = office.client.update_key(account, *id, change);
            let key = office.write("the key was not changed", call).await?;
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
        let created = key.created_at.map(|at| at.format("%Y-%m-%d").to_string()).unwrap_or_default();
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
    let created = office.client.create_key(account, new, &idempotency);
    let created = office.write("the key was not created", created).await;
    let created = created.map_err(|failure| change::repeatable(failure, &idempotency))?;
    let (key, secret) = created.made;
    let placed = ready.keep(&secret)?;
    let mut json = json!({
        "schema": "subledger/key-created/v1",
        "key": key_json(&key),
        "replayed": created.replayed,
    });
    merge(&mut json, placed.json);
    let text = if *place == SecretPlace::Stdout { placed.text } else { placed.text + &key_text(&key) };
    Ok(done(text, json, "the secret is not shown again"))
}

async fn delete(office: &Office<'_>, account: Uuid, id: Uuid, consent: Consent) -> Result<Outcome, Failure> {
    consent.possible("deleting a key")?;
    if consent == Consent::Ask {
        let key = office.ask("the key cannot be shown", office.client.show_key(account, id)).await?;
        let question = format!("{}\nWhatever uses this key stops working.", key_text(&key));
        consent.obtain(&question, office.signals).await?;
    }
    office.write("the key was not deleted", office.client.delete_key(account, id)).await?;
    let json = json!({ "schema": "subledger/key-deleted/v1", "account_id": account, "key_id": id });
    Ok(done(format!("deleted {id}\n"), json, "nothing to do"))
}

/// Adds the fields of one object to another.
pub(super) fn merge(into: &mut serde_json::Value, fields: serde_json::Value) {
    if let (Some(into), serde_json::Value::Object(fields)) = (into.as_object_mut(), fields) {
        into.extend(fields);
    }
}
