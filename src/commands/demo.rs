//! `subledger demo`: the real job over HTTP against a simulated world, so that a newcomer sees it run.

use std::path::Path;

use chrono::{DateTime, TimeZone, Utc};

use super::{FailOn, Outcome, run};
use crate::config::{Clock, Config, Overrides, Surroundings};
use crate::failure::{Failure, Kind};
use crate::nightly::Signals;
use crate::publish::scratch;
use crate::simulator::Simulator;
use crate::simulator::world::{Period, World};

/// The simulated key. It opens nothing but the simulator of this process.
const KEY: &str = "aha-sk-demo-0000000000000000000000000000000000000000000000000000";
/// The file that marks a folder as a demo's, which the next demo may replace.
const MARKER: &str = ".subledger-demo";

/// Which world to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scene {
    /// Seed of the world.
    pub seed: u64,
    /// Sub accounts in it.
    pub account_count: usize,
}

/// Runs one night of a simulated month into `folder`.
pub async fn demo(folder: &Path, scene: Scene, signals: &Signals, show_progress: bool) -> Result<Outcome, Failure> {
    let failed =
        |error| Failure::new(Kind::Usage, format!("`{}` cannot hold the demo", folder.display())).because(error);
    scratch::prepare(folder, MARKER).map_err(failed)?;
    let (period, night) = month();
    let world = World::seeded(scene.seed, scene.account_count, period, night);
    let account_id = world.parent_account_id();
    let map = customer_map(&world);
    let simulator = Simulator::start(world, KEY.to_owned()).await;
    let simulator =
        simulator.map_err(|error| Failure::new(Kind::Usage, "the simulator did not start").because(error))?;
    let settings = format!(
        "# What `subledger demo` ran with; rebuild its reports with: subledger report --config {}/subledger.toml\n\
         account_id = \"{account_id}\"\nlabel = \"demo\"\narchive = \"archive\"\nreports = \"reports\"\n\
         customers = \"customers.csv\"\n",
        folder.display()
    );
    for (name, text) in [("subledger.toml", settings), ("customers.csv", map)] {
        scratch::write(&folder.join(name), &text).map_err(failed)?;
    }
    let variables = [("AHASEND_API_KEY", KEY.to_owned()), ("AHASEND_BASE_URL", simulator.base_url())];
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    let surroundings = Surroundings::made_of(variables, Clock::Fixed(night));
    let overrides = Overrides { config: Some(folder.join("subledger.toml")), ..Overrides::default() };
    let config = Config::load(&overrides, &surroundings).map_err(Failure::usage)?;
    let mut outcome = run::run(&config, FailOn::default(), signals, show_progress).await?;
    outcome.text.push_str(&what_to_open(folder, scene));
    Ok(outcome)
}

/// A month that is over, and the night in it that the demo captures: the same at every run.
fn month() -> (Period, DateTime<Utc>) {
    let at = |month, day, hour| Utc.with_ymd_and_hms(2026, month, day, hour, 0, 0).single().unwrap_or_default();
    (Period { start: at(10, 1, 0), end: at(11, 1, 0) }, at(10, 28, 2))
}

/// A customer map for the world: customers of one to four sub accounts, some with a markup.
fn customer_map(world: &World) -> String {
    let usage = world.usage();
    let mut map = String::from("sub_account_id,customer_id,customer_name,cost_center,markup_percent\n");
    let accounts: Vec<_> = usage.sub_accounts.iter().map(|(account, _)| account).collect();
    let mut rest = accounts.as_slice();
    let mut number = 0;
    while let Some((first, _)) = rest.split_first() {
        number += 1;
        let (own, others) = rest.split_at((number % 4 + 1).min(rest.len()));
        let markup = ["", "5", "12.5"][number % 3];
        for account in own {
            let name = first.name.replace('"', "\"\"");
            let cells = format!("{},C-{number:04},\"{name}\",CC-{:02},{markup}\n", account.id, number % 12);
            map.push_str(&cells);
        }
        rest = others;
    }
    map
}

fn what_to_open(folder: &Path, scene: Scene) -> String {
    let reports = folder.join("reports/demo/2026-10-01/latest");
    let reports = reports.display();
    format!(
        "\nThis was one night of a simulated parent account with {} sub accounts. Open:\n\
         \x20 {reports}/chargeback.csv         every line of every customer\n\
         \x20 {reports}/control.csv            the proof that it adds up\n\
         \x20 {reports}/customers/             one folder per customer\n\
         \x20 {reports}/caps.csv               who is near the cap\n\
         \x20 {reports}/reconciliation.json    the checks, for programs\n",
        scene.account_count
    )
}
