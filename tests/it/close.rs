//! Closing a period with the real binary: the final set, the lock, corrections, and what stands in the way.

mod again;
mod correction;
mod currency;
mod failing;
mod figures;
mod locked;
mod obstacles;
mod refused;
mod terms;
mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::fixtures::cases::{BETA, GAMMA};
use crate::fixtures::nights::night;
use crate::support::look::{self, Rows, json, rows};
use crate::support::{ACME, Answers, Home, PARENT, Ran, Server, home, ran, run_at, subledger};

/// The captures of the usual month: every night is there, and the last fifteen minutes are unseen.
const EVE: &str = "2024-01-30T23:45:00Z";
const LAST: &str = "2024-01-31T23:45:00Z";
/// When finance closes it.
const CLOSED: &str = "2024-02-02T09:00:00Z";
/// The usual customer map: two customers, one with a markup.
const CUSTOMERS: &str = "\
sub_account_id,customer_id,customer_name,cost_center,markup_percent
2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a,acme,Acme Ltd,4711,10
3a4d6e3b-0af9-4da2-b6a5-8aaa1d9d2e4b,beta,Beta GmbH,4712,0
";
/// The same with the second account in the first customer's hands.
const ALL_ACME: &str = "\
sub_account_id,customer_id,customer_name,cost_center,markup_percent
2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a,acme,Acme Ltd,4711,10
3a4d6e3b-0af9-4da2-b6a5-8aaa1d9d2e4b,acme,Acme Ltd,4711,10
";

/// A folder in which a month was captured and reported, night by night.
pub(crate) struct Desk {
    home: Home,
}

/// The usual answers at a cent a message: the parent account's own 100, and these of two customers.
fn usual(acme: i64, beta: i64) -> Answers {
    night(&[(ACME, "Acme", acme, 0), (BETA, "Beta", beta, 0)], 0)
}

/// The same answers in another currency.
fn in_currency(answers: Answers, code: &str) -> Answers {
    let usage = answers.usage.replace("\"currency\": \"usd\"", &format!("\"currency\": \"{code}\""));
    Answers { usage, ..answers }
}

impl Desk {
    /// The usual month: 41.00 USD, of which 30.00 are Acme's and 10.00 Beta's.
    pub(crate) fn usual() -> Self {
        Self::of(CUSTOMERS, &[(EVE, usual(2_900, 950)), (LAST, usual(3_000, 1_000))])
    }

    /// The same nights, on which less was sent.
    pub(crate) fn quieter() -> Self {
        Self::of(CUSTOMERS, &[(EVE, usual(2_800, 950)), (LAST, usual(2_900, 1_000))])
    }

    /// A month of these nights.
    pub(crate) fn of(customers: &str, nights: &[(&str, Answers)]) -> Self {
        let desk = Self { home: home() };
        desk.map(customers);
        for (now, answers) in nights {
            let night = desk.night(now, answers);
            assert!(matches!(night.code, 0 | 10), "{now}: {}", night.stderr);
        }
        desk
    }

    pub(crate) fn path(&self) -> &Path {
        self.home.path()
    }

    /// Replaces the customer map.
    pub(crate) fn map(&self, customers: &str) {
        std::fs::write(self.path().join("customers.csv"), customers).expect("a customer map");
    }

    /// One night with `subledger run`.
    fn night(&self, now: &str, answers: &Answers) -> Ran {
        run_at(self.path(), &Server::of(answers.clone()), now, &[])
    }

    /// The binary, offline.
    pub(crate) fn offline(&self, arguments: &[&str]) -> Ran {
        ran(subledger(self.path()).args(["--now", CLOSED]).args(arguments))
    }

    /// Closes the usual period with this invoice, and further arguments.
    pub(crate) fn close(&self, number: &str, amount: &str, more: &[&str]) -> Ran {
        let invoice = ["close", "--period", "2024-01-01", "--invoice-number", number, "--amount", amount];
        self.offline(&[&invoice, more].concat())
    }

    /// The same, and it has to succeed.
    #[track_caller]
    pub(crate) fn closed(&self, number: &str, amount: &str, more: &[&str]) -> Ran {
        let done = self.close(number, amount, more);
        assert_eq!(done.code, 0, "{}\n{}", done.stdout, done.stderr);
        done
    }

    /// Puts back what was issued, and has to succeed.
    #[track_caller]
    fn report(&self) -> Ran {
        let done = self.offline(&["report", "--period", "2024-01-01"]);
        assert_eq!(done.code, 0, "{}\n{}", done.stdout, done.stderr);
        done
    }

    /// Everything in the archive, without locks.
    pub(crate) fn archive(&self) -> BTreeMap<String, Vec<u8>> {
        look::files(&self.path().join("archive"))
    }

    /// Everything that is published, without locks.
    pub(crate) fn reports(&self) -> BTreeMap<String, Vec<u8>> {
        look::files(&self.path().join("reports"))
    }

    /// A set of the usual period.
    pub(crate) fn set(&self, name: &str) -> PathBuf {
        look::sets(self.path()).join(name)
    }

    /// A table of a set.
    fn table(&self, set: &str, file: &str) -> Rows {
        rows(&self.set(set).join(file))
    }

    /// The archive's record of a close.
    fn record(&self, revision: u32) -> Value {
        let path = format!("archive/parent={PARENT}/period=2024-01-01/close=r{revision}/close.json");
        json(&std::fs::read_to_string(self.path().join(path)).expect("a record"))
    }

    /// Statements, kept lines and what was left out come to the invoice, and every file of the set agrees.
    #[track_caller]
    fn assert_foots(&self, set: &str, invoice: &str) {
        let (control, chargeback) = (self.table(set, "control.csv"), self.table(set, "chargeback.csv"));
        let of = |kind: &str| look::row(&control, "row_type", kind)["cost"].clone();
        assert_eq!([of("sum"), of("pooled_invoice")], [invoice.to_owned(), invoice.to_owned()]);
        assert_eq!(units(&of("difference")), 0);
        let parts = control.iter().filter(|row| ["statement", "kept", "left_out"].contains(&&*row["row_type"]));
        assert_eq!(parts.map(|row| units(&row["cost"])).sum::<i128>(), units(invoice), "{control:?}");
        let left_out = control.iter().filter(|row| row["row_type"] == "left_out").map(|row| units(&row["cost"]));
        let lines = chargeback.iter().map(|row| units(&row["cost"])).sum::<i128>();
        assert_eq!(lines + left_out.sum::<i128>(), units(invoice));
        let bridge = self.table(set, "invoice-bridge.csv");
        let last = &look::row(&bridge, "class", "invoice")["amount"];
        assert_eq!(units_of(last, 12), units_of(invoice, 12), "{bridge:?}");
        let steps = bridge.iter().filter(|row| row["class"] != "invoice").map(|row| units_of(&row["amount"], 12));
        assert_eq!(steps.sum::<i128>(), units_of(invoice, 12), "{bridge:?}");
    }
}

/// An amount in units of its last decimal.
fn units(text: &str) -> i128 {
    text.replace('.', "").parse().unwrap_or_else(|_| panic!("`{text}` is no amount"))
}

/// An amount in units of this decimal.
fn units_of(text: &str, decimals: usize) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= decimals, "{text}");
    units(&format!("{whole}.{fraction:0<decimals$}"))
}
