//! The flags of `simulate`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;

use crate::simulator::fault::Fault;
use crate::simulator::moods::MoodChange;
use crate::simulator::script::{self, Script};
use crate::simulator::settings;

/// Flags of `simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Port to listen on; 0 takes any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8790)]
    pub port: u16,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub bind: IpAddr,
    /// Let other machines use the control endpoints, which need no key
    #[arg(long)]
    pub control_from_anywhere: bool,
    /// Seed of the simulated world and of its key [default: 1]
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Sub accounts at the start of the billing period, at most a million [default: 250]
    #[arg(long, value_name = "NUMBER", value_parser = script::parse_accounts)]
    pub accounts: Option<usize>,
    /// How time passes: real, frozen, or so many times as fast, as in 60x [default: real]
    #[arg(long, value_name = "PACE", value_parser = script::parse_pace)]
    pub clock: Option<u32>,
    /// The world's first instant [default: now]
    #[arg(long, value_name = "RFC3339")]
    pub start: Option<DateTime<Utc>>,
    /// What the API does where nobody knows, as in rounding=2 (repeatable)
    ///
    /// `rounding=2`, `4` or `full`; `billing_day=1` to `28`; and with true or false: `list_suspended`, `suspended_usage`, `zero_usage`,
    /// `retry_after`.
    #[arg(long, value_name = "NAME=VALUE")]
    pub mood: Vec<MoodChange>,
    /// What goes wrong, as in 503,path=/usage,count=2 (repeatable)
    ///
    /// Kinds: 429, 500, 503, redirect, slow, stalled, truncated, reset, content-type, malformed, huge, extra-field,
    /// missing-field, repeated-cursor, repeated-row, foreign-row, wrong-total. Conditions: path, method, count, skip, percent,
    /// millis.
    #[arg(long, value_name = "SPEC")]
    pub fault: Vec<Fault>,
    /// Scopes of the key, separated by commas [default: all]
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', value_parser = settings::parse_scope)]
    pub scopes: Vec<String>,
    /// File with the same settings, and with the plan of the parent; flags win over it
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

impl Simulate {
    /// What the flags say of the simulation.
    pub fn script(&self) -> Script {
        Script {
            seed: self.seed,
            accounts: self.accounts,
            start: self.start,
            pace: self.clock,
            mood: self.mood.iter().fold(MoodChange::default(), |mood, change| mood.then(*change)),
            faults: self.fault.clone(),
            ..Script::default()
        }
    }
}
