//! What is wrong with the configuration, in words that say where and what to do.

use std::path::PathBuf;

use chrono::NaiveDate;

use super::table::TableError;

/// What is wrong with the configuration, and where.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("reading `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A table of finance cannot be read.
    #[error("reading `{path}`")]
    ReadTable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The configuration file is not what it should be.
    #[error("`{path}` cannot be used: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column where they are known.
        problem: String,
    },
    /// The customer map is not what it should be.
    #[error("the customer map `{path}` cannot be used")]
    Customers {
        /// The file.
        path: PathBuf,
        /// Line, column and problem.
        #[source]
        source: TableError,
    },
    /// The table of invoices is not what it should be.
    #[error("the invoices in `{path}` cannot be used")]
    Invoices {
        /// The file.
        path: PathBuf,
        /// Line, column and problem.
        #[source]
        source: TableError,
    },
    /// A period has two invoices that say different things.
    #[error(
        "the invoice of {period} has another `{column}` in {first} than in {second}; delete one of the two, or make them \
         the same"
    )]
    InvoicesDiffer {
        /// The first day of the period.
        period: NaiveDate,
        /// The first column in which they differ.
        column: &'static str,
        /// Where one is.
        first: String,
        /// Where the other is.
        second: String,
    },
    /// Invoices lie beside several parent accounts, and name none of them.
    #[error(
        "`{path}` is beside several parent accounts; call it `invoices-{label}.csv`, or name it as `invoices` of one"
    )]
    InvoicesOfSeveral {
        /// The file.
        path: PathBuf,
        /// The parent account that was being read.
        label: String,
    },
    /// A setting has no usable value.
    #[error("`{setting}` {problem}")]
    Setting {
        /// The flag, variable or key of the file.
        setting: String,
        /// What is wrong.
        problem: String,
    },
    /// The API key is not where it is said to be.
    #[error("{problem}")]
    Key {
        /// Where it was looked for, and what is wrong.
        problem: String,
        /// What the system says.
        #[source]
        source: Option<std::io::Error>,
    },
    /// The configuration has several parent accounts, and the command is for one.
    #[error("the configuration has several parent accounts; pick one with `--parent`: {labels}")]
    Several {
        /// What they are called.
        labels: String,
    },
    /// There is no such parent account.
    #[error("no parent account has the label `{label}`; there is {labels}")]
    NoSuchParent {
        /// What was asked for.
        label: String,
        /// What they are called.
        labels: String,
    },
    /// Something needed is set nowhere.
    #[error("{what} is not set; set {how}")]
    Missing {
        /// What.
        what: &'static str,
        /// Where it can be set.
        how: &'static str,
    },
}

impl Error {
    /// Whether only charges need what is wrong, so that the evidence can be captured without it.
    pub fn concerns_charges(&self) -> bool {
        matches!(
            self,
            Self::ReadTable { .. }
                | Self::Customers { .. }
                | Self::Invoices { .. }
                | Self::InvoicesDiffer { .. }
                | Self::InvoicesOfSeveral { .. }
        )
    }
}

/// A setting has no usable value; `problem` is the rest of the sentence that begins with its name.
pub(super) fn setting(setting: &str, problem: impl Into<String>) -> Error {
    Error::Setting { setting: setting.to_owned(), problem: problem.into() }
}
