//! Names that mean harm, through every door and into every output: shown harmlessly, in full, beside the right id, and kept apart.
//!
//! One table: rows are names, columns are outputs. Each cell is asked the same: does what the output says of this account
//! have its name in the form that is due there, and nobody else's?

mod configured;
mod outputs;
mod refused;
mod rows;
mod said;
mod stage;

use subledger::report::csv::{Guard, guarded};
use subledger::report::text::shown;

use crate::support::{PARENT, look, ran, subledger};

use self::outputs::Rows;
use self::stage::{Door, Stage};

/// What an output makes of a name.
#[derive(Clone, Copy)]
enum Form {
    /// The very characters: data for programs.
    Kept,
    /// The same, behind a `'` where a spreadsheet would run it.
    Guarded,
    /// Hidden characters written out, and behind a `'` where a spreadsheet would run or change it.
    Sheet,
    /// Hidden characters written out, in a cell of the workbook, where one text is followed by a blank: its library would take it for markup.
    Cell,
    /// Hidden characters written out, as markup.
    Markup,
}

impl Form {
    fn of(self, name: &str) -> String {
        let entities = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;")];
        match self {
            Self::Kept => name.to_owned(),
            Self::Guarded => guarded(name, Guard::Formulas).into_owned(),
            Self::Sheet => guarded(name, Guard::Retyping).into_owned(),
            Self::Cell if name == "<r>rich</r>" => format!("{name} "),
            Self::Cell => shown(name),
            Self::Markup => entities.iter().fold(shown(name), |text, (c, entity)| text.replace(*c, entity)),
        }
    }
}

/// A column: an output, the form that names have in it, and what it says of each account, by the account's id.
struct Output {
    what: &'static str,
    form: Form,
    rows: fn(&Stage) -> Rows,
}

const fn output(what: &'static str, form: Form, rows: fn(&Stage) -> Rows) -> Output {
    Output { what, form, rows }
}

/// The columns that names of sub accounts and of customers have in common.
const COMMON: [Output; 10] = [
    output("chargeback.csv", Form::Guarded, |stage| outputs::csv(&stage.set.join("chargeback.csv"), b',')),
    output("chargeback-excel.csv", Form::Sheet, |stage| outputs::csv(&stage.set.join("chargeback-excel.csv"), b',')),
    output("chargeback-excel-eu.csv", Form::Sheet, |stage| {
        outputs::csv(&stage.set.join("chargeback-excel-eu.csv"), b';')
    }),
    output("chargeback.parquet", Form::Kept, |stage| outputs::parquet(&stage.set.join("chargeback.parquet"))),
    output("the workbook's charges", Form::Cell, |stage| outputs::sheet(stage, "Chargeback")),
    output("the report's page", Form::Markup, outputs::page),
    output("statements as CSV", Form::Guarded, |stage| outputs::statements(stage, "chargeback.csv")),
    output("statements as CSV for sheets", Form::Sheet, |stage| outputs::statements(stage, "chargeback-excel-eu.csv")),
    output("statements as Parquet", Form::Kept, |stage| outputs::statements(stage, "chargeback.parquet")),
    output("statements as pages", Form::Markup, |stage| outputs::statements(stage, "statement.html")),
];

/// Those that have names of sub accounts alone.
const OF_ACCOUNTS: [Output; 12] = [
    output("caps.csv", Form::Guarded, |stage| outputs::csv(&stage.set.join("caps.csv"), b',')),
    output("caps-excel.csv", Form::Sheet, |stage| outputs::csv(&stage.set.join("caps-excel.csv"), b',')),
    output("the workbook's caps", Form::Cell, |stage| outputs::sheet(stage, "Caps")),
    output("FOCUS as CSV", Form::Kept, |stage| outputs::csv(&stage.focus("csv"), b',')),
    output("FOCUS as Parquet", Form::Kept, |stage| outputs::parquet(&stage.focus("parquet"))),
    output("usage.parquet", Form::Kept, |stage| outputs::parquet(&stage.only("archive", "/usage.parquet"))),
    output("history as JSON", Form::Kept, |stage| said::json(stage, &["history", "--by", "account"])),
    output("history as CSV", Form::Guarded, |stage| said::history(stage, "csv")),
    output("history as Parquet", Form::Kept, |stage| said::history(stage, "parquet")),
    output("accounts as JSON", Form::Kept, |stage| said::json(stage, &["accounts", "list"])),
    output("an account as JSON", Form::Kept, said::account_json),
    output("a cap plan as JSON", Form::Kept, |stage| said::json(stage, &["caps", "plan"])),
];

impl Output {
    /// Every account has its name in the form that is due, and nobody else's.
    fn check(&self, stage: &Stage) {
        let what = self.what;
        let mut rows = (self.rows)(stage);
        // those without usage are in findings and in lists alone
        rows.retain(|id, _| stage.names.contains_key(id));
        assert_eq!(rows.keys().collect::<Vec<_>>(), stage.names.keys().collect::<Vec<_>>(), "the accounts in {what}");
        let forms: Vec<String> = stage.names.values().map(|name| self.form.of(name)).collect();
        for (id, name) in &stage.names {
            let (own, found) = (self.form.of(name), &rows[id]);
            assert!(found.contains(&own), "{what}: {name:?} is not in {found:?}");
            let foreign = found.iter().find(|text| **text != own && forms.contains(text));
            assert_eq!(foreign, None, "{what}: somebody else is beside {name:?}");
        }
    }
}

#[expect(clippy::print_stdout, reason = "the harness shows it with `--nocapture`, for the figures")]
fn check(stage: &Stage, outputs: &[&[Output]]) {
    let columns = outputs.iter().copied().flatten();
    let count = columns.map(|output| output.check(stage)).count();
    outputs::check_csv_is_not_run(stage);
    outputs::check_sheets(stage);
    outputs::check_xml(&stage.set);
    outputs::check_pages(stage);
    outputs::check_folders(stage);
    outputs::check_control(stage);
    said::check_text(stage);
    look::assert_sound(stage.home.path());
    let verified = ran(subledger(stage.home.path()).arg("verify").env("AHASEND_ACCOUNT_ID", PARENT));
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    println!("{} names in {count} outputs, cell by cell", stage.names.len());
}

#[test]
fn names_of_sub_accounts_are_harmless_in_every_output() {
    let stage = Stage::of(Door::Api, rows::all());
    check(&stage, &[&COMMON, &OF_ACCOUNTS]);
    outputs::check_twins(&stage);
    said::check_accounts(&stage);
    said::check_findings(&stage);
}

#[test]
fn names_of_customers_are_harmless_in_every_output() {
    let stage = Stage::of(Door::Map, rows::fit_for_a_map());
    check(&stage, &[&COMMON]);
}
