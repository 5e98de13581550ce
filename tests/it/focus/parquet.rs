//! Parquet read back, and held cell by cell against the table that it was written from.

use std::io::Cursor;

use polars::prelude::*;
use subledger::billing::ledger::Ledger;
use subledger::billing::terms::Terms;
use subledger::report;
use subledger::report::table::{Cells, Table};

use super::{Files, entry, files_of, invoiced, ledger, only};

/// Decimals of amounts.
const SCALE: usize = 22;

fn table(ledger: &Ledger) -> Table<'_> {
    let found = report::tables(ledger).into_iter().find(|(name, _)| name.starts_with("focus/"));
    found.expect("the table").1
}

/// A cell as a text of its type, from the table and from the file: nothing is equal by chance.
fn expected(cells: &Cells, row: usize) -> Option<String> {
    match cells {
        Cells::Text(cells) => cells[row].clone().map(|text| format!("text {text}")),
        Cells::Shared { texts, positions } => {
            texts[positions[row]? as usize].clone().map(|text| format!("text {text}"))
        }
        Cells::Decimal { scale, units } => units[row].map(|units| format!("decimal {units}e-{scale}")),
        Cells::Exact { amounts, .. } => {
            let units = amounts[row]?.rounded_at_scale(22).expect("an amount in range");
            Some(format!("decimal {units}e-22"))
        }
        Cells::Timestamp(cells) => cells[row].map(|at| format!("time {}", at.timestamp_millis())),
        Cells::Integer(_) | Cells::Date(_) => panic!("FOCUS has no such type"),
    }
}

fn found(value: &AnyValue<'_>) -> Option<String> {
    match value {
        AnyValue::Null => None,
        AnyValue::String(text) => Some(format!("text {text}")),
        AnyValue::StringOwned(text) => Some(format!("text {text}")),
        AnyValue::Decimal(units, _, scale) => Some(format!("decimal {units}e-{scale}")),
        AnyValue::Datetime(millis, TimeUnit::Milliseconds, _) => Some(format!("time {millis}")),
        other => panic!("{other:?} in a FOCUS dataset"),
    }
}

/// Each cell of the Parquet file is that of the table, but for the parent account's name, which the table has not.
#[track_caller]
pub(super) fn assert_same(ledger: &Ledger, files: &Files) {
    let (table, (path, bytes)) = (table(ledger), only(files, "parquet/", ".parquet"));
    let frame = ParquetReader::new(Cursor::new(bytes)).finish().expect("a Parquet file");
    let names: Vec<&str> = table.columns.iter().map(|(spec, _)| spec.name).collect();
    assert_eq!(frame.get_column_names(), names, "{path}");
    assert_eq!(frame.height(), table.height(), "{path}");
    for (spec, cells) in table.columns.iter().filter(|(spec, _)| spec.name != "BillingAccountName") {
        let column = frame.column(spec.name).expect("a column");
        for row in 0..table.height() {
            let value = column.get(row).expect("a cell");
            assert_eq!(found(&value), expected(cells, row), "{} in row {row} of {path}", spec.name);
            assert_ne!(found(&value).as_deref(), Some("text "), "{} is empty and not null", spec.name);
        }
    }
}

#[test]
fn parquet_has_the_cells_of_the_table() {
    for fixture in ["vendor-example", "month", "doubles", "precision", "yen", "dinar", "dust", "negative", "zero-cost"]
    {
        let ledger = ledger(fixture, Terms::default());
        assert_same(&ledger, &files_of(&ledger, None));
    }
    let ledger = ledger("vendor-example", invoiced(entry("100.00", "15.20", "-2.00", "5.00")));
    assert_same(&ledger, &files_of(&ledger, None));
}

#[test]
fn columns_have_a_type_even_where_they_are_empty() {
    let files = files_of(&ledger("vendor-example", Terms::default()), None);
    let frame = ParquetReader::new(Cursor::new(only(&files, "parquet/", "").1)).finish().expect("a Parquet file");
    let kind = |name: &str| frame.column(name).expect("a column").dtype().clone();
    for name in ["BillingAccountName", "ChargeClass", "CommitmentDiscountStatus", "InvoiceId", "SubAccountId"] {
        assert_eq!(kind(name), DataType::String, "{name}");
    }
    assert_eq!(kind("BilledCost"), DataType::Decimal(38, SCALE));
    assert_eq!(kind("ConsumedQuantity"), DataType::Decimal(38, 0));
    assert_eq!(kind("ChargePeriodStart"), DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC)));
}
