//! Reading the files of a report set: what they say beside each account's id.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use std::path::Path;

use calamine::{Data, Reader, Xlsx};
use polars::prelude::{ParquetReader, SerReader};

use super::Form;
use super::stage::Stage;
use crate::support::look;

/// Every text that stands beside an account, by the account's id.
pub(super) type Rows = BTreeMap<String, Vec<String>>;

/// Rows of texts, sorted by the id of ours that is in them; without one they are about somebody else.
pub(super) fn by_id(rows: impl IntoIterator<Item = Vec<String>>) -> Rows {
    let mut found = Rows::new();
    for texts in rows {
        let is_id = |text: &&String| text.starts_with("2f3c5d2a-9ef8-4c91-a5f4-00000000") && text.len() == 36;
        if let Some(id) = texts.iter().find(is_id).cloned() {
            found.entry(id).or_default().extend(texts);
        }
    }
    found
}

pub(super) fn csv(path: &Path, delimiter: u8) -> Rows {
    csv_of(&std::fs::read(path).expect("a file"), delimiter)
}

pub(super) fn csv_of(bytes: &[u8], delimiter: u8) -> Rows {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
    by_id(reader.records().map(|record| record.expect("a record").iter().map(str::to_owned).collect()))
}

pub(super) fn parquet(path: &Path) -> Rows {
    parquet_of(std::fs::read(path).expect("a file"))
}

pub(super) fn parquet_of(bytes: Vec<u8>) -> Rows {
    let frame = ParquetReader::new(Cursor::new(bytes)).finish().expect("a frame");
    let texts: Vec<_> = frame.columns().iter().filter_map(|column| column.str().ok()).collect();
    let row = |at| texts.iter().filter_map(|column| column.get(at).map(str::to_owned)).collect();
    by_id((0..frame.height()).map(row))
}

pub(super) fn sheet(stage: &Stage, name: &str) -> Rows {
    let mut workbook = workbook(stage);
    let range = workbook.worksheet_range(name).expect("a sheet");
    let text = |cell: &Data| if let Data::String(text) = cell { Some(text.clone()) } else { None };
    by_id(range.rows().map(|row| row.iter().filter_map(text).collect()))
}

fn workbook(stage: &Stage) -> Xlsx<Cursor<Vec<u8>>> {
    let bytes = std::fs::read(stage.set.join("chargeback.xlsx")).expect("a file");
    Xlsx::new(Cursor::new(bytes)).expect("a workbook")
}

/// The folder of each customer, by the id of its only account.
fn folders(stage: &Stage) -> BTreeMap<String, String> {
    let files = look::files(&stage.set.join("customers"));
    let tables = files.iter().filter_map(|(path, bytes)| Some((path.strip_suffix("/chargeback.csv")?, bytes)));
    let mut folders = BTreeMap::new();
    for (folder, bytes) in tables {
        let ids: Vec<String> = csv_of(bytes, b',').into_keys().collect();
        assert_eq!(ids.len(), 1, "accounts in {folder}");
        assert!(folders.insert(ids[0].clone(), folder.to_owned()).is_none(), "{} has two statements", ids[0]);
    }
    folders
}

/// A file of every statement, by the id of the account that its folder is about.
pub(super) fn statements(stage: &Stage, file: &str) -> Rows {
    let read = |folder: String| {
        let bytes = std::fs::read(stage.set.join("customers").join(folder).join(file)).expect("a file");
        match kind(file) {
            "html" => named(std::str::from_utf8(&bytes).expect("UTF-8")),
            "parquet" => parquet_of(bytes).into_values().flatten().collect(),
            _ => csv_of(&bytes, if file.contains("-eu") { b';' } else { b',' }).into_values().flatten().collect(),
        }
    };
    folders(stage).into_iter().map(|(id, folder)| (id, read(folder))).collect()
}

/// What a file is by its name.
fn kind(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, kind)| kind)
}

/// The names in a page, as they are written.
fn named(page: &str) -> Vec<String> {
    page.split("<bdi>").skip(1).map(|rest| rest.split("</bdi>").next().unwrap_or_default().to_owned()).collect()
}

/// The report's row of each customer, found by where its link leads.
pub(super) fn page(stage: &Stage) -> Rows {
    let page = std::fs::read_to_string(stage.set.join("report.html")).expect("a page");
    let row = |(id, folder): (String, String)| {
        let (_, row) = page.split_once(&format!("<a href=\"customers/{folder}/statement.html\">")).expect("a link");
        (id, named(row.split("</tr>").next().unwrap_or_default()))
    };
    folders(stage).into_iter().map(row).collect()
}

/// Whichever delimiter a spreadsheet is told of, no piece of a cell is a formula; and figures are plain numbers.
pub(super) fn check_csv_is_not_run(stage: &Stage) {
    for (path, bytes) in look::files(&stage.set).into_iter().filter(|(path, _)| kind(path) == "csv") {
        if path.starts_with("focus/") {
            continue;
        }
        let (delimiter, point) = if path.contains("-excel-eu") { (b';', ',') } else { (b',', '.') };
        assert_eq!(bytes.starts_with(b"\xef\xbb\xbf"), path.contains("-excel"), "{path}");
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(&bytes[..]);
        for record in reader.records() {
            for cell in &record.expect("a record") {
                let is_figure =
                    cell.strip_prefix('-').unwrap_or(cell).chars().all(|c| c.is_ascii_digit() || c == point);
                for piece in cell.split([',', ';', '\t', '\r', '\n']).filter(|_| !is_figure) {
                    let hidden =
                        |c: char| c.is_whitespace() || "\"\u{feff}\u{200b}\u{200c}\u{200d}\u{2060}".contains(c);
                    let start = piece.trim_start_matches(hidden);
                    assert!(!start.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{path}: {cell:?}");
                }
            }
        }
    }
}

/// No name became one of a sheet, or a formula.
pub(super) fn check_sheets(stage: &Stage) {
    let mut workbook = workbook(stage);
    assert_eq!(workbook.sheet_names(), ["Summary", "Chargeback", "Control", "Caps", "Removed", "Findings"]);
    for sheet in workbook.sheet_names().into_iter().filter(|sheet| sheet != "Control") {
        let formulas = workbook.worksheet_formula(&sheet).expect("formulas");
        assert!(formulas.used_cells().all(|(_, _, formula)| formula.is_empty()), "{sheet}");
    }
}

/// Every part of a set's workbook is XML that others can read.
pub(super) fn check_xml(set: &Path) {
    let bytes = std::fs::read(set.join("chargeback.xlsx")).expect("a file");
    let mut parts = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    for index in 0..parts.len() {
        let mut part = parts.by_index(index).expect("a part");
        let name = part.name().expect("a name").into_owned();
        let mut text = String::new();
        part.read_to_string(&mut text).expect("UTF-8");
        let is_xml =
            |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert!(text.chars().all(is_xml), "{name} has a character that XML has not");
    }
}

/// Pages have no element, and no hidden character, that a name brought.
pub(super) fn check_pages(stage: &Stage) {
    let pages: Vec<String> = look::files(&stage.set)
        .into_iter()
        .filter(|(path, _)| kind(path) == "html")
        .map(|(_, page)| String::from_utf8(page).expect("UTF-8"))
        .collect();
    assert_eq!(pages.len(), stage.names.len() + 1);
    for page in pages {
        for harm in
            ["<script", "<img", "<svg onload", "<b>", "\u{202e}", "\u{2067}", "\u{200b}", "\u{feff}", "\0", "\u{1b}"]
        {
            assert!(!page.contains(harm), "{harm:?}");
        }
    }
}

/// Customers whose names look the same to a reader have their ids beside them on the report's page, and nobody else has.
pub(super) fn check_twins(stage: &Stage) {
    let twins = ["Caf\u{e9}", "Cafe\u{301}", "Team One", "team one", "TEAM ONE", "\u{c9}", "\u{e9}", "NULL", "null"];
    for (id, texts) in page(stage) {
        let name = &stage.names[&id];
        // those that cannot be shown at all, that are cut to the same, or that blanks alone tell apart
        let is_open = name.contains('\u{fffd}') || name.contains('…') || name == &id;
        assert!(is_open || texts.contains(&id) == twins.contains(&name.as_str()), "{name:?}: {texts:?}");
    }
}

/// Two folders are two where case makes no difference, and none has a name that some system keeps for itself.
pub(super) fn check_folders(stage: &Stage) {
    let folders: BTreeSet<String> = folders(stage).into_values().map(|folder| folder.to_lowercase()).collect();
    assert_eq!(folders.len(), stage.names.len());
    for folder in folders {
        let (slug, id) = folder.rsplit_once('-').expect("a slug and an id");
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!((1..=40).contains(&slug.len()) && slug.chars().all(is_plain) && !slug.starts_with('-'), "{folder}");
        assert!([8, 64].contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{folder}");
    }
}

/// The control sheet, which has no ids of accounts, has a line for each name, in the table and in the workbook.
pub(super) fn check_control(stage: &Stage) {
    let mut expected: Vec<String> = stage.names.values().cloned().collect();
    expected.sort();
    let mut reader = csv::Reader::from_path(stage.set.join("control.csv")).expect("a file");
    let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(|row| row.expect("a row")).collect();
    let statements = rows.iter().filter(|row| row["row_type"] == "statement");
    let unguarded = |text: &String| {
        let pieces = text.split_inclusive([',', ';']);
        pieces.map(|piece| piece.strip_prefix('\'').unwrap_or(piece)).collect::<String>()
    };
    let mut found: Vec<String> = statements.map(|row| unguarded(&row["name"])).collect();
    found.sort();
    assert_eq!(found, expected, "control.csv");
    let range = workbook(stage).worksheet_range("Control").expect("a sheet");
    let cells: BTreeSet<String> = range.used_cells().map(|(_, _, cell)| cell.to_string()).collect();
    for name in expected {
        assert!(cells.contains(&Form::Cell.of(&name)), "{name:?} is not on the control sheet");
    }
}
