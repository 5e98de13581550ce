//! What the rows come to: the API's total, or the invoice, to the last digit.

use subledger::billing::money::{Amount, Exact};
use subledger::billing::terms::Terms;

use super::{changed, entry, files_of, invoiced, ledger, only, rows, sum};
use crate::support::project;

#[test]
fn rows_come_to_the_apis_total_whatever_the_books_say() {
    let mut differing = Vec::new();
    for folder in std::fs::read_dir(project().join("fixtures")).expect("fixtures") {
        let name = folder.expect("a folder").file_name().into_string().expect("UTF-8");
        let ledger = ledger(&name, Terms::default());
        let (rows, usage) = (rows(&files_of(&ledger, None)), &ledger.books.usage);
        assert_eq!(sum(&rows, "BilledCost"), usage.total.cost.exact(), "{name}");
        for column in ["ContractedCost", "EffectiveCost", "ListCost"] {
            assert!(rows.iter().all(|row| row[column] == row["BilledCost"]), "{name}");
        }
        let messages = sum(&rows, "ConsumedQuantity");
        assert_eq!(messages, sum(&rows, "PricingQuantity"), "{name}");
        if messages != Exact::whole(usage.total.messages) {
            assert!(!ledger.balanced(), "{name}");
            differing.push(name.clone());
        }
        // parts and total differ in a row that says so, or not at all
        let is_beside = rows.iter().any(|row| row["x_AllocationRowType"] == "difference");
        assert_eq!(is_beside, !ledger.books.cost_beyond_parts().is_zero(), "{name}");
        assert_eq!(rows.len(), usage.sub_accounts.len() + 2 + usize::from(is_beside), "{name}");
    }
    assert_eq!(differing, ["count-sum"]);
}

#[test]
fn an_entered_invoice_is_met_to_the_last_digit() {
    for (fixture, entry, kinds) in [
        ("vendor-example", entry("80.00", "0", "0", "0"), &[][..]),
        ("vendor-example", entry("98.20", "15.20", "-2.00", "5.00"), &["tax", "credit", "add_on"]),
        ("vendor-example", entry("100.00", "15.20", "0", "0"), &["tax", "tail"]),
        ("vendor-example", entry("900.00", "0", "0", "0"), &["tail", "rest"]),
        ("vendor-example", entry("-3", "0", "0", "0"), &["rest"]),
        ("precision", entry("0.01", "0", "0", "0"), &["difference"]),
        ("dust", entry("119.00", "19.00", "0", "0"), &["difference", "tax"]),
        ("yen", entry("1100", "100", "0", "0"), &["difference", "tax"]),
        ("dinar", entry("1000.001", "0", "0", "0"), &["difference", "tail"]),
    ] {
        let ledger = ledger(fixture, invoiced(entry.clone()));
        let files = files_of(&ledger, None);
        let rows = rows(&files);
        assert_eq!(sum(&rows, "BilledCost"), entry.amount.exact(), "{fixture}");
        let of_invoice = rows.iter().skip(ledger.books.usage.sub_accounts.len() + 2);
        let found: Vec<&str> = of_invoice.clone().map(|row| &*row["x_AllocationRowType"]).collect();
        assert_eq!(found, kinds, "{fixture}");
        for row in of_invoice {
            let is_purchase = row["ChargeCategory"] == "Purchase";
            assert_eq!([&*row["PricingQuantity"], &row["PricingUnit"]] == ["1.0", "Units"], is_purchase);
            for column in ["SubAccountId", "SubAccountName", "ConsumedQuantity", "ConsumedUnit", "x_AllocationMethod"] {
                assert_eq!(row[column], "", "{column} of {}", row["x_AllocationRowType"]);
            }
        }
        assert!(rows.iter().all(|row| row["InvoiceId"] == "INV-7" && row["ChargeClass"].is_empty()));
    }
}

#[test]
fn a_total_finer_than_its_currency_is_rounded_in_a_row_of_its_own() {
    let ledger = changed("vendor-example", |ledger| {
        ledger.books.usage.total.cost = Amount::parse("80.004").expect("an amount");
        ledger.terms = invoiced(entry("80.00", "0", "0", "0"));
    });
    let rows = rows(&files_of(&ledger, None));
    let beyond: Vec<_> = rows.iter().skip(3).map(|row| (&*row["x_AllocationRowType"], &*row["BilledCost"])).collect();
    assert_eq!(beyond, [("difference", "0.004"), ("rounding", "-0.004")]);
}

/// Books that cannot be true are published all the same, digit by digit; only Parquet has not the room for some of them.
#[test]
fn amounts_that_no_decimal_can_hold_are_in_the_csv() {
    for count in [11, 12, 17, 40] {
        let ledger = changed("vendor-example", |ledger| {
            let lines = &mut ledger.books.usage.sub_accounts;
            lines[0].tally.cost = Amount::parse("999999999999999").expect("an amount");
            for number in 1..count {
                let mut line = lines[0].clone();
                line.account_id = uuid::Uuid::from_u128(number);
                lines.push(line);
            }
            // books are in the order of their accounts
            lines.sort_by_key(|line| line.account_id);
        });
        let files = files_of(&ledger, None);
        let shown = ledger.books.usage.currency.show(ledger.books.cost_beyond_parts());
        assert_eq!(rows(&files).last().expect("a row")["BilledCost"], shown);
        let (_, bytes) = only(&files, "parquet/", "");
        assert!(bytes.starts_with(b"PAR1"), "{count}");
    }
}

#[test]
fn amounts_have_a_decimal_point_in_every_currency() {
    for (fixture, currency, decimals) in [("yen", "JPY", 0), ("dinar", "KWD", 3), ("dust", "EUR", 2)] {
        let rows = rows(&files_of(&ledger(fixture, Terms::default()), None));
        for row in &rows {
            assert_eq!(row["BillingCurrency"], currency);
            let (_, fraction) = row["BilledCost"].split_once('.').expect("a decimal point");
            assert!(fraction.len() >= decimals.max(1), "{}", row["BilledCost"]);
            assert!(row["ConsumedQuantity"].is_empty() || row["ConsumedQuantity"].ends_with(".0"));
        }
    }
}
