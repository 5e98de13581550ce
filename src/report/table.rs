//! Tables: typed columns with their documentation, the one thing that every tabular format renders.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use crate::billing::money::{Currency, Exact};

/// What a column is, apart from its cells: also the source of the column reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// The header.
    pub name: &'static str,
    /// The unit; empty where there is none.
    pub unit: &'static str,
    /// What the column means, in one sentence.
    pub meaning: &'static str,
    /// The first version of the program that writes it.
    pub since: &'static str,
}

impl Spec {
    /// The version that most columns are as old as.
    const FIRST: &'static str = "0.1.0";

    /// A column that was there from the beginning.
    pub const fn new(name: &'static str, unit: &'static str, meaning: &'static str) -> Self {
        Self { name, unit, meaning, since: Self::FIRST }
    }
}

/// The cells of a column, all of one type. Texts are borrowed wherever somebody has them already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cells<'t> {
    /// Free text; spreadsheet formats guard it against being run as a formula.
    Text(Vec<Option<Cow<'t, str>>>),
    /// The same for few texts in many rows: each cell is the position of its text.
    Shared {
        /// The texts.
        texts: Arc<Vec<Option<String>>>,
        /// The cells.
        positions: Vec<Option<u32>>,
    },
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Whole numbers of 10^-scale: money in minor units, percentages.
    Decimal {
        /// Decimals of every cell.
        scale: u32,
        /// The cells.
        units: Vec<Option<i128>>,
    },
    /// Exact amounts with all their digits.
    Exact {
        /// Their currency.
        currency: Currency,
        /// The cells.
        amounts: Vec<Option<Exact>>,
    },
    /// Calendar days in UTC.
    Date(Vec<Option<NaiveDate>>),
    /// Instants.
    Timestamp(Vec<Option<DateTime<Utc>>>),
}

impl Cells<'_> {
    /// How many cells there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(cells) => cells.len(),
            Self::Shared { positions, .. } => positions.len(),
            Self::Integer(cells) => cells.len(),
            Self::Decimal { units, .. } => units.len(),
            Self::Exact { amounts, .. } => amounts.len(),
            Self::Date(cells) => cells.len(),
            Self::Timestamp(cells) => cells.len(),
        }
    }

    /// What the cells are, for people.
    pub fn kind(&self) -> String {
        match self {
            Self::Text(_) | Self::Shared { .. } => "text".to_owned(),
            Self::Integer(_) => "integer".to_owned(),
            Self::Decimal { scale, .. } => format!("decimal({scale})"),
            Self::Exact { .. } => "decimal, all digits".to_owned(),
            Self::Date(_) => "date".to_owned(),
            Self::Timestamp(_) => "timestamp".to_owned(),
        }
    }

    /// Whether all cells are known to be the same, as in many columns of a long table. Texts are, where they are one and the
    /// same text.
    pub fn is_constant(&self) -> bool {
        fn all_same<T>(cells: &[T], is_same: impl Fn(&T, &T) -> bool) -> bool {
            cells.split_first().is_none_or(|(first, others)| others.iter().all(|other| is_same(first, other)))
        }
        match self {
            Self::Text(cells) => all_same(cells, |one, other| match (one, other) {
                (Some(Cow::Borrowed(one)), Some(Cow::Borrowed(other))) => std::ptr::eq(*one, *other),
                (one, other) => one.is_none() && other.is_none(),
            }),
            Self::Shared { positions, .. } => all_same(positions, Option::eq),
            Self::Integer(cells) => all_same(cells, Option::eq),
            Self::Decimal { units, .. } => all_same(units, Option::eq),
            Self::Exact { amounts, .. } => all_same(amounts, Option::eq),
            Self::Date(cells) => all_same(cells, Option::eq),
            Self::Timestamp(cells) => all_same(cells, Option::eq),
        }
    }

    /// The text of a cell, if it has one.
    pub fn text_at(&self, row: usize) -> Option<&str> {
        match self {
            Self::Text(cells) => cells.get(row)?.as_deref(),
            Self::Shared { texts, positions } => texts.get((*positions.get(row)?)? as usize)?.as_deref(),
            _ => None,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A table: columns of equal length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table<'t> {
    /// The columns, in order.
    pub columns: Vec<(Spec, Cells<'t>)>,
}

impl Table<'_> {
    /// Rows without the header.
    pub fn height(&self) -> usize {
        self.columns.first().map_or(0, |(_, cells)| cells.len())
    }

    /// The same table, with these columns known to have come with a later version.
    #[must_use]
    pub fn since(mut self, version: &'static str, names: &[&str]) -> Self {
        for (spec, _) in self.columns.iter_mut().filter(|(spec, _)| names.contains(&spec.name)) {
            spec.since = version;
        }
        self
    }
}

/// How many rows of a long table are made at once, for formats that are written part by part: so few that all their cells
/// stay near the processor.
const PART_ROW_COUNT: usize = 1 << 10;

/// The parts of a long table, by their rows; at least one, for the header.
pub(super) fn parts(row_count: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let starts = (0..row_count.max(1)).step_by(PART_ROW_COUNT);
    starts.map(move |start| start..row_count.min(start + PART_ROW_COUNT))
}

/// Gathers a table from rows of one type, column by column.
pub(super) struct Builder<'r, 't, R> {
    rows: &'r [R],
    table: Table<'t>,
}

impl<'r, 't, R> Builder<'r, 't, R> {
    pub(super) fn new(rows: &'r [R]) -> Self {
        Self { rows, table: Table::default() }
    }

    fn column(mut self, spec: Spec, cells: Cells<'t>) -> Self {
        self.table.columns.push((spec, cells));
        self
    }

    pub(super) fn text<T: Into<Cow<'t, str>>>(
        self,
        name: &'static str,
        meaning: &'static str,
        cell: impl Fn(&R) -> Option<T>,
    ) -> Self {
        let cells = Cells::Text(self.rows.iter().map(|row| cell(row).map(T::into)).collect());
        self.column(Spec::new(name, "", meaning), cells)
    }

    /// A text that many rows share, by its position among `texts`.
    pub(super) fn shared(
        self,
        name: &'static str,
        meaning: &'static str,
        texts: &Arc<Vec<Option<String>>>,
        cell: impl Fn(&R) -> Option<u32>,
    ) -> Self {
        let (texts, positions) = (Arc::clone(texts), self.rows.iter().map(cell).collect());
        self.column(Spec::new(name, "", meaning), Cells::Shared { texts, positions })
    }

    pub(super) fn integer(
        self,
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
        cell: impl Fn(&R) -> Option<i64>,
    ) -> Self {
        let cells = Cells::Integer(self.rows.iter().map(cell).collect());
        self.column(Spec::new(name, unit, meaning), cells)
    }

    pub(super) fn decimal(
        self,
        name: &'static str,
        unit: &'static str,
        scale: u32,
        meaning: &'static str,
        cell: impl Fn(&R) -> Option<i128>,
    ) -> Self {
        let units = self.rows.iter().map(cell).collect();
        self.column(Spec::new(name, unit, meaning), Cells::Decimal { scale, units })
    }

    pub(super) fn exact(
        self,
        name: &'static str,
        currency: Currency,
        meaning: &'static str,
        cell: impl Fn(&R) -> Option<Exact>,
    ) -> Self {
        let amounts = self.rows.iter().map(cell).collect();
        self.column(Spec::new(name, "major units of `currency`", meaning), Cells::Exact { currency, amounts })
    }

    pub(super) fn date(
        self,
        name: &'static str,
        meaning: &'static str,
        cell: impl Fn(&R) -> Option<NaiveDate>,
    ) -> Self {
        let cells = Cells::Date(self.rows.iter().map(cell).collect());
        self.column(Spec::new(name, "UTC", meaning), cells)
    }

    pub(super) fn timestamp(
        self,
        name: &'static str,
        meaning: &'static str,
        cell: impl Fn(&R) -> Option<DateTime<Utc>>,
    ) -> Self {
        let cells = Cells::Timestamp(self.rows.iter().map(cell).collect());
        self.column(Spec::new(name, "UTC", meaning), cells)
    }

    pub(super) fn finish(self) -> Table<'t> {
        self.table
    }
}
