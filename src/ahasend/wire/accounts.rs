//! The sub account as the API shows it, for those who manage sub accounts.
//!
//! What an entry needs for the books is read in one place, for captures as well.

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::fields::{At, Error, Fields};
use super::{display, object, shown, shown_name};
use crate::billing::books::{Status, SubAccount};

/// A sub account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// The parent account it says it belongs to.
    pub parent_id: Uuid,
    /// Its name, safe to display; the id if it is blank.
    pub name: String,
    /// Its website's domain, safe to display; empty if the API sends none.
    pub website: String,
    /// Its status.
    pub status: Status,
    /// The cap in messages per month; 0 means uncapped.
    pub monthly_credit: i64,
    /// When it was created, if the API says so.
    pub created_at: Option<DateTime<Utc>>,
    /// Domains it owns, if the API says so.
    pub domain_count: Option<i64>,
    /// Its direct members, if the API says so.
    pub member_count: Option<i64>,
    /// When it last sent or received, if it ever did.
    pub last_activity_at: Option<DateTime<Utc>>,
}

/// Reads an answer that is one sub account.
pub fn account(body: &[u8]) -> Result<Account, Error> {
    let unknown = RefCell::default();
    read(object(body, At::quiet("sub account", &unknown))?)
}

/// Reads the sub accounts on a page of the list, in the order sent.
pub fn accounts(page: &[u8]) -> Result<Vec<Account>, Error> {
    let unknown = RefCell::default();
    object(page, At::root("account list", &unknown))?.each("data", read)
}

fn read(mut row: Fields<'_, '_>) -> Result<Account, Error> {
    let SubAccount { id, parent_id, name, status, monthly_credit, created_at } = read_entry(&mut row)?;
    Ok(Account {
        id,
        parent_id,
        name: name.to_string(),
        website: shown(&row.optional_text("website")?.unwrap_or_default()),
        status,
        monthly_credit,
        created_at,
        domain_count: row.optional_integer("domain_count")?,
        member_count: row.optional_integer("member_count")?,
        last_activity_at: row.optional_time("last_activity_at")?,
    })
}

/// Takes out of `row` what concerns money; a status that nobody knows is remembered.
pub(super) fn read_entry(row: &mut Fields<'_, '_>) -> Result<SubAccount, Error> {
    let id = row.uuid("id")?;
    let status = match row.text("status")?.as_ref() {
        "active" => Status::Active,
        "suspended" => Status::Suspended,
        "parent-suspended" => Status::ParentSuspended,
        "deleted" => Status::Deleted,
        other => {
            let shown = display(other, 40);
            row.at().child("status").unknown_value(&shown);
            Status::Other(shown.into())
        }
    };
    Ok(SubAccount {
        id,
        parent_id: row.uuid("parent_account_id")?,
        name: shown_name(&row.text("name")?, id).into(),
        status,
        monthly_credit: row.integer("monthly_credit")?,
        created_at: row.optional_time("created_at")?,
    })
}
