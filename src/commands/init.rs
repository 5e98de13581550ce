//! `subledger init`: asks what it has to know, writes a commented configuration, a customer map from the live list and a
//! schedule, and then has everything tried. What is there already is left alone.

mod asking;
mod schedule;

use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{Outcome, doctor};
use crate::ahasend::wire::Account;
use crate::billing::books::Status;
use crate::config::{Config, Overrides, Surroundings, checked_label};
use crate::failure::{Failure, Kind, causes};
use crate::nightly::Signals;
use crate::publish::told;
use crate::report::csv::{Guard, guarded};
use crate::report::text::counted;

pub use self::schedule::Schedule;

use self::asking::Question;

/// The names of what is written.
const CONFIG_NAME: &str = "subledger.toml";
const CUSTOMERS_NAME: &str = "customers.csv";

/// What is known before anybody is asked.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Where files are written.
    pub folder: PathBuf,
    /// The parent account.
    pub account_id: Option<Uuid>,
    /// The name of its folder among the reports.
    pub label: Option<String>,
    /// The file with the key; nothing where the environment has it.
    pub key_file: Option<String>,
    /// The schedule to write.
    pub schedule: Option<Schedule>,
}

/// Writes what is missing, and has it tried.
pub async fn run(asked: Asked, surroundings: &Surroundings, signals: &Signals) -> Result<Outcome, Failure> {
    let config_path = asked.folder.join(CONFIG_NAME);
    let mut said = Vec::new();
    let known = Known::of(&asked, &config_path, surroundings)?;
    match &known.configuration {
        None => said.push(format!("left      {}, which is there already", config_path.display())),
        Some(text) => write(&config_path, text, &mut said)?,
    }
    for (name, text) in known.schedule.files(known.account.as_ref()) {
        let path = asked.folder.join(name);
        if there(&path)? {
            said.push(format!("left      {}, which is there already", path.display()));
        } else {
            write(&path, &text, &mut said)?;
        }
    }
    said.extend(known.schedule.before().iter().map(|step| format!("  before  {step}")));
    let load = || {
        let overrides = Overrides { config: Some(config_path.clone()), without_invoices: true, ..Overrides::default() };
        Config::load(&overrides, surroundings).map_err(Failure::usage)
    };
    let trying = async {
        customers(&asked.folder, &load()?, signals, &mut said).await?;
        doctor::run(&load()?, None, signals).await
    };
    let tried = trying.await;
    // whatever comes of trying it, what was written is said
    let said = said.join("\n");
    match tried {
        Ok(tried) => Ok(Outcome { text: format!("{said}\n\n{}", tried.text), ..tried }),
        Err(failure) => Ok(Outcome {
            exit_code: failure.kind.exit_code(),
            text: format!("{said}\n"),
            json: super::several::failure_json(&failure).to_string(),
            closing: failure.report(),
            ..Outcome::default()
        }),
    }
}

/// What has to be known before anything is written.
struct Known {
    /// The parent account and its label, if a configuration that is there already can be read.
    account: Option<(Uuid, String)>,
    schedule: Schedule,
    /// The configuration, where there is none yet.
    configuration: Option<String>,
}

impl Known {
    fn of(asked: &Asked, config_path: &Path, surroundings: &Surroundings) -> Result<Self, Failure> {
        let is_there = there(config_path)?;
        let account = if is_there {
            let overrides = Overrides { config: Some(config_path.to_owned()), ..Overrides::default() };
            let config = Config::load(&overrides, surroundings).ok();
            config.and_then(|config| config.account_id.map(|id| (id, config.label(id))))
        } else {
            Some(account(asked, surroundings)?)
        };
        let schedule = match asked.schedule {
            Some(schedule) => schedule,
            None => Question {
                what: "What is to run the nights: systemd, cron, github, kubernetes or none",
                flag: "--schedule",
                default: Some("none".to_owned()),
                wanted: "one of systemd, cron, github, kubernetes and none",
            }
            .ask(Schedule::parse)?,
        };
        let key_file = match &asked.key_file {
            Some(path) => Some(path.clone()),
            None if is_there || surroundings.has_key() || !stdin().is_terminal() => None,
            None => {
                let what = "The file with the API key (nothing if it will be in AHASEND_API_KEY)";
                let question = Question { what, flag: "--key-file", default: None, wanted: "a path" };
                Some(question.ask(|text| Some(text.to_owned()))?).filter(|path| !path.is_empty())
            }
        };
        // the file is named from here, and read from where the configuration is
        let key_file = key_file.map(|path| {
            let path = Path::new(&path);
            let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            let is_beside = asked.folder == Path::new(".") || path.is_absolute();
            if is_beside { path.to_owned() } else { whole }.to_string_lossy().into_owned()
        });
        let configuration = account
            .as_ref()
            .filter(|_| !is_there)
            .map(|(id, label)| configuration(*id, label, key_file.as_deref(), schedule.archive()));
        Ok(Self { account, schedule, configuration })
    }
}

/// The parent account, and what it is called.
fn account(asked: &Asked, surroundings: &Surroundings) -> Result<(Uuid, String), Failure> {
    let id = match asked.account_id {
        Some(id) => id,
        None => Question {
            what: "The parent account's id",
            flag: "--account-id",
            default: surroundings.account_id(),
            wanted: "a UUID, such as 9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1",
        }
        .ask(|text| Uuid::parse_str(text).ok())?,
    };
    let label = match &asked.label {
        Some(label) => checked_label(label).map_err(Failure::usage)?,
        None => Question {
            what: "A short name for it, which names the folder of its reports",
            flag: "--label",
            default: Some(id.to_string()),
            wanted: "the name of a folder: letters, digits, `-`, `_` and `.`, at most 64",
        }
        .ask(|text| checked_label(text).ok())?,
    };
    Ok((id, label))
}

/// The customer map, of every sub account that there is: each its own customer, until somebody says otherwise.
async fn customers(folder: &Path, config: &Config, signals: &Signals, said: &mut Vec<String>) -> Result<(), Failure> {
    let path = folder.join(CUSTOMERS_NAME);
    if there(&path)? {
        said.push(format!("left      {}, which is there already", path.display()));
        return Ok(());
    }
    let live = async {
        let id = config.account_id().map_err(Failure::usage)?;
        let client = config.api().map_err(Failure::usage)?.client(id).map_err(Failure::of_client)?;
        signals.or(client.accounts(), Failure::of_client).await
    };
    match live.await {
        Ok(accounts) => {
            write(&path, &map_of(&accounts), said)?;
            let count = counted(accounts.len(), "sub account");
            said.push(format!("          {count}, each its own customer: put those of one customer under one id"));
        }
        Err(failure) => {
            signals.check()?;
            let why = causes(&failure).pop().unwrap_or(failure.doing);
            said.push(format!("skipped   {}: the list cannot be read ({why}); run `init` again then", path.display()));
        }
    }
    Ok(())
}

fn map_of(accounts: &[Account]) -> String {
    let mut rows = vec!["sub_account_id,customer_id,customer_name,cost_center".to_owned()];
    for account in accounts.iter().filter(|account| account.status != Status::Deleted) {
        // a name that a spreadsheet would run is nothing for a file that is edited in one
        let is_harmless = guarded(&account.name, Guard::Formulas) == account.name;
        let name = if is_harmless { account.name.replace('"', "\"\"") } else { account.id.to_string() };
        rows.push(format!("{id},{id},\"{name}\",", id = account.id));
    }
    rows.join("\r\n") + "\r\n"
}

fn there(path: &Path) -> Result<bool, Failure> {
    told::get(path).map(|text| text.is_some()).map_err(|error| unwritten(path, error))
}

fn write(path: &Path, text: &str, said: &mut Vec<String>) -> Result<(), Failure> {
    told::put(path, text).map_err(|error| unwritten(path, error))?;
    said.push(format!("wrote     {}", path.display()));
    Ok(())
}

fn unwritten(path: &Path, error: std::io::Error) -> Failure {
    Failure::new(Kind::Usage, format!("`{}` cannot be written", path.display())).because(error)
}

/// The configuration, with what may be wanted of it later as comments.
fn configuration(account_id: Uuid, label: &str, key_file: Option<&str>, archive: &str) -> String {
    let key = match key_file {
        Some(path) => format!("key_file = {}", quoted(path)),
        None => "# The key is in the environment variable AHASEND_API_KEY, or in a file that nobody else can read:\n\
                 # key_file = \"/etc/subledger/ahasend-api-key\"\n\
                 # key_command = [\"pass\", \"show\", \"ahasend\"]"
            .to_owned(),
    };
    format!(
        "# subledger: all settings are in docs/configuration.md. Paths are relative to this file.\n\
         \n\
         account_id = \"{account_id}\"\n\
         label = {label}\n\
         {key}\n\
         \n\
         # The evidence: a folder that is backed up, or an object store (s3://bucket/path, gs://…, az://…).\n\
         archive = \"{archive}\"\n\
         # Report sets for finance.\n\
         reports = \"reports\"\n\
         \n\
         [allocation]\n\
         # What the parent account itself sends, and what sub accounts that are removed have sent, is kept on lines of its own\n\
         # (\"keep\"), or spread over the customers by messages (\"spread\").\n\
         # parent_usage = \"keep\"\n\
         # removed_usage = \"attribute\"\n\
         \n\
         [charges]\n\
         # markup_percent = \"15\"\n\
         \n\
         [report]\n\
         # csv_profiles = [\"excel-eu\"]\n\
         \n\
         # [[notify]]\n\
         # kind = \"slack\"\n\
         # url_env = \"SLACK_WEBHOOK_URL\"\n",
        label = quoted(label),
    )
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    // a string of JSON is one of TOML
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_one_that_can_be_read() {
        let text = configuration(Uuid::from_u128(7), "acme", Some("keys/\"a\""), "archive");
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(table["key_file"].as_str(), Some("keys/\"a\""));
        assert_eq!(table["label"].as_str(), Some("acme"));
        // what is commented out can be commented in
        let lines: Vec<&str> = text
            .lines()
            .map(|line| {
                line.strip_prefix("# ").filter(|line| line.contains(" = ") || line.starts_with("[[")).unwrap_or(line)
            })
            .collect();
        let whole = lines.join("\n");
        let whole = whole.replacen("key_file = \"/etc", "key_other = \"/etc", 1);
        assert!(toml::from_str::<toml::Table>(&whole).is_ok(), "{whole}");
    }
}
