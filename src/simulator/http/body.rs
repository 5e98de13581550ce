//! The JSON of the simulated API: field for field the vendor's schemas.
//!
//! Owns names, order and spelling on the wire. Must never send an amount through a float: the digits go out as the
//! world writes them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::cursor::{self, List};
use crate::simulator::world::{self, Bucket, Period, Rounding, Status, World};

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
        last_activity_at: account.last_activity_at(world.now()).map(Instant),
    }
}

/// A key without its secret.
#[derive(Serialize)]
pub(super) struct ApiKey<'w> {
    object: &'static str,
    id: Uuid,
    created_at: Instant,
    updated_at: Instant,
    last_used_at: Option<Instant>,
    account_id: Uuid,
    label: &'w str,
    public_key: &'w str,
    scopes: Vec<Granted<'w>>,
    ip_allow_list: &'w [String],
}

#[derive(Serialize)]
struct Granted<'w> {
    id: Uuid,
    created_at: Instant,
    updated_at: Instant,
    api_key_id: Uuid,
    scope: &'w str,
    domain_id: Option<Uuid>,
}

/// A key with its secret, which is shown once.
#[derive(Serialize)]
pub(super) struct NewApiKey<'w> {
    #[serde(flatten)]
    key: ApiKey<'w>,
    secret_key: &'w str,
}

pub(super) fn api_key(key: &world::ApiKey) -> ApiKey<'_> {
    ApiKey {
        object: "api_key",
        id: key.id,
        created_at: Instant(key.created_at),
        updated_at: Instant(key.updated_at),
        last_used_at: None,
        account_id: key.account_id,
        label: &key.label,
        public_key: &key.public_key,
        scopes: key.scopes.iter().map(|scope| granted(key, scope)).collect(),
        ip_allow_list: &key.ip_allow_list,
    }
}

fn granted<'w>(key: &world::ApiKey, scope: &'w world::Scope) -> Granted<'w> {
    Granted {
        id: scope.id,
        created_at: Instant(scope.created_at),
        updated_at: Instant(scope.created_at),
        api_key_id: key.id,
        scope: &scope.scope,
        domain_id: None,
    }
}

pub(super) fn new_api_key(key: &world::ApiKey) -> NewApiKey<'_> {
    NewApiKey { key: api_key(key), secret_key: &key.secret_key }
}

#[derive(Serialize)]
pub(super) struct Page<T> {
    object: &'static str,
    data: Vec<T>,
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

pub(super) fn page<'w, T, S>(list: List, page: &world::Page<'w, T>, show: impl Fn(&'w T) -> S) -> Page<S> {
    let cursor = |place| cursor::encode(list, place);
    Page {
        object: "list",
        data: page.items.iter().map(|item| show(item)).collect(),
        pagination: Pagination {
            has_more: page.next.is_some(),
            next_cursor: page.next.map(cursor),
            previous_cursor: page.previous.map(cursor),
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
pub(super) struct BillingPeriod {
    start: Instant,
    end: Instant,
}

impl BillingPeriod {
    pub(super) fn of(period: Period) -> Self {
        Self { start: Instant(period.start), end: Instant(period.end) }
    }
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
    let rounding = world.mood().rounding;
    Usage {
        billing_period: BillingPeriod::of(world.period()),
        currency: world.plan().currency.code(),
        allocation_method: "proportional",
        allocation_note: ALLOCATION_NOTE,
        parent: breakdown(rounding, Some(world.parent_account_id()), None, usage.parent),
        sub_accounts: usage
            .sub_accounts
            .iter()
            .map(|(account, bucket)| breakdown(rounding, Some(account.id), Some(&account.name), *bucket))
            .collect(),
        removed_sub_accounts: breakdown(rounding, None, None, usage.removed),
        total: breakdown(rounding, None, None, usage.total),
    }
}

fn breakdown(rounding: Rounding, account_id: Option<Uuid>, name: Option<&str>, bucket: Bucket) -> Breakdown<'_> {
    Breakdown {
        account_id,
        name,
        reception_count: bucket.reception_count,
        allocated_cost: Digits(bucket.allocated_cost.digits(rounding)),
    }
}

/// RFC 3339 with `Z`, and a fraction only where there is one.
pub(super) struct Instant(pub(super) DateTime<Utc>);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// An amount as a JSON number with exactly the digits of its text form.
struct Digits(String);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone()).map_err(S::Error::custom)?.serialize(serializer)
    }
}
