//! The facts of a set, one to a line: what it is, the money, the invoice, and what is to be looked at.

use rust_xlsxwriter::XlsxError;

use crate::billing::charges::Proof;
use crate::billing::finding::Severity;
use crate::billing::ledger::Ledger;
use crate::billing::level::Level;
use crate::billing::money::Minor;
use crate::report::closing;
use crate::report::text::{counted, duration, grouped, sentence};

use super::super::book::state;
use super::super::cell::digits;
use super::super::sheet::position;
use super::{LABEL, NOTE, Page, VALUE};

/// Errors that stand beside the verdict; the sheet of findings has all.
const ERROR_COUNT_MAX: usize = 3;

/// Writes them all.
pub(super) fn write(page: &mut Page<'_>, ledger: &Ledger) -> Result<(), XlsxError> {
    let proof = ledger.charges.proof();
    set(page, ledger)?;
    money(page, ledger, &proof)?;
    bridge(page, ledger)?;
    look_at(page, ledger)?;
    caps(page, ledger)?;
    unseen(page, ledger)
}

/// What the set is, and the verdict.
fn set(page: &mut Page<'_>, ledger: &Ledger) -> Result<(), XlsxError> {
    let styles = page.pen.styles;
    let (period, captured) = (ledger.books.usage.period, ledger.books.capture.at);
    let closed = ledger.terms.close.as_ref().map(|close| ("Closed (UTC)", close.closed_at));
    for (label, at) in [("Period starts (UTC)", period.start), ("Period ends before (UTC)", period.end)] {
        page.pen.text(page.row, LABEL, label, &styles.text)?;
        page.pen.instant(page.row, VALUE, at)?;
        page.row += 1;
    }
    page.words("State", &state(ledger), &styles.text)?;
    for (label, at) in [("Captured (UTC)", captured)].into_iter().chain(closed) {
        page.pen.text(page.row, LABEL, label, &styles.text)?;
        page.pen.instant(page.row, VALUE, at)?;
        page.row += 1;
    }
    let reason = ledger.terms.close.as_ref().and_then(|close| close.reason.as_deref());
    if let Some((superseded, reason)) = ledger.superseded().zip(reason) {
        page.words("Takes the place of", &format!("revision {}", superseded.revision), &styles.text)?;
        page.words("Reason", reason, &styles.text)?;
    }
    let (word, format, why) = if ledger.balanced() {
        ("Balanced", &styles.good, "no check found an error")
    } else {
        ("Not balanced", &styles.bad, "see the errors on the sheet Findings")
    };
    page.words("Verdict", word, format)?;
    page.pen.text(page.row - 1, NOTE, why, &styles.quiet)?;
    for error in ledger.findings.errors().take(ERROR_COUNT_MAX) {
        page.words("Error", &sentence(error), &styles.text)?;
    }
    Ok(())
}

/// From the pooled invoice to what is charged.
fn money(page: &mut Page<'_>, ledger: &Ledger, proof: &Proof) -> Result<(), XlsxError> {
    let (charges, styles) = (&ledger.charges, page.pen.styles);
    page.section(&format!("Money in {}", charges.currency.code()))?;
    let customers = counted(charges.statements().len(), "customer");
    let accounts = counted(charges.charged_accounts(), "sub account");
    let whence = if charges.pooled.entered { "as entered" } else { "the API's total" };
    let left_out = (!charges.left_out.is_empty()).then_some(("Left out", proof.left_out, "on no line", false));
    let kept = proof.kept();
    let head = [
        ("Statements", proof.statements, format!("{customers}, {accounts}"), false),
        ("Kept", kept, "on no statement".to_owned(), false),
    ];
    let left_out = left_out.map(|(label, amount, note, sum)| (label, amount, note.to_owned(), sum));
    let foot = [
        ("Sum", proof.sum(), String::new(), true),
        ("Pooled invoice", charges.pooled.minor, whence.to_owned(), false),
        ("Difference", proof.difference, String::new(), true),
        ("Statements", proof.statements, "of the invoice, as above".to_owned(), false),
        ("Markup", proof.markup, String::new(), false),
        ("Fees and minimums", proof.fee, String::new(), false),
        ("Charged to customers", proof.charged, String::new(), true),
    ];
    for (label, amount, note, is_sum) in head.into_iter().chain(left_out).chain(foot) {
        let format = if is_sum { &styles.sum } else { &styles.money };
        page.figure(label, &charges.currency.format(amount), format, &note)?;
        if is_sum {
            page.pen.text(page.row - 1, LABEL, label, &styles.sum_text)?;
        }
    }
    Ok(())
}

/// How the invoice comes from the API's total, once it was entered.
fn bridge(page: &mut Page<'_>, ledger: &Ledger) -> Result<(), XlsxError> {
    if ledger.charges.bridge.is_none() {
        return Ok(());
    }
    let (table, styles) = (closing::bridge(ledger), page.pen.styles);
    let column = |name| position(&table, name).map(|(_, cells)| cells);
    let (Some(classes), Some(amounts), Some(policies)) = (column("class"), column("amount"), column("policy")) else {
        return Ok(());
    };
    page.section(&format!("From the API's total to the invoice in {}", ledger.charges.currency.code()))?;
    for row in 0..table.height() {
        let label = match classes.text_at(row).unwrap_or_default() {
            "api_total" => "API total",
            "tax" => "Tax",
            "credit" => "Credits",
            "add_on" => "Add-ons",
            "tail" => "Unseen tail",
            "rounding" => "Rounding",
            "rest" => "Unexplained rest",
            "invoice" => "Invoice",
            other => other,
        };
        let format = if label == "Invoice" { &styles.sum } else { &styles.exact };
        let policy = policies.text_at(row).unwrap_or_default();
        page.figure(label, &digits(amounts, row, 0).unwrap_or_default(), format, policy)?;
        if label == "Invoice" {
            page.pen.text(page.row - 1, LABEL, label, &styles.sum_text)?;
        }
    }
    Ok(())
}

fn look_at(page: &mut Page<'_>, ledger: &Ledger) -> Result<(), XlsxError> {
    page.section("Findings")?;
    let styles = page.pen.styles;
    for (severity, label, format) in [
        (Severity::Error, "Errors", &styles.bad),
        (Severity::Warning, "Warnings", &styles.near),
        (Severity::Note, "Notes", &styles.count),
    ] {
        let count = ledger.count(severity);
        page.figure(label, &count.to_string(), &styles.count, "")?;
        if count > 0 && severity != Severity::Note {
            page.pen.text(page.row - 1, NOTE, "see Findings", format)?;
        }
    }
    Ok(())
}

fn caps(page: &mut Page<'_>, ledger: &Ledger) -> Result<(), XlsxError> {
    page.section("Caps, in sub accounts")?;
    let styles = page.pen.styles;
    for level in Level::ALL.iter().rev() {
        let count = ledger.caps_at(*level);
        let word = level.as_str();
        let mut label = word.to_owned();
        label.get_mut(..1).map(str::make_ascii_uppercase);
        page.figure(&label, &count.to_string(), &styles.count, "")?;
        let format = match level {
            Level::Exceeded => &styles.bad,
            Level::Critical => &styles.critical,
            Level::Near => &styles.near,
            Level::Clear | Level::Uncapped => continue,
        };
        if count > 0 {
            page.pen.text(page.row - 1, NOTE, "see Caps", format)?;
        }
    }
    Ok(())
}

/// What the API does not show: the removed usage, and what is left of the period.
fn unseen(page: &mut Page<'_>, ledger: &Ledger) -> Result<(), XlsxError> {
    let (styles, currency) = (page.pen.styles, ledger.charges.currency);
    let (attributed, unattributed) = ledger.attribution.split();
    page.section("Removed usage, in messages")?;
    page.figure("Attributed to sub accounts", &attributed.to_string(), &styles.count, "")?;
    page.figure("Without a name", &unattributed.to_string(), &styles.count, "")?;
    let tail = &ledger.tail.tail;
    if ledger.terms.close.is_some() || tail.length().is_zero() {
        return Ok(());
    }
    page.section("Tail: what is likely until the period ends")?;
    page.words("Time left", &duration(tail.length()), &styles.text)?;
    let messages = tail.messages;
    let bounds = |low: &str, high: &str| format!("between {} and {}", grouped(low), grouped(high));
    let note = bounds(&messages.low.to_string(), &messages.high.to_string());
    page.figure("Messages", &messages.estimate.to_string(), &styles.count, &note)?;
    let [low, estimate, high]: [Minor; 3] =
        [tail.cost.low, tail.cost.estimate, tail.cost.high].map(|cost| currency.round(cost));
    let note = bounds(&currency.format(low), &currency.format(high));
    let label = format!("Cost in {}", currency.code());
    if tail.is_priced {
        page.figure(&label, &currency.format(estimate), &styles.money, &note)
    } else {
        page.words(&label, &note, &styles.text)
    }
}
