//! Checks of the pooled invoice: what finance entered against the API, and our statements against both.

use super::super::books::Books;
use super::super::charges::{Charges, Line, LineKind};
use super::super::finding::{Code, Finding, Severity};
use super::super::money::{Exact, Minor};
use super::super::terms::{Bearer, InvoiceEntry, RemovedUsage, Terms};

/// The invoice as entered = the API's total + tax + credit + add-on, to the minor unit.
///
/// Less than one minor unit is rounding and a note; anything more is an unexplained rest and an error.
pub(super) fn invoice(books: &Books, terms: &Terms) -> Vec<Finding> {
    let period = books.usage.period;
    let stray = terms.stray_invoices(period).map(|date| {
        let message = "an invoice is entered for a date inside this period; its `period` must be the start";
        Finding::new(Code::Invoice, Severity::Error, message).expected_actual(period.name(), date)
    });
    let mut findings: Vec<Finding> = stray.collect();
    findings.extend(terms.invoice(period).and_then(|entry| entered(books, entry)));
    findings
}

fn entered(books: &Books, entry: InvoiceEntry) -> Option<Finding> {
    let currency = books.usage.currency;
    let declared = [entry.tax, entry.credit, entry.add_on];
    let explained = books.usage.total.cost.exact() + declared.iter().map(|class| class.exact()).sum::<Exact>();
    let rest = entry.amount.exact() - explained;
    if rest.is_zero() {
        return None;
    }
    let (severity, message) = if currency.round(explained) == currency.round(entry.amount.exact()) {
        (Severity::Note, "the invoice differs from the API's total and the declared classes by rounding")
    } else {
        (Severity::Error, "the invoice differs from the API's total by an unexplained rest")
    };
    let message = if declared.iter().all(|class| class.exact().is_zero()) {
        message.to_owned()
    } else {
        let [tax, credit, add_on] = declared.map(|class| currency.show(class.exact()));
        format!("{message} (tax {tax}, credit {credit}, add-on {add_on} declared)")
    };
    let finding = Finding::new(Code::Invoice, severity, message);
    let finding = finding.expected_actual(currency.show(explained), currency.show(entry.amount.exact()));
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

/// Σ statements + kept lines = pooled invoice, in minor units. Anything else would be our own defect.
pub(super) fn statements(charges: &Charges) -> Vec<Finding> {
    let (of_statements, of_lines) = (charges.proof().cost, charges.lines.iter().map(Line::cost).sum::<Minor>());
    // both ways of adding up must foot: by the statements that customers get, and by the lines in the chargeback
    let sum = if of_statements == charges.pooled.minor { of_lines } else { of_statements };
    let difference = sum - charges.pooled.minor;
    if difference == Minor::ZERO {
        return Vec::new();
    }
    let message = "the statements and kept lines do not sum to the pooled invoice";
    let finding = Finding::new(Code::Statements, Severity::Error, message)
        .expected_actual(charges.currency.format(charges.pooled.minor), charges.currency.format(sum));
    vec![finding.difference(charges.currency.show_signed(charges.currency.exact(difference)), charges.currency.code())]
}
