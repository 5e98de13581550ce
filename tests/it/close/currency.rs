//! Periods in currencies with two, no and three decimals.

use super::*;

/// A month of 4,100 messages in a currency.
fn month_in(code: &str) -> Desk {
    let nights = [(EVE, usual(2_900, 950)), (LAST, usual(3_000, 1_000))];
    let nights = nights.map(|(now, answers)| (now, in_currency(answers, code)));
    Desk::of(CUSTOMERS, &nights)
}

/// Every amount of money in minor units has as many decimals as the currency.
#[track_caller]
fn assert_decimals(desk: &Desk, set: &str, decimals: usize) {
    let mut count = 0;
    for file in ["chargeback.csv", "control.csv"] {
        for row in desk.table(set, file) {
            for column in ["cost", "markup", "fee", "charge", "margin", "charge_low", "charge_high"] {
                let Some(amount) = row.get(column).filter(|amount| !amount.is_empty()) else { continue };
                let found = amount.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                assert_eq!(found, decimals, "{file}, {column}: {amount}");
                count += 1;
            }
        }
    }
    assert!(count > 20, "{count} amounts");
}

#[test]
fn a_period_closes_with_the_decimals_of_its_currency() {
    // each with an invoice that does not divide, 0.6 of it a credit that the API does not know
    for (code, decimals, amount, credit, shown) in [
        ("eur", 2, "40.37", "-0.63", "40.37 EUR"),
        ("jpy", 0, "1037", "996", "1,037 JPY"),
        ("kwd", 3, "40.371", "-0.629", "40.371 KWD"),
    ] {
        let desk = month_in(code);
        let class = if decimals == 0 { "--add-on" } else { "--credit" };
        let done = desk.closed("INV-1", amount, &[class, credit]);
        desk.assert_foots("final-r1", amount);
        assert_decimals(&desk, "final-r1", decimals);
        assert!(done.stdout.contains(&format!("sum       {shown}")), "{}", done.stdout);
        assert!(done.stdout.contains("difference to the invoice 0"), "{}", done.stdout);
    }
}

#[test]
fn an_amount_finer_than_its_currency_is_refused() {
    for (code, name, amounts) in [
        ("eur", "amount", ["--amount", "41.005"]),
        ("jpy", "amount", ["--amount", "80.5"]),
        ("kwd", "amount", ["--amount", "41.0005"]),
        ("jpy", "tax", ["--tax", "0.5"]),
        ("kwd", "credit", ["--credit", "-0.0005"]),
        ("eur", "add-on", ["--add-on", "0.001"]),
    ] {
        let desk = month_in(code);
        let before = (desk.archive(), desk.reports());
        let close = ["close", "--period", "2024-01-01", "--invoice-number", "INV-1"];
        let whole = if amounts[0] == "--amount" { &[][..] } else { &["--amount", "41"] };
        let done = desk.offline(&[&close, whole, &amounts].concat());
        assert_eq!(done.code, 2, "{code} {amounts:?}: {}{}", done.stdout, done.stderr);
        let decimals =
            [("eur", 2), ("jpy", 0), ("kwd", 3)].into_iter().find(|(other, _)| *other == code).expect("it").1;
        let said = format!("has more decimals than {}, which has {decimals}", code.to_uppercase());
        assert!(
            done.stderr.contains(&format!("the invoice's {name}, ")) && done.stderr.contains(&said),
            "{}",
            done.stderr
        );
        assert_eq!((desk.archive(), desk.reports()), before);
    }
}
