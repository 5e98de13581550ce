//! The JSON that requests bring, as far as its types go; what the values may be is the world's rule.
//!
//! Unknown fields are ignored, and `null` is "not given". A missing text of a creation becomes an empty one, because
//! the rule for that text says it best.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;
use crate::simulator::world::{AccountChange, KeyChange, NewAccount, NewKey};

#[derive(Deserialize)]
struct Account {
    name: Option<String>,
    website: Option<String>,
    monthly_credit: Option<i64>,
}

#[derive(Deserialize)]
struct Suspension {
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Key {
    label: Option<String>,
    scopes: Option<Vec<String>>,
    ip_allow_list: Option<Vec<String>>,
}

pub(super) fn new_account(body: &[u8]) -> Result<NewAccount, Refusal> {
    let account: Account = parse(body)?;
    Ok(NewAccount {
        name: account.name.unwrap_or_default(),
        website: account.website.unwrap_or_default(),
        monthly_credit: account.monthly_credit.unwrap_or_default(),
    })
}

pub(super) fn account_change(body: &[u8]) -> Result<AccountChange, Refusal> {
    let Account { name, website, monthly_credit } = parse(body)?;
    Ok(AccountChange { name, website, monthly_credit })
}

pub(super) fn reason(body: &[u8]) -> Result<String, Refusal> {
    parse::<Suspension>(body).map(|suspension| suspension.reason.unwrap_or_default())
}

pub(super) fn new_key(body: &[u8]) -> Result<NewKey, Refusal> {
    let key: Key = parse(body)?;
    Ok(NewKey {
        label: key.label.unwrap_or_default(),
        scopes: key.scopes.unwrap_or_default(),
        ip_allow_list: key.ip_allow_list.unwrap_or_default(),
    })
}

pub(super) fn key_change(body: &[u8]) -> Result<KeyChange, Refusal> {
    let Key { label, scopes, ip_allow_list } = parse(body)?;
    Ok(KeyChange { label, scopes, ip_allow_list })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    // an array would pass for an object, field by field
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Refusal::InvalidBody);
    }
    serde_json::from_slice(body).map_err(|_| Refusal::InvalidBody)
}
