//! Files that can be read, and the words for those that cannot.

use super::*;
use crate::billing::invoice::{Class, Policies, Policy};
use crate::billing::money::{Exact, RoundingRule};
use crate::billing::terms::{Bearer, RemovedUsage, Residual, Terms, Weights};

fn terms(text: &str) -> Terms {
    File::parse(text).expect("a file").terms().expect("terms")
}

/// What is said of a file, wherever it is found out.
fn refused(text: &str) -> String {
    let file = match File::parse(text) {
        Ok(file) => file,
        Err(problem) => return problem,
    };
    match file.invoices("subledger.toml") {
        Ok(_) => file.terms().expect_err("a mistake").to_string(),
        Err(problem) => problem,
    }
}

#[test]
fn an_empty_file_leaves_the_defaults() {
    assert_eq!(terms(""), Terms::default());
    assert!(File::parse("").unwrap().invoices("subledger.toml").unwrap().is_empty());
}

#[test]
fn prices_are_read_from_texts_and_whole_numbers() {
    let read = terms("[charges]\nmarkup_percent = \"12.50\"\nmonthly_fee = 20\nminimum_charge = \"25.00\"\n");
    assert_eq!(read.pricing.markup_percent.to_string(), "12.5");
    assert_eq!((read.pricing.monthly_fee, read.pricing.minimum_charge), (Exact::whole(20), Exact::whole(25)));
    assert_eq!(Terms { pricing: Terms::default().pricing, ..read }, Terms::default());
    for rule in [RoundingRule::HalfAwayFromZero, RoundingRule::HalfEven] {
        assert_eq!(terms(&format!("[charges]\nrounding = \"{}\"\n", rule.as_str())).rounding, rule);
    }
}

#[test]
fn every_class_has_a_policy_of_its_own() {
    for class in Class::ALL {
        for policy in [Policy::Spread, Policy::Keep, Policy::LeaveOut] {
            let read = terms(&format!("[allocation]\n{} = \"{}\"\n", class.as_str(), policy.as_str())).policies;
            let expected = |other| if other == class { policy } else { Policies::default().of(other) };
            assert_eq!(Class::ALL.map(|class| read.of(class)), Class::ALL.map(expected));
        }
    }
}

/// The names in the file are those of the reports.
#[test]
fn what_reports_call_it_the_file_does_too() {
    let read = |key: &str, name: &str| terms(&format!("[allocation]\n{key} = \"{name}\"\n"));
    for weights in [Weights::AllocatedCost, Weights::Messages] {
        assert_eq!(read("weights", weights.as_str()).weights, weights);
    }
    for bearer in [Bearer::Keep, Bearer::Spread] {
        assert_eq!(read("parent_usage", bearer.as_str()).parent_usage, bearer);
    }
    for usage in [RemovedUsage::Attribute, RemovedUsage::Keep, RemovedUsage::Spread] {
        assert_eq!(read("removed_usage", usage.as_str()).removed_usage, usage);
    }
    for residual in [Residual::Rate, Residual::Keep] {
        assert_eq!(read("residual", residual.as_str()).residual, residual);
    }
}

#[test]
fn invoices_keep_their_texts_and_lines() {
    let text = "label = \"x\"\n\n[[invoice]]\nperiod = \"2026-09-01\"\namount = 80\n\n[[invoice]]\namount = \"92.80\"\n\
                tax = \"12.80\"\nperiod = \"2026-10-01\"\nnumber = \"INV-7\"\ncurrency = \"EUR\"\ncredit = -1\n";
    let invoices = File::parse(text).unwrap().invoices("subledger.toml").unwrap();
    let typed: Vec<_> = invoices.values().map(|invoice| &invoice.typed).collect();
    assert_eq!((typed[0].number.as_str(), typed[0].amount.as_str(), &typed[0].tax), ("", "80", &None));
    assert_eq!(typed[0].source, "subledger.toml, line 4");
    assert_eq!((typed[1].number.as_str(), typed[1].amount.as_str()), ("INV-7", "92.80"));
    assert_eq!((typed[1].tax.as_deref(), typed[1].credit.as_deref()), (Some("12.80"), Some("-1")));
    assert_eq!((typed[1].currency.as_deref(), typed[1].source.as_str()), (Some("EUR"), "subledger.toml, line 10"));
}

#[test]
fn what_is_wrong_is_named_with_its_key() {
    let invoice = "[[invoice]]\nperiod = \"2026-10-01\"\n";
    let decimals = "line 2, column 15: write a number with decimals in quotes, as in \"12.50\"";
    for (text, expected) in [
        ("[charges]\nmonthly_fee = 12.5\n", decimals),
        ("[charges]\nmonthly_fee = \"-1\"\n", "`charges.monthly_fee` must be from 0 to 1000000000"),
        ("[charges]\nmonthly_fee = \"12,50\"\n", "`charges.monthly_fee` has a decimal comma; "),
        ("[charges]\nminimum_charge = 1000000001\n", "`charges.minimum_charge` must be from 0 to 1000000000"),
        (
            "[charges]\nmarkup_percent = \"1001\"\n",
            "`charges.markup_percent` must be from -100 to 1000, with at most 4",
        ),
        ("[charges]\nmarkup_percent = \"ten\"\n", "`charges.markup_percent` is not a plain decimal such as 12.5"),
        ("[charges]\nrounding = \"up\"\n", "line 2, column 12: expected `half-away-from-zero` or `half-even`"),
        ("[charges]\nfee = 1\n", "line 2, column 1: unknown field `fee`, expected one of `markup_percent`"),
        ("[allocation]\nrest = \"leave\"\n", "line 2, column 8: expected one of `spread`, `keep`, `leave-out`"),
        ("[checks]\ntolerance = -1\n", "`checks.tolerance` must not be negative"),
        ("[checks]\ncurrency = \"euro\"\n", "`checks.currency` is no ISO 4217 code"),
        ("[caps]\nnear_percent = 0\n", "`caps.near_percent` must be a percentage above 0 and up to 1000"),
        ("[caps]\ncustomer.a.near_percent = 96\n", "`caps.customer.a` levels must rise: near, critical, exceeded"),
        ("api_key = \"x\"\n", "line 1, column 1: a key has no place in a file"),
        ("aha-sk-7c1f = \"x\"\n", "line 1, column 1: a key has no place in a file"),
        (
            &format!("\"\\u0007{}\" = 1\n", "x`, expected ".repeat(500)),
            "line 1, column 1: unknown field `␇x`, expected x`, expected x`, expected…`, expected one of `account_id`",
        ),
        (
            &format!("[caps]\ncustomer.{}.near_percent = 0\n", "x".repeat(500)),
            "`caps.customer.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx….near_percent` must be a percentage",
        ),
        ("[[invoice]]\nperiod = \"2026-10\"\namount = 1\n", "[[invoice]] of line 2, `period`: is no date such as"),
        (&format!("{invoice}amount = \"80,00\"\n"), "[[invoice]] of line 2, `amount`: has a decimal comma; "),
        (&format!("{invoice}amount = 80\ntax = \"x\"\n"), "[[invoice]] of line 2, `tax`: holds something else"),
        (&format!("{invoice}amount = 80\ncredit = 5\n"), "[[invoice]] of line 2, `credit`: lowers the invoice: "),
        (&format!("{invoice}amount = 80\nnumber = \"a\\tb\"\n"), "[[invoice]] of line 2, `number`: is longer than 300"),
        (&format!("{invoice}amount = 80\ncurrency = \"E\"\n"), "[[invoice]] of line 2, `currency`: is no ISO 4217"),
        (
            &format!("{invoice}amount = 80\n{invoice}amount = 80\n"),
            "[[invoice]] of line 5, `period`: 2026-10-01 is in subledger.toml, line 2 already; keep one of the two",
        ),
        (&format!("{invoice}amount = 80.5\n"), "line 3, column 10: write a number with decimals in quotes"),
    ] {
        let said = refused(text);
        assert!(said.starts_with(expected), "{text}: {said}");
    }
}
