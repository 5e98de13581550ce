//! The tables of a report set: which columns, and where each cell comes from.

use std::borrow::Cow;
use std::ops::Range;

use rust_decimal::Decimal;

use crate::billing::caps::Cap;
use crate::billing::charges::{Line, Payer, Statement, Sums};
use crate::billing::ledger::Ledger;
use crate::billing::level::Level;
use crate::billing::money::Amount;

use super::shown_id;
use super::table::{Builder, Table};

/// What the letters of a grade mean.
const GRADE: &str = "how the charge is known: `A` observed, `B` with an unseen tail, `C` attributed, `D` residual";
const CHARGE_LOW: &str = "what the charge is at the least, as far as captures bound it";
const CHARGE_HIGH: &str = "what it is at the most";

/// The unit of every money column.
pub(super) const MONEY: &str = "major units of `currency`";

/// A line of the chargeback, with who is charged for it.
struct Row<'a> {
    line: &'a Line,
    payer: Option<Payer<'a>>,
}

/// `chargeback`, or the part of it that has these lines: those of every customer, and then the kept ones.
pub(super) fn chargeback(ledger: &Ledger, lines: Range<usize>) -> Table<'_> {
    let charges = &ledger.charges;
    let rows = charges.lines[lines.clone()].iter().zip(charges.payers(lines));
    let rows: Vec<Row<'_>> = rows.map(|(line, payer)| Row { line, payer }).collect();
    let (decimals, code) = (charges.currency.decimals, charges.currency.code());
    let builder = Builder::new(&rows)
        .text(
            "line_type",
            "`sub_account`, `attributed` (removed in the period), `fee`, `minimum`, `parent`, `removed`, a class of the invoice (`tax`, `credit`, `add_on`, `rest`) or `unallocated`",
            |row| Some(row.line.kind.as_str()),
        )
        .timestamp("period_start", "first instant of the billing period", |_| Some(ledger.books.usage.period.start))
        .timestamp("period_end", "first instant after the billing period", |_| Some(ledger.books.usage.period.end))
        .text("customer_id", "who is charged; empty on kept lines and on sub accounts that nobody owns", |row| {
            Some(row.payer?.id())
        })
        .text("customer_name", "its name", |row| Some(row.payer?.name()))
        .text("cost_center", "where it books the charge", |row| Some(row.payer?.cost_center()))
        .text("account_id", "the sub account or the parent account", |row| shown_id(row.line.account_id))
        .text("account_name", "its name", |row| Some(row.line.name.as_ref()))
        .text("account_status", "its status at the capture, where known", |row| {
            Some(row.line.status()?.as_str())
        })
        .integer("messages", "messages", "messages received in the period so far", |row| row.line.messages)
        .exact(
            "allocated_cost",
            charges.currency,
            "the API's own share as sent; on `attributed` lines part of it",
            |row| row.line.allocated_cost.map(Amount::exact),
        )
        .text("currency", "ISO 4217 code of all money in the row", |_| Some(code))
        .decimal("share", MONEY, decimals, "share of the pooled invoice", |row| Some(row.line.share.0))
        .decimal("spread", MONEY, decimals, "borne of usage that is spread", |row| Some(row.line.spread().0))
        .decimal("cost", MONEY, decimals, "share + spread; sums to the pooled invoice less what is left out", |row| {
            Some(row.line.cost().0)
        })
        .decimal("markup_percent", "percent", 4, "the customer's markup", |row| {
            row.line.markup_percent.map(percent_units)
        })
        .decimal("markup", MONEY, decimals, "the markup on cost, rounded once", |row| Some(row.line.markup.0))
        .decimal("fee", MONEY, decimals, "a fixed fee, or what is lacking to a minimum", |row| Some(row.line.fee().0))
        .decimal("charge", MONEY, decimals, "cost + markup + fee", |row| Some(row.line.charge().0))
        .decimal("margin", MONEY, decimals, "charge less cost", |row| Some(row.line.margin().0))
        .text("grade", GRADE, |row| Some(row.line.grade.as_str()))
        .decimal("charge_low", MONEY, decimals, CHARGE_LOW, |row| Some(row.line.span().low.0))
        .decimal("charge_high", MONEY, decimals, CHARGE_HIGH, |row| Some(row.line.span().high.0))
        .integer("monthly_credit", "messages", "the cap; 0 means uncapped", |row| row.line.monthly_credit())
        .decimal("cap_utilisation", "percent", 2, "messages ÷ cap, rounded down; empty if uncapped", |row| {
            row.line.cap()?.utilisation()
        })
        .text("cap_level", "`uncapped`, `clear`, `near`, `critical` or `exceeded`", |row| {
            Some(row.line.cap()?.level.as_str())
        });
    let builder = held(builder, ledger, |row| Some(row.line));
    provenance(builder, ledger).finish()
}

/// The columns of an account that changed hands within the period.
fn held<'r, 'l, R>(
    builder: Builder<'r, 'l, R>,
    ledger: &'l Ledger,
    line: fn(&R) -> Option<&'l Line>,
) -> Builder<'r, 'l, R> {
    let held = |row: &R| line(row).and_then(|line| line.held());
    let start = crate::billing::period::timestamp(ledger.books.usage.period.start);
    builder
        .date("owned_from", "the customer's first day, if the account became the customer's within the period", |row| {
            held(row)?.days.from
        })
        .date("owned_until", "the customer's last day, if it ceased to be", |row| held(row)?.days.to)
        .text("counted_from", "for such accounts, the capture nearest to that day, or the start of the period", |row| {
            Some(held(row)?.from.as_deref().map_or_else(|| Cow::Owned(start.clone()), Cow::Borrowed))
        })
        .text("counted_until", "and the one that the messages are counted until", |row| Some(held(row)?.until.as_ref()))
}

/// One row of a customer's own file: a line, or the control line that sums them.
enum StatementRow<'a> {
    Line(&'a Line),
    Control(Sums),
}

/// A customer's own `chargeback`: its lines and one control line.
///
/// Nothing in it tells what anybody else used or what the parent account pays: no shares, no costs, no markup, and no
/// bounds, which would tell how much others left or are likely to send.
pub(super) fn statement<'l>(ledger: &'l Ledger, statement: &Statement<'l>) -> Table<'l> {
    use StatementRow::{Control, Line};
    let lines = ledger.charges.lines_of(statement).iter().map(Line);
    let rows: Vec<StatementRow<'_>> = lines.chain(std::iter::once(Control(statement.sums))).collect();
    let (decimals, code) = (ledger.charges.currency.decimals, ledger.charges.currency.code());
    let payer = statement.payer;
    let builder = Builder::new(&rows)
        .text(
            "line_type",
            "`sub_account`, `attributed` (removed in the period), `fee`, `minimum`, or `statement_total`, which sums the others",
            |row| match row {
                Line(line) => Some(line.kind.as_str()),
                Control(_) => Some("statement_total"),
            },
        )
        .text("account_name", "the sub account's name", |row| match row {
            Line(line) => Some(line.name.as_ref()),
            Control(_) => None,
        })
        .integer("messages", "messages", "messages received in the period so far", |row| match row {
            Line(line) => line.messages,
            Control(sums) => i64::try_from(sums.messages).ok(),
        })
        .decimal("charge", MONEY, decimals, "what is charged for the row", |row| match row {
            Line(line) => Some(line.charge().0),
            Control(sums) => Some(sums.charge.0),
        })
        .text("grade", GRADE, |row| match row {
            Line(line) => Some(line.grade.as_str()),
            Control(sums) => Some(sums.grade.as_str()),
        })
        .text("currency", "ISO 4217 code of the charge", |_| Some(code))
        .text("account_id", "the sub account", |row| match row {
            Line(line) => shown_id(line.account_id),
            Control(_) => None,
        })
        .text("account_status", "its status at the capture, where known", |row| match row {
            Line(line) => Some(line.status()?.as_str()),
            Control(_) => None,
        })
        .text("customer_id", "who is charged", |_| Some(payer.id()))
        .text("customer_name", "its name", |_| Some(payer.name()))
        .text("cost_center", "where it books the charge", |_| Some(payer.cost_center()))
        .timestamp("period_start", "first instant of the billing period", |_| Some(ledger.books.usage.period.start))
        .timestamp("period_end", "first instant after the billing period", |_| Some(ledger.books.usage.period.end));
    let builder = held(builder, ledger, |row| match row {
        Line(line) => Some(line),
        Control(_) => None,
    });
    provenance(builder, ledger).finish()
}

/// `caps`, or the part of it that has these; the most used come first.
pub(super) fn caps<'l>(ledger: &'l Ledger, caps: &[Cap<'l>]) -> Table<'l> {
    let left = |cap: &Cap<'_>| {
        let credit = cap.account.monthly_credit;
        (cap.level() != Level::Uncapped).then(|| credit.saturating_sub(cap.messages.unwrap_or(0)))
    };
    let builder = Builder::new(caps)
        .text("level", "`uncapped`, `clear`, `near`, `critical` or `exceeded`", |cap| Some(cap.level().as_str()))
        .decimal("cap_utilisation", "percent", 2, "messages ÷ cap, rounded down; empty if uncapped", |cap| {
            cap.utilisation()
        })
        .text("account_id", "the sub account", |cap| Some(cap.account.id.to_string()))
        .text("account_name", "its name", |cap| Some(cap.account.name.as_ref()))
        .text("account_status", "its status at the capture", |cap| Some(cap.account.status.as_str()))
        .text("customer_id", "the customer that owns it; empty if none does", |cap| {
            ledger.terms.customer_id_of(cap.account.id, ledger.books.as_of())
        })
        .integer("monthly_credit", "messages", "the cap; 0 means uncapped", |cap| Some(cap.account.monthly_credit))
        .integer("messages", "messages", "messages in the period so far; empty if the API sent no usage", |cap| {
            cap.messages
        })
        .integer("left", "messages", "messages until the cap; negative beyond it", left)
        .text(
            "alert",
            "what was last to be told in the period: a level was `reached`, or `resolved` as it was left",
            |cap| Some(cap.alert?.kind.as_str()),
        )
        .text("alert_capture", "the capture that was the first to show that", |cap| Some(cap.alert?.capture.as_ref()))
        .text("level_since", "the first capture at this level", |cap| cap.level().code().map(|_| cap.level_since()))
        .integer(
            "messages_per_day",
            "messages",
            "the rate since the last capture a day before; empty if it may not send",
            Cap::per_day,
        )
        .timestamp(
            "runs_out_at",
            "when the cap is used up at that rate, if it counts by billing period; empty if it lasts or is used up",
            Cap::runs_out_at,
        )
        .integer(
            "month_messages",
            "messages",
            "messages in the calendar month, where that is not the billing period and captures reach back",
            Cap::month_messages,
        )
        .timestamp("runs_out_in_month_at", "the same as `runs_out_at`, if the cap counts by calendar month", |cap| {
            cap.runs_out_in_month_at()
        })
        .integer("monthly_credit_before", "messages", "the cap when the period began", Cap::first_credit);
    provenance(builder, ledger).finish()
}

/// The columns that say what a row was made from.
pub(super) fn provenance<'r, 'l, R>(builder: Builder<'r, 'l, R>, ledger: &'l Ledger) -> Builder<'r, 'l, R> {
    let revision = ledger.terms.close.as_ref().map(|close| i64::from(close.revision));
    let state = ledger.state().as_str();
    builder
        .text("state", "`provisional` until the period is closed, then `final`, or `restated` by a correction", |_| {
            Some(state)
        })
        .integer(
            "revision",
            "",
            "1 as first issued, one more for each correction; empty while provisional",
            move |_| revision,
        )
        .text("capture", "the capture that the row was made from", |_| Some(ledger.books.capture.id.as_ref()))
}

/// A percentage in units of 10^-4.
fn percent_units(percent: Decimal) -> i128 {
    let mut percent = percent;
    percent.rescale(4);
    percent.mantissa()
}
