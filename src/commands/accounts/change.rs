//! Creating, changing and pausing sub accounts.

use uuid::Uuid;

use super::Office;
use super::show::{account_outcome, account_text};
use crate::ahasend::{AccountChange, IdempotencyKey, NewAccount};
use crate::commands::Outcome;
use crate::commands::consent::Consent;
use crate::failure::Failure;
use crate::report::text::shown;

pub(super) async fn create(
    office: &Office<'_>,
    account: &NewAccount,
    key: Option<&IdempotencyKey>,
) -> Result<Outcome, Failure> {
    let key = key.cloned().unwrap_or_else(IdempotencyKey::random);
    let created = office.write("the sub account was not created", office.client.create_account(account, &key)).await;
    let created = created.map_err(|failure| repeatable(failure, &key))?;
    let headline = if created.replayed {
        "created before, by an earlier run with this idempotency key; as it was then:\n"
    } else {
        "created\n"
    };
    Ok(account_outcome(&created.made, headline, "nothing to do"))
}

/// How a creation whose end is not known is repeated without a second account.
pub(super) fn repeatable(mut failure: Failure, key: &IdempotencyKey) -> Failure {
    if failure.kind == crate::failure::Kind::Usage {
        return failure;
    }
    let hint = format!("the same command with `--idempotency-key {key}` creates it once and no more, for 24 hours");
    failure.hint = Some(hint);
    failure.then("run it again with the idempotency key above")
}

pub(super) async fn update(office: &Office<'_>, id: Uuid, change: &AccountChange) -> Result<Outcome, Failure> {
    let call = office.client.update_account(id, change);
    let account = office.write("the sub account was not changed", call).await?;
    Ok(account_outcome(&account, "changed\n", "nothing to do"))
}

pub(super) async fn suspend(office: &Office<'_>, id: Uuid, reason: &str, consent: Consent) -> Result<Outcome, Failure> {
    consent.possible("suspending")?;
    if consent == Consent::Ask {
        let account = office.ask("the sub account cannot be shown", office.client.show_account(id)).await?;
        let question = format!("{}\nSuspending stops all sending of {}.", account_text(&account), shown(&account.name));
        consent.obtain(&question, office.signals).await?;
    }
    let call = office.client.suspend_account(id, reason);
    let account = office.write("the sub account was not suspended", call).await?;
    Ok(account_outcome(&account, "suspended\n", "its usage so far stays billed"))
}

pub(super) async fn unsuspend(office: &Office<'_>, id: Uuid) -> Result<Outcome, Failure> {
    let account = office.write("the suspension was not ended", office.client.unsuspend_account(id)).await?;
    Ok(account_outcome(&account, "active again\n", "nothing to do"))
}
