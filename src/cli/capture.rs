//! Flags of `subledger capture`.

use chrono::TimeDelta;
use clap::Args;

use super::Places;
use crate::nightly::Waiting;

/// Flags of `capture`.
#[derive(Debug, Args)]
pub struct Capture {
    /// Where things are
    #[command(flatten)]
    pub places: Places,
    /// Wait for the end of the billing period: capture now, at the last moment, and when the next period has begun
    #[arg(long)]
    pub until_close: bool,
    /// Do not wait for an end that is further away
    #[arg(long, value_name = "MINUTES", default_value_t = 360, requires = "until_close")]
    pub wait_max: u32,
    /// Take the last capture so long before the end
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "until_close")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub lead: u32,
}

impl Capture {
    /// How to wait for the end of the period; nothing if that is not asked for.
    pub fn waiting(&self) -> Option<Waiting> {
        let (longest, lead) = (TimeDelta::minutes(self.wait_max.into()), TimeDelta::seconds(self.lead.into()));
        self.until_close.then_some(Waiting { longest, lead })
    }
}
