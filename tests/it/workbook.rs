//! The workbook of every fixture, read back with another library: cell by cell what the tables say, and formulas only where
//! they belong.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use calamine::{Data, Range, Reader, Xlsx};
use subledger::archive::{Archive, StoreOptions};
use subledger::billing::close::{Close, Issued, Superseded};
use subledger::billing::customers::Pricing;
use subledger::billing::ledger::Ledger;
use subledger::billing::money::Minor;
use subledger::billing::period::timestamp;
use subledger::billing::terms::Terms;
use subledger::config::parse_customers;
use subledger::nightly::{Signals, reconcile};
use subledger::report::format::{Format, Formats};
use subledger::report::table::{Cells, Table};
use subledger::report::text::shown;
use subledger::report::{SetInfo, render, tables};
use tokio::runtime::Runtime;

use crate::support::project;

/// The row of the header, above the cells.
const HEADER_ROW: usize = 2;

pub(crate) fn terms(fixture: &str) -> Terms {
    let map = std::fs::read(project().join("fixtures").join(fixture).join("customers.csv")).ok();
    let customers = map.and_then(|csv| parse_customers(&csv, Pricing::default()).ok());
    Terms { customers, ..Terms::default() }
}

/// The ledger of a fixture's last capture.
pub(crate) fn ledger(fixture: &str, terms: Terms) -> Ledger {
    let place = project().join("fixtures").join(fixture).join("archive");
    let parents = std::fs::read_dir(&place).expect("an archive").map(|entry| entry.expect("an entry").file_name());
    let mut parents = parents.filter_map(|name| name.to_str()?.strip_prefix("parent=")?.parse().ok());
    let parent = parents.next().expect("a parent account");
    let archive = Archive::open(place.to_str().expect("UTF-8"), parent, &StoreOptions::default()).expect("one");
    Runtime::new().expect("a runtime").block_on(async {
        let key = archive.captures().await.expect("captures").pop().expect("a capture");
        reconcile(&archive, &key, terms, &Signals::default()).await.expect("a ledger")
    })
}

/// The workbook and the plain control sheet.
struct Made {
    bytes: Vec<u8>,
    workbook: Xlsx<Cursor<Vec<u8>>>,
    control: String,
}

impl Made {
    fn of(ledger: &Ledger) -> Self {
        let formats = Formats::new([Format::Xlsx], []);
        let info = SetInfo { formats, ..SetInfo::new("test", "subledger test") };
        let mut files = BTreeMap::new();
        let kept = render(ledger, &info, &mut |path, bytes| {
            files.insert(path.to_owned(), bytes);
            Ok(())
        });
        kept.expect("a set");
        let bytes = files.remove("chargeback.xlsx").expect("a workbook");
        let control = String::from_utf8(files.remove("control.csv").expect("a control sheet")).expect("UTF-8");
        Self { workbook: Xlsx::new(Cursor::new(bytes.clone())).expect("a workbook"), bytes, control }
    }

    fn sheet(&mut self, name: &str) -> Range<Data> {
        self.workbook.worksheet_range(name).expect("a sheet")
    }

    /// The parts of the file that hold a formula.
    fn with_formulas(&self) -> BTreeSet<String> {
        let mut parts = zip::ZipArchive::new(Cursor::new(&self.bytes)).expect("a zip");
        let names: Vec<String> = parts.file_names().map(|name| name.expect("a name").into_owned()).collect();
        let holds = |name: &String| {
            let mut text = String::new();
            parts.by_name(name).expect("a part").read_to_string(&mut text).expect("UTF-8");
            text.contains("<f>") || text.contains("<f ")
        };
        let sheets = names.into_iter().filter(|name| name.starts_with("xl/worksheets/sheet"));
        sheets.filter(holds).collect()
    }
}

/// What a cell has to be: digits of a number that fits, text, an instant, or nothing.
fn expected(cells: &Cells, row: usize, percent: bool) -> Data {
    let number = |digits: String| {
        let significant = digits.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
        if significant > 15 { Data::String(digits) } else { Data::Float(digits.parse().expect("a number")) }
    };
    let units = |units: i128, scale: u32| {
        let power = 10_u128.pow(scale);
        let (sign, units) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
        let fraction = format!("{:0>width$}", units % power, width = scale as usize);
        if scale == 0 { format!("{sign}{units}") } else { format!("{sign}{}.{fraction}", units / power) }
    };
    let text = |text: &str| if text.is_empty() { Data::Empty } else { Data::String(shown(text)) };
    let cell = match cells {
        Cells::Text(cells) => cells[row].as_deref().map(text),
        Cells::Shared { texts, positions } => {
            positions[row].and_then(|position| texts[position as usize].as_deref()).map(text)
        }
        Cells::Integer(cells) => cells[row].map(|cell| number(cell.to_string())),
        Cells::Decimal { scale, units: cells } => {
            cells[row].map(|cell| number(units(cell, scale + if percent { 2 } else { 0 })))
        }
        Cells::Exact { amounts, .. } => amounts[row].map(|amount| number(amount.to_string())),
        Cells::Date(cells) => cells[row].map(|day| Data::DateTimeIso(day.to_string())),
        Cells::Timestamp(cells) => cells[row].map(|at| Data::DateTimeIso(timestamp(at))),
    };
    cell.unwrap_or(Data::Empty)
}

/// A cell as it was read, dates as their text.
fn found(cell: Option<&Data>, is_day: bool) -> Data {
    match cell {
        Some(Data::DateTime(at)) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            let day = format!("{year:04}-{month:02}-{day:02}");
            Data::DateTimeIso(if is_day { day } else { format!("{day}T{hour:02}:{minute:02}:{second:02}Z") })
        }
        Some(Data::Int(number)) => Data::Float(number.to_string().parse().expect("a number")),
        Some(other) => other.clone(),
        None => Data::Empty,
    }
}

fn place(row: usize, col: usize) -> (u32, u32) {
    (u32::try_from(row).expect("a row"), u32::try_from(col).expect("a column"))
}

fn compare(what: &str, range: &Range<Data>, table: &Table) {
    for (col, (spec, cells)) in table.columns.iter().enumerate() {
        for row in 0..table.height() {
            let at = range.get_value(place(HEADER_ROW + 1 + row, col));
            let found = found(at, matches!(cells, Cells::Date(_)));
            assert_eq!(found, expected(cells, row, spec.unit == "percent"), "{what}: {} in row {row}", spec.name);
        }
    }
    let rows = range.end().map_or(0, |(row, _)| row as usize + 1).max(HEADER_ROW + 1) - HEADER_ROW - 1;
    assert_eq!(rows, table.height(), "{what}");
}

/// The control sheet against its CSV, by the names of columns; the rows of the foot stand two rows lower.
fn compare_control(what: &str, range: &Range<Data>, csv: &str) {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let columns: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    // number, cost again and its difference, charge again and its difference
    let moved = |col: usize| match columns[..col].iter().map(String::as_str).collect::<Vec<_>>() {
        before if before.contains(&"charge") => col + 5,
        before if before.contains(&"cost") => col + 3,
        _ => col + 1,
    };
    let foot = rows.len() - 3;
    for (row, record) in rows.iter().enumerate() {
        let at = HEADER_ROW + 1 + row + if row >= foot { 2 } else { 0 };
        for (col, text) in record.iter().enumerate().filter(|(col, _)| row < foot || columns[*col] != "name") {
            let cell = range.get_value(place(at, moved(col)));
            let is_equal = match cell {
                Some(Data::Float(number)) => text.parse() == Ok(*number),
                Some(Data::String(cell)) => *cell == shown(text) || format!("'{cell}") == shown(text),
                Some(Data::Empty) | None => text.is_empty(),
                _ => false,
            };
            assert!(is_equal, "{what}: {} in row {row}: {cell:?}, expected {text:?}", columns[col]);
        }
    }
}

fn compare_all(what: &str, ledger: &Ledger) {
    let mut made = Made::of(ledger);
    let mut names = vec!["Summary", "Chargeback", "Control", "Caps", "Removed", "Findings"];
    names.extend(ledger.superseded().map(|_| "Journal"));
    assert_eq!(made.workbook.sheet_names(), names, "{what}");
    for (file, mut table) in tables(ledger) {
        let sheet = match file {
            "chargeback" => "Chargeback",
            "caps" => "Caps",
            "removed" => "Removed",
            "findings (in the workbook)" => "Findings",
            "journal" => "Journal",
            _ => continue,
        };
        let range = made.sheet(sheet);
        if sheet == "Chargeback" {
            let of_statements = ledger.charges.statements().map(|statement| statement.lines.len());
            let lines = of_statements.chain(ledger.charges.kept().map(|_| 1));
            let numbers = (1..).zip(lines).flat_map(|(number, lines)| vec![Some(number); lines]).collect();
            let spec = subledger::report::table::Spec::new("control_row", "", "");
            table.columns.push((spec, Cells::Integer(numbers)));
        }
        compare(&format!("{what}, {sheet}"), &range, &table);
    }
    let control = made.sheet("Control");
    compare_control(what, &control, &made.control);
    let formulas = made.workbook.worksheet_formula("Control").expect("formulas");
    let rows = made.control.lines().filter(|line| line.starts_with("statement,") || line.starts_with("kept,")).count();
    if formulas.used_cells().next().is_some() {
        // two sums with two differences for each row; ten sums with their differences and two last differences
        assert_eq!(formulas.used_cells().count(), 4 * rows + 6 + 5 + 2, "{what}");
        assert_eq!(made.with_formulas(), BTreeSet::from(["xl/worksheets/sheet3.xml".to_owned()]), "{what}");
    } else {
        assert_eq!(made.with_formulas(), BTreeSet::new(), "{what}");
    }
}

#[test]
fn every_cell_is_what_the_tables_say() {
    let folders = std::fs::read_dir(project().join("fixtures")).expect("fixtures");
    let names = folders.map(|folder| folder.expect("a folder").file_name().into_string().expect("UTF-8"));
    let names: BTreeSet<String> = names.collect();
    for name in names {
        compare_all(&name, &ledger(&name, terms(&name)));
    }
}

#[test]
fn the_same_ledger_gives_the_same_bytes() {
    let ledger = ledger("moved", terms("moved"));
    assert_eq!(Made::of(&ledger).bytes, Made::of(&ledger).bytes);
}

#[test]
fn a_correction_has_a_journal() {
    let before = ledger("moved", terms("moved"));
    let mut issued = Issued::of(&before.charges);
    issued.entries.remove(0);
    let superseded = Superseded {
        revision: 1,
        invoice_number: "=INV-1".to_owned(),
        sha256: "0".repeat(64),
        invoice: before.charges.pooled.minor - Minor(5),
        issued,
    };
    let close = Close {
        revision: 2,
        closed_at: before.books.capture.at,
        accepted: Vec::new(),
        reason: Some("a customer was missing".to_owned()),
        supersedes: Some(superseded),
    };
    let ledger = ledger("moved", Terms { close: Some(close), ..terms("moved") });
    compare_all("a correction", &ledger);
}

#[test]
fn hostile_names_are_text_in_every_sheet() {
    let mut ledger = ledger("month", Terms::default());
    let long = "x".repeat(300);
    let names = [
        "=HYPERLINK(\"http://x\")",
        "@SUM(A1)",
        "Ünïcødé 客户 🚀",
        "a\u{202e}b",
        &long,
        "Acme",
        "ACME",
        "</t></si>",
        "&A&P",
    ];
    for (account, name) in ledger.books.accounts.iter_mut().zip(names.iter().cycle()) {
        account.name = (*name).into();
    }
    assert!(ledger.charges.statements().len() >= names.len());
    // each account is its own customer, and its customer's name is that of its line
    for (line, name) in ledger.charges.lines.iter_mut().zip(names) {
        line.name = name.into();
    }
    compare_all("hostile names", &ledger);
}
