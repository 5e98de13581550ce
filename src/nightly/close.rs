//! Closing a period: the final set is made, the archive's record locks it, and then it appears.
//!
//! The record in the archive is the close. A run that dies before it has closed nothing; one that dies after it has, and
//! the same command again, or a report of the period, puts the set into its place.

mod record;

use chrono::NaiveDate;

pub(super) use self::record::contradiction;

use self::record::as_typed;

use super::rebuild::{Rebuilder, info, superseded};
use super::{Signals, lock_reports, reconcile, set_info, staged};
use crate::archive::{Acceptance, Archive, CaptureKey, CaptureLink, CloseKey, CloseRecord, Closed, Error};
use crate::billing::close::{Accepted, Close, Obstacle, obstacles};
use crate::billing::journal::{Account, Sum};
use crate::billing::ledger::Ledger;
use crate::billing::period::timestamp;
use crate::billing::terms::Terms;
use crate::config::{Config, TypedInvoice};
use crate::failure::{Failure, Kind};
use crate::publish::{Place, Published};
use crate::report::{self, StoredSet};

/// What finance says when it closes a period.
#[derive(Debug, Clone)]
pub struct Order {
    /// The capture that is closed with.
    pub key: CaptureKey,
    /// The invoice as typed.
    pub invoice: TypedInvoice,
    /// What is accepted, each with a reason.
    pub accepted: Vec<Accepted>,
    /// Why a period that is closed already is closed again.
    pub reason: Option<String>,
    /// Whether nothing is to be written.
    pub is_dry: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Settled {
    /// The final ledger, or what it would be.
    pub ledger: Ledger,
    /// What stands in the way and is not accepted. If there is anything, nothing was written.
    pub refused: Vec<(Obstacle, String)>,
    /// What was accepted and is not in the way.
    pub unneeded: Vec<Obstacle>,
    /// The published set; nothing if nothing was written.
    pub published: Option<Published>,
    /// The record in the archive, for people; nothing if nothing was written.
    pub record: Option<String>,
    /// Whether the very same close was there already.
    pub was_closed: bool,
}

impl Settled {
    /// A close with nothing in the way.
    fn of(ledger: Ledger, published: Option<Published>, record: Option<String>, was_closed: bool) -> Self {
        Self { ledger, refused: Vec::new(), unneeded: Vec::new(), published, record, was_closed }
    }
}

/// The closes of a period, the last one last.
pub async fn closes_of(archive: &Archive, period: &str) -> Result<Vec<CloseKey>, Failure> {
    let closes = archive.closes().await.map_err(Failure::of_archive)?;
    Ok(closes.into_iter().filter(|close| close.period == period).collect())
}

/// The capture that a period was closed with last, unless there is a new reason to close it again.
pub async fn closed_with(archive: &Archive, period: &str, reason: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(last) = closes_of(archive, period).await?.pop() else { return Ok(None) };
    let record = archive.close(&last).await.map_err(Failure::of_archive)?.record;
    let is_new = reason.is_some_and(|reason| record.reason.as_deref() != Some(reason));
    Ok(Some(record.capture.id).filter(|_| !is_new))
}

/// Closes a period, or corrects one that is closed.
pub async fn close(config: &Config, archive: &Archive, order: &Order, signals: &Signals) -> Result<Settled, Failure> {
    let before = match closes_of(archive, &order.key.period).await?.last() {
        Some(last) => Some(archive.close(last).await.map_err(Failure::of_archive)?),
        None => None,
    };
    if before.is_none() && order.reason.is_some() {
        let problem = format!("the billing period {} is open, and has nothing to be corrected", order.key.period);
        return Err(Failure::new(Kind::Usage, problem).hint("`--reason` is for a period that is closed; leave it out"));
    }
    check_waiting(archive, &order.key).await?;
    let mut ledger = reconcile(archive, &order.key, terms(config, order, before.as_ref())?, signals).await?;
    check(config, order, &ledger)?;
    check_issued(&ledger)?;
    let in_the_way = obstacles(&ledger);
    // what was not in the way did not have to be accepted
    if let Some(close) = &mut ledger.terms.close {
        close.accepted.retain(|accepted| in_the_way.iter().any(|(what, _)| *what == accepted.what));
    }
    if let Some(before) = &before {
        if is_the_same(config, order, &ledger, before) {
            check_formats(config, before)?;
            return again(config, archive, order, before, signals).await;
        }
        if order.reason.is_none() {
            return Err(closed_already(before));
        }
    }
    let is_accepted = |what: Obstacle| order.accepted.iter().any(|accepted| accepted.what == what);
    let is_in_the_way = |what: Obstacle| in_the_way.iter().any(|(there, _)| *there == what);
    let unneeded: Vec<Obstacle> =
        order.accepted.iter().map(|accepted| accepted.what).filter(|what| !is_in_the_way(*what)).collect();
    let refused: Vec<_> = in_the_way.into_iter().filter(|(what, _)| !is_accepted(*what)).collect();
    if order.is_dry || !refused.is_empty() {
        return Ok(Settled { ledger, refused, unneeded, published: None, record: None, was_closed: false });
    }
    let settled = issue(config, archive, order, ledger, signals).await?;
    Ok(Settled { unneeded, ..settled })
}

/// Refuses a set that would name captures that are on this machine alone.
async fn check_waiting(archive: &Archive, key: &CaptureKey) -> Result<(), Failure> {
    let waiting = archive.waiting().await.map_err(Failure::of_archive)?.captures;
    let Some(waits) = waiting.iter().find(|waits| waits.id <= key.id) else { return Ok(()) };
    let failure = Failure::new(Kind::Waiting, format!("capture `{}` waits in the spool", waits.id));
    Err(failure.then("`subledger run` gives it to the archive; close the period then"))
}

/// The terms of the close: today's, with this invoice.
fn terms(config: &Config, order: &Order, before: Option<&Closed>) -> Result<Terms, Failure> {
    let period = NaiveDate::parse_from_str(&order.key.period, "%Y-%m-%d").map_err(|error| {
        Failure::new(Kind::ArchiveUnusable, "the period's folder has no date for a name").because(error)
    })?;
    let unusable = |error| Failure::new(Kind::Usage, "the invoice cannot be used").because(error);
    let entry = order.invoice.parse().map_err(unusable)?;
    let supersedes = match before {
        None => None,
        Some(before) => Some(superseded(before).ok_or_else(|| {
            Failure::new(Kind::ArchiveUnusable, "what was issued before cannot be read by this version")
                .hint("use the version that closed the period, or a newer one")
        })?),
    };
    let close = Close {
        revision: before.map_or(1, |before| before.record.revision + 1),
        closed_at: config.clock.now(),
        accepted: order.accepted.clone(),
        reason: order.reason.clone().filter(|_| before.is_some()),
        supersedes,
    };
    let mut terms = config.terms.clone();
    terms.invoices = [(period, entry)].into();
    terms.invoice_amount = None;
    terms.close = Some(close);
    Ok(terms)
}

/// What no reason can make right: a period that runs, an invoice in another currency, fractions of a cent.
fn check(config: &Config, order: &Order, ledger: &Ledger) -> Result<(), Failure> {
    let (usage, now) = (&ledger.books.usage, config.clock.now());
    let refused = |problem: String, hint: &str| Err(Failure::new(Kind::Usage, problem).hint(hint));
    if now < usage.period.end {
        let ends = timestamp(usage.period.end);
        return refused(
            format!("the billing period {} cannot be closed: it ends at {ends}", order.key.period),
            "close it when it is over and the invoice is there; until then reports are provisional",
        );
    }
    let Some(entry) = ledger.terms.invoice(usage.period) else { return Ok(()) };
    if let Some(currency) = entry.currency.filter(|currency| *currency != usage.currency) {
        let (entered, shown) = (currency.code(), usage.currency.code());
        return refused(
            format!("the invoice is in {entered}, and the usage in {shown}"),
            "enter the amounts in the currency of the usage, as AhaSend invoices them",
        );
    }
    let amounts = [("amount", entry.amount), ("tax", entry.tax), ("credit", entry.credit), ("add-on", entry.add_on)];
    if let Some((name, amount)) = amounts.iter().find(|(_, amount)| !usage.currency.is_whole(amount.exact())) {
        let (code, decimals) = (usage.currency.code(), usage.currency.decimals);
        return refused(
            format!("the invoice's {name}, {amount}, has more decimals than {code}, which has {decimals}"),
            "enter the amount as it is printed on the invoice",
        );
    }
    Ok(())
}

/// What was issued before has to come to the invoice that it was issued for, or the journal would book a change that is none.
fn check_issued(ledger: &Ledger) -> Result<(), Failure> {
    let Some(superseded) = ledger.superseded() else { return Ok(()) };
    let issued = Sum::of(&ledger.journal, Account::Cost).old;
    if issued == superseded.invoice {
        return Ok(());
    }
    let set = Close::set_name(superseded.revision);
    let problem = format!("what the archive noted as issued with {set} does not come to its invoice");
    Err(Failure::new(Kind::ArchiveUnusable, problem).hint("`subledger verify` names the file that is not as it was"))
}

/// Whether a close would be the one that is there: the same invoice, capture, terms and customer map.
fn is_the_same(config: &Config, order: &Order, ledger: &Ledger, before: &Closed) -> bool {
    let Ok(stored) = StoredSet::read(&before.manifest) else { return false };
    let essential = |terms: &Terms| Terms {
        customers: None,
        close: terms.close.clone().map(|close| Close {
            revision: 0,
            closed_at: chrono::DateTime::UNIX_EPOCH,
            supersedes: None,
            reason: None,
            ..close
        }),
        ..terms.clone()
    };
    let captures: Vec<(String, String)> =
        ledger.past.captures().iter().map(|capture| (capture.id.to_string(), capture.sha256.clone())).collect();
    stored.captures == captures
        && stored.customers_sha256 == config.customers_csv.as_deref().map(crate::archive::sha256)
        && essential(&stored.terms) == essential(&ledger.terms)
        && (order.reason.is_none() || order.reason == before.record.reason)
}

/// What was issued stays in the formats that it was issued in.
fn check_formats(config: &Config, before: &Closed) -> Result<(), Failure> {
    let issued = StoredSet::read(&before.manifest).ok().map(|stored| stored.formats);
    if !config.has_picked_formats || issued.as_ref() == Some(&config.formats) {
        return Ok(());
    }
    let set = Close::set_name(before.record.revision);
    let problem = format!("{set} was issued in other formats than `--formats` picks, and stays as it was issued");
    Err(Failure::new(Kind::Usage, problem).hint("leave `--formats` out to put what was issued into its place again"))
}

/// The same close once more: everything that was issued is put into its place, as far as it is not there.
async fn again(
    config: &Config,
    archive: &Archive,
    order: &Order,
    before: &Closed,
    signals: &Signals,
) -> Result<Settled, Failure> {
    let record = Some(archive.shown_close(&before.record.key()));
    if order.is_dry {
        let (_, ledger) = ledger_of(archive, before).await?;
        return Ok(Settled::of(ledger, None, record, true));
    }
    let closes = closes_of(archive, &order.key.period).await?;
    let Some((ledger, published, _)) = restore(config, archive, &closes, signals).await? else {
        return Err(Failure::new(Kind::Bug, "a closed period without a close"));
    };
    Ok(Settled::of(ledger, Some(published), record, true))
}

/// Puts everything that was issued for a period into its place again, as far as it is not there. The last of it is returned.
pub async fn restore(
    config: &Config,
    archive: &Archive,
    keys: &[CloseKey],
    signals: &Signals,
) -> Result<Option<(Ledger, Published, Closed)>, Failure> {
    let mut last = None;
    for key in keys {
        let closed = archive.close(key).await.map_err(Failure::of_archive)?;
        let (ledger, published) = put_back(config, archive, &closed, signals).await?;
        last = Some((ledger, published, closed));
    }
    Ok(last)
}

/// The ledger that a close was made from.
pub async fn ledger_of(archive: &Archive, closed: &Closed) -> Result<(StoredSet, Ledger), Failure> {
    let name = archive.shown_close(&closed.record.key());
    let failed = |problem: String| {
        let tool = &closed.record.tool;
        Failure::new(Kind::ArchiveUnusable, format!("`{name}` cannot be made again: {problem}")).hint(format!(
            "{tool} closed the period; that version makes the same again, and `subledger verify` looks at the archive"
        ))
    };
    let stored = StoredSet::read(&closed.manifest).map_err(|error| failed(error.to_string()))?;
    let ledger = Rebuilder::of(archive).await?.ledger(&stored).await?.map_err(failed)?;
    Ok((stored, ledger))
}

async fn put_back(
    config: &Config,
    archive: &Archive,
    closed: &Closed,
    signals: &Signals,
) -> Result<(Ledger, Published), Failure> {
    let (stored, ledger) = ledger_of(archive, closed).await?;
    if let Some(problem) = contradiction(closed, &stored) {
        let name = archive.shown_close(&closed.record.key());
        return Err(Failure::new(Kind::ArchiveUnusable, format!("`{name}/close.json` {problem}"))
            .hint("`subledger verify` looks at all of the archive; restore what it names from a backup"));
    }
    archive.seal_again(closed).await;
    let label = config.label(archive.account_id());
    let _lock = lock_reports(config, &label).map_err(Failure::of_reports_lock)?;
    let place = Place::Fixed(Close::set_name(closed.record.revision));
    let (ready, manifest) = staged(config, &ledger, &info(&stored), place, signals)?;
    if manifest != closed.manifest {
        let tool = &closed.record.tool;
        let problem =
            format!("this version does not make `{}` as it was issued", Close::set_name(closed.record.revision));
        return Err(Failure::new(Kind::NotPublished, problem)
            .hint(format!("{tool} made it; that version makes the same again. Nothing was changed")));
    }
    signals.check()?;
    Ok((ledger, ready.publish().map_err(Failure::of_publish)?))
}

/// Makes the set, locks the period by the record in the archive, and lets the set appear.
async fn issue(
    config: &Config,
    archive: &Archive,
    order: &Order,
    ledger: Ledger,
    signals: &Signals,
) -> Result<Settled, Failure> {
    let label = config.label(archive.account_id());
    let _lock = lock_reports(config, &label).map_err(Failure::of_reports_lock)?;
    let Some(close) = &ledger.terms.close else {
        return Err(Failure::new(Kind::Bug, "a close without its terms"));
    };
    if closes_of(archive, &order.key.period).await?.last().map_or(0, |last| last.revision) + 1 != close.revision {
        return Err(closed_meanwhile(&order.key.period));
    }
    let customers_sha256 = match &config.customers_csv {
        Some(csv) => Some(archive.put_customers(csv).await.map_err(not_durable)?),
        None => None,
    };
    let info = set_info(config, label, customers_sha256.clone());
    let (ready, manifest) = staged(config, &ledger, &info, Place::Fixed(Close::set_name(close.revision)), signals)?;
    let accepted =
        |accepted: &Accepted| Acceptance { what: accepted.what.to_string(), reason: accepted.reason.clone() };
    let record = CloseRecord {
        schema: String::new(),
        tool: super::TOOL.to_owned(),
        parent_account_id: archive.account_id(),
        billing_period: order.key.period.clone(),
        revision: close.revision,
        closed_at: timestamp(close.closed_at),
        supersedes: close.supersedes.as_ref().map(|old| {
            let (revision, sha256) = (old.revision, old.sha256.clone());
            crate::archive::Superseded { revision, sha256 }
        }),
        invoice: as_typed(&order.invoice),
        accepted: close.accepted.iter().map(accepted).collect(),
        reason: close.reason.clone(),
        capture: CaptureLink {
            id: ledger.books.capture.id.to_string(),
            manifest_sha256: ledger.books.capture.sha256.clone(),
        },
        customers_sha256,
        objects: Vec::new(),
    };
    signals.check()?;
    let issued = report::issued_json(&ledger);
    let closed = archive.put_close(record, &manifest, &issued).await.map_err(|error| match error {
        Error::ClosedAlready { .. } => closed_meanwhile(&order.key.period).because(error),
        error => not_durable(error),
    })?;
    // from here on the period is closed, whatever becomes of the reports' folder
    let published = ready.publish().map_err(|error| {
        let period = &order.key.period;
        Failure::of_publish(error).hint(format!(
            "the period is closed; once the cause is mended, the same command or `subledger report --period {period}` \
             puts the set into its place"
        ))
    })?;
    let record = Some(archive.shown_close(&closed.record.key()));
    Ok(Settled::of(ledger, Some(published), record, false))
}

fn not_durable(error: Error) -> Failure {
    Failure::new(Kind::NotDurable, "the period was not closed")
        .because(error)
        .hint("free space or repair the archive, then run the same command again")
}

/// Somebody else closed the period while this close was computed.
fn closed_meanwhile(period: &str) -> Failure {
    Failure::new(Kind::Busy, format!("the billing period {period} was closed by somebody else at the same time"))
        .hint("nothing of this close was written; the same command again says what was issued instead")
}

fn closed_already(before: &Closed) -> Failure {
    let record = &before.record;
    let (set, invoice) = (Close::set_name(record.revision), &record.invoice);
    let problem = format!(
        "the billing period {} is closed: {set}, invoice {} of {}, at {}",
        record.billing_period, invoice.number, invoice.amount, record.closed_at
    );
    Failure::new(Kind::Usage, problem).hint(format!(
        "`--reason \"…\"` makes a correction, final-r{}, with a journal of what changes; {set} stays as it was issued",
        record.revision + 1
    ))
}
