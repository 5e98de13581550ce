//! `subledger explain`: how a charge came about, and why it moved. It reads the archive and writes nothing.

use super::Outcome;
use super::selection::{Selection, open, select, select_since};
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
    let key = select(&archive, selection).await?;
    let since = match since {
        Some(since) => Some(select_since(&archive, &key, since).await?),
        None => None,
    };
    let terms = || config.terms.clone();
    let ledger = nightly::reconcile(&archive, &key, terms(), signals).await?;
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
