//! `[[invoice]]`: the invoice of a period, for those who keep no `invoices.csv`.

use serde::Deserialize;
use toml::Spanned;

use super::{Digits, File, line_after};
use crate::config::cells;
use crate::config::invoices::{Entered, Invoices, TypedInvoice, Wrong};

/// One entry, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Invoice {
    period: Spanned<String>,
    number: Option<String>,
    amount: Digits,
    tax: Option<Digits>,
    credit: Option<Digits>,
    add_on: Option<Digits>,
    currency: Option<String>,
    /// The line of the period, from 1.
    #[serde(skip)]
    line: usize,
}

impl Invoice {
    /// Finds its line in the file's text.
    pub(super) fn locate(&mut self, text: &str) {
        self.line = line_after(text.get(..self.period.span().start).unwrap_or_default());
    }

    fn typed(&self, name: &str) -> TypedInvoice {
        let text = |digits: &Option<Digits>| digits.as_ref().map(|Digits(text)| text.clone());
        TypedInvoice {
            number: self.number.clone().unwrap_or_default(),
            amount: self.amount.0.clone(),
            tax: text(&self.tax),
            credit: text(&self.credit),
            add_on: text(&self.add_on),
            currency: self.currency.clone(),
            source: format!("{name}, line {}", self.line),
        }
    }
}

impl File {
    /// The invoices by billing period; the problem names the line. `name` is the file's, for the sources.
    pub(in crate::config) fn invoices(&self, name: &str) -> Result<Invoices, String> {
        let mut invoices = Invoices::new();
        for invoice in &self.invoice {
            let wrong = |key: &str, problem: &str| format!("[[invoice]] of line {}, `{key}`: {problem}", invoice.line);
            let period = cells::date(invoice.period.get_ref()).map_err(|problem| wrong("period", &problem))?;
            let typed = invoice.typed(name);
            let entry = typed.entry().map_err(|Wrong { column, problem }| {
                // the only column that has another name here
                wrong(if column == "invoice_number" { "number" } else { column }, &problem)
            })?;
            if let Some(first) = invoices.insert(period, Entered { typed, entry }) {
                let problem = format!("{period} is in {} already; keep one of the two", first.typed.source);
                return Err(wrong("period", &problem));
            }
        }
        Ok(invoices)
    }
}
