//! Which formats a report set has.

use std::collections::BTreeSet;

/// A format of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Tables as plain CSV, which every set has.
    Csv,
    /// Tables for SQL engines.
    Parquet,
    /// The workbook.
    Xlsx,
    /// The page, and a statement page for each customer.
    Html,
    /// FOCUS 1.2, as CSV and as Parquet.
    Focus,
}

impl Format {
    /// Every format, in the order of documentation.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Parquet, Self::Xlsx, Self::Html, Self::Focus];

    /// The word for it in settings and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
            Self::Html => "html",
            Self::Focus => "focus",
        }
    }

    /// The format by its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }
}

/// A form of CSV that a spreadsheet opens by a double click, beside the plain one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// For spreadsheets whose language separates by commas.
    Excel,
    /// For those that separate by semicolons and write decimals with a comma, as in most of Europe.
    ExcelEu,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 2] = [Self::Excel, Self::ExcelEu];

    /// The word for it in settings and in the names of files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Excel => "excel",
            Self::ExcelEu => "excel-eu",
        }
    }

    /// The profile by its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == word)
    }
}

/// What a set has for every customer or sub account, and may do without where there are very many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Each customer's own files, with the control sheet that names them.
    Statements,
    /// `caps.csv`.
    Caps,
    /// `tail.csv`.
    Tail,
}

impl Part {
    /// Every part, in the order of documentation.
    pub const ALL: [Self; 3] = [Self::Statements, Self::Caps, Self::Tail];

    /// The word for it in settings and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statements => "statements",
            Self::Caps => "caps",
            Self::Tail => "tail",
        }
    }

    /// The part by its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == word)
    }
}

/// The formats of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formats {
    picked: BTreeSet<Format>,
    profiles: BTreeSet<Profile>,
    without: BTreeSet<Part>,
}

impl Formats {
    /// These formats, and the plain CSV.
    pub fn new(formats: impl IntoIterator<Item = Format>, profiles: impl IntoIterator<Item = Profile>) -> Self {
        let picked = formats.into_iter().chain([Format::Csv]).collect();
        Self { picked, profiles: profiles.into_iter().collect(), without: BTreeSet::new() }
    }

    /// The same without these parts.
    #[must_use]
    pub fn without(self, parts: impl IntoIterator<Item = Part>) -> Self {
        Self { without: parts.into_iter().collect(), ..self }
    }

    /// Whether the set has this part.
    pub fn has_part(&self, part: Part) -> bool {
        !self.without.contains(&part)
    }

    /// The file that has all caps.
    pub fn file_of_caps(&self) -> &'static str {
        if self.has_part(Part::Caps) { "caps.csv" } else { "chargeback.csv" }
    }

    /// The parts that are left out, each once.
    pub fn left_out(&self) -> impl Iterator<Item = Part> {
        self.without.iter().copied()
    }

    /// Whether the set has this one.
    pub fn has(&self, format: Format) -> bool {
        self.picked.contains(&format)
    }

    /// The formats, each once.
    pub fn formats(&self) -> impl Iterator<Item = Format> {
        self.picked.iter().copied()
    }

    /// The profiles of CSV beside the plain one, each once.
    pub fn profiles(&self) -> impl Iterator<Item = Profile> {
        self.profiles.iter().copied()
    }
}

impl Default for Formats {
    fn default() -> Self {
        Self::new(Format::ALL, [])
    }
}
