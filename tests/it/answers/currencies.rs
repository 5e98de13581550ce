//! Currencies: as many decimals as ISO 4217 gives them, and no guess where it gives none.

use super::*;
use crate::fixtures::cases::{BETA, GAMMA, answers, usage};
use crate::support::world::changed;

/// A thousand for three equal accounts.
fn thirds(code: &str) -> Answers {
    let third = "333.33333333";
    let subs = [(ACME, "Acme", 1, third), (BETA, "Beta", 1, third), (GAMMA, "Gamma", 1, third)];
    let usage = usage(code, (0, "0"), &subs, (0, "0"), (3, "1000"));
    answers(usage, &[(ACME, "Acme", 0), (BETA, "Beta", 0), (GAMMA, "Gamma", 0)])
}

#[test]
fn a_currency_has_the_minor_units_of_iso_4217() {
    for (code, charges) in [
        ("usd", ["333.34", "333.33", "333.33"]),
        ("USD", ["333.34", "333.33", "333.33"]),
        ("Eur", ["333.34", "333.33", "333.33"]),
        ("jpy", ["334", "333", "333"]),
        ("isk", ["334", "333", "333"]),
        ("kwd", ["333.334", "333.333", "333.333"]),
        ("bhd", ["333.334", "333.333", "333.333"]),
        ("clf", ["333.3334", "333.3333", "333.3333"]),
    ] {
        let rows = Night::of(thirds(code)).understood(0);
        for (account, charge) in [ACME, BETA, GAMMA].into_iter().zip(charges) {
            let line = row(&rows, "account_id", account);
            let found = [&line["currency"], &line["charge"], &line["cost"]];
            assert_eq!(found, [&code.to_uppercase(), charge, charge]);
        }
    }
}

#[test]
fn what_is_no_currency_with_minor_units_is_refused_and_the_evidence_is_safe() {
    // the last three are of ISO 4217: gold, no currency, and a code for tests
    for code in
        ["xxy", "us", "usdd", "", " usd", "usd ", "$", "€", "840", "u\u{0}d", "ＵＳＤ", "btc", "xau", "xxx", "xts"]
    {
        let sent = serde_json::to_string(code).expect("a text");
        let night = Night::of_usage(changed(&base_usage(), "\"usd\"", &sent));
        night.assert_safe_and_refused("which is no ISO 4217 code with minor units");
        assert!(night.ran.stderr.contains("usage: `/currency` is `"), "{}", night.ran.stderr);
    }
    let long = "u".repeat(10_000);
    Night::of_usage(changed(&base_usage(), "usd", &long))
        .assert_safe_and_refused("usage: `/currency` is `uuuuuuuuuuuuuuuuuuu…`");
}

/// Half a minor unit goes away from zero, at whatever place the currency has it.
#[test]
fn a_total_between_two_minor_units_is_rounded_once_away_from_zero() {
    for (code, total, pooled) in [
        ("usd", "80.005", "80.01"),
        ("usd", "80.0049999999999999", "80.00"),
        ("usd", "-80.005", "-80.01"),
        ("usd", "0.125", "0.13"),
        ("usd", "0.135", "0.14"),
        ("jpy", "2.5", "3"),
        ("jpy", "3.5", "4"),
        ("jpy", "-2.5", "-3"),
        ("kwd", "0.0005", "0.001"),
        ("clf", "0.00005", "0.0001"),
        ("usd", "0.004", "0.00"),
        ("usd", "-0.004", "0.00"),
    ] {
        let usage = usage(code, (0, "0"), &[(ACME, "Acme", 1, total)], (0, "0"), (1, total));
        let night = Night::of(answers(usage, &[(ACME, "Acme", 0)]));
        night.understood(if total.starts_with('-') { 10 } else { 0 });
        let control = rows(&look::latest(night.folder.path()).join("control.csv"));
        assert_eq!(row(&control, "row_type", "pooled_invoice")["cost"], pooled, "{code} {total}");
        assert_eq!(row(&control, "row_type", "sum")["cost"], pooled, "{code} {total}");
    }
}
