//! Deleting a sub account: its usage moves into an anonymous number, so it is captured first.

use std::io::{Write as _, stderr};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Office;
use super::keys::how;
use super::show::{account_json, account_text};
use super::write::Write;
use crate::ahasend::Deleted;
use crate::billing::books::{Usage, UsageLine};
use crate::commands::Outcome;
use crate::commands::consent::Consent;
use crate::commands::progress::Spinner;
use crate::failure::{Effect, Evidence, Failure, Kind, closing};
use crate::nightly::{self, Secured};
use crate::report::text::{grouped, shown};

/// A capture older than this, because somebody took their time to agree, is taken anew before anything is deleted.
const CAPTURE_AGE_MAX: TimeDelta = TimeDelta::minutes(5);

pub(super) async fn delete(
    office: &Office<'_>,
    id: Uuid,
    consent: Consent,
    show_progress: bool,
) -> Result<Outcome, Failure> {
    consent.possible("deleting")?;
    let account = office.ask("the sub account was not deleted", office.client.show_account(id)).await?;
    let mut captured = Captured::take(office, id, show_progress).await?;
    let _ = write!(stderr(), "{}{}", account_text(&account), captured.will_move());
    consent
        .obtain("Nothing brings a deleted sub account back.", office.signals)
        .await
        .map_err(|failure| failure.with_evidence(captured.evidence()))?;
    if office.config.clock.now() - captured.at > CAPTURE_AGE_MAX {
        captured = Captured::take(office, id, show_progress).await?;
        let _ = write!(stderr(), "some time has passed; captured again: {}", captured.will_move());
    }
    let look = format!("accounts show {id}");
    let write = Write { what: "deleting the sub account", look: &look };
    let deleted = office.write(write, office.client.delete_account(id)).await;
    let deleted = deleted.map_err(|failure| failure.with_evidence(captured.evidence()))?;
    let text = format!(
        "deleted {} ({id}){}\n{}\ncapture {} keeps it by name\n",
        shown(&account.name),
        how(deleted),
        captured.sentence("moved"),
        captured.secured.key.id
    );
    let json = json!({
        "schema": "subledger/account-deleted/v1",
        "exit_code": 0,
        "account": account_json(&account),
        "already_gone": deleted == Deleted::AlreadyGone,
        "capture": captured.secured.key.id,
        "evidence": captured.secured.folder,
        "moved": captured.json(),
    });
    let closing = closing(&captured.evidence(), "the next run reports its usage as removed");
    Ok(Outcome { text, json: json.to_string(), closing, ..Outcome::default() })
}

/// Nothing is deleted without a capture: what stopped that one stands in the causes.
fn not_deleted(reason: &str, failure: Failure) -> Failure {
    let next = match failure.kind {
        Kind::Busy => "run again when the other run is done",
        _ => "mend the cause and run again",
    };
    let hint = failure.hint.clone().unwrap_or_else(|| "the sub account is as it was".to_owned());
    let (kind, evidence) = (failure.kind, failure.evidence.clone());
    Failure::new(kind, format!("the sub account was not deleted, because {reason}"))
        .because(failure)
        .with_evidence(evidence)
        .hint(hint)
        .came_to(Effect::NotDone)
        .then(next)
}

/// A capture, and what it says of the account that is to go.
struct Captured {
    secured: Secured,
    at: DateTime<Utc>,
    usage: Usage,
    line: Option<UsageLine>,
}

impl Captured {
    /// Takes a capture, and lets go of the lock: while somebody thinks, other runs go on.
    async fn take(office: &Office<'_>, id: Uuid, show_progress: bool) -> Result<Self, Failure> {
        let spinner = Spinner::start(show_progress);
        let night = nightly::secure(office.config, office.signals, &|message| spinner.tell(message)).await;
        let night = night.map_err(|failure| not_deleted("its usage could not be captured first", failure))?;
        let unusable = |failure: Failure| {
            let failure = failure.with_evidence(Evidence::Safe(night.secured.folder.clone()));
            not_deleted("the capture just taken cannot be used", failure)
        };
        let books = nightly::read_back(&night.archive, &night.secured.key).await.map_err(unusable)?;
        nightly::derive_usage_table(&night.archive, &books, &night.secured.key).await;
        let line = books.usage_line(id).cloned();
        Ok(Self { secured: night.secured, at: books.capture.at, usage: books.usage, line })
    }

    fn evidence(&self) -> Evidence {
        Evidence::Safe(self.secured.folder.clone())
    }

    fn will_move(&self) -> String {
        let Secured { key, folder, .. } = &self.secured;
        format!("{}\ncapture {} keeps it by name, in {folder}\n", self.sentence("will move"), key.id)
    }

    /// The usage that a deletion takes from an account's name.
    fn sentence(&self, verb: &str) -> String {
        let (period, currency) = (self.usage.period.name(), self.usage.currency.code());
        let Some(UsageLine { tally, .. }) = &self.line else {
            return format!("the API shows no usage of it in the period from {period}");
        };
        let messages = grouped(&tally.messages.to_string());
        let plural = if tally.messages == 1 { "" } else { "s" };
        format!(
            "{messages} message{plural}, {} {currency} of the period from {period} {verb} into the anonymous aggregate of \
             removed sub accounts",
            tally.cost
        )
    }

    fn json(&self) -> Value {
        self.line.as_ref().map_or(Value::Null, |line| {
            json!({
                "period": self.usage.period.name(),
                "messages": line.tally.messages,
                "allocated_cost": line.tally.cost.to_string(),
                "currency": self.usage.currency.code(),
            })
        })
    }
}
