//! Creating, changing and pausing sub accounts.

use serde_json::json;
use uuid::Uuid;

use super::show::{account_json, account_outcome, account_text};
use super::write::Write;
use super::{Office, done};
use crate::ahasend::{AccountChange, IdempotencyKey, NewAccount, Operation};
use crate::commands::Outcome;
use crate::commands::consent::Consent;
use crate::failure::{Effect, Failure, Kind};
use crate::report::text::shown;

pub(super) async fn create(
    office: &Office<'_>,
    account: &NewAccount,
    key: Option<&IdempotencyKey>,
) -> Result<Outcome, Failure> {
    let key = key.cloned().unwrap_or_else(IdempotencyKey::random);
    let write = Write { what: "creating the sub account", look: "accounts list" };
    let created = office.write(write, office.client.create_account(account, &key)).await;
    let created = created.map_err(|failure| repeatable(failure, &key, Operation::CreateAccount))?;
    let headline = if created.replayed {
        "created before, by an earlier run with this idempotency key; as it was then:\n"
    } else {
        "created\n"
    };
    let json = json!({
        "schema": "subledger/account-created/v1",
        "account": account_json(&created.made),
        "replayed": created.replayed,
        "idempotency_key": key.as_str(),
    });
    Ok(done(format!("{headline}{}", account_text(&created.made)), json, "nothing to do"))
}

/// How a creation whose end is not known, or that was not begun, is repeated without making anything twice.
pub(super) fn repeatable(failure: Failure, key: &IdempotencyKey, operation: Operation) -> Failure {
    let is_settled = failure.effect == Some(Effect::Done)
        || (failure.effect == Some(Effect::NotDone) && matches!(failure.kind, Kind::Usage | Kind::Refused));
    if is_settled {
        return failure;
    }
    let hint = format!(
        "for {} the same command with `--idempotency-key {}` creates it once and no more; after that, look first",
        remembered(operation),
        quoted(key.as_str()),
    );
    failure.hint(hint).then("run it again with the idempotency key above")
}

/// How long the API remembers a creation, in words.
pub(super) fn remembered(operation: Operation) -> String {
    let minutes = operation.remembered_for().unwrap_or_default().as_secs() / 60;
    if minutes < 60 { format!("{minutes} minutes") } else { format!("{} hours", minutes / 60) }
}

/// A word of a shell command.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '=');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

pub(super) async fn update(office: &Office<'_>, id: Uuid, change: &AccountChange) -> Result<Outcome, Failure> {
    let look = format!("accounts show {id}");
    let write = Write { what: "changing the sub account", look: &look };
    let account = office.write(write, office.client.update_account(id, change)).await?;
    Ok(account_outcome(&account, "changed\n", "nothing to do"))
}

pub(super) async fn suspend(office: &Office<'_>, id: Uuid, reason: &str, consent: Consent) -> Result<Outcome, Failure> {
    consent.possible("suspending")?;
    if consent == Consent::Ask {
        let account = office.ask("the sub account cannot be shown", office.client.show_account(id)).await?;
        let question = format!("{}\nSuspending stops all sending of {}.", account_text(&account), shown(&account.name));
        consent.obtain(&question, office.signals).await?;
    }
    let look = format!("accounts show {id}");
    let write = Write { what: "suspending the sub account", look: &look };
    let account = office.write(write, office.client.suspend_account(id, reason)).await?;
    Ok(account_outcome(&account, "suspended\n", "its usage so far stays billed"))
}

pub(super) async fn unsuspend(office: &Office<'_>, id: Uuid) -> Result<Outcome, Failure> {
    let look = format!("accounts show {id}");
    let write = Write { what: "ending the suspension", look: &look };
    let account = office.write(write, office.client.unsuspend_account(id)).await?;
    Ok(account_outcome(&account, "active again\n", "nothing to do"))
}
