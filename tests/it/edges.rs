//! Report sets at the edges of what formats hold: a night without a single sub account, and every figure of every fixture in
//! Parquet, digit by digit.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use polars::prelude::{AnyValue, Column, DataType, ParquetReader, SerReader, TimeUnit, TimeZone};
use subledger::billing::money::{TABLE_SCALE, format_units};
use subledger::report::table::Cells;
use subledger::report::{parquet, tables};

use crate::fixtures::nights::night;
use crate::support::look::{self, rows};
use crate::support::{NIGHT, PARENT, Server, home, project, ran, run_at, subledger};
use crate::workbook::{ledger, terms};

#[test]
fn a_set_without_rows_has_every_file_with_its_header_and_proves_its_zero() {
    let folder = home();
    let profiles = "report.csv_profiles = [\"excel\", \"excel-eu\"]\n";
    std::fs::write(folder.path().join("subledger.toml"), profiles).expect("a configuration");
    let mut answers = night(&[], 0);
    // nor has the parent account sent anything
    let (messages, cost) = ("\"reception_count\": 100", "\"allocated_cost\": 1.00");
    assert!(answers.usage.contains(messages) && answers.usage.contains(cost), "{}", answers.usage);
    answers.usage = answers.usage.replace(messages, "\"reception_count\": 0").replace(cost, "\"allocated_cost\": 0.00");
    let done = run_at(folder.path(), &Server::of(answers), NIGHT, &[]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let set = look::latest(folder.path());
    let files = look::files(&set);
    for (path, bytes) in &files {
        assert!(!bytes.is_empty(), "{path}");
        let is_table = path.rsplit_once('.').is_some_and(|(_, kind)| kind == "csv");
        let header = String::from_utf8_lossy(bytes).lines().next().map(str::to_owned).unwrap_or_default();
        assert!(!is_table || header.contains(['_', ',']), "{path}: {header}");
    }
    let is_customers = |path: &&String| path.starts_with("customers/");
    assert_eq!(files.keys().find(is_customers), None, "nobody has a statement");
    let control = rows(&set.join("control.csv"));
    assert_eq!(look::row(&control, "row_type", "sum")["cost"], "0.00");
    assert_eq!(look::row(&control, "row_type", "difference")["cost"], "0.00");
    let workbook: Xlsx<_> = Xlsx::new(Cursor::new(files["chargeback.xlsx"].clone())).expect("a workbook");
    assert_eq!(workbook.sheet_names().len(), 6);
    let frame = ParquetReader::new(Cursor::new(&files["chargeback.parquet"])).finish().expect("a table");
    assert_eq!(frame.height(), rows(&set.join("chargeback.csv")).len());
    let verified = ran(subledger(folder.path()).env("AHASEND_ACCOUNT_ID", PARENT).arg("verify"));
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

/// The digits of a cell, or its text; nothing for an empty one.
fn expected(cells: &Cells, row: usize) -> Option<String> {
    match cells {
        Cells::Text(_) | Cells::Shared { .. } => cells.text_at(row).map(str::to_owned),
        Cells::Integer(cells) => cells[row].map(|cell| cell.to_string()),
        Cells::Decimal { scale, units } => units[row].map(|units| format_units(units, *scale)),
        Cells::Exact { amounts, .. } => {
            amounts[row].map(|amount| format_units(amount.rounded_at_scale(TABLE_SCALE).expect("a sum"), TABLE_SCALE))
        }
        Cells::Date(cells) => cells[row].map(|day| day.to_string()),
        Cells::Timestamp(cells) => cells[row].map(|at| at.timestamp_millis().to_string()),
    }
}

fn found(column: &Column, row: usize) -> Option<String> {
    match column.get(row).expect("a cell") {
        AnyValue::Null => None,
        AnyValue::String(text) => Some(text.to_owned()),
        AnyValue::StringOwned(text) => Some(text.to_string()),
        AnyValue::Int64(number) => Some(number.to_string()),
        AnyValue::Decimal(units, _, scale) => Some(format_units(units, u32::try_from(scale).expect("a scale"))),
        AnyValue::Datetime(at, ..) | AnyValue::DatetimeOwned(at, ..) => Some(at.to_string()),
        other => panic!("{} has a cell of another kind: {other:?}", column.name()),
    }
}

/// Money is DECIMAL, counts are integers, and nothing is a double.
fn assert_kind(column: &Column, cells: &Cells) {
    let due = match cells {
        Cells::Text(_) | Cells::Shared { .. } | Cells::Date(_) => DataType::String,
        Cells::Integer(_) => DataType::Int64,
        Cells::Decimal { scale, .. } => DataType::Decimal(38, *scale as usize),
        Cells::Exact { .. } => DataType::Decimal(38, TABLE_SCALE as usize),
        Cells::Timestamp(_) => DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC)),
    };
    assert_eq!(*column.dtype(), due, "{}", column.name());
}

#[test]
fn every_cell_of_every_table_is_the_same_in_parquet() {
    let mut count = 0;
    for fixture in std::fs::read_dir(project().join("fixtures")).expect("fixtures") {
        let fixture = fixture.expect("a folder").file_name().into_string().expect("UTF-8");
        for (name, table) in tables(&ledger(&fixture, terms(&fixture))) {
            let bytes = parquet::bytes(name, &table).expect("a table");
            assert!(bytes == parquet::bytes(name, &table).expect("a table"), "the same table gives the same bytes");
            let frame = ParquetReader::new(Cursor::new(bytes)).finish().expect("a table");
            assert_eq!((frame.height(), frame.width()), (table.height(), table.columns.len()), "{fixture}, {name}");
            for (column, (spec, cells)) in frame.columns().iter().zip(&table.columns) {
                assert_eq!(column.name(), spec.name);
                assert_kind(column, cells);
                for row in 0..table.height() {
                    let (expected, found) = (expected(cells, row), found(column, row));
                    assert_eq!(found, expected, "{fixture}, {name}: {} in row {row}", spec.name);
                    count += 1;
                }
            }
        }
    }
    assert!(count > 10_000, "{count}");
}
