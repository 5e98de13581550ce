//! The JSON of the simulated API: field for field the vendor's schemas.
//!
//! Owns names, order and spelling on the wire. Must never send an amount through a float: the digits go out as the
//! world writes them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::cursor;
use crate::simulator::world::{self, Amount, Bucket, Status, World};

const ALLOCATION_NOTE: &str =
    "allocated_cost divides the parent's pooled invoice by message volume; it is not the price of a plan of its own.";

#[derive(Serialize)]
pub(super) struct SubAccount<'w> {
    object: &'static str,
    id: Uuid,
    parent_account_id: Uuid,
    name: &'w str,
    website: &'w str,
    status: &'static str,
    monthly_credit: u64,
    created_at: Instant,
    domain_count: u32,
    member_count: u32,
    last_activity_at: Option<Instant>,
}

pub(super) fn sub_account<'w>(world: &World, account: &'w world::SubAccount) -> SubAccount<'w> {
    SubAccount {
        object: "sub_account",
        id: account.id,
        parent_account_id: world.parent_account_id(),
        name: &account.name,
        website: &account.website,
        status: match account.status {
            Status::Active => "active",
            Status::Suspended => "suspended",
            Status::ParentSuspended => "parent-suspended",
        },
        monthly_credit: account.monthly_credit,
        created_at: Instant(account.created_at),
        domain_count: account.domain_count,
        member_count: account.member_count,
        last_activity_at: account.last_activity_at.map(Instant),
    }
}

#[derive(Serialize)]
pub(super) struct Page<'w> {
    object: &'static str,
    data: Vec<SubAccount<'w>>,
    pagination: Pagination,
}

/// A cursor that leads nowhere is left out, not null. `has_more` looks forward on every page, also on one that was
/// reached backwards.
#[derive(Serialize)]
struct Pagination {
    has_more: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_cursor: Option<String>,
}

pub(super) fn page<'w>(world: &World, page: &world::Page<'w>) -> Page<'w> {
    Page {
        object: "list",
        data: page.items.iter().map(|account| sub_account(world, account)).collect(),
        pagination: Pagination {
            has_more: page.next.is_some(),
            next_cursor: page.next.map(cursor::encode),
            previous_cursor: page.previous.map(cursor::encode),
        },
    }
}

#[derive(Serialize)]
pub(super) struct Usage<'w> {
    billing_period: BillingPeriod,
    currency: &'static str,
    allocation_method: &'static str,
    allocation_note: &'static str,
    parent: Breakdown<'w>,
    sub_accounts: Vec<Breakdown<'w>>,
    removed_sub_accounts: Breakdown<'w>,
    total: Breakdown<'w>,
}

#[derive(Serialize)]
struct BillingPeriod {
    start: Instant,
    end: Instant,
}

#[derive(Serialize)]
struct Breakdown<'w> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'w str>,
    reception_count: u64,
    allocated_cost: Digits,
}

pub(super) fn usage(world: &World) -> Usage<'_> {
    let usage = world.usage();
    let period = world.period();
    Usage {
        billing_period: BillingPeriod { start: Instant(period.start), end: Instant(period.end) },
        currency: world::CURRENCY,
        allocation_method: "proportional",
        allocation_note: ALLOCATION_NOTE,
        parent: breakdown(Some(world.parent_account_id()), None, usage.parent),
        sub_accounts: usage
            .sub_accounts
            .iter()
            .map(|(account, bucket)| breakdown(Some(account.id), Some(&account.name), *bucket))
            .collect(),
        removed_sub_accounts: breakdown(None, None, usage.removed),
        total: breakdown(None, None, usage.total),
    }
}

fn breakdown(account_id: Option<Uuid>, name: Option<&str>, bucket: Bucket) -> Breakdown<'_> {
    Breakdown {
        account_id,
        name,
        reception_count: bucket.reception_count,
        allocated_cost: Digits(bucket.allocated_cost),
    }
}

/// RFC 3339 with `Z`, and a fraction only where there is one.
struct Instant(DateTime<Utc>);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// An amount as a JSON number with exactly the digits of its text form.
struct Digits(Amount);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}
