//! The control sheet, alive: every statement is added up again from the chargeback, by formulas that a reader can follow.
//!
//! A line is found by the number of its row on the control sheet. Ids will not do: to a spreadsheet `*` is any text, and
//! `acme` is `ACME`.

use rust_xlsxwriter::utility::{cell_range_absolute, row_col_to_cell, row_col_to_cell_absolute};
use rust_xlsxwriter::{ConditionalFormatCell, ConditionalFormatCellRule, Format, Formula, Worksheet, XlsxError};

use crate::billing::charges::Charges;
use crate::billing::ledger::Ledger;
use crate::report::table::{Cells, Spec, Table};
use crate::report::tables::MONEY;
use crate::report::{FileEntry, control};

use super::book::Book;
use super::cell::{digits, number};
use super::sheet::{FIRST_ROW, FOOT_GAP, Part, Tabled, position};
use super::style::Styles;

const NAME: &str = "Control";
/// Lines that all rows with formulas of their own may look at together: each row looks at every line.
const LOOK_COUNT_MAX: usize = 100_000_000;
/// Rows of the foot: the sum, the pooled invoice and the difference, in our own figures.
const FOOT: usize = 3;
/// Sums by formula: the column of our figures, and those of the formulas.
const MONEY_SUMS: [(&str, &str, &str); 2] =
    [("cost", "cost_readded", "cost_difference"), ("charge", "charge_readded", "charge_difference")];
const OTHER_SUMS: [&str; 3] = ["markup", "fee", "margin"];
const COUNT_SUMS: [&str; 2] = ["rows", "messages"];
/// What the rows of the foot are called.
const FOOT_NAMES: [&str; FOOT] = ["Sum, our own figure", "Pooled invoice", "Difference, our own figure"];

/// Which formulas there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proofs {
    /// One for each row, and those of the sums.
    Rows,
    /// Those of the sums alone.
    Sums,
    /// None: doubles could not add these amounts exactly.
    Texts,
}

/// The chargeback as it was written.
pub(super) struct Lines<'t> {
    pub(super) table: &'t Table<'t>,
    pub(super) parts: &'t [Part],
}

/// For each line the number of the row that it is part of: statements first, then kept lines.
pub(super) fn numbers(charges: &Charges) -> Vec<Option<i64>> {
    let lines = charges.statements().map(|statement| statement.lines.len());
    let lines = lines.chain(charges.kept().map(|_| 1));
    (1..).zip(lines).flat_map(|(number, lines)| std::iter::repeat_n(Some(number), lines)).collect()
}

/// Whether doubles add the amounts up exactly, whatever the order: then each error is below half a minor unit.
pub(super) fn proofs(ledger: &Ledger, rows: usize) -> Proofs {
    let charges = &ledger.charges;
    let left_out = charges.left_out.iter().map(|(_, amount)| amount.0.abs());
    let largest = left_out.chain([charges.magnitude(), charges.pooled.minor.0.abs()]).max().unwrap_or(0);
    // lines, and what no line is made of: at most so many terms, and no sum larger than so many times the largest
    let beside = charges.left_out.len() + 2;
    let factor = i128::try_from((charges.lines.len() + beside) * beside).unwrap_or(i128::MAX);
    match largest.checked_mul(factor) {
        Some(bound) if bound < 1 << 51 && rows.saturating_mul(charges.lines.len()) <= LOOK_COUNT_MAX => Proofs::Rows,
        Some(bound) if bound < 1 << 51 => Proofs::Sums,
        _ => Proofs::Texts,
    }
}

pub(super) fn write(
    book: &mut Book,
    ledger: &Ledger,
    statements: &[FileEntry],
    whole: &'static str,
    lines: &Lines<'_>,
) -> Result<(), XlsxError> {
    let table = numbered(control::control(ledger, &control::rows(&ledger.charges, statements)));
    let proofs = proofs(ledger, table.height());
    let total = match proofs {
        Proofs::Rows => {
            "Each statement and each kept line is added up again from the sheet Chargeback, by the number in its last column; \
             every difference has to be zero. What is left out has no line."
        }
        Proofs::Sums => {
            "The columns are added up again by formulas at the end of the table, and every difference has to be zero. So many rows have \
             no formulas of their own."
        }
        Proofs::Texts => {
            "These amounts are too large for a spreadsheet to add exactly, so our own figures stand here as text instead of \
             formulas; reconciliation.json has the exact proof."
        }
    };
    let open = &["cost_readded", "cost_difference", "charge_readded", "charge_difference", "currency"];
    let tabled = Tabled { name: NAME, table: &table, total: total.to_owned(), frozen: "name", whole, foot: FOOT, open };
    let parts = tabled.write(book)?;
    let sheet = Sheet { table: &table, parts: &parts, lines, decimals: book.currency.decimals, proofs };
    for part in &parts {
        let (page, styles) = book.sheet(&part.sheet)?;
        sheet.rows(page, styles, part)?;
        if part.rows.end + FOOT == table.height() {
            sheet.foot(page, styles, part)?;
        }
    }
    Ok(())
}

/// The table with a number for each row, room for the formulas, and names in the foot.
fn numbered(mut table: Table<'_>) -> Table<'_> {
    let height = table.height();
    let mut next = 1..;
    let mut number = |row| {
        let kind = position(&table, "row_type").and_then(|(_, kinds)| kinds.text_at(row));
        kind.filter(|kind| matches!(*kind, "statement" | "kept")).and_then(|_| next.next())
    };
    let numbers = (0..height).map(&mut number).collect();
    let spec = |name, unit| Spec::new(name, unit, "");
    for (ours, readded, difference) in MONEY_SUMS {
        if let Some((col, Cells::Decimal { scale, .. })) = position(&table, ours) {
            let empty = Cells::Decimal { scale: *scale, units: vec![None; height] };
            let after = usize::from(col) + 1;
            table.columns.insert(after, (spec(difference, MONEY), empty.clone()));
            table.columns.insert(after, (spec(readded, MONEY), empty));
        }
    }
    let names = table.columns.iter_mut().find(|(spec, _)| spec.name == "name").map(|(_, cells)| cells);
    if let Some(Cells::Text(names)) = names {
        for (name, text) in names.iter_mut().skip(height.saturating_sub(FOOT)).zip(FOOT_NAMES) {
            *name = Some(text.into());
        }
    }
    table.columns.insert(0, (spec("number", ""), Cells::Integer(numbers)));
    table
}

struct Sheet<'a> {
    table: &'a Table<'a>,
    parts: &'a [Part],
    lines: &'a Lines<'a>,
    decimals: u32,
    proofs: Proofs,
}

impl Sheet<'_> {
    /// What is added up again for each row.
    fn rows(&self, page: &mut Worksheet, styles: &Styles, part: &Part) -> Result<(), XlsxError> {
        let Some((_, kinds)) = position(self.table, "row_type") else { return Ok(()) };
        for (to, row) in (FIRST_ROW..).zip(part.rows.clone()) {
            let is_left_out = kinds.text_at(row) == Some("left_out");
            for (ours, readded, difference) in MONEY_SUMS {
                let Some(our) = self.digits(ours, row) else { continue };
                let (our_col, col) = (self.col(ours), self.col(readded));
                match self.proofs {
                    Proofs::Texts => {
                        page.write_string_with_format(to, col, our, &styles.digits)?;
                    }
                    // nothing to add up: no line is made of it
                    _ if is_left_out => {
                        page.write_number_with_format(to, col, number(&our).unwrap_or_default(), &styles.money)?;
                    }
                    Proofs::Sums => {}
                    Proofs::Rows => {
                        write_formula(page, (to, col), &self.readded(to, ours), &our, &styles.money)?;
                        let (again, our) = (row_col_to_cell(to, col), row_col_to_cell(to, our_col));
                        let formula = self.rounded(&again, &our);
                        write_formula(page, (to, self.col(difference)), &formula, "0", &styles.money)?;
                    }
                }
            }
        }
        let (first, last) = part.span();
        for (_, _, difference) in MONEY_SUMS {
            self.alarm(page, styles, (first, last), difference)?;
        }
        Ok(())
    }

    /// The sums by formula before our own, and the difference by formula after ours.
    fn foot(&self, page: &mut Worksheet, styles: &Styles, part: &Part) -> Result<(), XlsxError> {
        let name = self.col("name");
        let (sum_row, ours) = (part.foot_row - 1, self.table.height() - FOOT);
        let foot_row = part.foot_row;
        if self.proofs == Proofs::Texts {
            return Ok(());
        }
        let last_row = foot_row + FOOT_GAP + 1;
        for col in (0..).take(self.table.columns.len()) {
            page.write_blank(sum_row, col, &styles.sum_text)?.write_blank(last_row, col, &styles.sum_text)?;
        }
        page.write_string_with_format(sum_row, name, "Sum, by formula", &styles.sum_text)?;
        page.write_string_with_format(last_row, name, "Difference, by formula", &styles.sum_text)?;
        for (our, readded, difference) in MONEY_SUMS {
            let Some(result) = self.digits(our, ours) else { continue };
            let lines = self.proofs == Proofs::Sums;
            let again = if lines { format!("{}+{}", self.of_lines(our), self.sum(readded)) } else { self.sum(readded) };
            write_formula(page, (sum_row, self.col(our)), &self.sum(our), &result, &styles.sum)?;
            write_formula(page, (sum_row, self.col(readded)), &again, &result, &styles.sum)?;
            let [first, second] = [our, readded].map(|name| row_col_to_cell(sum_row, self.col(name)));
            let formula = self.rounded(&second, &first);
            write_formula(page, (sum_row, self.col(difference)), &formula, "0", &styles.sum)?;
            self.alarm(page, styles, (sum_row, sum_row), difference)?;
        }
        let pooled = row_col_to_cell_absolute(foot_row + 1, self.col("cost"));
        let result = self.digits("cost", ours + 2).unwrap_or_default();
        for name in ["cost", "cost_readded"] {
            let formula = self.rounded(&row_col_to_cell(sum_row, self.col(name)), &pooled);
            write_formula(page, (last_row, self.col(name)), &formula, &result, &styles.sum)?;
            self.alarm(page, styles, (last_row, last_row), name)?;
        }
        let counts = COUNT_SUMS.into_iter().filter(|name| self.is_small(name));
        for (name, format) in
            OTHER_SUMS.map(|name| (name, &styles.sum)).into_iter().chain(counts.map(|name| (name, &styles.sum_count)))
        {
            let Some(result) = self.digits(name, ours) else { continue };
            write_formula(page, (sum_row, self.col(name)), &self.sum(name), &result, format)?;
        }
        Ok(())
    }

    /// The lines of a row added up again: by its number, in whatever order they are sorted or filtered.
    fn readded(&self, row: u32, column: &str) -> String {
        let (keys, amounts) = (self.line_col("control_row"), self.line_col(column));
        let number = row_col_to_cell(row, self.col("number"));
        let sums = self
            .lines
            .parts
            .iter()
            .map(|part| format!("SUMIF({},${number},{})", part.range(keys), part.range(amounts)));
        sums.collect::<Vec<_>>().join("+")
    }

    /// All lines added up.
    fn of_lines(&self, column: &str) -> String {
        let col = self.line_col(column);
        self.lines.parts.iter().map(|part| format!("SUM({})", part.range(col))).collect::<Vec<_>>().join("+")
    }

    /// The rows of this sheet added up, and of those before it.
    fn sum(&self, column: &str) -> String {
        let col = self.col(column);
        let (last, before) = self.parts.split_last().map_or((None, &[][..]), |(last, before)| (Some(last), before));
        let own = last.map(|part| {
            let (first, last) = part.span();
            format!("SUM({})", cell_range_absolute(first, col, last, col))
        });
        let others = before.iter().map(|part| format!("SUM({})", part.range(col)));
        others.chain(own).collect::<Vec<_>>().join("+")
    }

    fn rounded(&self, minuend: &str, subtrahend: &str) -> String {
        format!("ROUND({minuend}-{subtrahend},{})", self.decimals)
    }

    /// Whether doubles add up these counts exactly.
    fn is_small(&self, column: &str) -> bool {
        let Some((_, Cells::Integer(counts))) = position(self.table, column) else { return false };
        let largest = counts.iter().flatten().map(|count| i128::from(*count).abs()).max().unwrap_or(0);
        let rows = i128::try_from(counts.len()).unwrap_or(i128::MAX);
        largest.checked_mul(rows).is_some_and(|bound| bound < 1 << 53) && largest < 1_000_000_000_000_000
    }

    /// Anything but zero shows.
    fn alarm(&self, page: &mut Worksheet, styles: &Styles, rows: (u32, u32), column: &str) -> Result<(), XlsxError> {
        let (col, rule) = (self.col(column), ConditionalFormatCellRule::NotEqualTo(0));
        let alarm = ConditionalFormatCell::new().set_rule(rule).set_format(&styles.bad);
        page.add_conditional_format(rows.0, col, rows.1, col, &alarm).map(drop)
    }

    fn digits(&self, column: &str, row: usize) -> Option<String> {
        digits(position(self.table, column)?.1, row, 0)
    }

    fn col(&self, column: &str) -> u16 {
        position(self.table, column).map_or(0, |(col, _)| col)
    }

    fn line_col(&self, column: &str) -> u16 {
        position(self.lines.table, column).map_or(0, |(col, _)| col)
    }
}

/// A formula with its result, for readers that do not calculate.
fn write_formula(
    page: &mut Worksheet,
    (row, col): (u32, u16),
    formula: &str,
    result: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    let formula = Formula::new(format!("={formula}")).set_result(result);
    page.write_formula_with_format(row, col, formula, format).map(drop)
}
