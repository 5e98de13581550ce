//! A simulator on a bench: a world, a sub account with a key in it, and keys of the parent for every scope.

use std::sync::LazyLock;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use subledger::simulator::Simulator;
use subledger::simulator::settings::{ParentKey, SCOPES, Settings};
use subledger::simulator::world::{Event, World};
use tokio::runtime::{Builder, Runtime};

use super::operations::{ACME, BOOTSTRAP, Ids, Operation};
use super::wire::{Answer, Connection, Request};
use crate::support::KEY;

/// Enough accounts for one of every status.
const ACCOUNT_COUNT: usize = 60;

/// An id that nothing has.
pub(crate) const NOBODY: &str = "6f1d2f0a-53c5-4b0e-9d62-0a4b1f6f7c11";

static WORLD: LazyLock<World> = LazyLock::new(|| World::seeded(1, ACCOUNT_COUNT, noon()));

/// The instant at which worlds are looked at, far into a month.
pub(crate) fn noon() -> DateTime<Utc> {
    "2026-07-20T12:00:00Z".parse().expect("an instant")
}

/// The key that grants one scope and nothing else.
pub(crate) fn key_with(scope: &str) -> String {
    format!("aha-sk-with-{:x<59}", scope.replace(':', "-"))
}

/// The key that grants everything but one scope.
pub(crate) fn key_without(scope: &str) -> String {
    format!("aha-sk-without-{:x<56}", scope.replace(':', "-"))
}

fn settings() -> Settings {
    let mut settings = Settings::with_key(KEY.to_owned());
    let scopes = || SCOPES.iter().filter(|scope| **scope != "*").map(|scope| (*scope).to_owned());
    for scope in scopes() {
        let others = scopes().filter(|other| *other != scope).collect();
        settings.keys.push(ParentKey { secret: key_without(&scope), scopes: others });
        settings.keys.push(ParentKey { secret: key_with(&scope), scopes: vec![scope] });
    }
    settings
}

/// A running simulator and what a walk asks it about. It ends with the test.
pub(crate) struct Bench {
    pub(crate) simulator: Simulator,
    /// A sub account that was created over the API, and a key of it.
    pub(crate) ids: Ids,
    /// The secret of that key.
    pub(crate) secret: String,
    // last: the server runs on it
    _runtime: Runtime,
}

impl Bench {
    /// A world of some accounts, without a rate limit.
    pub(crate) fn new() -> Self {
        Self::bare(WORLD.clone(), settings()).furnished()
    }

    /// The same with the rate limit of the real API.
    pub(crate) fn limited() -> Self {
        Self::bare(WORLD.clone(), Settings { rate_limit: true, ..settings() }).furnished()
    }

    /// A world as it is: the bench's own sub account is nobody.
    pub(crate) fn of(world: World) -> Self {
        Self::bare(world, settings())
    }

    fn bare(world: World, settings: Settings) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let parent = world.parent_account_id().to_string();
        let simulator = runtime.block_on(Simulator::serve(world, settings)).expect("a port");
        let ids = Ids { parent, sub_account: NOBODY.to_owned(), key: NOBODY.to_owned() };
        Self { simulator, ids, secret: String::new(), _runtime: runtime }
    }

    /// Creates the bench's own sub account and its key.
    fn furnished(mut self) -> Self {
        self.ids.sub_account = self.sub_account(ACME);
        let key = self.ask(&self.request("createSubAccountAPIKey").json(BOOTSTRAP));
        self.ids.key = key.text("id");
        self.secret = key.text("secret_key");
        self
    }

    /// Creates a sub account; its id.
    pub(crate) fn sub_account(&self, body: &str) -> String {
        self.ask(&self.request("createSubAccount").json(body)).text("id")
    }

    /// The id of a sub account that has this status.
    pub(crate) fn one_that_is(&self, status: &str) -> String {
        let list = self.get("?limit=100").json();
        let rows = list["data"].as_array().expect("rows");
        let found = rows.iter().find(|row| row["status"] == status);
        let id = found.and_then(|row| row["id"].as_str()).unwrap_or_else(|| panic!("no account is {status}"));
        id.to_owned()
    }

    /// An operation as it is meant to be asked, with the key that opens everything.
    pub(crate) fn request(&self, name: &str) -> Request {
        Operation::named(name).request(&self.ids).key(KEY)
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.simulator.address())
    }

    /// Asks on a connection of its own.
    pub(crate) fn ask(&self, request: &Request) -> Answer {
        self.connect().ask(request)
    }

    /// A `GET` of the list or of something below it.
    pub(crate) fn get(&self, suffix: &str) -> Answer {
        let request = self.request("listSubAccounts");
        let target = format!("{}{suffix}", request.target);
        self.ask(&request.at(target))
    }

    /// The bench's own sub account, as the API shows it.
    pub(crate) fn shown(&self) -> Value {
        self.ask(&self.request("getSubAccount")).json()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: TimeDelta) {
        let now = self.simulator.with_world(World::now);
        self.simulator.apply(Event::Advance(now + time)).expect("time passes");
    }

    /// Makes something go wrong, by a rule in text.
    pub(crate) fn fault(&self, rule: &str) {
        self.simulator.add_fault(rule.parse().expect("a rule"));
    }

    /// Two requests at the same time, of which only one can be told something while the other is at it: that answer.
    pub(crate) fn ask_twice_at_once(&self, request: &Request) -> Answer {
        // whichever of them executes is held for ever
        self.fault("stalled,count=1");
        let mut connections = [self.connect(), self.connect()];
        for connection in &mut connections {
            connection.write(request);
        }
        let wait = Duration::from_millis(5);
        for round in 0..2_000 {
            let connection = &mut connections[round % 2];
            if connection.is_answered_within(wait) {
                return connection.read(true);
            }
        }
        panic!("neither of two requests was answered");
    }
}
