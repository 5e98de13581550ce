//! `subledger doctor`: what would go wrong tonight. A list with a tick, or with what to do, for each thing that a night needs.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use serde::Serialize;

use super::Outcome;
use crate::ahasend::wire::Account;
use crate::archive::Archive;
use crate::billing::books::Status;
use crate::config::Config;
use crate::failure::{Evidence, Failure, causes, closing, in_one_line};
use crate::nightly::{self, Signals, TOOL};
use crate::publish::mirror::Mirror;
use crate::publish::space::Space;
use crate::publish::store::local_folder;
use crate::report::text::{counted, duration, grouped, shown};

/// How far apart the clocks may be without a word: signatures of object stores allow some minutes.
const CLOCK_SKEW_LOOK: TimeDelta = TimeDelta::minutes(2);
/// How far apart they may be at all: a capture is refused beyond that.
const CLOCK_SKEW_MAX: TimeDelta = TimeDelta::hours(24);
/// Bytes that should be free for the next nights.
const FREE_BYTES_MIN: u64 = 256 << 20;
/// Names written out; the rest is counted.
const NAMED_COUNT_MAX: usize = 5;
/// The exit code of an account with something to mend.
const UNWELL: u8 = 2;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Mark {
    /// It is as it should be.
    Ok,
    /// A night goes through, and something is to be looked at.
    Look,
    /// A night would fail.
    Fix,
    /// It could not be tried.
    Skipped,
}

/// One thing that a night needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    what: &'static str,
    mark: Mark,
    told: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Check {
    fn ok(what: &'static str, told: impl Into<String>) -> Self {
        Self { what, mark: Mark::Ok, told: told.into(), fix: None }
    }

    fn with(what: &'static str, mark: Mark, told: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what, mark, told: told.into(), fix: Some(fix.into()) }
    }

    fn of_failure(what: &'static str, failure: &Failure) -> Self {
        let causes = causes(failure);
        let told = if causes.is_empty() { failure.doing.clone() } else { causes.join(": ") };
        let fix =
            failure.hint.clone().unwrap_or_else(|| "mend what is named, then run `subledger doctor` again".to_owned());
        Self::with(what, Mark::Fix, told, fix)
    }
}

/// Tries everything that a night needs, and takes no capture. `mistake` is what is wrong with the tables of finance, which the
/// configuration was read without then.
pub async fn run(config: &Config, mistake: Option<&Failure>, signals: &Signals) -> Result<Outcome, Failure> {
    let whose =
        config.account_id.map_or_else(|| "it names no parent account".to_owned(), |id| format!("read, for {id}"));
    let mut checks = vec![Check::ok("configuration", whose)];
    let accounts = api(config, signals, &mut checks).await?;
    checks.push(
        mistake.map_or_else(|| customers(config, accounts.as_deref()), |mistake| Check::of_failure("tables", mistake)),
    );
    signals.check()?;
    archive(config, &mut checks).await;
    if let Some(location) = &config.storage.mirror {
        checks.push(mirror(config, location).await);
    }
    checks.push(channels(config));
    checks.extend(textfile(config));
    checks.extend(room(config));
    Ok(outcome(config, &checks))
}

/// Key, usage, list and clock. Gives the live list, if it can be had.
async fn api(config: &Config, signals: &Signals, checks: &mut Vec<Check>) -> Result<Option<Vec<Account>>, Failure> {
    let known =
        config.account_id().map_err(Failure::usage).and_then(|id| Ok((id, config.api().map_err(Failure::usage)?)));
    let client = known.and_then(|(id, api)| api.client(id).map_err(Failure::of_client));
    let client = match client {
        Ok(client) => client,
        Err(failure) => {
            checks.push(Check::of_failure("key", &failure));
            let fix = "mend the key first";
            checks.extend(["usage", "list", "clock"].map(|what| Check::with(what, Mark::Skipped, "not tried", fix)));
            return Ok(None);
        }
    };
    checks.push(Check::ok("key", format!("from {}", config.key_place())));
    match signals.or(client.usage(), Failure::of_client).await {
        Ok(answer) => {
            checks.push(Check::ok("usage", "the key may read it (`sub-accounts:usage`)"));
            checks.push(clock(answer.server_date.map(|server| server - config.clock.now())));
        }
        Err(failure) => {
            signals.check()?;
            checks.push(Check::of_failure("usage", &failure));
            checks.push(Check::with("clock", Mark::Skipped, "not compared", "mend the usage first"));
        }
    }
    match signals.or(client.accounts(), Failure::of_client).await {
        Ok(accounts) => {
            let told =
                format!("{}, the key may read them (`sub-accounts:read`)", counted(accounts.len(), "sub account"));
            checks.push(Check::ok("list", told));
            Ok(Some(accounts))
        }
        Err(failure) => {
            signals.check()?;
            checks.push(Check::of_failure("list", &failure));
            Ok(None)
        }
    }
}

fn clock(ahead: Option<TimeDelta>) -> Check {
    match ahead {
        None => {
            Check::with("clock", Mark::Look, "the server sends no time", "nothing to do, unless a proxy takes it away")
        }
        Some(ahead) if ahead.abs() > CLOCK_SKEW_LOOK => {
            let way = if ahead < TimeDelta::zero() { "ahead of" } else { "behind" };
            let told = format!("this machine's is {} {way} the server's", duration(ahead.abs()));
            let mark = if ahead.abs() > CLOCK_SKEW_MAX { Mark::Fix } else { Mark::Look };
            Check::with("clock", mark, told, "set it right: captures are named and ordered by it")
        }
        Some(_) => Check::ok("clock", "within two minutes of the server's"),
    }
}

/// The customer map beside the live list.
fn customers(config: &Config, accounts: Option<&[Account]>) -> Check {
    const WHAT: &str = "customers";
    let Some(map) = &config.terms.customers else {
        return Check::ok(WHAT, "no customer map: each sub account is a customer of its own");
    };
    let Some(accounts) = accounts else {
        return Check::with(WHAT, Mark::Skipped, "not compared with the list", "mend the list first");
    };
    let now = config.clock.now();
    let exists = |account: &&Account| account.status != Status::Deleted;
    let unmapped: Vec<String> = accounts
        .iter()
        .filter(exists)
        .filter(|account| map.owner(account.id, now).is_none())
        .map(|account| format!("{} ({})", shown(&account.name), account.id))
        .collect();
    let mut gone: Vec<String> = map
        .rows()
        .filter(|(_, days, _)| days.contains(now))
        .filter(|(id, ..)| !accounts.iter().any(|account| account.id == *id))
        .map(|(id, ..)| id.to_string())
        .collect();
    gone.dedup();
    if !unmapped.is_empty() {
        let told = format!("nobody owns {}", listed(&unmapped));
        return Check::with(
            WHAT,
            Mark::Look,
            told,
            "add them to the customer map, or their usage is charged to nobody",
        );
    }
    if !gone.is_empty() {
        let told = format!("the map has {} that the list does not have", listed(&gone));
        return Check::with(
            WHAT,
            Mark::Look,
            told,
            "nothing to do if they were deleted; else see that the ids are right",
        );
    }
    Check::ok(WHAT, format!("every one of {} has an owner", counted(accounts.len(), "sub account")))
}

fn listed(names: &[String]) -> String {
    let (first, rest) = names.split_at(names.len().min(NAMED_COUNT_MAX));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    format!("{}: {}{more}", grouped(&names.len().to_string()), first.join(", "))
}

/// The archive's place, and what is in it.
async fn archive(config: &Config, checks: &mut Vec<Check>) {
    let skipped = |what: &'static str| Check::with(what, Mark::Skipped, "not tried", "mend the archive first");
    if local_folder(&config.storage.archive).is_some_and(|folder| !folder.exists()) {
        let told = "not there yet";
        checks.push(Check::with("archive", Mark::Look, told, "nothing to do: the first `subledger run` makes it"));
        return;
    }
    let opened = config.account_id().map_err(Failure::usage);
    let opened = opened.and_then(|id| config.open_archive(id).map_err(Failure::usage));
    let archive = match opened {
        Ok(archive) => archive,
        Err(failure) => {
            checks.push(Check::of_failure("archive", &failure));
            checks.push(skipped("captures"));
            return;
        }
    };
    // the spool is on this machine, whatever the archive's place is up to
    if archive.spool_location().is_some() {
        checks.push(spool(&archive).await);
    }
    match archive.probe().await {
        Ok(()) => checks.push(Check::ok("archive", "can be written, and what is there stays as it is")),
        Err(error) => {
            checks.push(Check::of_failure("archive", &Failure::of_evidence(error)));
            checks.push(skipped("captures"));
            return;
        }
    }
    match nightly::status(config, &archive).await {
        Err(failure) => checks.push(Check::of_failure("captures", &failure)),
        Ok(status) => checks.push(captures(config, &status)),
    }
}

/// Whether evidence waits to be shipped.
async fn spool(archive: &Archive) -> Check {
    const WHAT: &str = "spool";
    match archive.waiting().await {
        Ok(waiting) if waiting.objects == 0 => Check::ok(WHAT, "nothing waits in it"),
        Ok(waiting) => {
            let told = format!(
                "{} in {} that the archive did not take",
                counted(waiting.objects, "object"),
                archive.spool_location().unwrap_or_default()
            );
            Check::with(WHAT, Mark::Look, told, "run `subledger run`, which gives them to the archive")
        }
        Err(error) => Check::of_failure(WHAT, &Failure::of_archive(error)),
    }
}

/// Whether report sets can be copied.
async fn mirror(config: &Config, location: &str) -> Check {
    const WHAT: &str = "mirror";
    let probed = match Mirror::open(location, &config.storage.options) {
        Ok(mirror) => mirror.probe().await,
        Err(error) => Err(error),
    };
    match probed {
        Ok(()) => Check::ok(WHAT, "can be written"),
        Err(error) => {
            Check::with(WHAT, Mark::Look, in_one_line(&error), "the night goes through, and its reports are only here")
        }
    }
}

/// Whether captures come as they should.
fn captures(config: &Config, status: &nightly::Status) -> Check {
    const WHAT: &str = "captures";
    let now = config.clock.now();
    let Some(last) = &status.last else {
        return Check::with(WHAT, Mark::Look, "none yet", "run `subledger run`, and let a schedule do it every night");
    };
    let ago = duration(now - last.at);
    if status.is_overdue(now) {
        let told = format!("the last one is {ago} old, and one was due before {}", last.due.before);
        return Check::with(WHAT, Mark::Fix, told, "run `subledger run` now, and see why the schedule did not");
    }
    let missed: Vec<String> =
        status.periods.iter().rev().take(2).flat_map(|period| &period.missed).map(ToString::to_string).collect();
    if missed.is_empty() {
        return Check::ok(WHAT, format!("the last one is {ago} old, and no night is missing"));
    }
    let fix = "have several slots a night, so that one that fails is made up for";
    Check::with(WHAT, Mark::Look, format!("nights without one: {}", listed(&missed)), fix)
}

/// Whether those who are to be told can be reached, as far as the configuration tells.
fn channels(config: &Config) -> Check {
    const WHAT: &str = "channels";
    let heartbeat = config.monitoring.heartbeat.iter().filter_map(|url| url.as_ref().err());
    let problems: Vec<&str> = config
        .channels
        .iter()
        .filter_map(|channel| channel.as_ref().err())
        .chain(heartbeat)
        .map(String::as_str)
        .collect();
    if problems.is_empty() {
        return Check::ok(WHAT, counted(config.channels.len(), "channel"));
    }
    Check::with(WHAT, Mark::Look, problems.join("; "), "the night goes through, and nobody is told of it there")
}

/// Whether the metrics can be put where they are looked for.
fn textfile(config: &Config) -> Option<Check> {
    const WHAT: &str = "metrics";
    let path = config.monitoring.textfile.as_deref()?;
    let folder = path.parent().unwrap_or(Path::new("."));
    Some(if folder.is_dir() {
        Check::ok(WHAT, format!("go to `{}`", path.display()))
    } else {
        let told = format!("`{}` is no folder", folder.display());
        Check::with(WHAT, Mark::Look, told, "make it, or name the folder that Prometheus' exporter reads")
    })
}

/// Room on the disks.
fn room(config: &Config) -> Vec<Check> {
    let archive = local_folder(&config.storage.archive).map(|folder| ("room for the archive", folder));
    let reports = ("room for reports", config.storage.reports.clone());
    let room = |(what, folder): (&'static str, PathBuf)| {
        // a folder that is not there yet comes to be on the disk of the one above it
        let there = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
        match Space::left_at(there) {
            Ok(left) if left.bytes < FREE_BYTES_MIN => {
                Check::with(what, Mark::Fix, left.to_string(), "free space on that disk")
            }
            Ok(left) => Check::ok(what, format!("{} MiB are free", grouped(&(left.bytes >> 20).to_string()))),
            Err(error) => Check::with(what, Mark::Look, error.to_string(), "see that the folder can be reached"),
        }
    };
    archive.into_iter().chain([reports]).map(room).collect()
}

fn outcome(config: &Config, checks: &[Check]) -> Outcome {
    let label = config.account_id.map_or_else(|| "unknown".to_owned(), |id| config.label(id));
    let mut text = format!("{}\n", shown(&label));
    let width = checks.iter().map(|check| check.what.len()).max().unwrap_or(0);
    for Check { what, mark, told, fix } in checks {
        let mark = match mark {
            Mark::Ok => '✓',
            Mark::Look => '!',
            Mark::Fix => '✗',
            Mark::Skipped => '-',
        };
        // writing into a String cannot fail
        let _ = writeln!(text, "  {mark} {what:<width$}  {told}");
        if let Some(fix) = fix {
            let _ = writeln!(text, "    {:<width$}  → {fix}", "");
        }
    }
    let count = |mark: Mark| checks.iter().filter(|check| check.mark == mark).count();
    let exit_code = if count(Mark::Fix) > 0 { UNWELL } else { 0 };
    let next = match (count(Mark::Fix), count(Mark::Look)) {
        (0, 0) => "nothing to do, the night can come".to_owned(),
        (0, look) => format!("the night can come, {} to look at", counted(look, "thing")),
        (fix, _) => format!("{} to mend before the night", counted(fix, "thing")),
    };
    let json = serde_json::json!({
        "schema": "subledger/doctor/v1",
        "exit_code": exit_code,
        "tool": TOOL,
        "label": label,
        "checks": checks,
    });
    Outcome {
        exit_code,
        text,
        json: json.to_string(),
        closing: closing(&Evidence::Untouched, &next),
        ..Outcome::default()
    }
}
