//! The command line. The doc comments are the help; parsing does nothing but parse.

mod accounts;
mod archive;
mod caps;
mod capture;
mod close;
mod doctor;
mod explain;
mod history;
mod init;
mod manual;
mod output;
mod prune;
mod simulate;
mod status;
mod verify;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub use self::accounts::Accounts;
pub use self::archive::Archive;
pub use self::caps::Caps;
pub use self::capture::Capture;
pub use self::close::Close;
pub use self::doctor::Doctor;
pub use self::explain::Explain;
pub use self::history::History;
pub use self::init::Init;
pub use self::manual::{Completions, Manual};
pub use self::output::{Log, Output};
pub use self::prune::Prune;
pub use self::simulate::Simulate;
pub use self::status::Status;
pub use self::verify::Verify;

use crate::commands::selection::Selection;
use crate::config::{Overrides, Shard};
use crate::report::format::Format;
use crate::simulator::script;

/// Nightly reconciliation and chargeback for AhaSend sub accounts.
///
/// Captures what the API shows, proves that the allocated costs add up to the pooled invoice, flags caps, and writes
/// a chargeback report per customer.
#[derive(Debug, Parser)]
#[command(name = "subledger", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// Settings for every command
    #[command(flatten)]
    pub global: Global,
}

const EXIT_CODES: &str = "\
Environment:
  AHASEND_API_KEY      key with the scopes sub-accounts:usage and sub-accounts:read
  AHASEND_ACCOUNT_ID   the parent account
  AHASEND_BASE_URL     where the API is [default: https://api.ahasend.com]

Exit codes:
  0   balanced, published             20  API unreachable after retries
  1   a bug                           21  refused: key, scope, suspended parent
  2   usage or configuration          22  the answer cannot be used
  10  the books do not balance        23  the archive is not durable
  11  caps flagged (--fail-on caps)   75  another run holds the lock
  12  reports not published           128+N  signal
  13  archived bytes cannot be used
  14  a capture is overdue (status)
  15  evidence waits in the spool
After run and capture, tens say that tonight's evidence is safe, and twenties that
it is not: act before the period closes. The last line on stderr says which.";

/// Settings for every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Configuration file [default: subledger.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Which of several parent accounts [default: all of them for `run`, `capture`, `report`, `status`, `doctor`, `verify` and `prune`]
    #[arg(long, global = true, value_name = "LABEL")]
    pub parent: Option<String>,
    /// Only a part of several parent accounts, so that machines can share them: 0/4 is the first of four
    #[arg(long, global = true, value_name = "PART", value_parser = Shard::parse, conflicts_with = "parent")]
    pub shard: Option<Shard>,
    /// What to write to stdout
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub output: Output,
    /// Say more on stderr (twice: everything)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Say less on stderr: only errors and the last line
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// The form of what is logged on stderr; the last line stays as it is
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value_t = Log::Text)]
    pub log: Log,
    /// Go on where the file system knows no locks; then only your schedule keeps two runs apart
    #[arg(long, global = true)]
    pub no_lock: bool,
    /// Pretend that it is this time, for tests and demos
    #[arg(long, global = true, hide = true, value_name = "RFC3339")]
    pub now: Option<DateTime<Utc>>,
    /// Let that time run on
    #[arg(long, global = true, hide = true, requires = "now")]
    pub now_runs: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a configuration, a customer map and a schedule, and try them
    ///
    /// Asks what no flag says. What is there already is left alone.
    Init(Init),
    /// Try everything that a night needs, and say what to mend
    ///
    /// Configuration, key and scopes, clock, archive, customer map, captures, room. Changes nothing; exits with 2 if a night
    /// would fail.
    Doctor(Doctor),
    /// The nightly job: capture, reconcile, publish, tell
    Run(Run),
    /// Capture only the evidence
    Capture(Capture),
    /// Rebuild reports from the archive, offline
    Report(Report),
    /// Close a billing period with its invoice, or correct one that is closed, offline
    ///
    /// Makes the final report set and locks the period: `run` and `report` leave it as it was issued. Closed again with another
    /// invoice, customer map or configuration, it becomes a correction beside the first set, with a journal of what changes.
    Close(Box<Close>),
    /// Say how a charge came about, or why it moved since another capture
    Explain(Explain),
    /// Show messages and cost per day, offline
    History(History),
    /// Say what is secured, what is missing, and when the next capture is due, offline
    ///
    /// For people and for probes: exits with 14 if a capture is overdue.
    Status(Status),
    /// Prove that archive and reports are as they were written, offline
    ///
    /// Walks the archive's chain, checks every hash, and makes every report set again from what it was made from. Names the very
    /// file that is not as it was, and exits with 13. Nothing is changed.
    Verify(Verify),
    /// Remove old provisional report sets, offline
    ///
    /// The archive, final sets, and every folder that is not certainly a provisional set are left alone. `subledger report
    /// --capture` makes a removed set again, as long as its period is open.
    Prune(Prune),
    /// Keep the archive's tables few
    #[command(subcommand)]
    Archive(Archive),
    /// Manage sub accounts and their API keys
    #[command(subcommand)]
    Accounts(Accounts),
    /// Compare the monthly caps with the customer map, and set them
    #[command(subcommand)]
    Caps(Caps),
    /// Play a simulated month through the nightly job, into demo/
    Demo(Demo),
    /// Print what lets a shell complete commands and flags
    Completions(Completions),
    /// Print the manual page, of one command or of the program
    Man(Manual),
    /// Serve a simulated API until a signal, to try clients against
    Simulate(Simulate),
}

/// Where things are.
#[derive(Debug, Args)]
pub struct Places {
    /// Archive: a folder or an object-store URL (s3://, gs://, az://) [default: archive]
    #[arg(long, value_name = "PLACE")]
    pub archive: Option<String>,
}

/// What decides charges, and where reports go.
#[derive(Debug, Args)]
pub struct Terms {
    /// Folder that report sets are published in [default: reports]
    #[arg(long, value_name = "FOLDER")]
    pub reports: Option<PathBuf>,
    /// Customer map [default: customers.csv, if it is there]
    #[arg(long, value_name = "FILE")]
    pub customers: Option<PathBuf>,
    /// Invoices of all periods [default: invoices.csv, if it is there]
    #[arg(long, value_name = "FILE")]
    pub invoices: Option<PathBuf>,
    /// Pooled invoice as finance has it, in major units: 80.00
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub invoice: Option<String>,
    /// What is published
    #[command(flatten)]
    pub formats: Formats,
    /// Findings that make the exit code non-zero although the books balance
    #[arg(long, value_enum, value_name = "WHAT")]
    pub fail_on: Vec<FailOn>,
}

/// The formats of a report set.
#[derive(Debug, Args)]
pub struct Formats {
    /// Formats of the report set beside plain CSV, with commas between them [default: those of the configuration, else all]
    #[arg(long, value_name = "FORMAT,…", value_delimiter = ',', value_parser = format_parser())]
    pub formats: Option<Vec<Format>>,
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    let unknown = "not a format";
    PossibleValuesParser::new(Format::ALL.map(Format::as_str)).try_map(move |word| Format::parse(&word).ok_or(unknown))
}

/// Flags of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Where things are
    #[command(flatten)]
    pub places: Places,
    /// What decides charges
    #[command(flatten)]
    pub terms: Terms,
}

/// Flags of `report`.
#[derive(Debug, Args)]
pub struct Report {
    /// Where things are
    #[command(flatten)]
    pub places: Places,
    /// What decides charges
    #[command(flatten)]
    pub terms: Terms,
    /// Which capture
    #[command(flatten)]
    pub which: Which,
}

/// Which capture to look at.
#[derive(Debug, Args)]
pub struct Which {
    /// Billing period by its start date, 2024-01-01 [default: that of the last capture]
    #[arg(long, value_name = "DATE")]
    pub period: Option<String>,
    /// Capture by its name, 20240115T020000Z [default: the last one of the period]
    #[arg(long, value_name = "NAME")]
    pub capture: Option<String>,
}

/// Flags of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder for the demo's archive and reports; a demo that is there already is replaced
    #[arg(long, value_name = "FOLDER", default_value = "demo")]
    pub folder: PathBuf,
    /// Seed of the simulated world
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Sub accounts when the simulated month begins
    #[arg(long, value_name = "NUMBER", default_value_t = 60, value_parser = script::parse_accounts)]
    pub accounts: usize,
}

/// Findings that can be made to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A cap at the near level or above: exit 11
    Caps,
}

impl Which {
    /// The capture that is meant.
    pub fn selection(&self) -> Selection {
        Selection { period: self.period.clone(), capture: self.capture.clone() }
    }
}

impl Cli {
    /// Whether the command has a result in the form that is asked for.
    pub fn has_form(&self) -> bool {
        let is_table = matches!(self.global.output, Output::Csv | Output::Parquet);
        !is_table || matches!(self.command, Command::History(_))
    }

    /// Whether the command does its work for each of several parent accounts, if none is picked.
    pub fn is_for_each(&self) -> bool {
        matches!(
            self.command,
            Command::Run(_)
                | Command::Capture(_)
                | Command::Doctor(_)
                | Command::Report(_)
                | Command::Status(_)
                | Command::Verify(_)
                | Command::Prune(_)
        )
    }

    /// What the command line sets of the configuration.
    pub fn overrides(&self) -> Overrides {
        let Global { config, parent, no_lock, .. } = &self.global;
        let (config, parent) = (config.clone(), parent.clone());
        let default = Overrides { config, parent, no_lock: *no_lock, ..Overrides::default() };
        // whoever charges nobody is not stopped by a mistake in what only charges need
        let charging_nobody = Overrides { without_invoices: true, ..default.clone() };
        let apart_from_tables = Overrides { without_customers: true, ..charging_nobody.clone() };
        match &self.command {
            Command::Run(Run { places, terms }) | Command::Report(Report { places, terms, .. }) => Overrides {
                archive: places.archive.clone(),
                reports: terms.reports.clone(),
                customers: terms.customers.clone(),
                invoices: terms.invoices.clone(),
                invoice: terms.invoice.clone(),
                formats: terms.formats.formats.clone(),
                ..default
            },
            Command::Explain(explain) => Overrides {
                archive: explain.places.archive.clone(),
                customers: explain.customers.clone(),
                invoices: explain.invoices.clone(),
                invoice: explain.invoice.clone(),
                ..default
            },
            Command::History(history) => Overrides {
                archive: history.places.archive.clone(),
                customers: history.customers.clone(),
                ..charging_nobody
            },
            Command::Caps(caps) => Overrides { customers: caps.customers(), ..charging_nobody },
            Command::Capture(capture) => Overrides { archive: capture.places.archive.clone(), ..apart_from_tables },
            Command::Archive(Archive::Compact(compact)) => {
                Overrides { archive: compact.places.archive.clone(), ..apart_from_tables }
            }
            Command::Accounts(accounts) => Overrides { archive: accounts.archive(), ..apart_from_tables },
            Command::Prune(prune) => {
                Overrides { archive: prune.places.archive.clone(), reports: prune.reports.clone(), ..apart_from_tables }
            }
            Command::Doctor(doctor) => Overrides {
                archive: doctor.places.archive.clone(),
                reports: doctor.reports.clone(),
                customers: doctor.customers.clone(),
                ..default
            },
            Command::Status(status) => Overrides {
                archive: status.places.archive.clone(),
                reports: status.reports.clone(),
                ..apart_from_tables
            },
            Command::Verify(verify) => Overrides {
                archive: verify.places.archive.clone(),
                reports: verify.reports.clone(),
                ..apart_from_tables
            },
            Command::Close(close) => Overrides {
                archive: close.places.archive.clone(),
                reports: close.reports.clone(),
                customers: close.customers.clone(),
                invoices: close.invoices.clone(),
                formats: close.formats.formats.clone(),
                ..default
            },
            Command::Completions(_) | Command::Man(_) | Command::Demo(_) | Command::Init(_) | Command::Simulate(_) => {
                apart_from_tables
            }
        }
    }
}
