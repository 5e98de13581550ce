//! `subledger explain`: how a charge came about, and why it moved. It reads the archive and writes nothing.

use super::Outcome;
use super::selection::{Selection, open, select, select_since};
use crate::billing::close::Close;
use crate::billing::explain::{Change, Explained, Named, NotFound, Subject};
use crate::billing::ledger::Ledger;
use crate::config::Config;
use crate::failure::{Evidence, Failure, Kind, closing};
use crate::nightly::{self, Signals};
use crate::report::explain::Page;
use crate::report::text::{counted, shown};

/// Customers or sub accounts of one name that are listed to choose from.
const NAMED_COUNT_MAX: usize = 10;

/// Explains a charge; with `since`, its change from that capture on.
pub async fn run(
    config: &Config,
    wanted: &str,
    selection: &Selection,
    since: Option<&str>,
    signals: &Signals,
) -> Result<Outcome, Failure> {
    let archive = open(config)?;
    let mut key = select(&archive, selection).await?;
    // of a closed period that is explained as a whole, what was issued counts, and not today's terms
    let closed = nightly::closes_of(&archive, &key.period).await?.pop();
    let last = closed
        .clone()
        .filter(|_| selection.capture.is_none() && since.is_none() && config.terms.invoice_amount.is_none());
    let issued = match last {
        Some(last) => Some(archive.close(&last).await.map_err(Failure::of_archive)?),
        None => None,
    };
    let since = match since {
        Some(since) => Some(select_since(&archive, &key, since).await?),
        None => None,
    };
    let terms = || config.terms.clone();
    let ledger = match &issued {
        Some(closed) => {
            key.id.clone_from(&closed.record.capture.id);
            nightly::ledger_of(&archive, closed).await?.1
        }
        None => nightly::reconcile(&archive, &key, terms(), signals).await?,
    };
    let evidence = archive.shown_path(&key);
    let (text, json) = match since {
        None => Failure::guard(|| {
            let subject = find(wanted, &[&ledger])?;
            let page = Page { subject: &subject, ledger: &ledger, evidence: &evidence };
            let explained = Explained::of(&ledger, &subject);
            Ok((page.charge_text(&explained), page.charge_json(&explained)))
        })?,
        Some(since) => {
            let before = nightly::reconcile(&archive, &since, terms(), signals).await?;
            let since = archive.shown_path(&since);
            Failure::guard(|| {
                let subject = find(wanted, &[&ledger, &before])?;
                let page = Page { subject: &subject, ledger: &ledger, evidence: &evidence };
                let change = Change::between(&before, &ledger, &subject).map_err(|error| {
                    Failure::new(Kind::Usage, "the change cannot be explained")
                        .because(error)
                        .hint("`--since` takes an earlier capture of the same billing period")
                })?;
                Ok((page.change_text(&change, &since), page.change_json(&change, &since)))
            })?
        }
    };
    let next = if ledger.balanced() {
        "nothing was written"
    } else {
        "nothing was written; the books do not balance, read the findings"
    };
    let closed = closed.map(|last| Close::set_name(last.revision));
    let text = match (closed, issued.is_some()) {
        (Some(set), true) => format!("The period is closed; this is what was issued with {set}.\n\n{text}"),
        (Some(set), false) => {
            format!(
                "The period is closed as {set}; this is not what was issued, but what today's terms give.\n\n{text}"
            )
        }
        (None, _) => text,
    };
    Ok(Outcome { text, json, closing: closing(&Evidence::Safe(evidence), next), ..Outcome::default() })
}

/// The subject, or what there is to choose from.
fn find(wanted: &str, ledgers: &[&Ledger]) -> Result<Subject, Failure> {
    Subject::find(wanted, ledgers).map_err(|problem| {
        let hint = match &problem {
            NotFound::Nobody { similar, customers, accounts } => {
                let (customers, accounts) = (counted(*customers, "customer"), counted(*accounts, "sub account"));
                let listed = format!("`chargeback.csv` of the report set lists them: {customers}, {accounts}");
                if similar.is_empty() { listed } else { choice("perhaps one of these is meant:", similar) }
            }
            NotFound::Several { named, .. } => choice("name one by its id:", named),
        };
        Failure::new(Kind::Usage, format!("`{}` cannot be explained", shown(wanted))).because(problem).hint(hint)
    })
}

/// A list of ids and names to choose from.
fn choice(what: &str, named: &[Named]) -> String {
    let width = named.iter().take(NAMED_COUNT_MAX).map(|named| named.id.len()).max().unwrap_or(0);
    let line = |named: &Named| format!("  {:<width$}  {}", shown(&named.id), shown(&named.name));
    let mut lines = vec![what.to_owned()];
    lines.extend(named.iter().take(NAMED_COUNT_MAX).map(line));
    if named.len() > NAMED_COUNT_MAX {
        lines.push(format!("  and {} more, see `chargeback.csv`", named.len() - NAMED_COUNT_MAX));
    }
    lines.join("\n")
}
