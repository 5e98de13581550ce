//! A night in which every account, or every customer, has a hostile name, reported in every form.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use subledger::ahasend::wire::display;
use uuid::Uuid;

use crate::fixtures::nights::night;
use crate::support::{
    Answers, Home, NIGHT, PARENT, Ran, Server, account, home, look, page, run_at, subledger_at, tree,
};

/// Which way names come in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// From the API, as names of sub accounts: in the usage and in the list.
    Api,
    /// From `customers.csv`, as ids and names of customers.
    Map,
}

pub(super) struct Stage {
    pub(super) home: Home,
    pub(super) server: Server,
    /// The report set.
    pub(super) set: PathBuf,
    pub(super) door: Door,
    /// The name of each account or of its customer as the books have it, by the account's id.
    pub(super) names: BTreeMap<String, String>,
    /// What `run` said.
    pub(super) said: Ran,
}

fn id(number: usize) -> String {
    Uuid::from_u128(0x2f3c_5d2a_9ef8_4c91_a5f4_0000_0000_0000 + number as u128).to_string()
}

/// A name in JSON, without the quotes around it.
fn escaped(name: &str) -> String {
    let quoted = serde_json::to_string(name).expect("a name");
    quoted[1..quoted.len() - 1].to_owned()
}

impl Stage {
    pub(super) fn of(door: Door, names: Vec<String>) -> Self {
        let home = home();
        configure(home.path(), "report.csv_profiles = [\"excel\", \"excel-eu\"]");
        let ids: Vec<String> = (0..names.len()).map(id).collect();
        let called =
            |(at, name): (usize, &String)| if door == Door::Api { escaped(name) } else { format!("Account {at}") };
        let called: Vec<String> = names.iter().enumerate().map(called).collect();
        let lines = ids.iter().zip(&called).zip(1..);
        let subs: Vec<(&str, &str, i64, u64)> =
            lines.map(|((id, name), count)| (id.as_str(), name.as_str(), 100 * count, 1_000)).collect();
        let map = map_of(door, &ids, &names);
        std::fs::write(home.path().join("customers.csv"), map).expect("a customer map");
        let known = |(id, name): (&String, String)| {
            let shown = display(&name, 300);
            (id.clone(), if shown.trim().is_empty() { id.clone() } else { shown })
        };
        let names = ids.iter().zip(names).map(known).collect();
        let server = Server::of(with_single_accounts(night(&subs, 0), &subs));
        if door == Door::Api {
            // without a map every account is a customer of its own
            std::fs::rename(home.path().join("customers.csv"), home.path().join("caps-only.csv")).expect("a map");
        }
        let said = run_at(home.path(), &server, NIGHT, &[]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        let set = look::latest(home.path());
        Self { home, server, set, door, names, said }
    }

    /// The binary, with the API at hand.
    pub(super) fn command(&self, arguments: &[&str]) -> assert_cmd::Command {
        let mut command = subledger_at(self.home.path(), &self.server);
        command.args(["--now", NIGHT]).args(arguments);
        command
    }

    /// The only file below a folder whose path ends in this way.
    pub(super) fn only(&self, below: &str, end: &str) -> PathBuf {
        let below = self.home.path().join(below);
        let found: Vec<String> = look::files(&below).into_keys().filter(|path| path.ends_with(end)).collect();
        assert_eq!(found.len(), 1, "{end}: {found:?}");
        below.join(&found[0])
    }

    /// The FOCUS dataset.
    pub(super) fn focus(&self, form: &str) -> PathBuf {
        let sets = look::sets(self.home.path());
        let set = std::fs::read_link(&self.set).expect("the current set");
        let files = tree(&sets.join(&set)).into_keys();
        let end = format!("ahasend-focus-{PARENT}.{form}");
        let mut found: Vec<String> = files.filter(|path| path.ends_with(&end)).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        sets.join(set).join(found.remove(0))
    }

    /// What somebody writes to have this account's charge explained: its id, or the customer's name.
    pub(super) fn subject<'a>(&'a self, id: &'a str) -> &'a str {
        if self.door == Door::Api { id } else { &self.names[id] }
    }
}

/// Writes a setting in front of the configuration that is there.
pub(super) fn configure(folder: &Path, setting: &str) {
    let path = folder.join("subledger.toml");
    let before = std::fs::read_to_string(&path).expect("a configuration");
    std::fs::write(path, format!("{setting}\n{before}")).expect("a configuration");
}

/// A map of these customers, each by its name and with a cap for its account; or of caps alone.
fn map_of(door: Door, ids: &[String], names: &[String]) -> Vec<u8> {
    let mut map = csv::Writer::from_writer(Vec::new());
    map.write_record(["sub_account_id", "customer_id", "customer_name", "monthly_credit"]).expect("a row");
    for (id, name) in ids.iter().zip(names) {
        let name = if door == Door::Map { name } else { id };
        map.write_record([id, name, name, "2000"]).expect("a row");
    }
    map.into_inner().expect("a map")
}

/// The same answers, with each account to be asked for on its own as well.
fn with_single_accounts(answers: Answers, subs: &[(&str, &str, i64, u64)]) -> Answers {
    let accounts = subs.iter().map(|(id, name, _, cap)| ((*id).to_owned(), account(id, name, *cap))).collect();
    // accounts without usage are told of in findings
    let idle = super::said::IDLE.iter().zip(900..).map(|(name, at)| account(&id(at), &escaped(name), 0));
    let listed: Vec<String> = subs.iter().map(|(id, name, _, cap)| account(id, name, *cap)).chain(idle).collect();
    Answers { pages: vec![page(&listed, None)], accounts, ..answers }
}
