//! A report set in the making: every file, in a fixed order, handed to a sink as it is made.

use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

use crate::billing::charges::Statement;
use crate::billing::ledger::Ledger;

use super::beside::{in_order, threads_beside};
use super::csv::Dialect;
use super::format::{Format, Part};
use super::privacy::{self, Content, Made};
use super::sink::{Files, Form, Output, Rows, THREADED_ROW_COUNT, Whole, Written};
use super::table::Table;
use super::{
    Error, FileEntry, MANIFEST_NAME, RECONCILIATION_NAME, SetInfo, Sink, closing, control, focus, folders, html, json,
    manifest, tables, unseen, xlsx,
};
use crate::sha256::hex as sha256;

/// Renders the whole set into the sink, `manifest.json` last.
pub fn render(ledger: &Ledger, info: &SetInfo, sink: &mut Sink<'_>) -> Result<(), Error> {
    render_into(ledger, info, &mut Whole(sink))
}

/// The same, with files that are long written as they are made.
pub fn render_into(ledger: &Ledger, info: &SetInfo, files: &mut dyn Files) -> Result<(), Error> {
    render_with(&RENDERERS, ledger, info, files)
}

/// A format that is not made table by table: the ledger and the customers' files become files, by their paths.
type Renderer = fn(&Ledger, &SetInfo, &[FileEntry]) -> Result<Vec<(String, Vec<u8>)>, Error>;

const RENDERERS: [(Format, Renderer); 3] = [
    (Format::Xlsx, |ledger, info, statements| {
        Ok(vec![(WORKBOOK.to_owned(), xlsx::bytes(WORKBOOK, ledger, info, statements)?)])
    }),
    (Format::Html, |ledger, info, _| Ok(vec![(PAGE.to_owned(), html::report(ledger, info))])),
    (Format::Focus, |ledger, info, _| focus::files(ledger, info)),
];

const WORKBOOK: &str = "chargeback.xlsx";
const PAGE: &str = "report.html";

fn render_with(
    renderers: &[(Format, Renderer)],
    ledger: &Ledger,
    info: &SetInfo,
    out: &mut dyn Files,
) -> Result<(), Error> {
    let mut set = Set { info, out, files: Vec::new() };
    let line_count = ledger.charges.lines.len();
    set.long("chargeback", set.forms(true), line_count, &|lines| tables::chargeback(ledger, lines))?;
    let mut statements = Vec::new();
    if info.formats.has_part(Part::Statements) {
        let folders = folders(&ledger.charges);
        // a thread passes over the places of the others: a statement is made where it is needed
        let places = folders.iter().enumerate();
        let forms = set.forms(true);
        let make = |(place, folder): (usize, &String)| {
            let statement = ledger.charges.statement(place);
            statement.map_or(Ok(Vec::new()), |statement| of_customer(ledger, info, &statement, folder, &forms))
        };
        in_order(threads_beside(0), &places, &make, |made| set.customer(made?).map(|plain| statements.push(plain)))?;
        let sums = control::rows(&ledger.charges, &statements);
        set.long("control", set.forms(false), sums.len(), &|rows| control::control(ledger, &sums[rows]))?;
    }
    set.csv("invoice-bridge", &closing::bridge(ledger))?;
    if let Some(superseded) = ledger.superseded() {
        set.table("journal", &closing::journal(ledger, superseded))?;
    }
    if info.formats.has_part(Part::Caps) {
        let caps = ledger.caps_by_use();
        set.long("caps", set.forms(false), caps.len(), &|rows| tables::caps(ledger, &caps[rows]))?;
    }
    set.csv("removed", &unseen::removed(ledger))?;
    if info.formats.has_part(Part::Tail) {
        let tails = ledger.tails();
        set.long("tail", set.forms(false), tails.len(), &|rows| unseen::tail(ledger, &tails[rows]))?;
    }
    for (_, renderer) in renderers.iter().filter(|(format, _)| info.formats.has(*format)) {
        for (path, bytes) in renderer(ledger, info, &statements)? {
            set.emit(&path, bytes)?;
        }
    }
    set.emit(RECONCILIATION_NAME, json::reconciliation(ledger, info))?;
    let manifest = manifest::manifest(ledger, info, &set.files);
    set.out.add(MANIFEST_NAME, manifest).map_err(Error::Sink)
}

struct Set<'a> {
    info: &'a SetInfo,
    out: &'a mut dyn Files,
    files: Vec<FileEntry>,
}

impl Set<'_> {
    fn emit(&mut self, path: &str, bytes: Vec<u8>) -> Result<FileEntry, Error> {
        let entry = FileEntry { path: path.to_owned(), bytes: bytes.len(), sha256: sha256(&bytes) };
        self.out.add(path, bytes).map_err(Error::Sink)?;
        self.files.push(entry.clone());
        Ok(entry)
    }

    /// The forms of a table: CSV in each dialect, and Parquet for those that have it.
    fn forms(&self, has_parquet: bool) -> Vec<Form> {
        let csv = dialects(self.info).map(|(suffix, dialect)| Form::Csv(suffix, dialect));
        let parquet = Some(Form::Parquet).filter(|_| has_parquet && self.info.formats.has(Format::Parquet));
        csv.chain(parquet).collect()
    }

    /// A table that may be long, in all its forms at once, each made part by part.
    fn long<'t>(
        &mut self,
        name: &str,
        forms: Vec<Form>,
        count: usize,
        table: &(dyn Fn(Range<usize>) -> Table<'t> + Sync),
    ) -> Result<(), Error> {
        let mut outputs = Vec::with_capacity(forms.len());
        for form in forms {
            let path = form.path(name);
            let out = self.out.begin(&path).map_err(Error::Sink)?;
            outputs.push((path, form, out));
        }
        let rows = Rows { count, table, other_count: outputs.len().saturating_sub(1) };
        let write = |(path, form, out): (String, Form, Output)| form.write(path, out, rows);
        for written in side_by_side(outputs, count, &write) {
            let Written { entry, whole } = written?;
            if let Some(bytes) = whole {
                self.out.add(&entry.path, bytes).map_err(Error::Sink)?;
            }
            self.files.push(entry);
        }
        Ok(())
    }

    /// A short table as CSV.
    fn csv(&mut self, name: &str, table: &Table<'_>) -> Result<(), Error> {
        self.short(name, self.forms(false), table)
    }

    /// The same, and as Parquet.
    fn table(&mut self, name: &str, table: &Table<'_>) -> Result<(), Error> {
        self.short(name, self.forms(true), table)
    }

    fn short(&mut self, name: &str, forms: Vec<Form>, table: &Table<'_>) -> Result<(), Error> {
        for form in forms {
            let path = form.path(name);
            let bytes = form.bytes(&path, table)?;
            self.emit(&path, bytes)?;
        }
        Ok(())
    }

    /// A customer's own files; gives the plain CSV.
    fn customer(&mut self, made: Vec<(String, Vec<u8>)>) -> Result<FileEntry, Error> {
        let mut plain = None;
        for (path, bytes) in made {
            let entry = self.emit(&path, bytes)?;
            plain.get_or_insert(entry);
        }
        plain.ok_or_else(|| Error::Format {
            file: "chargeback.csv".to_owned(),
            source: "a statement without a file".into(),
        })
    }
}

/// A customer's own files by their paths, once all of them are known to show nobody else.
fn of_customer(
    ledger: &Ledger,
    info: &SetInfo,
    statement: &Statement<'_>,
    folder: &str,
    forms: &[Form],
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let table = tables::statement(ledger, statement);
    let name = format!("{folder}/chargeback");
    let mut made = Vec::new();
    for form in forms {
        let path = form.path(&name);
        let content = match form {
            Form::Csv(_, dialect) => Content::Csv(*dialect, &table),
            Form::Parquet => Content::Parquet,
        };
        made.push(Made { bytes: form.bytes(&path, &table)?, path, content });
    }
    if info.formats.has(Format::Html) {
        let path = format!("{folder}/statement.html");
        made.push(Made { bytes: html::statement(ledger, info, statement), path, content: Content::Page });
    }
    privacy::check(ledger, info, statement, &made)?;
    Ok(made.into_iter().map(|made| (made.path, made.bytes)).collect())
}

/// The plain CSV, and that of each profile: what comes after the name of a table, and how it is written.
fn dialects(info: &SetInfo) -> impl Iterator<Item = (String, Dialect)> {
    let of_profiles = info.formats.profiles().map(|profile| (format!("-{}", profile.as_str()), Dialect::of(profile)));
    std::iter::once((String::new(), Dialect::PLAIN)).chain(of_profiles)
}

/// What becomes of each output, in their order: side by side where there is enough to do.
fn side_by_side<O: Send, T: Send>(mut outputs: Vec<O>, row_count: usize, write: &(dyn Fn(O) -> T + Sync)) -> Vec<T> {
    if row_count < THREADED_ROW_COUNT {
        return outputs.into_iter().map(write).collect();
    }
    thread::scope(|scope| {
        // the last one is written here: this thread has free memory from reading and charging
        let last = outputs.pop();
        let threads: Vec<_> = outputs.into_iter().map(|output| scope.spawn(move || write(output))).collect();
        let last = last.map(write);
        let others = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        others.chain(last).collect()
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests look at files")]

    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::html::tests::ledger;
    use super::*;
    use crate::publish::{Place, Staging};

    /// Renders a set and publishes it, as the shell does.
    fn publish(home: &Path, renderers: &[(Format, Renderer)], label: &str) -> Result<(), Error> {
        let mut staging = Staging::begin(home, Place::Revised("20261015T020000Z".to_owned())).unwrap();
        let info = SetInfo::new(label, "test");
        let mut sink = |path: &str, bytes| Ok(staging.add(path, bytes)?);
        render_with(renderers, &ledger(&["Acme", "Beta"]), &info, &mut Whole(&mut sink))?;
        staging.ready().unwrap().publish().unwrap();
        Ok(())
    }

    /// Every file below a folder, and where `latest` points.
    fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().into_owned();
            if path.is_symlink() {
                found.insert(name, std::fs::read_link(&path).unwrap().to_string_lossy().into_owned().into_bytes());
            } else if path.is_dir() {
                found.extend(tree(&path));
            } else {
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
        found
    }

    #[test]
    fn a_renderer_that_fails_publishes_nothing_and_leaves_the_last_set() {
        let folder = tempfile::tempdir().unwrap();
        publish(folder.path(), &RENDERERS, "before").unwrap();
        let before = tree(folder.path());
        assert!(before.keys().any(|path| path.ends_with("chargeback.xlsx")), "{:?}", before.keys());
        let fails: Renderer = |_, _, _| Err(Error::Format { file: "x".to_owned(), source: "no room".into() });
        for format in [Format::Xlsx, Format::Html, Format::Focus] {
            let broken = RENDERERS.map(|(known, renderer)| (known, if known == format { fails } else { renderer }));
            let failed = publish(folder.path(), &broken, "after").unwrap_err();
            assert_eq!(failed.to_string(), "writing `x`");
            let mut after = tree(folder.path());
            after.retain(|path, _| !path.contains("/.tmp-"));
            assert_eq!(after, before, "{}", format.as_str());
        }
        publish(folder.path(), &RENDERERS, "after").unwrap();
        assert!(tree(folder.path()).len() > before.len(), "without the failure there is another set");
    }
}
