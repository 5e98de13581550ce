//! Checks of the pooled invoice: what finance entered against the API, and our statements against both.

use super::super::books::Books;
use super::super::charges::{Charges, LineKind};
use super::super::close::Obstacle;
use super::super::finding::{Code, Finding, Severity};
use super::super::invoice::Bridge;
use super::super::money::Minor;
use super::super::terms::{Bearer, RemovedUsage, Terms};

/// The invoice as entered = the API's total + tax + credit + add-on + what the tail has brought, to the minor unit.
///
/// Less than one minor unit is rounding and a note, and so is what the unseen tail is likely to have brought; anything more
/// is an unexplained rest and an error, unless the period was closed in spite of it.
pub(super) fn invoice(books: &Books, terms: &Terms, charges: &Charges) -> Vec<Finding> {
    let period = books.usage.period;
    let stray = terms.stray_invoices(period).map(|date| {
        let message = "an invoice is entered for a date inside this period; its `period` must be the start";
        Finding::new(Code::Invoice, Severity::Error, message).expected_actual(period.name(), date)
    });
    let mut findings: Vec<Finding> = stray.collect();
    if let Some(bridge) = &charges.bridge {
        findings.extend(unseen(books, bridge));
        findings.extend(unexplained(books, terms, bridge));
    }
    findings
}

/// The invoice as entered is in the currency of the usage.
pub(super) fn currency(books: &Books, terms: &Terms) -> Option<Finding> {
    let currency = terms.invoice(books.usage.period)?.currency.filter(|currency| *currency != books.usage.currency)?;
    let finding = Finding::new(Code::Currency, Severity::Error, "the invoice is in another currency than the usage");
    Some(finding.expected_actual(books.usage.currency.code(), currency.code()))
}

/// The part of the invoice that is taken for the tail's.
fn unseen(books: &Books, bridge: &Bridge) -> Option<Finding> {
    let currency = books.usage.currency;
    (!bridge.tail.is_zero()).then(|| {
        let message = "part of the invoice is what the unseen end of the period is likely to have brought";
        let before = bridge.explained() - bridge.tail - bridge.rounding;
        let finding = Finding::new(Code::Invoice, Severity::Note, message);
        let finding = finding.expected_actual(currency.show(before), currency.show(before + bridge.tail));
        finding.difference(currency.show_signed(bridge.tail), currency.code())
    })
}

fn unexplained(books: &Books, terms: &Terms, bridge: &Bridge) -> Option<Finding> {
    let currency = books.usage.currency;
    let accepted = terms.close.as_ref().and_then(|close| close.accepts(Obstacle::Rest));
    let (severity, message, rest) = match (bridge.rest, bridge.rounding) {
        (rest, rounding) if rest.is_zero() && rounding.is_zero() => return None,
        (rest, rounding) if rest.is_zero() => {
            let message = "the invoice differs from the API's total and the declared classes by rounding";
            (Severity::Note, message.to_owned(), rounding)
        }
        (rest, _) => {
            let message = "the invoice differs from the API's total by an unexplained rest";
            match accepted {
                Some(reason) => (Severity::Note, format!("{message}, accepted: {reason}"), rest),
                None => (Severity::Error, message.to_owned(), rest),
            }
        }
    };
    let declared = [bridge.tax, bridge.credit, bridge.add_on];
    let message = if declared.iter().all(|class| class.is_zero()) {
        message
    } else {
        let [tax, credit, add_on] = declared.map(|class| currency.show(class));
        format!("{message} (tax {tax}, credit {credit}, add-on {add_on} declared)")
    };
    let finding = Finding::new(Code::Invoice, severity, message);
    let finding = finding.expected_actual(currency.show(bridge.invoice - rest), currency.show(bridge.invoice));
    Some(finding.difference(currency.show_signed(rest), currency.code()))
}

/// Nothing had to be left unallocated.
pub(super) fn unallocated(charges: &Charges) -> Vec<Finding> {
    let lines = charges.lines.iter().filter(|line| line.kind == LineKind::Unallocated);
    let found = lines.map(|line| {
        let reason = charges.unshareable.map_or_else(String::new, |why| format!(": {why}"));
        Finding::new(Code::Unallocated, Severity::Error, format!("the pooled invoice cannot be shared{reason}"))
            .expected_actual(charges.currency.format(Minor::ZERO), charges.currency.format(line.cost()))
            .difference(charges.currency.show_signed(charges.currency.exact(line.cost())), charges.currency.code())
    });
    found.collect()
}

/// Usage that the terms spread has somebody to bear it.
pub(super) fn unspread(charges: &Charges, terms: &Terms) -> Vec<Finding> {
    let spread = |kind: LineKind| match kind {
        LineKind::Parent => terms.parent_usage == Bearer::Spread,
        LineKind::Removed => terms.removed_usage == RemovedUsage::Spread,
        _ => false,
    };
    let kept = charges.lines.iter().filter(|line| spread(line.kind) && line.cost() != Minor::ZERO);
    let found = kept.map(|line| {
        let message = format!("usage that is to be spread is kept, because no sub account can bear it ({})", line.name);
        let cost = charges.currency.exact(line.cost());
        Finding::new(Code::Unallocated, Severity::Warning, message)
            .expected_actual(charges.currency.format(Minor::ZERO), charges.currency.show(cost))
            .difference(charges.currency.show_signed(cost), charges.currency.code())
    });
    found.collect()
}

/// Σ statements + kept lines + classes left out = pooled invoice, in minor units. Anything else would be our own defect.
pub(super) fn statements(charges: &Charges) -> Vec<Finding> {
    let proof = charges.proof();
    let (sum, difference) = (proof.sum(), proof.difference);
    if difference == Minor::ZERO {
        return Vec::new();
    }
    let message = "the statements, kept lines and classes left out do not sum to the pooled invoice";
    let finding = Finding::new(Code::Statements, Severity::Error, message)
        .expected_actual(charges.currency.format(charges.pooled.minor), charges.currency.format(sum));
    vec![finding.difference(charges.currency.show_signed(charges.currency.exact(difference)), charges.currency.code())]
}
