//! A report set in the making: every file, in a fixed order, handed to a sink as it is made.

use crate::billing::charges::Statement;
use crate::billing::ledger::Ledger;

use super::csv::Dialect;
use super::format::Format;
use super::privacy::{self, Content, Made};
use super::table::Table;
use super::{
    Error, FileEntry, MANIFEST_NAME, RECONCILIATION_NAME, SetInfo, Sink, closing, control, csv, focus, folders, html,
    json, manifest, parquet, sha256, tables, unseen, xlsx,
};

/// Renders the whole set into the sink, `manifest.json` last.
pub fn render(ledger: &Ledger, info: &SetInfo, sink: &mut Sink<'_>) -> Result<(), Error> {
    render_with(&RENDERERS, ledger, info, sink)
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
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let mut set = Set { ledger, info, sink, files: Vec::new() };
    set.table("chargeback", &tables::chargeback(ledger))?;
    let mut statements = Vec::with_capacity(ledger.charges.statements.len());
    for (statement, folder) in ledger.charges.statements.iter().zip(folders(&ledger.charges.statements)) {
        statements.push(set.statement(statement, &folder)?);
    }
    set.csv("control", &control::control(ledger, &statements))?;
    set.csv("invoice-bridge", &closing::bridge(ledger))?;
    if let Some(superseded) = ledger.superseded() {
        set.table("journal", &closing::journal(ledger, superseded))?;
    }
    set.csv("caps", &tables::caps(ledger))?;
    set.csv("removed", &unseen::removed(ledger))?;
    set.csv("tail", &unseen::tail(ledger))?;
    for (_, renderer) in renderers.iter().filter(|(format, _)| info.formats.has(*format)) {
        for (path, bytes) in renderer(ledger, info, &statements)? {
            set.emit(&path, bytes)?;
        }
    }
    set.emit(RECONCILIATION_NAME, json::reconciliation(ledger, info))?;
    let manifest = manifest::manifest(ledger, info, &set.files);
    (set.sink)(MANIFEST_NAME, manifest).map_err(Error::Sink)
}

struct Set<'a, 's> {
    ledger: &'a Ledger,
    info: &'a SetInfo,
    sink: &'a mut Sink<'s>,
    files: Vec<FileEntry>,
}

impl Set<'_, '_> {
    fn emit(&mut self, path: &str, bytes: Vec<u8>) -> Result<FileEntry, Error> {
        let entry = FileEntry { path: path.to_owned(), bytes: bytes.len(), sha256: sha256(&bytes) };
        (self.sink)(path, bytes).map_err(Error::Sink)?;
        self.files.push(entry.clone());
        Ok(entry)
    }

    /// A table as plain CSV, and as the CSV of each profile.
    fn csv(&mut self, name: &str, table: &Table) -> Result<(), Error> {
        for (path, dialect) in dialects(self.info, name) {
            let bytes = csv::bytes(&path, table, dialect)?;
            self.emit(&path, bytes)?;
        }
        Ok(())
    }

    /// The same, and as Parquet.
    fn table(&mut self, name: &str, table: &Table) -> Result<(), Error> {
        self.csv(name, table)?;
        if self.info.formats.has(Format::Parquet) {
            let path = format!("{name}.parquet");
            let bytes = parquet::bytes(&path, table)?;
            self.emit(&path, bytes)?;
        }
        Ok(())
    }

    /// A customer's own files, once all of them are known to show nobody else; returns the plain CSV.
    fn statement(&mut self, statement: &Statement, folder: &str) -> Result<FileEntry, Error> {
        let table = tables::statement(self.ledger, statement);
        let name = format!("{folder}/chargeback");
        let mut made = Vec::new();
        for (path, dialect) in dialects(self.info, &name) {
            made.push(Made {
                bytes: csv::bytes(&path, &table, dialect)?,
                path,
                content: Content::Csv(dialect, &table),
            });
        }
        if self.info.formats.has(Format::Parquet) {
            let path = format!("{name}.parquet");
            made.push(Made { bytes: parquet::bytes(&path, &table)?, path, content: Content::Parquet });
        }
        if self.info.formats.has(Format::Html) {
            let path = format!("{folder}/statement.html");
            made.push(Made { bytes: html::statement(self.ledger, self.info, statement), path, content: Content::Page });
        }
        privacy::check(self.ledger, self.info, statement, &made)?;
        let mut plain = None;
        for Made { path, bytes, .. } in made {
            let entry = self.emit(&path, bytes)?;
            plain.get_or_insert(entry);
        }
        plain.ok_or_else(|| Error::Format { file: name, source: "a statement without a file".into() })
    }
}

/// The plain CSV of a table, and that of each profile.
fn dialects(info: &SetInfo, name: &str) -> Vec<(String, Dialect)> {
    let profiles = info.formats.profiles();
    let of_profiles = profiles.map(|profile| (format!("{name}-{}.csv", profile.as_str()), Dialect::of(profile)));
    std::iter::once((format!("{name}.csv"), Dialect::PLAIN)).chain(of_profiles).collect()
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
        render_with(renderers, &ledger(&["Acme", "Beta"]), &info, &mut |path, bytes| Ok(staging.add(path, bytes)?))?;
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
