//! What wins over what, and which files are read.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::billing::money::Exact;

const ID: &str = "2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a";

/// A folder with these files.
fn home(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

/// The configuration of a folder with `subledger.toml`.
fn loaded(home: &TempDir, overrides: Overrides) -> Result<Config, Error> {
    let config = Some(home.path().join("subledger.toml"));
    let surroundings = Surroundings::made_of([], Clock::Fixed("2026-10-15T12:00:00Z".parse().expect("a time")));
    Config::load(&Overrides { config, ..overrides }, &surroundings)
}

fn amount(config: &Config) -> String {
    let invoices: Vec<String> = config.terms.invoices.values().map(|invoice| invoice.amount.to_string()).collect();
    invoices.join(" ")
}

/// A table with an invoice of this amount.
fn table_of(amount: &str) -> String {
    format!("period,invoice_number,amount\n2026-10-01,INV-7,{amount}\n")
}

#[test]
fn a_table_of_invoices_is_named_by_flag_or_file_or_lies_beside_the_configuration() {
    let named = "invoices = \"named.csv\"\n";
    let (usual, by_file, by_flag) = (table_of("1"), table_of("2"), table_of("3"));
    let tables = [("invoices.csv", usual.as_str()), ("named.csv", &by_file), ("flag.csv", &by_flag)];
    let home_of = |toml: &str| home(&[&tables[..], &[("subledger.toml", toml)]].concat());

    let home = home_of("");
    let config = loaded(&home, Overrides::default()).unwrap();
    assert_eq!(amount(&config), "1");
    let typed = config.invoices_typed.values().next().unwrap();
    assert_eq!((typed.number.as_str(), typed.source.as_str()), ("INV-7", "invoices.csv, line 2"));

    let home = home_of(named);
    assert_eq!(amount(&loaded(&home, Overrides::default()).unwrap()), "2");
    let flag = Overrides { invoices: Some(home.path().join("flag.csv")), ..Overrides::default() };
    assert_eq!(amount(&loaded(&home, flag.clone()).unwrap()), "3");
    let unread = loaded(&home, Overrides { without_invoices: true, ..flag }).unwrap();
    assert!(unread.terms.invoices.is_empty() && unread.invoices_typed.is_empty());
    let nowhere = Overrides { invoices: Some(home.path().join("nowhere.csv")), ..Overrides::default() };
    assert!(matches!(loaded(&home, nowhere), Err(Error::ReadTable { .. })));
}

#[test]
fn an_invoice_in_both_places_must_be_the_same() {
    let toml =
        "[[invoice]]\nperiod = \"2026-10-01\"\namount = \"80\"\n\n[[invoice]]\nperiod = \"2026-09-01\"\namount = 5\n";
    let same = home(&[("subledger.toml", toml), ("invoices.csv", &table_of("80.00"))]);
    let config = loaded(&same, Overrides::default()).unwrap();
    assert_eq!(amount(&config), "5 80");
    let sources: Vec<&str> = config.invoices_typed.values().map(|typed| typed.source.as_str()).collect();
    assert_eq!(sources, ["subledger.toml, line 6", "invoices.csv, line 2; subledger.toml, line 2"]);
    let other = home(&[("subledger.toml", toml), ("invoices.csv", &table_of("80.01"))]);
    let error = loaded(&other, Overrides::default()).unwrap_err();
    assert!(error.concerns_charges());
    assert!(
        error.to_string().contains("another `amount` in subledger.toml, line 2 than in invoices.csv, line 2"),
        "{error}"
    );
    // whoever does not look into the table does not stumble over it
    assert_eq!(amount(&loaded(&other, Overrides { without_invoices: true, ..Overrides::default() }).unwrap()), "5 80");
}

#[test]
fn prices_of_the_file_are_those_of_empty_cells() {
    let toml = "[charges]\nmarkup_percent = 5\nmonthly_fee = \"20\"\nminimum_charge = 25\n";
    let map = format!("sub_account_id,customer_id,customer_name,markup_percent,monthly_fee\n{ID},a,A,,0\n");
    let home = home(&[("subledger.toml", toml), ("customers.csv", &map)]);
    let config = loaded(&home, Overrides::default()).unwrap();
    let customer = config.terms.customers.as_ref().unwrap().customers().next().unwrap();
    assert_eq!((customer.pricing.monthly_fee, customer.pricing.minimum_charge), (Exact::ZERO, Exact::whole(25)));
    assert_eq!((customer.pricing.markup_percent, config.terms.pricing.monthly_fee), (5.into(), Exact::whole(20)));
    assert_eq!(config.customers_csv.as_deref(), Some(map.as_bytes()));
    let unread = loaded(&home, Overrides { without_customers: true, ..Overrides::default() }).unwrap();
    assert!(unread.terms.customers.is_none() && unread.customers_csv.is_none());
}

#[test]
fn what_is_wrong_with_a_table_names_the_file_and_the_place() {
    for (name, text, expected) in [
        ("invoices.csv", "period,invoice_number,amount\n2026-10-01,INV-7,80 EUR\n", "the invoices in `"),
        ("customers.csv", "sub_account_id,customer_id,customer_name\nx,a,A\n", "the customer map `"),
    ] {
        let home = home(&[("subledger.toml", ""), (name, text)]);
        let error = loaded(&home, Overrides::default()).unwrap_err();
        let said = error.to_string();
        assert!(error.concerns_charges() && said.starts_with(expected) && said.contains(name), "{said}");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.starts_with("line 2, column `"), "{cause}");
    }
    let home = home(&[("subledger.toml", "[[invoice]]\nperiod = \"2026-10-01\"\namount = \"1,5\"\n")]);
    let said = loaded(&home, Overrides::default()).unwrap_err().to_string();
    assert!(
        said.contains("subledger.toml` cannot be used: [[invoice]] of line 2, `amount`: has a decimal comma"),
        "{said}"
    );
    let invoice = Overrides { invoice: Some("80,00".to_owned()), ..Overrides::default() };
    let said = loaded(&self::home(&[("subledger.toml", "")]), invoice).unwrap_err().to_string();
    assert!(said.starts_with("`--invoice` has a decimal comma; "), "{said}");
}
