//! The flags of `init`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use uuid::Uuid;

use crate::commands::init::{Asked, Schedule};

/// Flags of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Folder for the configuration and everything beside it
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub folder: PathBuf,
    /// The parent account [default: `AHASEND_ACCOUNT_ID`, else asked for]
    #[arg(long, value_name = "UUID")]
    pub account_id: Option<Uuid>,
    /// Short name of the parent account, which names the folder of its reports [default: asked for, else the id]
    #[arg(long, value_name = "LABEL")]
    pub label: Option<String>,
    /// File with the API key [default: the environment has it]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<String>,
    /// What runs the nights, and is to be written [default: asked for, else none]
    #[arg(long, value_name = "WHAT", value_parser = schedule())]
    pub schedule: Option<Schedule>,
}

fn schedule() -> impl TypedValueParser<Value = Schedule> {
    let word = |schedule: (Schedule, &'static str)| schedule.1;
    let known = |word: String| Schedule::ALL.iter().find(|(_, name)| *name == word).map(|(schedule, _)| *schedule);
    PossibleValuesParser::new(Schedule::ALL.map(word)).try_map(move |word| known(word).ok_or("not a schedule"))
}

impl Init {
    /// What is known before anybody is asked.
    pub fn asked(&self) -> Asked {
        Asked {
            folder: self.folder.clone(),
            account_id: self.account_id,
            label: self.label.clone(),
            key_file: self.key_file.clone(),
            schedule: self.schedule,
        }
    }
}
