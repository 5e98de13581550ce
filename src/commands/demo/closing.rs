//! The end of the month: the invoice arrives, the period is closed with it, and everything is verified.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::billing::close::{Accepted, Obstacle};
use crate::billing::money::{Amount, Currency, Minor};
use crate::commands::Outcome;
use crate::commands::close::{self, Request};
use crate::commands::verify;
use crate::config::{Config, TypedInvoice};
use crate::failure::{Failure, Kind};
use crate::nightly::Signals;
use crate::report::text::grouped;
use crate::simulator::world::{Rounding, World};

/// The period that is closed.
const PERIOD: &str = "2026-10-01";
/// The invoice's number.
const NUMBER: &str = "AHA-2026-10-0417";
/// What AhaSend grants for the night without an API, in cents.
const CREDIT: i128 = -200;
/// Tax in per cent, on everything else.
const TAX_PERCENT: i128 = 19;
/// Why the missing night is no reason to wait.
const WHY: &str = "API down on 13 Oct, totals went on";

/// The invoice of the month that is about to end: what the world has cost, a credit, and tax.
pub(super) struct Invoice {
    credit: Minor,
    tax: Minor,
    amount: Minor,
    currency: Currency,
}

impl Invoice {
    /// The invoice for what was sent until now, in the last second of the period.
    pub(super) fn of(world: &World) -> Option<Self> {
        let currency = Currency::parse("eur")?;
        let cost = Amount::parse(&world.usage().total.allocated_cost.digits(Rounding::Two)).ok()?;
        let credit = Minor(CREDIT);
        let net = currency.round(cost.exact()) + credit;
        let tax = net.percent(TAX_PERCENT.into(), crate::billing::money::RoundingRule::HalfAwayFromZero);
        Some(Self { credit, tax, amount: net + tax, currency })
    }

    fn typed(&self) -> TypedInvoice {
        let text = |minor| self.currency.format(minor);
        TypedInvoice {
            number: NUMBER.to_owned(),
            amount: text(self.amount),
            tax: Some(text(self.tax)),
            credit: Some(text(self.credit)),
            add_on: None,
            currency: None,
            source: TypedInvoice::COMMAND_LINE.to_owned(),
        }
    }
}

/// What the end of the month has to say.
pub(super) struct Ending {
    pub(super) text: String,
    pub(super) json: Value,
}

/// Closes the month with its invoice and verifies everything, by the commands that anybody else has.
pub(super) async fn close(
    config: &Config,
    folder: &Path,
    at: DateTime<Utc>,
    invoice: &Invoice,
    signals: &Signals,
) -> Result<Ending, Failure> {
    let typed = invoice.typed();
    let [amount, tax, credit] =
        [invoice.amount, invoice.tax, invoice.credit].map(|minor| invoice.currency.format(minor));
    let request = Request {
        period: PERIOD.to_owned(),
        capture: None,
        invoice: Some(typed),
        accepted: vec![Accepted { what: Obstacle::Gaps, reason: WHY.to_owned() }],
        reason: None,
        is_dry: false,
    };
    let closed = expected(close::run(config, request, signals).await?)?;
    let verified = expected(verify::run(config, signals, false).await?)?;
    let settings = folder.join("subledger.toml");
    let settings = settings.display();
    let text = format!(
        "{}: the invoice of October arrives, {} EUR: {} tax, and {} for the night without an API\n\n\
         $ subledger close --config {settings} --period {PERIOD} --invoice-number {NUMBER} \\\n\
         \x20   --amount {amount} --tax {tax} --credit {credit} --accept-gaps \"{WHY}\"\n{}\n\
         $ subledger verify --config {settings}\n{}",
        at.format("%d %b"),
        grouped(&amount),
        grouped(&tax),
        grouped(&credit),
        closed.text,
        verified.text,
    );
    let raw = |outcome: &Outcome| RawValue::from_string(outcome.json.clone()).ok();
    let json = serde_json::json!({ "at": at, "close": raw(&closed), "verify": raw(&verified) });
    Ok(Ending { text, json })
}

/// What a command of the story came to; the story has no unhappy end.
fn expected(outcome: Outcome) -> Result<Outcome, Failure> {
    if outcome.exit_code == 0 {
        return Ok(outcome);
    }
    let Outcome { exit_code, text, .. } = outcome;
    Err(Failure::new(Kind::Bug, format!("the end of the month went wrong with exit {exit_code}:\n{text}")))
}
