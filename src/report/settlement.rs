//! What a close comes to, for whoever closes: from the API's total to the invoice, who bears it, and what is in the way.

mod json;

use std::fmt::Write;

use crate::billing::close::{Close, Obstacle};
use crate::billing::finding::Severity;
use crate::billing::invoice::{Bridge, Class, Policy};
use crate::billing::journal::{Account, Sum};
use crate::billing::ledger::Ledger;
use crate::billing::money::Minor;
use crate::billing::period::timestamp;

use super::text::{counted, findings, grouped, shown};

/// Where the pieces are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The capture.
    pub evidence: String,
    /// The close's record in the archive; nothing if nothing was written.
    pub record: Option<String>,
    /// The report set; nothing if nothing was written.
    pub reports: Option<String>,
}

/// A close, done or refused.
#[derive(Debug)]
pub struct Sheet<'a> {
    /// The final ledger, or what it would be.
    pub ledger: &'a Ledger,
    /// The parent account's label.
    pub label: &'a str,
    /// What was accepted and is not in the way.
    pub unneeded: &'a [Obstacle],
    /// What is in the way.
    pub refused: &'a [(Obstacle, String)],
    /// Where the pieces are.
    pub places: Places,
}

impl Sheet<'_> {
    /// The close for people, with a final line break.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.head(&mut text);
        self.bridge(&mut text);
        self.sums(&mut text);
        self.journal(&mut text);
        findings(&mut text, self.ledger, Severity::Warning);
        for accepted in self.ledger.terms.close.iter().flat_map(|close| &close.accepted) {
            let _ = writeln!(text, "accepted  {}: {}", accepted.what, shown(&accepted.reason));
        }
        for what in self.unneeded {
            let _ =
                writeln!(text, "unneeded  `--accept-{what}`: nothing of the kind is in the way, and it is not kept");
        }
        for (what, found) in self.refused {
            let _ = writeln!(text, "IN THE WAY  {found}\n            accept with `--accept-{what} \"why\"`");
        }
        // writing into a String cannot fail
        let _ = writeln!(text, "evidence  safe in {}", self.places.evidence);
        for (what, place) in [("record ", &self.places.record), ("reports", &self.places.reports)] {
            if let Some(place) = place {
                let _ = writeln!(text, "{what}   {place}");
            }
        }
        text
    }

    fn head(&self, text: &mut String) {
        let ledger = self.ledger;
        let close = ledger.terms.close.as_ref();
        let set = close.map_or(String::new(), |close| Close::set_name(close.revision));
        let verdict = match (self.refused.is_empty(), self.places.record.is_some()) {
            (false, _) => "NOT CLOSED".to_owned(),
            (true, true) => format!("closed as {set}"),
            (true, false) => format!("would be closed as {set}"),
        };
        let number = ledger.terms.invoice(ledger.books.usage.period).map_or(String::new(), |entry| entry.number);
        let _ = writeln!(
            text,
            "{}: {verdict}, period {}, invoice {}, captured {}",
            shown(self.label),
            ledger.books.usage.period,
            shown(&number),
            timestamp(ledger.books.capture.at)
        );
    }

    /// From the API's total to the invoice.
    fn bridge(&self, text: &mut String) {
        let (currency, policies) = (self.ledger.charges.currency, self.ledger.terms.policies);
        let Some(Bridge { api_total, tax, credit, add_on, tail, rounding, rest, invoice }) = self.ledger.charges.bridge
        else {
            return;
        };
        let policy = |class: Class| match policies.of(class) {
            Policy::Spread => "shared by volume",
            Policy::Keep => "kept on a line of its own",
            Policy::LeaveOut => "left out of the chargeback",
        };
        let rows = [
            ("API total", api_total, ""),
            ("tax", tax, policy(Class::Tax)),
            ("credit", credit, policy(Class::Credit)),
            ("add-on", add_on, policy(Class::AddOn)),
            ("unseen tail", tail, "likely, and shared by volume"),
            ("rounding", rounding, "less than a minor unit"),
            ("unexplained", rest, policy(Class::Rest)),
            ("invoice", invoice, ""),
        ];
        let shown: Vec<(&str, String, &str)> = rows
            .into_iter()
            .filter(|(name, amount, _)| !amount.is_zero() || matches!(*name, "API total" | "unexplained" | "invoice"))
            .map(|(name, amount, note)| {
                let note = if amount.is_zero() { "" } else { note };
                let amount = grouped(&currency.show(amount.readable(super::text::DECIMALS)));
                (name, format!("{amount} {}", currency.code()), note)
            })
            .collect();
        let width = shown.iter().map(|(_, amount, _)| amount.len()).max().unwrap_or(0);
        for (name, amount, note) in shown {
            let _ = writeln!(text, "{}", format!("{name:<18}  {amount:>width$}  {note}").trim_end());
        }
    }

    /// Who bears the invoice.
    fn sums(&self, text: &mut String) {
        let (charges, proof) = (&self.ledger.charges, self.ledger.charges.proof());
        let money = |minor: Minor| format!("{} {}", grouped(&charges.currency.format(minor)), charges.currency.code());
        let margin = match proof.margin() {
            Minor::ZERO => String::new(),
            margin if margin < Minor::ZERO => {
                format!(" - {} margin = {} charged", money(-margin), money(proof.charged))
            }
            margin => format!(" + {} margin = {} charged", money(margin), money(proof.charged)),
        };
        let statements = counted(charges.statements().len(), "statement");
        let _ = writeln!(text, "charged   {statements}: {} of the invoice{margin}", money(proof.statements));
        let kept: Vec<String> = charges
            .kept()
            .filter(|line| line.cost() != Minor::ZERO)
            .map(|line| format!("{} {}", shown(&line.name), money(line.cost())))
            .collect();
        let _ = writeln!(text, "kept      {}", if kept.is_empty() { "nothing".to_owned() } else { kept.join(", ") });
        let out: Vec<String> =
            charges.left_out.iter().map(|(class, amount)| format!("{} {}", class.title(), money(*amount))).collect();
        if !out.is_empty() {
            let _ = writeln!(text, "left out  {}", out.join(", "));
        }
        let difference = charges.currency.show_signed(charges.currency.exact(proof.difference));
        let _ = writeln!(text, "sum       {}, difference to the invoice {difference}", money(proof.sum()));
    }

    /// What a correction changes.
    fn journal(&self, text: &mut String) {
        let Some(superseded) = self.ledger.superseded() else { return };
        let currency = self.ledger.charges.currency;
        let changed = self.ledger.journal.iter().filter(|line| line.difference() != Minor::ZERO).count();
        let [cost, margin] = [Account::Cost, Account::Margin].map(|account| Sum::of(&self.ledger.journal, account));
        let signed = |(old, new): (Minor, Minor)| grouped(&currency.show_signed(currency.exact(new - old)));
        let _ = writeln!(
            text,
            "journal   {} of {} changed against {}, invoice {}: cost {}, margin {}; the invoice itself {} {}",
            grouped(&changed.to_string()),
            counted(self.ledger.journal.len(), "line"),
            Close::set_name(superseded.revision),
            shown(&superseded.invoice_number),
            signed((cost.old, cost.new)),
            signed((margin.old, margin.new)),
            signed((superseded.invoice, self.ledger.charges.pooled.minor)),
            currency.code(),
        );
        if let Some(reason) = self.ledger.terms.close.as_ref().and_then(|close| close.reason.as_ref()) {
            let _ = writeln!(text, "reason    {}", shown(reason));
        }
    }
}
