//! How a charge came about: the evidence, the pool, each line, and the proof that it all adds up.

use std::fmt::Write;

use crate::billing::charges::{LineKind, Statement};
use crate::billing::customers::Customer;
use crate::billing::explain::{Explained, Removal, Why};
use crate::billing::invoice::Policy;
use crate::billing::money::Minor;
use crate::billing::terms::{RemovedUsage, Weights};
use crate::report::text::{counted, shown};

use super::layout::{count, minor, wrapped};
use super::{Page, cited, fee, held, line};

/// Lines written out, the largest charge first; the rest is counted, and JSON has them all.
pub(super) const LINE_COUNT_MAX: usize = 12;

pub(super) fn text(page: &Page<'_>, explained: &Explained) -> String {
    let (ledger, currency) = (page.ledger, page.ledger.charges.currency);
    let (books, code) = (&ledger.books, currency.code());
    let at = books.capture.at.format("%Y-%m-%d %H:%M UTC");
    let charge = minor(currency, explained.charge);
    let lead = format!("{} is charged {charge} {code} for {}, as captured at {at}.", page.title(), books.usage.period);
    let mut text = wrapped("", &lead, 0);
    // writing into a String cannot fail
    let _ = writeln!(text, "\ncapture   {}", cited(&books.capture));
    let _ = writeln!(text, "evidence  {}", page.evidence);
    let _ = writeln!(text, "period    {}, {} messages in all", books.usage.period, count(books.messages_sum()));
    text.push_str(&wrapped("pool      ", &pool(page, explained), 10));
    for step in explained.steps.iter().take(LINE_COUNT_MAX) {
        text.push('\n');
        text.push_str(&line::text(page, step));
    }
    if explained.steps.len() > LINE_COUNT_MAX {
        let rest = counted(explained.steps.len() - LINE_COUNT_MAX, "line");
        let _ = writeln!(text, "\nand {rest} more of smaller charges: explain the sub account, or use --output json");
    }
    for fee in &explained.fees {
        text.push('\n');
        text.push_str(&fee::text(page, fee));
    }
    for removal in explained.uncharged.iter().take(LINE_COUNT_MAX) {
        text.push('\n');
        text.push_str(&uncharged(page, removal));
    }
    text.push('\n');
    end(&mut text, page, explained);
    text
}

/// What is shared, and by what.
fn pool(page: &Page<'_>, explained: &Explained) -> String {
    let charges = &page.ledger.charges;
    let (currency, pooled) = (charges.currency, charges.pooled);
    let (amount, code) = (minor(currency, pooled.minor), currency.code());
    let source = if pooled.entered { "the invoice as entered" } else { "the API's total" };
    let exact = currency.show(pooled.exact);
    let rounded =
        if pooled.exact == currency.exact(pooled.minor) { String::new() } else { format!(" {exact}, rounded") };
    let apart = explained.apart.iter().map(|apart| {
        let becomes = if apart.policy == Policy::Keep { "kept" } else { "left out" };
        format!("{} {} {becomes}", apart.class.title().to_lowercase(), minor(currency, apart.amount))
    });
    let apart = apart.collect::<Vec<_>>().join(", ");
    let shared = minor(currency, explained.shared);
    let (apart, shared) =
        if apart.is_empty() { (apart, String::new()) } else { (format!("; {apart}"), format!("{shared} ")) };
    let by = match charges.weights {
        Weights::AllocatedCost => "allocated cost",
        Weights::Messages => "messages",
    };
    match charges.unshareable {
        None => format!("{amount} {code}, {source}{rounded}{apart}; {shared}shared by {by}"),
        Some(why) => format!("{amount} {code}, {source}{rounded}{apart}; {shared}not shared, because {why}"),
    }
}

/// Who has the part of a removed account, in a sentence.
pub(super) fn why(removal: &Removal) -> String {
    let growth = count(removal.growth);
    match removal.why {
        Why::Only => format!("the only sub account that went meanwhile, so all {growth} messages are its own"),
        Why::ByRate(several) => format!(
            "{several} sub accounts went meanwhile and left {growth} messages; what no capture saw of them is divided by \
             their last daily rates"
        ),
        Why::Seen(several) => format!(
            "{several} sub accounts went meanwhile and left {growth} messages; what no capture saw of them has no name"
        ),
        Why::Unbounded(1) => {
            format!("removed usage grew by {growth} messages, which contradicts what was seen: that bounds little")
        }
        Why::Unbounded(several) => format!(
            "{several} sub accounts went meanwhile and left {growth} messages, which contradicts what was seen: they are \
             divided by what was last seen"
        ),
    }
}

/// A removed account that the terms leave without a line.
fn uncharged(page: &Page<'_>, removal: &Removal) -> String {
    let account = &removal.account;
    let bears = match page.ledger.terms.removed_usage {
        RemovedUsage::Spread => "removed usage is spread over all sub accounts",
        RemovedUsage::Keep => "removed usage is kept on a line of its own",
        RemovedUsage::Attribute => "it left no usage that could be attributed",
    };
    let (name, messages) = (shown(&account.name), count(account.seen));
    let until = &removal.part.until;
    let own = match removal.own {
        own if own == account.seen => String::new(),
        own => format!(", of which {} were sent while it was the customer's", count(own)),
    };
    let label = format!("{name}  {}  removed\n  ", account.account_id);
    wrapped(&label, &format!("gone in {until}, last seen with {messages} messages{own}: {bears}"), 2)
}

/// The statement, and the proof.
fn end(text: &mut String, page: &Page<'_>, explained: &Explained) {
    let (charges, currency) = (&page.ledger.charges, page.ledger.charges.currency);
    let amount = |amount| minor(currency, amount);
    let lines = counted(explained.steps.len() + explained.fees.len(), "line");
    let _ = writeln!(text, "charged   {} {} on {lines}", amount(explained.charge), currency.code());
    for owner in owners(page, explained) {
        let statement = owner.and_then(|owner| charges.statement_of(&owner.id));
        match statement {
            Some(statement) => text.push_str(&wrapped("statement ", &self::statement(page, &statement), 10)),
            None => text.push_str("statement none: nobody in the customer map owns it, and its line is kept\n"),
        }
    }
    let proof = charges.proof();
    let foots = if proof.difference == Minor::ZERO { "the control sheet foots" } else { "it does NOT foot" };
    let (cost, invoice, difference) = (amount(proof.cost), amount(charges.pooled.minor), amount(proof.difference));
    let left_out = match proof.left_out {
        Minor::ZERO => String::new(),
        left_out => format!(" {} is left out,", amount(left_out)),
    };
    let proof = format!(
        "all statements and kept lines cost {cost},{left_out} the pooled invoice is {invoice}, difference {difference}: \
         {foots}"
    );
    text.push_str(&wrapped("proof     ", &proof, 10));
}

/// Whose statements the lines are on. Whoever has no line at all may have a statement nevertheless.
fn owners<'a>(page: &Page<'a>, explained: &'a Explained) -> Vec<Option<&'a Customer>> {
    let of_lines = held::owners(page, explained.steps.iter().map(|step| &step.line));
    if of_lines.is_empty() && page.subject.statement(page.ledger).is_some() {
        return vec![page.subject.customer()];
    }
    of_lines
}

/// The sums of a statement.
fn statement(page: &Page<'_>, statement: &Statement<'_>) -> String {
    let currency = page.ledger.charges.currency;
    let amount = |amount| minor(currency, amount);
    let sums = statement.sums;
    let (cost, markup, charge) = (amount(sums.cost), amount(sums.markup), amount(sums.charge));
    let fees = match sums.fee {
        Minor::ZERO => String::new(),
        fee => format!(" + fees and minimums {}", amount(fee)),
    };
    let name = shown(statement.payer.name());
    format!("{name}: cost {cost} + markup {markup}{fees} = {charge} {}", currency.code())
}

/// What kind of usage is spread.
pub(super) fn usage_of(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Parent => "parent usage",
        _ => "removed usage",
    }
}
