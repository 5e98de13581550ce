//! The API key of a sub account as the API shows it, and the one answer that holds its secret.
//!
//! The secret leaves this file wrapped, and is in no error: of these answers, errors name our own fields only.

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use super::fields::{At, Error, Fields};
use super::{object, shown};

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: Uuid,
    /// The sub account that owns it.
    pub account_id: Uuid,
    /// What people call it, safe to display.
    pub label: String,
    /// Its public part, safe to display.
    pub public_key: String,
    /// The scopes it grants, in the order sent, safe to display.
    pub scopes: Vec<String>,
    /// The CIDR blocks it may be used from, in the order sent, safe to display; empty means from anywhere.
    pub ip_allow_list: Vec<String>,
    /// When it was created, if the API says so.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last changed, if the API says so.
    pub updated_at: Option<DateTime<Utc>>,
    /// When it was last used, if it ever was; the API is minutes late with this.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Reads an answer that is one API key.
pub fn api_key(body: &[u8]) -> Result<ApiKey, Error> {
    let unknown = RefCell::default();
    read(&mut object(body, At::quiet("API key", &unknown))?)
}

/// Reads the API keys on a page of a list, in the order sent.
pub fn api_keys(page: &[u8]) -> Result<Vec<ApiKey>, Error> {
    let unknown = RefCell::default();
    object(page, At::quiet("API key list", &unknown))?.each("data", |mut row| read(&mut row))
}

/// Reads the answer that creates an API key: the only one that ever holds its secret.
pub fn new_api_key(body: &[u8]) -> Result<(ApiKey, SecretString), Error> {
    let unknown = RefCell::default();
    let mut row = object(body, At::quiet("new API key", &unknown))?;
    let key = read(&mut row)?;
    let secret = row.text("secret_key")?;
    if secret.is_empty() {
        return Err(row.at().child("secret_key").error("is empty"));
    }
    Ok((key, SecretString::from(secret.into_owned())))
}

fn read(row: &mut Fields<'_, '_>) -> Result<ApiKey, Error> {
    let scopes = row.each("scopes", |mut scope| Ok(shown(&scope.text("scope")?)))?;
    Ok(ApiKey {
        id: row.uuid("id")?,
        account_id: row.uuid("account_id")?,
        label: shown(&row.text("label")?),
        public_key: shown(&row.text("public_key")?),
        scopes,
        ip_allow_list: row.optional_texts("ip_allow_list")?.iter().map(|entry| shown(entry)).collect(),
        created_at: row.optional_time("created_at")?,
        updated_at: row.optional_time("updated_at")?,
        last_used_at: row.optional_time("last_used_at")?,
    })
}
