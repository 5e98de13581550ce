//! A line of a fee, or of what a customer's charges lack to its minimum.

use crate::billing::explain::Fee;
use crate::report::text::shown;

use super::Page;
use super::layout::{minor, row};

pub(super) fn text(page: &Page<'_>, fee: &Fee) -> String {
    let (line, currency) = (&fee.line, page.ledger.charges.currency);
    let amount = |amount| minor(currency, amount);
    let why = match fee.lacking {
        None => "a fixed fee for each billing period".to_owned(),
        Some(lacking) => {
            let (minimum, charged) = (amount(lacking.minimum), amount(lacking.charged));
            let more = if lacking.charged < lacking.minimum {
                format!("{} more", amount(line.fee()))
            } else {
                "nothing more".to_owned()
            };
            format!("minimum {minimum}, charged {charged} so far: {more}")
        }
    };
    let span = if line.span().low == line.span().high {
        String::new()
    } else {
        let (low, high) = (amount(line.span().low), amount(line.span().high));
        format!("; grade {}, between {low} and {high}", line.grade.as_str())
    };
    let note = format!("{}, {why}{span}", currency.code());
    format!("{}\n{}", shown(&line.name), row("= charge", &amount(line.charge()), &note))
}
