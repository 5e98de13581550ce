//! FOCUS 1.2: the dataset that cost tools read, as CSV and as Parquet, with its metadata.
//!
//! Unlike the chargeback it is not about customers: it has the API's figures as sent, account by account, and as rows of
//! their own what the invoice is more than they come to. Σ `BilledCost` is the pooled invoice, digit by digit.

mod columns;
mod metadata;
mod rows;

use crate::billing::ledger::Ledger;
use crate::billing::period::{Period, month_of};

use self::metadata::{DataFile, Schema};
use super::csv::{self, Dialect, Guard, LineEnd};
use super::parquet;
use super::{Error, SetInfo};

pub(super) use self::columns::table;

/// FOCUS wants Unix line ends, decimals that are seen to be decimals, and texts that nobody has altered.
const DIALECT: Dialect =
    Dialect { line_end: LineEnd::Lf, is_always_decimal: true, guard: Guard::Off, ..Dialect::PLAIN };

/// The files of the dataset, by their paths within the set.
///
/// CSV and Parquet have a tree each, and metadata another: a reader that takes a whole folder must not count anything twice.
/// The names are the same every night, so that a copy replaces the night before.
pub(super) fn files(ledger: &Ledger, info: &SetInfo) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let table = table(ledger, info.account_name.as_deref());
    let schema = Schema::of(&table);
    let folder = folder(ledger.books.usage.period);
    let name = format!("ahasend-focus-{}", ledger.books.account_id);
    let mut data = Vec::new();
    let mut metadata = vec![
        ("focus/metadata/data_generator.json".to_owned(), metadata::data_generator()),
        (format!("focus/metadata/schema-{}.json", schema.id()), schema.bytes()),
    ];
    for format in ["csv", "parquet"] {
        let path = format!("{format}/{folder}/{name}.{format}");
        let full = format!("focus/{path}");
        let bytes = if format == "csv" { csv::bytes(&full, &table, DIALECT)? } else { parquet::bytes(&full, &table)? };
        let file = DataFile { filepath: path, total_bytes: bytes.len(), total_rows: table.height() };
        metadata.push((format!("focus/metadata/{folder}/{name}-{format}.json"), schema.reference(file)));
        data.push((full, bytes));
    }
    data.extend(metadata);
    Ok(data)
}

/// The folder of a billing period, as engines read columns from folders: the month, or for any other period its first day.
fn folder(period: Period) -> String {
    let format = if month_of(period.start) == period { "%Y-%m" } else { "%Y-%m-%d" };
    format!("billing_period={}", period.start.format(format))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_the_month_where_the_period_is_one() {
        for (start, end, expected) in [
            ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z", "2024-01"),
            ("2023-12-01T00:00:00Z", "2024-01-01T00:00:00Z", "2023-12"),
            ("2024-01-15T00:00:00Z", "2024-02-15T00:00:00Z", "2024-01-15"),
            ("2024-01-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-01-01"),
            ("2024-01-01T00:00:00Z", "2024-01-31T23:59:59Z", "2024-01-01"),
            ("2024-01-01T06:00:00Z", "2024-02-01T00:00:00Z", "2024-01-01"),
        ] {
            let period = Period { start: start.parse().unwrap(), end: end.parse().unwrap() };
            assert_eq!(folder(period), format!("billing_period={expected}"));
        }
    }
}
