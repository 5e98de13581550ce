//! Bodies in every mood, for several seeds and sizes, before and after things happened: the schema, and what the figures
//! say about each other.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::Value;
use subledger::simulator::world::{Event, Mood, Rounding, World};

use super::bench::{Bench, noon};
use super::operations::{BOOTSTRAP, Ids, Operation};
use super::walk::{assert_none, problems_of_body, problems_of_headers};
use super::wire::{Answer, Connection, Request};
use crate::support::KEY;

/// Most digits that it takes to write a double.
const DOUBLE_DIGITS_MAX: usize = 17;

/// Every combination of what changes a body.
fn moods(usual: Mood) -> Vec<Mood> {
    let mut moods = Vec::new();
    for rounding in [Rounding::Two, Rounding::Four, Rounding::Full] {
        for bits in 0..8 {
            let is_set = |bit: u8| bits & bit != 0;
            let (list_suspended, suspended_usage, zero_usage) = (is_set(1), is_set(2), is_set(4));
            moods.push(Mood { rounding, list_suspended, suspended_usage, zero_usage, ..usual });
        }
    }
    moods
}

/// One world, one connection, and what was found on the way.
struct Look<'b> {
    bench: &'b Bench,
    connection: Connection,
    problems: Vec<String>,
    /// What the first look said was sent; time stands still.
    total: Option<Value>,
}

impl<'b> Look<'b> {
    fn new(bench: &'b Bench) -> Self {
        Self { bench, connection: bench.connect(), problems: Vec::new(), total: None }
    }

    /// Asks for what must succeed.
    fn ask(&mut self, name: &str, request: &Request) -> Answer {
        let operation = Operation::named(name);
        let answer = self.connection.ask(request);
        if answer.status == operation.success {
            self.found(name, problems_of_body(operation, &answer));
        } else {
            self.found(name, vec![format!("status {}, body {:.300}", answer.status, answer.body)]);
        }
        self.found(name, problems_of_headers(&answer, false, false));
        answer
    }

    fn found(&mut self, what: &str, problems: Vec<String>) {
        self.problems.extend(problems.into_iter().map(|problem| format!("{what}: {problem}")));
    }

    fn expect(&mut self, what: &str, holds: bool) {
        if !holds {
            self.problems.push(format!("not so: {what}"));
        }
    }

    /// The whole list.
    fn rows(&mut self) -> Vec<Value> {
        let request = self.bench.request("listSubAccounts");
        let mut rows = Vec::new();
        let mut query = "limit=100".to_owned();
        loop {
            let page = self.ask("listSubAccounts", &request.clone().query(&query)).json();
            rows.extend(page["data"].as_array().cloned().unwrap_or_default());
            let Some(next) = page["pagination"]["next_cursor"].as_str() else { return rows };
            query = format!("limit=100&after={}", super::paging::encoded(next));
        }
    }

    /// Everything that can be read in this mood.
    fn in_mood(&mut self, mood: Mood) {
        self.bench.simulator.apply(Event::Mood(mood)).expect("a mood");
        let usage = self.ask("getSubAccountsUsage", &self.bench.request("getSubAccountsUsage"));
        let rows = self.rows();
        self.usage(mood, &usage);
        self.list(mood, &rows, &usage.json());
        let total = usage.json()["total"]["reception_count"].clone();
        let first = self.total.get_or_insert_with(|| total.clone()).clone();
        self.expect("no mood changes how much was sent", first == total);
    }

    fn usage(&mut self, mood: Mood, answer: &Answer) {
        let usage = answer.json();
        let count = |bucket: &Value| bucket["reception_count"].as_u64().unwrap_or_default();
        let lines = usage["sub_accounts"].as_array().cloned().unwrap_or_default();
        let parts: u64 = lines.iter().map(count).sum();
        let sum = parts + count(&usage["parent"]) + count(&usage["removed_sub_accounts"]);
        self.expect("the counts come to the total", sum == count(&usage["total"]));
        self.expect(
            "idle accounts have lines if the mood says so",
            mood.zero_usage || lines.iter().all(|line| count(line) > 0),
        );
        self.expect("the parent is the one in the path", usage["parent"]["account_id"] == *self.bench.ids.parent);
        for aggregate in ["removed_sub_accounts", "total"] {
            let bucket = &usage[aggregate];
            self.expect("aggregates name nobody", bucket["account_id"].is_null() && bucket["name"].is_null());
        }
        let ids: BTreeSet<_> = lines.iter().filter_map(|line| line["account_id"].as_str()).collect();
        self.expect("each account has one line", ids.len() == lines.len());
        self.amounts(mood.rounding, &answer.body);
        let (start, end) = (&usage["billing_period"]["start"], &usage["billing_period"]["end"]);
        self.expect(
            "the period is the one of now",
            start.as_str() <= Some("2026-07-20") && Some("2026-07-20") < end.as_str(),
        );
    }

    /// Digits as the mood wants them; the shares come to the invoice but for what rounding does to each.
    fn amounts(&mut self, rounding: Rounding, body: &str) {
        let amounts = amounts(body);
        for amount in &amounts {
            let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
            let significant = format!("{whole}{decimals}").trim_start_matches('0').len();
            let is_right = match rounding {
                Rounding::Two => (1..=2).contains(&decimals.len()),
                Rounding::Four => (1..=4).contains(&decimals.len()),
                Rounding::Full => !decimals.is_empty() && significant <= DOUBLE_DIGITS_MAX,
            };
            self.expect(&format!("{amount} is written as {rounding:?} says"), is_right);
        }
        // read to 20 decimals, as many as a sum of doubles can need here
        let exact = |text: &&str| text.parse::<Decimal>().unwrap_or_else(|error| panic!("{text}: {error}"));
        let (total, parts) = amounts.split_last().expect("a total");
        let sum: Decimal = parts.iter().map(exact).sum();
        let half_unit = match rounding {
            Rounding::Two => Decimal::new(5, 3),
            Rounding::Four => Decimal::new(5, 5),
            Rounding::Full => Decimal::new(1, 12),
        };
        let dust = (sum - exact(total)).abs();
        self.expect(&format!("{sum} is {total} but for rounding"), dust <= half_unit * Decimal::from(amounts.len()));
    }

    fn list(&mut self, mood: Mood, rows: &[Value], usage: &Value) {
        let has_status = |status: &'static str| move |row: &&Value| row["status"] == status;
        self.expect("nothing deleted is listed", !rows.iter().any(|row| row["status"] == "deleted"));
        let is_hidden = !rows.iter().any(|row| has_status("suspended")(&row));
        self.expect("suspended ones are listed if the mood says so", mood.list_suspended || is_hidden);
        let parent = self.bench.ids.parent.clone();
        self.expect("all are the parent's own", rows.iter().all(|row| row["parent_account_id"] == *parent));
        let lines: BTreeSet<_> = usage["sub_accounts"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|line| line["account_id"].as_str())
            .collect();
        let listed: BTreeSet<_> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
        self.expect("each account is listed once", listed.len() == rows.len());
        if mood.list_suspended {
            self.expect("whoever has a line is listed", lines.is_subset(&listed));
        }
        if mood.zero_usage && mood.suspended_usage {
            self.expect("whoever is listed has a line", listed.is_subset(&lines));
        }
        let paused = rows.iter().filter(has_status("suspended")).filter_map(|row| row["id"].as_str());
        if !mood.suspended_usage {
            self.expect("suspended ones have no line", paused.into_iter().all(|id| !lines.contains(id)));
        }
        for row in rows.iter().step_by(60) {
            let ids = Ids { sub_account: row["id"].as_str().unwrap_or_default().to_owned(), ..self.bench.ids.clone() };
            let one = self.ask("getSubAccount", &Operation::named("getSubAccount").request(&ids).key(KEY));
            self.expect("the list shows what the account itself shows", one.json() == *row);
        }
    }

    /// Creates, deletes, suspends and unsuspends accounts, changes some, and gives some keys, all over the API.
    fn live(&mut self) {
        for number in 0..4 {
            let body =
                format!(r#"{{"name":"New {number}","website":"new{number}.example.com","monthly_credit":{number}}}"#);
            self.ask("createSubAccount", &self.bench.request("createSubAccount").json(body));
        }
        let rows = self.rows();
        let about = |name: &str, row: &Value, key: &str| {
            let sub_account = row["id"].as_str().unwrap_or_default().to_owned();
            let ids = Ids { sub_account, key: key.to_owned(), ..self.bench.ids.clone() };
            (name.to_owned(), Operation::named(name).request(&ids).key(KEY))
        };
        let mut steps = Vec::new();
        for (index, row) in rows.iter().filter(|row| row["status"] == "active").enumerate() {
            match index % 7 {
                0 => steps.push(about("deleteSubAccount", row, "")),
                1 => steps.push(about("suspendSubAccount", row, "")),
                2 => steps.extend([about("suspendSubAccount", row, ""), about("unsuspendSubAccount", row, "")]),
                3 => steps.push(about("updateSubAccount", row, "")),
                _ => {}
            }
        }
        for (name, request) in &steps {
            self.ask(name, request);
        }
        let owner = self.rows().into_iter().find(|row| row["status"] == "active").expect("somebody who may send");
        self.keys(&owner, about);
    }

    /// A key's whole life.
    fn keys(&mut self, owner: &Value, about: impl Fn(&str, &Value, &str) -> (String, Request)) {
        let (name, create) = about("createSubAccountAPIKey", owner, "");
        let key = self.ask(&name, &create.json(BOOTSTRAP));
        let (id, secret) = (key.text("id"), key.text("secret_key"));
        self.expect("the key is the account's own", key.json()["account_id"] == owner["id"]);
        for name in ["getSubAccountAPIKey", "listSubAccountAPIKeys", "updateSubAccountAPIKey", "deleteSubAccountAPIKey"]
        {
            let (name, request) = about(name, owner, &id);
            let answer = self.ask(&name, &request);
            self.expect(&format!("{name} shows no secret"), !answer.body.contains(&secret));
        }
    }
}

/// The digits of all amounts, as they were sent.
fn amounts(body: &str) -> Vec<&str> {
    let digits = |rest: &'_ str| rest.find([',', '}']).unwrap_or(rest.len());
    body.split(r#""allocated_cost":"#).skip(1).map(|rest| rest[..digits(rest)].trim()).collect()
}

fn look_through(seed: u64, account_count: usize) {
    let bench = Bench::of(World::seeded(seed, account_count, noon()));
    let mut look = Look::new(&bench);
    let usual = bench.simulator.with_world(World::mood);
    for has_lived in [false, true] {
        if has_lived {
            bench.simulator.apply(Event::Mood(usual)).expect("a mood");
            look.live();
        }
        for mood in moods(usual) {
            look.in_mood(mood);
            let problems = std::mem::take(&mut look.problems);
            assert_none(&problems, &format!("seed {seed}, {account_count} accounts, {mood:?}"));
        }
    }
}

#[test]
fn what_is_deleted_moves_into_the_aggregate_and_nothing_else_moves() {
    let bench = Bench::of(World::seeded(4, 60, noon()));
    let usage = || bench.ask(&bench.request("getSubAccountsUsage")).json();
    let before = usage();
    let count = |bucket: &Value| bucket["reception_count"].as_u64().expect("a count");
    let lines = before["sub_accounts"].as_array().expect("lines");
    let line = lines.iter().max_by_key(|line| count(line)).expect("a line");
    let sub_account = line["account_id"].as_str().expect("an id").to_owned();
    let ids = Ids { sub_account: sub_account.clone(), ..bench.ids.clone() };
    assert_eq!(bench.ask(&Operation::named("deleteSubAccount").request(&ids).key(KEY)).status, 200);
    let after = usage();
    assert_eq!(count(&after["removed_sub_accounts"]), count(&before["removed_sub_accounts"]) + count(line));
    assert_eq!([&after["total"], &after["parent"]], [&before["total"], &before["parent"]]);
    let others: Vec<_> = lines.iter().filter(|line| line["account_id"] != *sub_account).cloned().collect();
    assert_eq!(after["sub_accounts"], Value::Array(others));
}

#[test]
fn an_empty_world_is_as_the_schema_says_in_every_mood() {
    for seed in [1, 2, 3] {
        look_through(seed, 0);
    }
}

#[test]
fn a_small_world_is_as_the_schema_says_in_every_mood() {
    for (seed, account_count) in [(1, 1), (2, 1), (3, 1), (1, 3), (2, 3), (3, 3)] {
        look_through(seed, account_count);
    }
}

#[test]
fn a_large_world_is_as_the_schema_says_in_every_mood() {
    for seed in [1, 2, 3] {
        look_through(seed, 250);
    }
}
