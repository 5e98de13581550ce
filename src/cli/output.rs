//! The forms of what is said: the result on stdout, and the log on stderr.

use clap::ValueEnum;

use crate::commands::Form;

/// The form of the result on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// For programs
    Json,
    /// A table for spreadsheets (`history` only)
    Csv,
    /// A table for SQL engines (`history` only)
    Parquet,
}

impl Output {
    /// The form of the result.
    pub fn form(self) -> Form {
        match self {
            Self::Text => Form::Text,
            Self::Json => Form::Json,
            Self::Csv => Form::Csv,
            Self::Parquet => Form::Parquet,
        }
    }
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// A line for people
    Text,
    /// A JSON object on each line, for collectors
    Json,
}
