//! What holds for every ledger, however sensible its captures are.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use subledger::billing::charges::{Line, LineKind};
use subledger::billing::grade::Grade;
use subledger::billing::ledger::Ledger;
use subledger::billing::money::{Amount, Exact, Minor};

fn removed(ledger: &Ledger) -> impl Iterator<Item = &Line> {
    ledger.charges.lines.iter().filter(|line| matches!(line.kind, LineKind::Attributed | LineKind::Removed))
}

/// Nothing is lost or made on the way from the invoice to the lines, and each amount lies in its bounds.
pub(super) fn add_up(ledger: &Ledger) -> Result<(), TestCaseError> {
    let (charges, attribution) = (&ledger.charges, &ledger.attribution);
    prop_assert_eq!(charges.proof().difference, Minor::ZERO);
    for line in &charges.lines {
        prop_assert!(line.span().low <= line.charge() && line.charge() <= line.span().high, "{line:?}");
    }
    for statement in charges.statements() {
        let sums = statement.sums;
        prop_assert!(sums.span.low <= sums.charge && sums.charge <= sums.span.high);
        prop_assert_eq!(charges.lines_of(&statement).iter().map(Line::charge).sum::<Minor>(), statement.sums.charge);
    }
    let bucket = ledger.books.usage.removed;
    prop_assert_eq!(attribution.messages(), i128::from(bucket.messages));
    for part in &attribution.parts {
        prop_assert!(part.low <= part.messages && part.messages <= part.high, "{part:?}");
    }
    prop_assert_eq!(removed(ledger).filter_map(|line| line.messages).sum::<i64>(), bucket.messages);
    let cost = removed(ledger).map(|line| line.allocated_cost.map_or(Exact::ZERO, Amount::exact)).sum::<Exact>();
    prop_assert_eq!(cost, bucket.cost.exact());
    Ok(())
}

/// The share of the removed bucket is that of all its lines together.
pub(super) fn share_of_removed(ledger: &Ledger) -> Minor {
    removed(ledger).map(|line| line.share).sum()
}

/// Without an invoice: what is shown is A, what is attributed within bounds is C, the rest is D.
pub(super) fn grades(ledger: &Ledger) -> Result<(), TestCaseError> {
    for line in &ledger.charges.lines {
        let expected = match line.kind {
            LineKind::Attributed => Grade::Attributed,
            LineKind::Removed if line.messages != Some(0) => Grade::Residual,
            // whoever bears the parent's usage bears it with accounts of which not all is known
            LineKind::SubAccount if line.span().low != line.span().high => Grade::Attributed,
            _ => Grade::Observed,
        };
        prop_assert_eq!(line.grade, expected, "{:?}", line);
    }
    Ok(())
}
