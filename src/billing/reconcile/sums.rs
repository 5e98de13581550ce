//! Checks of the figures against each other: sums, proportions, signs.

use uuid::Uuid;

use super::super::books::{Books, Tally};
use super::super::dust::{Dust, Rounding};
use super::super::finding::{Code, Finding, Severity};
use super::super::money::Exact;

/// Decimals shown beyond those observed, where an ideal share has no end.
const EXTRA_DECIMALS: u32 = 6;

/// A bucket with the words to name it in a finding.
struct Part<'a> {
    account_id: Option<Uuid>,
    name: &'a str,
    tally: Tally,
}

impl Part<'_> {
    fn finding(&self, code: Code, severity: Severity, message: &str) -> Finding {
        match self.account_id {
            Some(id) => Finding::new(code, severity, message).about(id, self.name),
            None => Finding::new(code, severity, format!("{message} ({})", self.name)),
        }
    }
}

fn parts(books: &Books) -> impl Iterator<Item = Part<'_>> {
    let usage = &books.usage;
    let subs = usage.sub_accounts.iter();
    let subs = subs.map(|line| Part { account_id: Some(line.account_id), name: &line.name, tally: line.tally });
    let parent = Part { account_id: None, name: "parent account", tally: usage.parent };
    let removed = Part { account_id: None, name: "removed sub accounts", tally: usage.removed };
    std::iter::once(parent).chain(subs).chain(std::iter::once(removed))
}

/// parent + Σ sub accounts + removed = total, in messages. Counts have no dust.
pub(super) fn count_sum(books: &Books) -> Vec<Finding> {
    let (sum, total) = (books.messages_sum(), i128::from(books.usage.total.messages));
    if sum == total {
        return Vec::new();
    }
    let message = "parent + sub accounts + removed differs from the total, in messages";
    let finding = Finding::new(Code::CountSum, Severity::Error, message);
    vec![finding.expected_actual(total, sum).difference(format!("{:+}", sum - total), "messages")]
}

/// The same for cost. A difference is dust if rounding explains every figure, and explains that much.
pub(super) fn cost_sum(books: &Books, dust: &Dust) -> Vec<Finding> {
    let (sum, total) = (books.cost_sum(), books.usage.total.cost.exact());
    let difference = sum - total;
    if difference.is_zero() {
        return Vec::new();
    }
    // noise is noise, even where a line is wrong for another reason
    let explained =
        difference.abs() <= dust.noise || (dust.rounding.is_some() && difference.abs() <= dust.of_sum(books));
    let (severity, message) = if explained {
        (Severity::Note, "parent + sub accounts + removed differs from the total by rounding dust")
    } else {
        (Severity::Error, "parent + sub accounts + removed differs from the total, in cost")
    };
    let currency = books.usage.currency;
    let finding = Finding::new(Code::CostSum, severity, message);
    let finding = finding.expected_actual(currency.show(total), currency.show(sum));
    vec![finding.difference(currency.show_signed(difference), currency.code())]
}

/// Each allocated cost = total cost × messages ÷ total messages. Where rounding explains every figure, all are; where it
/// does not, the lines that are off by more than their own dust are named.
pub(super) fn proportional(books: &Books, dust: &Dust) -> Vec<Finding> {
    let total = books.usage.total;
    if total.messages == 0 || dust.rounding.is_some() {
        return Vec::new();
    }
    let currency = books.usage.currency;
    let decimals = dust.decimals + EXTRA_DECIMALS;
    // of the roundings that leave lines unexplained, the one that leaves the fewest is the likeliest
    let off_by = |rounding: Rounding| {
        let mut lines = Vec::new();
        for part in parts(books) {
            let ideal = total.cost.exact().scaled(part.tally.messages.into(), total.messages.into());
            if dust.is_off(rounding, ideal, part.tally, total) {
                lines.push((part.tally.cost.exact() - ideal, ideal, part));
            }
        }
        lines
    };
    let candidates = Rounding::ALL.map(off_by).into_iter().filter(|lines| !lines.is_empty());
    let mut lines = candidates.min_by_key(Vec::len).unwrap_or_default();
    // a wrong line drags others beyond their dust: it comes first
    lines.sort_by_key(|(difference, ..)| std::cmp::Reverse(difference.abs()));
    let finding = |(difference, ideal, part): (Exact, Exact, Part<'_>)| {
        part.finding(Code::Proportional, Severity::Error, "allocated cost is not the proportional share")
            .expected_actual(currency.show(ideal.readable(decimals)), currency.show(part.tally.cost.exact()))
            .difference(currency.show_signed(difference.readable(decimals)), currency.code())
    };
    lines.into_iter().map(finding).collect()
}

/// Nothing is below zero.
pub(super) fn negative(books: &Books, dust: &Dust) -> impl Iterator<Item = Finding> {
    let total = Part { account_id: None, name: "total", tally: books.usage.total };
    let negative = parts(books).chain(std::iter::once(total)).flat_map(move |part| {
        let messages = (part.tally.messages < 0).then(|| {
            let finding = part.finding(Code::Negative, Severity::Error, "message count is negative");
            finding.expected_actual(0, part.tally.messages).difference(part.tally.messages, "messages")
        });
        let cost = part.tally.cost.exact();
        let cost = cost.is_negative().then(|| {
            let (severity, message) = if dust.covers(cost) {
                (Severity::Note, "allocated cost is negative by rounding dust, and is taken for nothing")
            } else {
                (Severity::Error, "allocated cost is negative")
            };
            let finding = part.finding(Code::Negative, severity, message);
            let currency = books.usage.currency;
            let finding = finding.expected_actual(currency.show(Exact::ZERO), currency.show(cost));
            finding.difference(currency.show_signed(cost), currency.code())
        });
        [messages, cost]
    });
    let caps = books.accounts.iter().filter(|account| account.monthly_credit < 0).map(|account| {
        let finding =
            Finding::new(Code::Negative, Severity::Warning, "`monthly_credit` is negative, and is taken for no cap");
        let finding = finding.about(account.id, &account.name).expected_actual(0, account.monthly_credit);
        finding.difference(account.monthly_credit, "messages")
    });
    negative.flatten().chain(caps)
}

/// No cost without messages and no messages without cost, beyond the dust of one line.
pub(super) fn zero_cost(books: &Books, dust: &Dust) -> impl Iterator<Item = Finding> {
    let total = books.usage.total;
    let check = move |part: Part<'_>| {
        let cost = part.tally.cost.exact();
        // what has both, or neither, is nothing to look at
        if (part.tally.messages == 0) == cost.is_zero() || part.tally.messages < 0 {
            return None;
        }
        let ideal = total.cost.exact().scaled(part.tally.messages.into(), i128::from(total.messages).max(1));
        let bound = dust.of_line(ideal, part.tally, total).max(dust.noise);
        let message = match (part.tally.messages, cost.is_zero()) {
            (0, _) if cost.abs() > bound => "cost without messages",
            (1.., true) if ideal.abs() > bound => "messages without cost",
            _ => return None,
        };
        let (currency, decimals) = (books.usage.currency, dust.decimals + EXTRA_DECIMALS);
        let finding = part.finding(Code::ZeroCost, Severity::Warning, message);
        let finding = finding.expected_actual(currency.show(ideal.readable(decimals)), currency.show(cost));
        Some(finding.difference(currency.show_signed((cost - ideal).readable(decimals)), currency.code()))
    };
    parts(books).filter_map(check)
}
