//! Invoices that can be read, whichever way they came, and the words for those that cannot.

use super::*;
use crate::billing::money::Currency;

const HEADER: &str = "period,invoice_number,amount,tax,credit,add_on,currency";

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// What is said of a table with this header and these rows.
fn refused(header: &str, rows: &str) -> String {
    read(format!("{header}\n{rows}\n").as_bytes(), "invoices.csv").expect_err("a mistake").to_string()
}

fn typed(number: &str, amount: &str, source: &str) -> TypedInvoice {
    let (number, amount, source) = (number.to_owned(), amount.to_owned(), source.to_owned());
    TypedInvoice { number, amount, tax: None, credit: None, add_on: None, currency: None, source }
}

fn entered(typed: TypedInvoice) -> Entered {
    let entry = typed.entry().unwrap_or_else(|wrong| panic!("{}: {}", wrong.column, wrong.problem));
    Entered { typed, entry }
}

#[test]
fn texts_stay_as_they_were_typed_and_say_where() {
    let text = "\u{feff}amount,period,invoice_number,credit,tax,currency,add_on\r\n\r\n92.80,2026-10-01, INV-7 ,-10.00,12.80,eur,\r\n,,,,,,\r\n-5.0,2026-09-01,CN-1,,-0.80,,\r\n";
    let invoices = read(text.as_bytes(), "invoices.csv").unwrap();
    let october = &invoices[&day("2026-10-01")];
    let expected = TypedInvoice {
        tax: Some("12.80".to_owned()),
        credit: Some("-10.00".to_owned()),
        currency: Some("eur".to_owned()),
        ..typed("INV-7", "92.80", "invoices.csv, line 3")
    };
    assert_eq!(october.typed, expected);
    assert_eq!(october.entry.currency.map(Currency::code), Some("EUR"));
    let amounts = [october.entry.amount, october.entry.tax, october.entry.credit, october.entry.add_on];
    assert_eq!(amounts.map(|amount| amount.to_string()), ["92.8", "12.8", "-10", "0"]);
    // a credit note is an invoice below zero, and so is its tax
    let september = &invoices[&day("2026-09-01")];
    assert_eq!(
        (september.typed.source.as_str(), september.entry.tax.to_string()),
        ("invoices.csv, line 5", "-0.8".to_owned())
    );
    let without_optional = read(b"period,invoice_number,amount\n2026-10-01,1,80\n", "x.csv").unwrap();
    assert_eq!(without_optional[&day("2026-10-01")], entered(typed("1", "80", "x.csv, line 2")));
}

#[test]
fn what_is_wrong_with_a_cell_is_named_with_line_and_column() {
    let long = "x".repeat(301);
    for (row, expected) in [
        (",INV-7,80,,,,", "`period`: is empty"),
        (
            "10/2026,INV-7,80,,,,",
            "`period`: is no date such as 2026-10-15, year first; format the cell as text if a spreadsheet changes it",
        ),
        ("2026-10-01,,80,,,,", "`invoice_number`: is empty"),
        (
            "2026-10-01,LONG,80,,,,",
            "`invoice_number`: is longer than 300 characters or has control characters; shorten or clean it",
        ),
        (
            "2026-10-01,\"INV\n7\",80,,,,",
            "`invoice_number`: is longer than 300 characters or has control characters; shorten or clean it",
        ),
        ("2026-10-01,INV-7,,,,,", "`amount`: is empty"),
        (
            "2026-10-01,INV-7,\"80,00\",,,,",
            "`amount`: has a decimal comma; write it like 1234.50, with a point, and nothing between thousands",
        ),
        (
            "2026-10-01,INV-7,\"1,234.50\",,,,",
            "`amount`: has commas between thousands; write it like 1234.50, with nothing between thousands",
        ),
        (
            "2026-10-01,INV-7,80,12 800.00,,,",
            "`tax`: has separators between thousands; write it like 1234.50, with nothing between thousands",
        ),
        ("2026-10-01,INV-7,80,,10.00,,", "`credit`: lowers the invoice: write it as a negative amount, -10.00"),
        (
            "2026-10-01,INV-7,80,,,+5,",
            "`add_on`: has no usable sign; write it like 80.00, or like -80.00 if it is below zero",
        ),
        (
            "2026-10-01,INV-7,80,,,,EURO",
            "`currency`: is no ISO 4217 code of a currency with minor units; write it like EUR",
        ),
    ] {
        assert_eq!(refused(HEADER, &row.replace("LONG", &long)), format!("line 2, column {expected}"));
    }
    for (header, expected) in [
        ("period,amount", "line 1, column `invoice_number`: is missing; the columns are period,invoice_number,amount,"),
        ("period,invoice_number,amount,vat", "line 1, column `vat`: is not known; the columns are period,"),
    ] {
        assert!(refused(header, "").starts_with(expected));
    }
    let unquoted = refused("period,invoice_number,amount", "2026-10-01,INV-7,80,00");
    assert!(unquoted.contains("has 4 cells where the header has 3; decimals have a point"), "{unquoted}");
}

#[test]
fn a_period_has_one_row() {
    let rows = "2026-10-01,INV-7,80,,,,\n\n2026-10-01,INV-8,82,,,,";
    let expected = "line 4, column `period`: 2026-10-01 has an invoice in line 2 already; change that row instead of adding \
                    another: the archive keeps what was closed";
    assert_eq!(refused(HEADER, rows), expected);
}

#[test]
fn the_same_invoice_in_two_places_is_one_and_another_is_refused() {
    let period = day("2026-10-01");
    let join = |of_file: TypedInvoice, of_table: TypedInvoice| {
        let of = |typed| Invoices::from([(period, entered(typed))]);
        joined(of(of_file), of(of_table)).map(|joined| joined[&period].clone()).map_err(|error| error.to_string())
    };
    let of_file = typed("", "80", "subledger.toml, line 3");
    let of_table = typed("INV-7", "80.00", "invoices.csv, line 2");
    let with_currency = TypedInvoice { currency: Some("EUR".to_owned()), ..of_file.clone() };
    let one = join(with_currency.clone(), of_table.clone()).unwrap();
    assert_eq!((one.typed.number.as_str(), one.typed.amount.as_str()), ("INV-7", "80.00"));
    assert_eq!((one.typed.currency.as_deref(), one.entry.currency.is_some()), (Some("EUR"), true));
    assert_eq!(one.typed.source, "invoices.csv, line 2; subledger.toml, line 3");
    let some = |text: &str| Some(text.to_owned());
    for (of_file, of_table, column) in [
        (TypedInvoice { number: "INV-6".to_owned(), ..of_file.clone() }, of_table.clone(), "invoice_number"),
        (TypedInvoice { amount: "81".to_owned(), ..of_file.clone() }, of_table.clone(), "amount"),
        (TypedInvoice { tax: some("1"), ..of_file.clone() }, of_table.clone(), "tax"),
        (TypedInvoice { credit: some("-1"), ..of_file.clone() }, of_table.clone(), "credit"),
        (TypedInvoice { add_on: some("1"), ..of_file.clone() }, of_table.clone(), "add_on"),
        (with_currency, TypedInvoice { currency: some("USD"), ..of_table.clone() }, "currency"),
    ] {
        let expected = format!(
            "the invoice of 2026-10-01 has another `{column}` in subledger.toml, line 3 than in invoices.csv, line 2; delete \
             one of the two, or make them the same"
        );
        assert_eq!(join(of_file, of_table), Err(expected));
    }
    // what is in one place only stays
    let of = |period: &str, typed: &TypedInvoice| Invoices::from([(day(period), entered(typed.clone()))]);
    assert_eq!(joined(of("2026-09-01", &of_file), of("2026-10-01", &of_table)).unwrap().len(), 2);
}

#[test]
fn an_error_names_the_flag_or_the_place() {
    let flags = |number: &str, amount: &str| typed(number, amount, TypedInvoice::COMMAND_LINE);
    let said = |typed: TypedInvoice| typed.parse().unwrap_err().to_string();
    assert_eq!(flags("INV-7", "80.00").parse().unwrap(), entered(flags("INV-7", "80.00")).entry);
    assert!(said(flags(" ", "80.00")).starts_with("`--invoice-number` is empty; a period is closed with the number"));
    assert!(
        said(flags("INV\t7", "80.00")).starts_with("`--invoice-number` is longer than 300 characters or has control")
    );
    assert!(said(flags("INV-7", "80,00")).starts_with("`--amount` has a decimal comma; write it like 1234.50"));
    let some = |text: &str| Some(text.to_owned());
    let add_on = TypedInvoice { add_on: some("five"), ..flags("INV-7", "80.00") };
    assert!(said(add_on).starts_with("`--add-on` holds something else than one number"));
    let credit = TypedInvoice { credit: some("5"), ..flags("INV-7", "80.00") };
    assert_eq!(said(credit), "`--credit` lowers the invoice: write it as a negative amount, -10.00");
    let currency = TypedInvoice { currency: some(""), ..flags("INV-7", "80.00") };
    assert!(said(currency).starts_with("`--currency` is no ISO 4217 code"));
    // in the configuration the number may wait until the period is closed
    let of_file = typed("", "80.00", "subledger.toml, line 12");
    assert!(of_file.entry().is_ok());
    assert!(said(of_file).starts_with("`invoice_number` (subledger.toml, line 12) is empty; a period is closed with"));
}
