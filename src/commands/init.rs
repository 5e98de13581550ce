//! `subledger init`: asks what it has to know, writes a commented configuration, a customer map from the live list and a
//! schedule, and then has everything tried. What is there already is left alone.

use std::io::{IsTerminal, Write, stderr, stdin};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{Outcome, doctor};
use crate::ahasend::wire::Account;
use crate::billing::books::Status;
use crate::config::{Config, Overrides, Surroundings};
use crate::failure::{Failure, Kind};
use crate::nightly::Signals;
use crate::publish::told;
use crate::report::csv::{Guard, guarded};
use crate::report::text::counted;

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

/// What runs the nights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// A systemd service and its timer.
    Systemd,
    /// A crontab.
    Cron,
    /// A workflow of GitHub Actions.
    Github,
    /// A cron job of Kubernetes.
    Kubernetes,
    /// Nothing that is written here.
    Nothing,
}

impl Schedule {
    /// All of them, with the words for them.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Systemd, "systemd"),
        (Self::Cron, "cron"),
        (Self::Github, "github"),
        (Self::Kubernetes, "kubernetes"),
        (Self::Nothing, "none"),
    ];

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == word.trim()).map(|(schedule, _)| *schedule)
    }

    /// The files of the schedule, by their names.
    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Systemd => &[
                ("subledger.service", include_str!("../../packaging/systemd/subledger.service")),
                ("subledger.timer", include_str!("../../packaging/systemd/subledger.timer")),
            ],
            Self::Cron => &[("subledger.cron", include_str!("../../packaging/cron/subledger.cron"))],
            Self::Github => {
                &[(".github/workflows/subledger.yml", include_str!("../../packaging/github/subledger.yml"))]
            }
            Self::Kubernetes => &[("cronjob.yaml", include_str!("../../packaging/kubernetes/cronjob.yaml"))],
            Self::Nothing => &[],
        }
    }
}

/// Writes what is missing, and has it tried.
pub async fn run(asked: Asked, surroundings: &Surroundings, signals: &Signals) -> Result<Outcome, Failure> {
    let config_path = asked.folder.join(CONFIG_NAME);
    let mut said = Vec::new();
    if there(&config_path)? {
        said.push(format!("left      {}, which is there already", config_path.display()));
    } else {
        let account_id = match asked.account_id {
            Some(id) => id,
            None => question("The parent account's id (a UUID)", "--account-id", |text| Uuid::parse_str(text).ok())?,
        };
        let label = match &asked.label {
            Some(label) => label.clone(),
            None => question("A short name for it, which names the folder of its reports", "--label", |text| {
                (!text.is_empty()).then(|| text.to_owned())
            })?,
        };
        let key_file = match &asked.key_file {
            Some(path) => Some(path.clone()),
            None if surroundings.has_key() || !stdin().is_terminal() => None,
            None => {
                let what = "The file with the API key (nothing if it will be in AHASEND_API_KEY)";
                let path = question(what, "--key-file", |text| Some(text.to_owned()))?;
                (!path.is_empty()).then_some(path)
            }
        };
        let text = configuration(account_id, &label, key_file.as_deref());
        write(&config_path, &text, &mut said)?;
    }
    let schedule = match asked.schedule {
        Some(schedule) => schedule,
        None => question(
            "What is to run the nights (systemd, cron, github, kubernetes, none)",
            "--schedule",
            Schedule::parse,
        )?,
    };
    for (name, text) in schedule.files() {
        let path = asked.folder.join(name);
        if there(&path)? {
            said.push(format!("left      {}, which is there already", path.display()));
        } else {
            write(&path, text, &mut said)?;
        }
    }
    if schedule == Schedule::Systemd {
        let home = "the unit may write below /var/lib/subledger alone";
        said.push(format!(
            "          {home}: put `archive` and `reports` there before the configuration goes to /etc/subledger"
        ));
    }
    let load = || {
        let overrides = Overrides { config: Some(config_path.clone()), without_invoices: true, ..Overrides::default() };
        Config::load(&overrides, surroundings).map_err(Failure::usage)
    };
    customers(&asked.folder, &load()?, signals, &mut said).await?;
    let tried = doctor::run(&load()?, signals).await?;
    let text = format!("{}\n\n{}", said.join("\n"), tried.text);
    Ok(Outcome { text, ..tried })
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
            said.push(format!("skipped   {}: the list cannot be read ({})", path.display(), failure.doing));
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

/// Asks until the answer can be used, where there is somebody to ask.
fn question<T>(what: &str, flag: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Failure> {
    if !stdin().is_terminal() {
        let failure = Failure::new(Kind::Usage, format!("nobody is here to be asked: {}", what.to_lowercase()));
        return Err(failure.hint(format!("say it with `{flag}`")));
    }
    loop {
        let _ = write!(stderr(), "{what}: ");
        let mut line = String::new();
        match stdin().read_line(&mut line) {
            Ok(0) | Err(_) => return Err(Failure::new(Kind::Usage, "no answer could be read").then("run it again")),
            Ok(_) => {}
        }
        if let Some(answer) = read(line.trim()) {
            return Ok(answer);
        }
    }
}

/// The configuration, with what may be wanted of it later as comments.
fn configuration(account_id: Uuid, label: &str, key_file: Option<&str>) -> String {
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
         archive = \"archive\"\n\
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
        let text = configuration(Uuid::from_u128(7), "acme", Some("keys/\"a\""));
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
