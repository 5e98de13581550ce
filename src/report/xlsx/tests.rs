//! The cells that a spreadsheet would take for something else, sheets that go on in others, and which formulas there are.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use chrono::NaiveDate;
use rust_xlsxwriter::Workbook;
use uuid::Uuid;

use crate::billing::books::{Books, CaptureRef, Status, SubAccount, Tally, Usage, UsageLine};
use crate::billing::money::{Amount, Currency};
use crate::billing::past::Past;
use crate::billing::period::month_of;
use crate::billing::terms::Terms;

use super::control::Proofs;
use super::sheet::FIRST_ROW;
use super::*;

fn currency() -> Currency {
    Currency::parse("eur").unwrap()
}

fn spec(name: &'static str, unit: &'static str) -> Spec {
    Spec::new(name, unit, "")
}

fn read(bytes: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(bytes)).unwrap()
}

/// The cells of a sheet below its header, and the header itself.
fn cells(workbook: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Range<Data> {
    let range = workbook.worksheet_range(sheet).unwrap();
    let end = range.end().unwrap();
    range.range((FIRST_ROW - 1, 0), end)
}

/// A workbook of one table.
fn written(columns: Vec<(Spec, Cells)>, row_count_max: usize) -> Xlsx<Cursor<Vec<u8>>> {
    let mut book = Book::of(Workbook::new(), currency(), row_count_max);
    let table = Table { columns };
    simple("Table", &table, "3 rows".to_owned(), "name", "table.parquet").write(&mut book).unwrap();
    read(book.workbook.save_to_buffer().unwrap())
}

fn texts<'t>(texts: &[&'t str]) -> (Spec, Cells<'t>) {
    (spec("name", ""), Cells::Text(texts.iter().map(|text| Some((*text).into())).collect()))
}

#[test]
fn text_stays_text() {
    let names = [
        "=1+1",
        "=HYPERLINK(\"http://x\")",
        "@SUM(A1)",
        "+1",
        "-1",
        "http://example.com",
        "00123",
        "1e5",
        "TRUE",
        "#N/A",
        "12345678901234567890",
        "2026-10-01",
        "Ünïcødé 客户 🚀",
        "Acme",
        "ACME",
        "*",
        "~?",
        " padded ",
        "'quoted",
        "_x0041_",
        "</t></si><script>",
        "&amp;",
        "\u{fffe}",
        "<r>",
        "</r>",
    ];
    let mut workbook = written(vec![texts(&names)], ROW_COUNT_MAX);
    let range = cells(&mut workbook, "Table");
    for (row, name) in (1..).zip(names) {
        let expected = Data::String(name.to_owned());
        assert_eq!(range.get_value((FIRST_ROW - 1 + row, 0)), Some(&expected), "{name}");
    }
    assert!(workbook.worksheet_formula("Table").unwrap().used_cells().next().is_none());
}

#[test]
fn hidden_characters_are_written_out_and_markup_is_text() {
    let long = "x".repeat(300);
    let names = ["a\u{202e}b", "a\u{0}b\nc", "<r><t>x</t></r>", &long];
    let mut workbook = written(vec![texts(&names)], ROW_COUNT_MAX);
    let range = cells(&mut workbook, "Table");
    let shown = ["a\\u{202e}b", "a\\u{0}b\\u{a}c", "<r><t>x</t></r> ", &long];
    for (row, name) in (1..).zip(shown) {
        assert_eq!(range.get((row, 0)), Some(&Data::String(name.to_owned())));
    }
}

#[test]
fn a_text_beyond_what_a_cell_holds_is_cut_and_says_so() {
    for (letter, fits, beyond) in [("x", 32_767, 32_768), ("🚀", 16_383, 16_384)] {
        let mut workbook = written(vec![texts(&[&letter.repeat(fits), &letter.repeat(beyond)])], ROW_COUNT_MAX);
        let range = cells(&mut workbook, "Table");
        let [whole, cut] = [1, 2].map(|row| range.get((row, 0)).unwrap().to_string());
        assert_eq!(whole, letter.repeat(fits));
        assert!(cut.ends_with(" … [cut; whole in table.parquet]"), "{letter}");
        assert!(cut.encode_utf16().count() <= 32_767 && cut.encode_utf16().count() > 32_760);
    }
}

#[test]
fn numbers_are_numbers_as_long_as_no_digit_is_lost() {
    let edge = 1_000_000_000_000_000;
    let decimals = Cells::Decimal { scale: 2, units: vec![Some(edge - 1), Some(edge), Some(1 - edge), None] };
    let integers = Cells::Integer(vec![Some(999_999_999_999_999), Some(i64::MAX), Some(-5), None]);
    let amounts = ["0.100000000000000000000", "0.12345678901234567", "-1e-20", "123456789012.345"];
    let amounts = amounts.map(|text| Some(Amount::parse(text).unwrap().exact())).to_vec();
    let percent = Cells::Decimal { scale: 2, units: vec![Some(9_850), None, None, None] };
    let columns = vec![
        (spec("cost", tables::MONEY), decimals),
        (spec("messages", "messages"), integers),
        (spec("allocated_cost", tables::MONEY), Cells::Exact { currency: currency(), amounts }),
        (spec("cap_utilisation", "percent"), percent),
    ];
    let mut workbook = written(columns, ROW_COUNT_MAX);
    let range = cells(&mut workbook, "Table");
    let text = |text: &str| Data::String(text.to_owned());
    let rows: Vec<Vec<Data>> = range.rows().skip(1).map(<[Data]>::to_vec).collect();
    let number = Data::Float;
    assert_eq!(rows[0], [number(9_999_999_999_999.99), number(999_999_999_999_999.0), number(0.1), number(0.985)]);
    let wide = [text("10000000000000.00"), text("9223372036854775807"), text("0.12345678901234567"), Data::Empty];
    assert_eq!(rows[1], wide);
    assert_eq!(rows[2], [number(-9_999_999_999_999.99), number(-5.0), number(-1e-20), Data::Empty]);
    assert_eq!(rows[3], [Data::Empty, Data::Empty, number(123_456_789_012.345), Data::Empty]);
}

#[test]
fn dates_are_dates_unless_spreadsheets_have_no_such_date() {
    let day = |year| NaiveDate::from_ymd_opt(year, 3, 1);
    let instant = |text: &str| Some(text.parse().unwrap());
    let columns = vec![
        (spec("day", "UTC"), Cells::Date(vec![day(2026), day(1601), day(10_000)])),
        (
            spec("at", "UTC"),
            Cells::Timestamp(vec![instant("2026-10-31T23:59:59.5Z"), instant("1601-01-01T00:00:00Z"), None]),
        ),
    ];
    let mut workbook = written(columns, ROW_COUNT_MAX);
    let range = cells(&mut workbook, "Table");
    let shown = |row, col| match range.get((row, col)).unwrap() {
        Data::DateTime(at) => {
            let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
            format!("{year}-{month}-{day} {hour}:{minute}:{second}.{milli}")
        }
        other => format!("text {other}"),
    };
    assert_eq!(shown(1, 0), "2026-3-1 0:0:0.0");
    assert_eq!(shown(1, 1), "2026-10-31 23:59:59.500");
    assert_eq!([shown(2, 0), shown(3, 0)], ["text 1601-03-01", "text +10000-03-01"]);
    assert_eq!(shown(2, 1), "text 1601-01-01T00:00:00Z");
    assert_eq!(range.get((0, 1)), Some(&Data::String("At (UTC)".to_owned())));
}

#[test]
fn rows_beyond_a_sheet_go_on_in_the_next() {
    let names: Vec<String> = (0..12).map(|row| format!("row {row}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut workbook = written(vec![texts(&names)], FIRST_ROW as usize + 5);
    assert_eq!(workbook.sheet_names(), ["Table", "Table (2)", "Table (3)"]);
    let mut read = Vec::new();
    for (sheet, height) in [("Table", 5), ("Table (2)", 5), ("Table (3)", 2)] {
        let range = cells(&mut workbook, sheet);
        assert_eq!(range.get((0, 0)), Some(&Data::String("Name".to_owned())));
        assert_eq!(range.height(), height + 1);
        read.extend(range.rows().skip(1).map(|row| row[0].to_string()));
    }
    assert_eq!(read, names);
}

/// A ledger of sub accounts that cost so much each.
fn ledger(costs: &[&str]) -> Ledger {
    let at = "2026-10-31T23:45:00Z".parse().unwrap();
    let cost = |text: &str| Amount::parse(text).unwrap();
    let total = costs.iter().map(|text| cost(text).exact()).sum::<crate::billing::money::Exact>().to_string();
    let id = |number: usize| Uuid::from_u128(number as u128);
    let lines = costs.iter().zip(1..).map(|(text, number)| UsageLine {
        account_id: id(number),
        name: format!("Account {number}").into(),
        tally: Tally { messages: 1, cost: cost(text) },
    });
    let accounts = (1..=costs.len()).map(|number| SubAccount {
        id: id(number),
        parent_id: Uuid::nil(),
        name: format!("Account {number}").into(),
        status: Status::Active,
        monthly_credit: 0,
        created_at: None,
    });
    let zero = Tally { messages: 0, cost: Amount::ZERO };
    let usage = Usage {
        period: month_of(at),
        currency: currency(),
        method: "proportional".to_owned(),
        note: String::new(),
        parent_id: Uuid::nil(),
        parent: zero,
        sub_accounts: lines.collect(),
        removed: zero,
        total: Tally { messages: i64::try_from(costs.len()).unwrap(), cost: cost(&total) },
    };
    let capture = CaptureRef { id: "c".into(), at, sha256: String::new() };
    let books = Books::new(capture, Uuid::nil(), usage, accounts.collect(), BTreeMap::new(), Vec::new());
    Ledger::draw_up(Past::default(), books, Terms::default())
}

fn made(ledger: &Ledger, row_count_max: usize) -> Xlsx<Cursor<Vec<u8>>> {
    let entry = FileEntry { path: "customers/x/chargeback.csv".to_owned(), bytes: 0, sha256: String::new() };
    let statements = vec![entry; ledger.charges.statements().len()];
    read(workbook(ledger, &SetInfo::new("test", "test"), &statements, row_count_max).unwrap())
}

fn formulas(workbook: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Vec<String> {
    let formulas = workbook.worksheet_formula(sheet).unwrap();
    formulas.used_cells().map(|(_, _, formula)| formula.clone()).collect()
}

#[test]
fn formulas_add_up_every_sheet_of_a_split_chargeback() {
    let ledger = ledger(&["1.10"; 12]);
    let mut workbook = made(&ledger, FIRST_ROW as usize + 12);
    // statements, kept parent account: 13 lines
    assert_eq!(
        workbook.sheet_names(),
        [
            "Summary",
            "Chargeback",
            "Chargeback (2)",
            "Control",
            "Control (2)",
            "Control (3)",
            "Caps",
            "Removed",
            "Findings"
        ]
    );
    let first = formulas(&mut workbook, "Control");
    assert!(
        first.iter().any(|formula| formula
            .contains("SUMIF(Chargeback!$AH$4:$AH$15,$A4,Chargeback!$O$4:$O$15)+SUMIF('Chargeback (2)'!")),
        "{first:?}"
    );
    let last = formulas(&mut workbook, "Control (3)");
    assert!(last.iter().any(|formula| formula.starts_with("SUM(Control!$H$4:$H$8)+SUM('Control (2)'!")), "{last:?}");
}

#[test]
fn amounts_that_doubles_cannot_add_are_text_and_have_no_formulas() {
    let large = ledger(&["999999999999.99"; 9]);
    let mut workbook = made(&large, ROW_COUNT_MAX);
    assert!(formulas(&mut workbook, "Control").is_empty());
    let range = cells(&mut workbook, "Control");
    let head: Vec<String> = range.rows().next().unwrap().iter().map(ToString::to_string).collect();
    let col = head.iter().position(|head| head == "Cost re-added (EUR)").unwrap();
    assert_eq!(range.get((1, col)), Some(&Data::String("999999999999.99".to_owned())));
    let above = workbook.worksheet_range("Control").unwrap().get_value((0, 0)).unwrap().to_string();
    assert!(above.contains("reconciliation.json has the exact proof"), "{above}");
}

#[test]
fn formulas_are_left_out_where_they_would_be_wrong_or_slow() {
    let (small, large) = (ledger(&["1.10"; 3]), ledger(&["9999999999999.99"; 3]));
    // each row looks at every line
    let most = 100_000_000 / small.charges.lines.len();
    let proofs = [(&small, most), (&small, most + 1), (&large, 3)].map(|(ledger, rows)| control::proofs(ledger, rows));
    assert_eq!(proofs, [Proofs::Rows, Proofs::Sums, Proofs::Texts]);
}

#[test]
fn a_workbook_that_cannot_be_written_is_an_error() {
    let ledger = ledger(&["1.10"]);
    let error = workbook(&ledger, &SetInfo::new("test", "test"), &[], FIRST_ROW as usize).unwrap_err();
    let error = as_error("chargeback.xlsx", error);
    assert!(matches!(error, Error::Format { ref file, .. } if file == "chargeback.xlsx"), "{error}");
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let (ledger, info) = (ledger(&["1.10", "2.20"]), SetInfo::new("test", "test"));
    let render = || bytes("chargeback.xlsx", &ledger, &info, &[]).unwrap();
    let made = render();
    assert_eq!(made, render());
    // the clock has no part in it: the workbook was made when the capture was
    let mut parts = zip::ZipArchive::new(Cursor::new(made)).unwrap();
    let core = std::io::read_to_string(parts.by_name("docProps/core.xml").unwrap()).unwrap();
    let at = crate::billing::period::timestamp(ledger.books.capture.at);
    assert_eq!(core.matches(&format!(">{at}<")).count(), 2, "created and modified: {core}");
}
