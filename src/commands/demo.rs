//! `subledger demo`: a simulated month, night by night, through the real job over HTTP.
//!
//! A newcomer sees in a minute what otherwise takes a month: accounts that come and go, a cap that runs out, a night
//! without the API, and the roll-over.

mod closing;
mod map;
mod story;

use std::path::Path;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::json;

use self::closing::Invoice;
use self::map::Map;
use self::story::{Night, Story};
use super::progress::Spinner;
use super::{Outcome, run};
use crate::config::{Clock, Config, Overrides, Surroundings};
use crate::failure::{Evidence, Failure, Kind, closing};
use crate::nightly::Signals;
use crate::publish::scratch;
use crate::simulator::Simulator;
use crate::simulator::fault::{self, Fault};
use crate::simulator::world::{Event, World};

/// The simulated key. It opens nothing but the simulator of this process.
const KEY: &str = "aha-sk-demo-0000000000000000000000000000000000000000000000000000";
/// The file that marks a folder as a demo's, which the next demo may replace.
const MARKER: &str = ".subledger-demo";
/// October 2026, with the last night of the period before it and the first of the one after.
const FIRST_DAY: (i32, u32, u32) = (2026, 9, 30);
const NIGHT_COUNT: u64 = 33;
/// The night without an API, counted from the first.
const DOWN: u64 = 13;
/// The first night of the period after.
const NEXT_PERIOD: u64 = 32;
/// The day on which the invoice arrives, counted likewise, and when.
const INVOICE: (u64, u32) = (34, 9);
/// Late in the day, so that little of the period is left when the last capture of it is taken.
const NIGHT_TIME: (u32, u32) = (23, 45);

/// Which world to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scene {
    /// Seed of the world.
    pub seed: u64,
    /// Sub accounts in it when the month begins.
    pub account_count: usize,
}

/// Plays the month into `folder`.
pub async fn demo(folder: &Path, scene: Scene, signals: &Signals, show_progress: bool) -> Result<Outcome, Failure> {
    let stage = Stage::build(folder, scene).await?;
    let spinner = Spinner::start(show_progress);
    let mut story = Story::default();
    let mut map = Map::default();
    let mut invoice = None;
    for number in 0..NIGHT_COUNT {
        let at = night_of(number);
        spinner.tell(&format!("night {} of {NIGHT_COUNT}", number + 1));
        // who is new today is not in the map yet; somebody adds it in the morning
        stage.simulator.with_world(|world| map.add(world));
        let csv = map.to_csv().map_err(|error| unusable(folder, error))?;
        scratch::write(&folder.join("customers.csv"), &csv).map_err(|error| unusable(folder, error))?;
        if number == NEXT_PERIOD {
            stage.until(midnight(number) - TimeDelta::seconds(1))?;
            invoice = stage.simulator.with_world(Invoice::of);
        }
        // a new period decides at its first instant what will happen in it
        let happened = [stage.until(midnight(number))?, stage.until(at)?].concat();
        let night = stage.play(number, at, signals).await?;
        story.tell(at, happened, night);
    }
    spinner.tell("closing the month");
    let (day, hour) = INVOICE;
    let at = midnight(day) + TimeDelta::hours(hour.into());
    let invoice = invoice.ok_or_else(|| Failure::new(Kind::Bug, "the simulated month has no invoice"))?;
    let ending = closing::close(&stage.config(at)?, folder, at, &invoice, signals).await?;
    drop(spinner);
    let text = story.text(folder, scene.account_count, map.customer_count(), &ending.text);
    let nights = story.json();
    let json =
        json!({ "schema": "subledger/demo/v1", "exit_code": 0, "nights": nights, "end": ending.json }).to_string();
    let evidence = Evidence::Safe(folder.join("archive").display().to_string());
    let closing = closing(&evidence, "the month is played and closed, nothing to do");
    Ok(Outcome { text, json, closing, ..Outcome::default() })
}

/// The simulator and the folder that the month is played in.
struct Stage<'a> {
    folder: &'a Path,
    simulator: Simulator,
}

impl<'a> Stage<'a> {
    async fn build(folder: &'a Path, scene: Scene) -> Result<Self, Failure> {
        scratch::prepare(folder, MARKER).map_err(|error| unusable(folder, error))?;
        let world = World::seeded(scene.seed, scene.account_count, midnight(0));
        let settings = format!(
            "# What `subledger demo` ran with; rebuild its reports with: subledger report --config {}/subledger.toml\n\
             account_id = \"{}\"\naccount_name = \"Example Platform\"\nlabel = \"demo\"\narchive = \"archive\"\nreports = \"reports\"\n\
             customers = \"customers.csv\"\n\n\
             [limits] # the API is on this machine, and is not waited for when it is down\n\
             attempt_count_max = 1\nrequests_per_second = 99\n",
            folder.display(),
            world.parent_account_id(),
        );
        scratch::write(&folder.join("subledger.toml"), &settings).map_err(|error| unusable(folder, error))?;
        let simulator = Simulator::start(world, KEY.to_owned()).await;
        let simulator =
            simulator.map_err(|error| Failure::new(Kind::Usage, "the simulator did not start").because(error))?;
        Ok(Self { folder, simulator })
    }

    /// Lets time pass, and tells what happens meanwhile.
    fn until(&self, at: DateTime<Utc>) -> Result<Vec<String>, Failure> {
        let happened = self.simulator.with_world(|world| story::happenings(world, at));
        let advanced = self.simulator.apply(Event::Advance(at));
        advanced.map_err(|error| Failure::new(Kind::Bug, "the simulated time stood still").because(error))?;
        Ok(happened)
    }

    /// Runs the job as cron would, with the clock at this night.
    async fn play(&self, number: u64, at: DateTime<Utc>, signals: &Signals) -> Result<Night, Failure> {
        if number == DOWN {
            self.simulator.add_fault(Fault::new(fault::Kind::Unavailable));
        }
        let played = run::night(&self.config(at)?, signals, &|_| {}).await;
        self.simulator.clear_faults();
        match played {
            Ok(done) => Ok(Night::of(&done)),
            Err(failure) if number == DOWN && failure.kind == Kind::Unreachable => {
                Ok(Night::Missed { exit_code: failure.kind.exit_code() })
            }
            Err(failure) => Err(failure),
        }
    }

    fn config(&self, at: DateTime<Utc>) -> Result<Config, Failure> {
        let variables = [("AHASEND_API_KEY", KEY.to_owned()), ("AHASEND_BASE_URL", self.simulator.base_url())];
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        let surroundings = Surroundings::made_of(variables, Clock::Fixed(at));
        let overrides = Overrides { config: Some(self.folder.join("subledger.toml")), ..Overrides::default() };
        Config::load(&overrides, &surroundings).map_err(Failure::usage)
    }
}

fn unusable(folder: &Path, error: std::io::Error) -> Failure {
    Failure::new(Kind::Usage, format!("`{}` cannot hold the demo", folder.display())).because(error)
}

fn midnight(day: u64) -> DateTime<Utc> {
    let (year, month, first) = FIRST_DAY;
    let first = NaiveDate::from_ymd_opt(year, month, first).unwrap_or_default();
    (first + Days::new(day)).and_time(NaiveTime::MIN).and_utc()
}

fn night_of(number: u64) -> DateTime<Utc> {
    let (hour, minute) = NIGHT_TIME;
    let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
    midnight(number).date_naive().and_time(time).and_utc()
}
