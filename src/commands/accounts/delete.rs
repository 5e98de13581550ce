//! Deleting a sub account: its usage moves into an anonymous number, so it is captured first.

use std::fmt::Write;
use std::io::{Write as _, stderr};

use serde_json::{Value, json};
use uuid::Uuid;

use super::Office;
use super::show::{account_json, account_text};
use crate::ahasend::Deleted;
use crate::billing::ledger::Ledger;
use crate::commands::Outcome;
use crate::commands::consent::Consent;
use crate::commands::progress::Spinner;
use crate::failure::{Evidence, Failure, closing};
use crate::nightly;
use crate::report::text::grouped;

pub(super) async fn delete(
    office: &Office<'_>,
    id: Uuid,
    consent: Consent,
    show_progress: bool,
) -> Result<Outcome, Failure> {
    consent.possible("deleting")?;
    let account = office.ask("the sub account was not deleted", office.client.show_account(id)).await?;
    let spinner = Spinner::start(show_progress);
    let night = nightly::secure(office.config, office.signals, &|message| spinner.tell(message)).await;
    let night = night.map_err(not_captured)?;
    let evidence = Evidence::Safe(night.secured.folder.clone());
    let kept = |failure: Failure| not_captured(failure).with_evidence(evidence.clone());
    let terms = office.config.terms.clone();
    let ledger = nightly::reconcile(&night.archive, &night.secured.key, terms).await.map_err(kept)?;
    nightly::derive_usage_table(&night.archive, &ledger, &night.secured.key).await;
    drop(spinner);
    let what_moves = what_moves(&ledger, id);
    let mut said = format!("{}{what_moves}", account_text(&account));
    let _ = writeln!(said, "capture {} keeps it by name, in {}", night.secured.key.id, night.secured.folder);
    if consent == Consent::Ask {
        let _ = write!(stderr(), "{said}");
        let unchanged = |failure: Failure| failure.with_evidence(evidence.clone());
        consent.obtain("Nothing brings a deleted sub account back.", office.signals).await.map_err(unchanged)?;
        said.clear();
    }
    let deleted = office.write("the sub account was not deleted", office.client.delete_account(id)).await;
    let deleted = deleted.map_err(|failure| failure.with_evidence(evidence.clone()))?;
    let _ = writeln!(
        said,
        "deleted{}",
        if deleted == Deleted::Now { "" } else { " (by an attempt whose answer was lost)" }
    );
    let json = json!({
        "schema": "subledger/account-deleted/v1",
        "exit_code": 0,
        "account": account_json(&account),
        "capture": night.secured.key.id,
        "evidence": night.secured.folder,
        "moves": moves_json(&ledger, id),
    });
    let closing = closing(&evidence, "the next run reports its usage as removed");
    Ok(Outcome { exit_code: 0, text: said, json: json.to_string(), closing })
}

/// Nothing is deleted without a capture: the reason stands in the cause.
fn not_captured(failure: Failure) -> Failure {
    let (kind, evidence) = (failure.kind, failure.evidence.clone());
    Failure::new(kind, "the sub account was not deleted, because its usage could not be captured first")
        .because(failure)
        .with_evidence(evidence)
        .hint("mend the cause and run again; the account is as it was")
}

/// What usage the deletion takes from the account's name.
fn what_moves(ledger: &Ledger, id: Uuid) -> String {
    let usage = &ledger.books.usage;
    let (period, currency) = (usage.period.name(), usage.currency.code());
    match ledger.books.usage_line(id) {
        Some(line) => format!(
            "will move into the anonymous aggregate of removed sub accounts, for the period from {period}:\n  \
             {} messages, {} {currency}\n",
            grouped(&line.tally.messages.to_string()),
            line.tally.cost,
        ),
        None => format!("the API shows no usage of it in the period from {period}\n"),
    }
}

fn moves_json(ledger: &Ledger, id: Uuid) -> Value {
    let usage = &ledger.books.usage;
    ledger.books.usage_line(id).map_or(Value::Null, |line| {
        json!({
            "period": usage.period.name(),
            "messages": line.tally.messages,
            "allocated_cost": line.tally.cost.to_string(),
            "currency": usage.currency.code(),
        })
    })
}
