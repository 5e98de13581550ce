//! Deleting a sub account: its usage moves into an anonymous number, so it is captured first.

use std::io::{Write, stderr};

use serde_json::{Value, json};
use uuid::Uuid;

use super::Office;
use super::show::{account_json, account_text};
use crate::ahasend::Deleted;
use crate::billing::books::{Usage, UsageLine};
use crate::billing::ledger::Ledger;
use crate::commands::Outcome;
use crate::commands::consent::Consent;
use crate::commands::progress::Spinner;
use crate::failure::{Evidence, Failure, closing};
use crate::nightly;
use crate::report::text::{grouped, shown};

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
    let moves = Moves::of(&ledger, id);
    let key = &night.secured.key;
    let _ = writeln!(
        stderr(),
        "{}{}\ncapture {} keeps it by name, in {}",
        account_text(&account),
        moves.sentence("will move"),
        key.id,
        night.secured.folder
    );
    let unchanged = |failure: Failure| failure.with_evidence(evidence.clone());
    let question = "Nothing brings a deleted sub account back.";
    consent.obtain(question, office.signals).await.map_err(unchanged)?;
    let deleted = office.write("the sub account was not deleted", office.client.delete_account(id)).await;
    let how = match deleted.map_err(unchanged)? {
        Deleted::Now => "",
        Deleted::AlreadyGone => " (by an attempt whose answer was lost)",
    };
    let text = format!(
        "deleted {} ({id}){how}\n{}\ncapture {} keeps it by name\n",
        shown(&account.name),
        moves.sentence("moved"),
        key.id
    );
    let json = json!({
        "schema": "subledger/account-deleted/v1",
        "exit_code": 0,
        "account": account_json(&account),
        "capture": night.secured.key.id,
        "evidence": night.secured.folder,
        "moved": moves.json(),
    });
    let closing = closing(&evidence, "the next run reports its usage as removed");
    Ok(Outcome { exit_code: 0, text, json: json.to_string(), closing })
}

/// Nothing is deleted without a capture: the reason stands in the cause.
fn not_captured(failure: Failure) -> Failure {
    let (kind, evidence) = (failure.kind, failure.evidence.clone());
    Failure::new(kind, "the sub account was not deleted, because its usage could not be captured first")
        .because(failure)
        .with_evidence(evidence)
        .hint("mend the cause and run again; the account is as it was")
}

/// The usage that a deletion takes from an account's name.
struct Moves<'a> {
    usage: &'a Usage,
    line: Option<&'a UsageLine>,
}

impl<'a> Moves<'a> {
    fn of(ledger: &'a Ledger, id: Uuid) -> Self {
        Self { usage: &ledger.books.usage, line: ledger.books.usage_line(id) }
    }

    fn sentence(&self, verb: &str) -> String {
        let (period, currency) = (self.usage.period.name(), self.usage.currency.code());
        let Some(UsageLine { tally, .. }) = self.line else {
            return format!("the API shows no usage of it in the period from {period}");
        };
        let messages = counted_messages(tally.messages);
        format!(
            "{messages}, {} {currency} of the period from {period} {verb} into the anonymous aggregate of removed sub accounts",
            tally.cost
        )
    }

    fn json(&self) -> Value {
        self.line.map_or(Value::Null, |line| {
            json!({
                "period": self.usage.period.name(),
                "messages": line.tally.messages,
                "allocated_cost": line.tally.cost.to_string(),
                "currency": self.usage.currency.code(),
            })
        })
    }
}

fn counted_messages(messages: i64) -> String {
    format!("{} message{}", grouped(&messages.to_string()), if messages == 1 { "" } else { "s" })
}
