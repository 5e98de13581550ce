//! Names that mean harm, from the API's answer to every file of a set: shown harmlessly, and kept apart.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, Xlsx};
use polars::prelude::*;
use subledger::report::text::shown;
use uuid::Uuid;

use crate::fixtures::nights::night;
use crate::support::{Home, NIGHT, PARENT, Server, home, look, ran, run_at, subledger};

/// What a sub account may be called.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "=HYPERLINK(\"http://x\")",
        "@SUM(A1)",
        "+1+cmd|' /C calc'!A0",
        "\u{200b}=1+1",
        "'quoted",
        "Ünïcødé 客户 🚀",
        "evil\u{202e}gnp.exe",
        "Team One",
        "team one",
        "É",
        "é",
        "e\u{301}",
        "<script>alert(1)</script>",
        "</title><img src=x onerror=alert(1)>",
        "a & b \"c\" 'd'",
        "one, two; three",
        "Acme;=1+1;x",
        "Acme,=1+1,x",
        "x\";=1+1;\"y",
        "Twin",
        "Twin\u{3164}",
        "line\u{2028}separator",
        "00123",
        "123",
        "1-2",
        "MAR1",
        "CON",
        "../../etc/passwd",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("W".repeat(300));
    names.push(format!("{}X", "W".repeat(299)));
    names
}

fn id(number: usize) -> String {
    Uuid::from_u128(0x2f3c_5d2a_9ef8_4c91_a5f4_0000_0000_0000 + number as u128).to_string()
}

/// A night of one account a name, reported in every form.
fn night_of(names: &[String]) -> Home {
    let folder = home();
    let path = folder.path().join("subledger.toml");
    let limits = std::fs::read_to_string(&path).expect("a configuration");
    std::fs::write(&path, format!("report.csv_profiles = [\"excel\", \"excel-eu\"]\n{limits}"))
        .expect("a configuration");
    let quoted: Vec<String> = names.iter().map(|name| serde_json::to_string(name).expect("a name")).collect();
    let ids: Vec<String> = (0..names.len()).map(id).collect();
    let lines = quoted.iter().zip(&ids).zip(1..);
    let subs: Vec<(&str, &str, i64, u64)> =
        lines.map(|((name, id), count)| (id.as_str(), &name[1..name.len() - 1], 100 * count, 1_000)).collect();
    let done = run_at(folder.path(), &Server::of(night(&subs, 0)), NIGHT, &[]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(!done.stdout.contains('\u{202e}') && !done.stderr.contains('\u{202e}'), "{}", done.stdout);
    folder
}

/// The names in a column of a CSV file, without the `'` that guards them.
fn in_csv(path: &Path, delimiter: u8, column: &str) -> Vec<String> {
    let unguarded = |cell: &String| {
        let pieces = cell.split_inclusive([',', ';']);
        pieces.map(|piece| piece.strip_prefix('\'').unwrap_or(piece)).collect()
    };
    in_csv_as_it_is(path, delimiter, column).iter().map(unguarded).collect()
}

fn in_csv_as_it_is(path: &Path, delimiter: u8, column: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_path(path).expect("a file");
    let header = reader.headers().expect("a header").clone();
    let place = header.iter().position(|name| name.trim_start_matches('\u{feff}') == column).expect("the column");
    reader.records().map(|record| record.expect("a record")[place].to_owned()).collect()
}

fn in_parquet(path: &Path, column: &str) -> Vec<Option<String>> {
    let frame = ParquetReader::new(std::fs::File::open(path).expect("a file")).finish().expect("a frame");
    let cells = frame.column(column).expect("the column").str().expect("texts").clone();
    cells.iter().map(|cell| cell.map(str::to_owned)).collect()
}

/// One file below a folder, by the end of its path.
fn only(set: &Path, end: &str) -> PathBuf {
    let found: Vec<String> = look::files(set).into_keys().filter(|path| path.ends_with(end)).collect();
    assert_eq!(found.len(), 1, "{end}: {found:?}");
    set.join(&found[0])
}

/// A night of all these names, reported in every form.
struct Hostile {
    folder: Home,
    set: PathBuf,
    names: BTreeSet<String>,
}

impl Hostile {
    fn new() -> Self {
        let folder = night_of(&names());
        let set = look::latest(folder.path());
        // a line separator is no part of a line: what reads the answer has replaced it
        let names = names().iter().map(|name| name.replace('\u{2028}', "\u{fffd}")).collect();
        Self { folder, set, names }
    }

    #[track_caller]
    fn assert_all(&self, what: &str, found: &BTreeSet<String>) {
        assert!(self.names.is_subset(found), "{what}: {:?}", self.names.difference(found).collect::<Vec<_>>());
    }

    /// CSV has them as they are, behind a guard where a spreadsheet would run or change them; that for spreadsheets has hidden
    /// characters written out.
    fn check_csv(&self) {
        for (file, delimiter) in
            [("chargeback.csv", b','), ("chargeback-excel.csv", b','), ("chargeback-excel-eu.csv", b';')]
        {
            let path = self.set.join(file);
            let found: BTreeSet<String> = in_csv(&path, delimiter, "account_name").into_iter().collect();
            let as_written = |name: &String| if file == "chargeback.csv" { name.clone() } else { shown(name) };
            let missing: Vec<String> = self.names.iter().map(as_written).filter(|name| !found.contains(name)).collect();
            assert!(missing.is_empty(), "{file}: {missing:?}");
            let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_path(&path).expect("a file");
            for record in reader.records() {
                // whichever delimiter a spreadsheet is told of
                for piece in record.expect("a record").iter().flat_map(|cell| cell.split([',', ';'])) {
                    let piece = piece.trim_start_matches(['"', ' ']);
                    assert!(!piece.starts_with(['=', '+', '@', '\t', '\r', '＝']), "{file}: {piece}");
                }
            }
        }
    }

    fn check_workbook(&self) {
        let readable: BTreeSet<String> = self.names.iter().map(|name| shown(name)).collect();
        assert_eq!(readable.len(), self.names.len(), "written out, they are as many");
        let bytes = std::fs::read(self.set.join("chargeback.xlsx")).expect("a file");
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
        for (sheet, range) in workbook.worksheets() {
            let text = |cell: &Data| if let Data::String(text) = cell { Some(text.clone()) } else { None };
            let cells: BTreeSet<String> = range.used_cells().filter_map(|(_, _, cell)| text(cell)).collect();
            if ["Chargeback", "Control", "Caps"].contains(&sheet.as_str()) {
                assert!(readable.is_subset(&cells), "{sheet}: {:?}", readable.difference(&cells).collect::<Vec<_>>());
            }
            if sheet != "Control" {
                let formulas = workbook.worksheet_formula(&sheet).expect("formulas");
                assert!(formulas.used_cells().all(|(_, _, formula)| formula.is_empty()), "{sheet}");
            }
        }
    }

    /// Data for programs is not altered.
    fn check_parquet_and_focus(&self) {
        let of = |path: &Path, column| in_parquet(path, column).into_iter().flatten().collect();
        self.assert_all("chargeback.parquet", &of(&self.set.join("chargeback.parquet"), "account_name"));
        let data = |form: &str| only(&self.set, &format!("ahasend-focus-{PARENT}.{form}"));
        self.assert_all("FOCUS as Parquet", &of(&data("parquet"), "SubAccountName"));
        let names = in_csv_as_it_is(&data("csv"), b',', "SubAccountName");
        self.assert_all("FOCUS as CSV", &names.iter().cloned().collect());
    }

    fn check_pages(&self) {
        let entities = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;")];
        let escaped = |name: &str| entities.iter().fold(shown(name), |text, (c, entity)| text.replace(*c, entity));
        let in_page = |page: &str, name: &str| page.contains(&format!("<bdi>{}</bdi>", escaped(name)));
        let mut pages = look::files(&self.set.join("customers"));
        pages.retain(|path, _| path.ends_with("statement.html"));
        let mut pages: Vec<String> = pages.into_values().map(|page| String::from_utf8(page).expect("UTF-8")).collect();
        assert_eq!(pages.len(), self.names.len());
        let report = std::fs::read_to_string(self.set.join("report.html")).expect("a page");
        for name in &self.names {
            assert!(in_page(&report, name), "{name}");
            assert_eq!(pages.iter().filter(|page| in_page(page, name)).count(), 1, "{name}");
        }
        pages.push(report);
        for harm in ["<script", "<img", "\u{202e}", "\u{200b}"] {
            assert!(pages.iter().all(|page| !page.contains(harm)), "{harm}");
        }
    }

    fn check_folders(&self) {
        let files = look::files(&self.set.join("customers")).into_keys();
        let folders: BTreeSet<String> = files.filter_map(|path| Some(path.split_once('/')?.0.to_lowercase())).collect();
        assert_eq!(folders.len(), self.names.len(), "two folders are one where case makes no difference");
    }
}

#[test]
fn names_that_mean_harm_are_shown_harmlessly_and_kept_apart_in_every_format() {
    let hostile = Hostile::new();
    hostile.check_csv();
    hostile.check_workbook();
    hostile.check_parquet_and_focus();
    hostile.check_pages();
    hostile.check_folders();
    look::assert_sound(hostile.folder.path());
    let verified = ran(subledger(hostile.folder.path()).arg("verify").env("AHASEND_ACCOUNT_ID", PARENT));
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}
