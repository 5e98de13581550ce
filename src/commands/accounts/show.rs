//! Sub accounts and keys as people and programs read them.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Office, done};
use crate::ahasend::wire::{Account, ApiKey};
use crate::billing::books::Status;
use crate::billing::period::timestamp;
use crate::commands::Outcome;
use crate::failure::Failure;
use crate::report::text::{counted, grouped, shown};

pub(super) async fn list(office: &Office<'_>, status: Option<&Status>) -> Result<Outcome, Failure> {
    let mut accounts = office.ask("the sub accounts were not listed", office.client.accounts()).await?;
    accounts.retain(|account| status.is_none_or(|status| account.status == *status));
    let mut text = String::new();
    let _ = writeln!(text, "{:<36}  {:<16}  {:>13}  {:<10}  name", "id", "status", "monthly cap", "created");
    for account in &accounts {
        let created = day(account.created_at);
        let (status, cap) = (account.status.as_str(), cap(account.monthly_credit));
        let _ = writeln!(text, "{}  {status:<16}  {cap:>13}  {created:<10}  {}", account.id, shown(&account.name));
    }
    let _ = writeln!(text, "{}", counted(accounts.len(), "sub account"));
    let json = json!({
        "schema": "subledger/accounts/v1",
        "account_id": office.account_id,
        "accounts": accounts.iter().map(account_json).collect::<Vec<_>>(),
    });
    Ok(done(text, json, "nothing to do"))
}

pub(super) async fn one(office: &Office<'_>, id: Uuid) -> Result<Outcome, Failure> {
    let account = office.ask("the sub account cannot be shown", office.client.show_account(id)).await?;
    Ok(account_outcome(&account, "", "nothing to do"))
}

/// A result that is one sub account, below a line that says what was done with it.
pub(super) fn account_outcome(account: &Account, headline: &str, next: &str) -> Outcome {
    let json = json!({ "schema": "subledger/account/v1", "account": account_json(account) });
    done(format!("{headline}{}", account_text(account)), json, next)
}

pub(super) fn account_text(account: &Account) -> String {
    let mut text = format!("{}\n", shown(&account.name));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<13}  {value}");
    };
    line("id", &account.id.to_string());
    line("status", account.status.as_str());
    line("website", &shown(&account.website));
    line(
        "monthly cap",
        &match account.monthly_credit {
            0 => "uncapped".to_owned(),
            credit => format!("{} messages", grouped(&credit.to_string())),
        },
    );
    line("created", &instant(account.created_at));
    line("domains", &count(account.domain_count));
    line("members", &count(account.member_count));
    line("last activity", &instant(account.last_activity_at));
    text
}

pub(super) fn account_json(account: &Account) -> Value {
    json!({
        "id": account.id,
        "parent_account_id": account.parent_id,
        "name": account.name,
        "website": account.website,
        "status": account.status.as_str(),
        "monthly_credit": account.monthly_credit,
        "created_at": account.created_at.map(timestamp),
        "domain_count": account.domain_count,
        "member_count": account.member_count,
        "last_activity_at": account.last_activity_at.map(timestamp),
    })
}

pub(super) fn key_text(key: &ApiKey) -> String {
    let mut text = format!("{}\n", shown(&key.label));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<13}  {value}");
    };
    line("id", &key.id.to_string());
    line("sub account", &key.account_id.to_string());
    line("public key", &shown(&key.public_key));
    line("scopes", &key.scopes.iter().map(|scope| shown(scope)).collect::<Vec<_>>().join(", "));
    line(
        "allowed from",
        &match key.ip_allow_list.as_slice() {
            [] => "anywhere".to_owned(),
            some => some.iter().map(|block| shown(block)).collect::<Vec<_>>().join(", "),
        },
    );
    line("created", &instant(key.created_at));
    line("changed", &instant(key.updated_at));
    line("last used", &instant(key.last_used_at));
    text
}

pub(super) fn key_json(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "account_id": key.account_id,
        "label": key.label,
        "public_key": key.public_key,
        "scopes": key.scopes,
        "ip_allow_list": key.ip_allow_list,
        "created_at": key.created_at.map(timestamp),
        "updated_at": key.updated_at.map(timestamp),
        "last_used_at": key.last_used_at.map(timestamp),
    })
}

/// A cap as one word.
pub(in crate::commands) fn cap(monthly_credit: i64) -> String {
    if monthly_credit == 0 { "uncapped".to_owned() } else { grouped(&monthly_credit.to_string()) }
}

/// A date, or nothing.
pub(super) fn day(at: Option<DateTime<Utc>>) -> String {
    at.map(|at| at.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

fn count(count: Option<i64>) -> String {
    count.map_or_else(|| "not told".to_owned(), |count| grouped(&count.to_string()))
}

fn instant(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "never".to_owned(), timestamp)
}
