//! `subledger caps`: the caps of the customer map against those that are live.

mod apply;
mod show;

use std::io::{Write as _, stderr};

use chrono::{DateTime, Utc};

use crate::ahasend::wire::Account;
use crate::archive::sha256;
use crate::billing::cap_plan::{CapPlan, DatedCaps, LiveCap};
use crate::commands::Outcome;
use crate::commands::accounts::Office;
use crate::commands::consent::Consent;
use crate::config::Config;
use crate::failure::{Evidence, Failure, Kind, closing};
use crate::nightly::Signals;

/// Characters of a plan's id: enough that no two plans of one platform share it.
const PLAN_ID_CHARS: usize = 12;

/// What makes a plan the one that was agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreed {
    /// The plan of this id, which `caps plan` printed.
    Plan(String),
    /// Whatever the plan is once it has been printed and agreed to.
    Printed(Consent),
}

/// Prints what would change.
pub async fn plan(config: &Config, signals: &Signals) -> Result<Outcome, Failure> {
    let plan = Planned::read(&Office::open(config, signals)?).await?;
    let next = match plan.plan.changes.len() {
        0 => plan.nothing_to_do().to_owned(),
        _ => format!("`subledger caps apply --plan {}` performs it", plan.id),
    };
    let closing = closing(&Evidence::Untouched, &next);
    Ok(Outcome { text: show::plan(&plan), json: show::plan_json(&plan).to_string(), closing, ..Outcome::default() })
}

/// Performs the plan that was agreed to, and no other.
pub async fn apply(config: &Config, agreed: &Agreed, signals: &Signals) -> Result<Outcome, Failure> {
    if let Agreed::Printed(consent) = agreed {
        consent.possible("changing caps").map_err(|failure| {
            failure.hint("name the plan that was agreed to, `--plan ID` as `caps plan` prints it, or add `--yes`")
        })?;
    }
    let office = Office::open(config, signals)?;
    let planned = Planned::read(&office).await?;
    match agreed {
        // a plan that was carried out leaves nothing to do, and to agree to it twice does no harm
        Agreed::Plan(id) if *id != planned.id && !planned.plan.changes.is_empty() => {
            return Err(changed_since(id, &planned));
        }
        Agreed::Plan(_) => {}
        Agreed::Printed(_) if planned.plan.changes.is_empty() => {}
        Agreed::Printed(consent) => {
            let _ = write!(stderr(), "{}", show::plan(&planned));
            consent.obtain("Performing it changes who can send how much.", signals).await?;
            if *consent == Consent::Ask {
                // somebody may have taken an hour to agree
                let now = Planned::read(&office).await?;
                if now.id != planned.id {
                    return Err(changed_since(&planned.id, &now));
                }
            }
        }
    }
    Ok(apply::perform(&office, &planned).await)
}

/// A plan with its name.
struct Planned {
    plan: CapPlan,
    id: String,
}

impl Planned {
    /// What is to be said where nothing is left to change.
    fn nothing_to_do(&self) -> &'static str {
        if self.plan.missing.is_empty() {
            "the caps are as the customer map wants them"
        } else {
            "the caps are as the customer map wants them, but for accounts that are not there"
        }
    }

    /// Reads the live caps and compares them with those of the customer map.
    async fn read(office: &Office<'_>) -> Result<Self, Failure> {
        let caps = &office.config.wanted_caps;
        // a row counts on its own days only, and whoever agrees may take until after midnight
        let now = office.config.clock.now();
        let wanted = caps.at(now);
        if wanted.is_empty() {
            return Err(none_wanted(caps, now));
        }
        let accounts = office.ask("the caps were not read", office.client.accounts()).await?;
        let live = |account: Account| LiveCap {
            account_id: account.id,
            name: account.name,
            monthly_credit: account.monthly_credit,
        };
        let plan = CapPlan::new(&wanted, accounts.into_iter().map(live));
        // the parent is part of the name: a plan for one platform is none for another
        let mut id = sha256(format!("{}\n{}", office.account_id, plan.canonical()).as_bytes());
        id.truncate(PLAN_ID_CHARS);
        Ok(Self { plan, id })
    }
}

/// The customer map wants no cap at `now`.
fn none_wanted(caps: &DatedCaps, now: DateTime<Utc>) -> Failure {
    let (why, hint) = if caps.is_empty() {
        (
            "no row of a customer map has a `monthly_credit`".to_owned(),
            "add the column to customers.csv; an empty cell leaves the account's cap alone, 0 means uncapped",
        )
    } else {
        (
            format!("no row of the customer map with a `monthly_credit` is effective on {}", now.date_naive()),
            "only rows whose `effective_from` and `effective_to` include the day of today in UTC are compared",
        )
    };
    Failure::new(Kind::Usage, format!("there are no caps to compare: {why}")).hint(hint)
}

/// The plan is another one than was agreed to.
fn changed_since(agreed: &str, planned: &Planned) -> Failure {
    let shown = agreed.escape_debug().take(40).collect::<String>();
    let doing =
        format!("plan `{shown}` is not what would be done now: live caps or the customer map have changed since");
    let hint = format!("the plan is now {}:\n{}", planned.id, show::plan(planned));
    Failure::new(Kind::Usage, doing).hint(hint.trim_end()).then("nothing was done; read the plan and agree to it anew")
}
