//! The values that are sent to create and to change something, in the API's own words.
//!
//! The server rules over lengths and contents; nothing is checked or mended here. What is `None` is left out, and
//! stays as it is.

use serde::Serialize;

/// A sub account to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewAccount {
    /// Its name; the server trims it.
    pub name: String,
    /// Its website: a domain, or a URL, of which the server keeps the host.
    pub website: String,
    /// The cap in messages per month; 0 means uncapped, and so does `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_credit: Option<u64>,
}

/// Other values for a sub account. The server refuses a change that changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AccountChange {
    /// Its name; the server trims it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its website: a domain, or a URL, of which the server keeps the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// The cap in messages per month; 0 means uncapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_credit: Option<u64>,
}

/// An API key to be, owned by a sub account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewKey {
    /// What people call it.
    pub label: String,
    /// The scopes it grants, at least one.
    pub scopes: Vec<String>,
    /// The addresses or CIDR blocks that it may be used from; empty means from anywhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ip_allow_list: Vec<String>,
}

/// Other values for an API key. The server refuses a change that changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KeyChange {
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The scopes it grants, instead of those it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// The addresses or CIDR blocks that it may be used from, instead of those it has; an empty list means from
    /// anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_allow_list: Option<Vec<String>>,
}

/// Why a sub account is suspended.
#[derive(Serialize)]
pub(super) struct Suspension<'a> {
    /// The reason, kept by the server on its record of the suspension.
    pub(super) reason: &'a str,
}
