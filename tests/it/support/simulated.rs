//! A simulated API inside the test, and the binary as its client.

use serde_json::Value;
use subledger::simulator::Simulator;
use subledger::simulator::fault::Fault;
use subledger::simulator::settings::{ParentKey, Settings};
use subledger::simulator::world::{Event, NewAccount, Volume, World};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{Home, KEY, Ran, home, process, ran};

/// When the simulated worlds of the tests begin: well within a billing period.
pub(crate) const NOW: &str = "2026-10-15T12:00:00Z";

/// A simulator whose clock stands still, and a folder to run the binary in.
pub(crate) struct Simulated {
    pub(crate) simulator: Simulator,
    pub(crate) home: Home,
    pub(crate) parent: Uuid,
    _runtime: Runtime,
}

impl Simulated {
    /// A parent account with so many sub accounts, and a key for everything.
    pub(crate) fn new(account_count: usize) -> Self {
        Self::with_scopes(account_count, &["*"])
    }

    /// The same with a key for less.
    pub(crate) fn with_scopes(account_count: usize, scopes: &[&str]) -> Self {
        let world = World::seeded(1, account_count, NOW.parse().expect("a time"));
        let parent = world.parent_account_id();
        let mut settings = Settings::with_key(KEY.to_owned());
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        settings.keys = vec![ParentKey { secret: KEY.to_owned(), scopes }];
        settings.rate_limit = false;
        let runtime = Runtime::new().expect("a runtime");
        let simulator = runtime.block_on(Simulator::serve(world, settings)).expect("a simulator");
        Self { simulator, home: home(), parent, _runtime: runtime }
    }

    /// The binary, to be started and left running.
    pub(crate) fn process(&self, arguments: &[&str]) -> std::process::Command {
        self.process_at(NOW, arguments)
    }

    /// The same at another time.
    pub(crate) fn process_at(&self, now: &str, arguments: &[&str]) -> std::process::Command {
        let mut command = process(self.home.path());
        command.env("AHASEND_ACCOUNT_ID", self.parent.to_string());
        command.env("AHASEND_API_KEY", KEY).env("AHASEND_BASE_URL", self.simulator.base_url());
        command.args(["--now", now]).args(arguments);
        command
    }

    /// The binary with arguments as somebody would paste them into a shell.
    pub(crate) fn shell(&self, arguments: &str) -> Ran {
        let binary = self.process(&[]);
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", &format!("exec '{}' {arguments}", binary.get_program().display())]);
        shell.current_dir(self.home.path()).env_clear();
        shell.envs(binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.output().expect("a shell").into()
    }

    /// The binary, run to the end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.process(arguments).into())
    }

    /// The same at another time; the simulated clock is set to it.
    pub(crate) fn run_at(&self, now: &str, arguments: &[&str]) -> Ran {
        self.simulator.apply(Event::Advance(now.parse().expect("a time"))).expect("a later time");
        ran(&mut self.process_at(now, arguments).into())
    }

    /// The same, and its result as JSON; it is to succeed.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--output", "json"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
        serde_json::from_str(&ran.stdout).expect("JSON on stdout")
    }

    /// Lets the API misbehave: `503,path=/usage,count=2`.
    pub(crate) fn fault(&self, spec: &str) {
        self.simulator.add_fault(spec.parse::<Fault>().expect("a fault"));
    }

    /// A sub account that has sent so many messages.
    pub(crate) fn account(&self, name: &str, monthly_credit: i64, messages: u64) -> Uuid {
        let new = NewAccount { name: name.to_owned(), website: "acme.example.com".to_owned(), monthly_credit };
        self.simulator.apply(Event::Create(new, Volume::NONE)).expect("an account");
        let id = self.ids(name).pop().expect("the account");
        self.simulator.apply(Event::Send(Some(id), messages)).expect("messages");
        id
    }

    /// The sub accounts of this name.
    pub(crate) fn ids(&self, name: &str) -> Vec<Uuid> {
        self.simulator.with_world(|world| {
            let usage = world.usage();
            usage
                .sub_accounts
                .iter()
                .filter(|(account, _)| account.name == name)
                .map(|(account, _)| account.id)
                .collect()
        })
    }

    /// How many sub accounts there are.
    pub(crate) fn account_count(&self) -> usize {
        self.simulator.with_world(World::account_count)
    }

    /// The cap of a sub account.
    pub(crate) fn cap(&self, id: Uuid) -> u64 {
        self.simulator.with_world(|world| world.sub_account(id).expect("an account").monthly_credit)
    }
}
