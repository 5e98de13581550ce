//! `subledger close`: the final set of a billing period, with the invoice, or a correction of it.

use super::Outcome;
use super::selection::{Selection, open, select};
use crate::ahasend::wire::display;
use crate::billing::close::{Accepted, Close};
use crate::config::{Config, TypedInvoice};
use crate::failure::{Evidence, Failure, Kind, closing};
use crate::nightly::{self, Order, Settled, Signals};
use crate::report::settlement::{Places, Sheet};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The billing period by its start date.
    pub period: String,
    /// The capture by its name; nothing for the last one.
    pub capture: Option<String>,
    /// The invoice as typed on the command line; nothing for the one that is configured.
    pub invoice: Option<TypedInvoice>,
    /// What is accepted, each with a reason.
    pub accepted: Vec<Accepted>,
    /// Why a closed period is closed again.
    pub reason: Option<String>,
    /// Whether nothing is to be written.
    pub is_dry: bool,
}

/// Longest reason, in characters: a sentence or two, for people who read it years later.
const REASON_CHARS_MAX: usize = 1_000;

/// Closes a period, or shows what is in the way.
pub async fn run(config: &Config, request: Request, signals: &Signals) -> Result<Outcome, Failure> {
    let Request { period, capture, invoice, accepted, reason, is_dry } = request;
    let reasons = accepted.iter().map(|accepted| (format!("--accept-{}", accepted.what), &accepted.reason));
    for (flag, reason) in reasons.chain(reason.iter().map(|reason| ("--reason".to_owned(), reason))) {
        check_reason(&flag, reason)?;
    }
    let archive = open(config)?;
    // the same command closes with the same capture, whatever came after it
    let capture = match capture {
        None => nightly::closed_with(&archive, &period, reason.as_deref()).await?,
        chosen => chosen,
    };
    let key = select(&archive, &Selection { period: Some(period.clone()), capture }).await?;
    let invoice = match invoice {
        Some(invoice) => invoice,
        None => configured(config, &period)?,
    };
    let order = Order { key, invoice, accepted, reason, is_dry };
    // on the heap: it is far larger than what other commands wait for
    let settled = Box::pin(nightly::close(config, &archive, &order, signals)).await?;
    if settled.published.is_some() {
        Box::pin(nightly::mirror(config, archive.account_id(), signals)).await;
    }
    let evidence = Evidence::Safe(archive.shown_path(&order.key));
    let next = next(&settled, is_dry);
    let label = config.label(archive.account_id());
    let places = Places {
        evidence: archive.shown_path(&order.key),
        record: settled.record.clone(),
        reports: settled.published.as_ref().map(|set| set.folder.display().to_string()),
    };
    let sheet = Sheet {
        ledger: &settled.ledger,
        label: &label,
        unneeded: &settled.unneeded,
        refused: &settled.refused,
        places,
    };
    let exit_code = if settled.refused.is_empty() { 0 } else { 10 };
    let (text, json) = (sheet.text(), sheet.json(exit_code, nightly::TOOL));
    Ok(Outcome { exit_code, text, json, closing: closing(&evidence, &next), ..Outcome::default() })
}

fn next(settled: &Settled, is_dry: bool) -> String {
    let set = settled.ledger.terms.close.as_ref().map_or(String::new(), |close| Close::set_name(close.revision));
    match settled {
        Settled { refused, ledger, .. } if !refused.is_empty() => {
            let stays = match ledger.superseded() {
                Some(before) => format!("the period stays closed as {}", Close::set_name(before.revision)),
                None => "the period stays open".to_owned(),
            };
            format!("{stays}, nothing was written; settle what is in the way, or accept it with a reason")
        }
        Settled { was_closed: true, .. } => format!("the period was closed as {set} before, with this very invoice"),
        _ if is_dry => format!("nothing was written; without `--dry-run` the period is closed as {set}"),
        _ => format!("the period is closed as {set}; send the statements"),
    }
}

/// The invoice of the period that finance keeps in a file.
fn configured(config: &Config, period: &str) -> Result<TypedInvoice, Failure> {
    let date = period.parse().ok();
    date.and_then(|date: chrono::NaiveDate| config.invoices_typed.get(&date)).cloned().ok_or_else(|| {
        Failure::new(Kind::Usage, format!("there is no invoice for the billing period {period}")).hint(
            "enter it with `--invoice-number` and `--amount`, or as a row of `invoices.csv`: period,invoice_number,amount",
        )
    })
}

fn check_reason(flag: &str, reason: &str) -> Result<(), Failure> {
    let problem = match reason.chars().count() {
        _ if reason.trim().is_empty() => "is empty",
        count if count > REASON_CHARS_MAX => "is longer than 1,000 characters",
        _ if display(reason, REASON_CHARS_MAX) != reason => "has control characters",
        _ => return Ok(()),
    };
    let failure = Failure::new(Kind::Usage, format!("the reason of `{flag}` {problem}"));
    Err(failure.hint("say in a sentence why this is right: whoever looks at the books later will ask"))
}
