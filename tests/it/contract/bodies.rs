//! The bodies of the sub-account operations, field for field as the vendor describes them.
//!
//! Owns names, types and bounds. What the values mean, and how they hang together, is for the tests to say.

use super::schema::Others::{Borne, Refused};
use super::schema::Schema::{Array, Boolean, Domain, Instant, Integer, Nullable, Number, Object, OneOf, Text, Uuid};
use super::schema::{COUNT, Field, Schema, TEXT, may, must};

/// Every refusal.
pub(crate) const ERROR: Schema = Object(&[must("message", TEXT)], Refused);

/// A deletion's answer.
pub(crate) const DELETED: Schema = Object(&[must("message", TEXT)], Borne);

pub(crate) const SUB_ACCOUNT: Schema = Object(
    &[
        must("object", OneOf(&["sub_account"])),
        must("id", Uuid),
        must("parent_account_id", Uuid),
        must("name", TEXT),
        must("website", Domain),
        must("status", OneOf(&["active", "suspended", "parent-suspended", "deleted"])),
        must("monthly_credit", COUNT),
        must("created_at", Instant),
        must("domain_count", COUNT),
        must("member_count", COUNT),
        must("last_activity_at", Nullable(&Instant)),
    ],
    Borne,
);

pub(crate) const SUB_ACCOUNTS: Schema = Object(
    &[must("object", OneOf(&["list"])), must("data", Array(&SUB_ACCOUNT, 0)), must("pagination", PAGINATION)],
    Borne,
);

const PAGINATION: Schema =
    Object(&[must("has_more", Boolean), may("next_cursor", TEXT), may("previous_cursor", TEXT)], Borne);

pub(crate) const USAGE: Schema = Object(
    &[
        must("billing_period", Object(&[must("start", Instant), must("end", Instant)], Borne)),
        must("currency", TEXT),
        must("allocation_method", OneOf(&["proportional"])),
        must("allocation_note", TEXT),
        must("parent", Object(&[must("account_id", Uuid), may("name", TEXT), RECEPTION_COUNT, ALLOCATED_COST], Borne)),
        must("sub_accounts", Array(&USAGE_LINE, 0)),
        must("removed_sub_accounts", BREAKDOWN),
        must("total", BREAKDOWN),
    ],
    Borne,
);

const USAGE_LINE: Schema =
    Object(&[must("account_id", Uuid), must("name", TEXT), RECEPTION_COUNT, ALLOCATED_COST], Borne);

const BREAKDOWN: Schema = Object(&[may("account_id", Uuid), may("name", TEXT), RECEPTION_COUNT, ALLOCATED_COST], Borne);

const RECEPTION_COUNT: Field = must("reception_count", COUNT);
const ALLOCATED_COST: Field = must("allocated_cost", Number { min: 0.0 });

/// A key as it is listed, read and updated.
pub(crate) const API_KEY: Schema = Object(
    &[KEY_OBJECT, KEY_ID, CREATED_AT, UPDATED_AT, LAST_USED_AT, ACCOUNT_ID, LABEL, PUBLIC_KEY, SCOPES, IP_ALLOW_LIST],
    Borne,
);

/// A key as its creation shows it, with the secret.
pub(crate) const NEW_API_KEY: Schema = Object(
    &[
        KEY_OBJECT,
        KEY_ID,
        CREATED_AT,
        UPDATED_AT,
        LAST_USED_AT,
        ACCOUNT_ID,
        LABEL,
        PUBLIC_KEY,
        SCOPES,
        IP_ALLOW_LIST,
        must("secret_key", TEXT),
    ],
    Borne,
);

const KEY_OBJECT: Field = must("object", OneOf(&["api_key"]));
const KEY_ID: Field = must("id", Uuid);
const CREATED_AT: Field = must("created_at", Instant);
const UPDATED_AT: Field = must("updated_at", Instant);
const LAST_USED_AT: Field = must("last_used_at", Nullable(&Instant));
const ACCOUNT_ID: Field = must("account_id", Uuid);
const LABEL: Field = must("label", TEXT);
const PUBLIC_KEY: Field = must("public_key", TEXT);
const SCOPES: Field = must("scopes", Array(&SCOPE, 0));
const IP_ALLOW_LIST: Field = must("ip_allow_list", Array(&TEXT, 0));

const SCOPE: Schema = Object(
    &[
        must("id", Uuid),
        CREATED_AT,
        UPDATED_AT,
        must("api_key_id", Uuid),
        must("scope", TEXT),
        must("domain_id", Nullable(&Uuid)),
    ],
    Borne,
);

pub(crate) const API_KEYS: Schema = Object(
    &[must("object", OneOf(&["list"])), must("data", Array(&API_KEY, 0)), must("pagination", PAGINATION)],
    Borne,
);

/// What creates a sub account.
pub(crate) const NEW_SUB_ACCOUNT: Schema =
    Object(&[must("name", NAME), must("website", Domain), may("monthly_credit", CREDIT)], Borne);

/// What changes a sub account. That something must be given, and differ, no type can say.
pub(crate) const SUB_ACCOUNT_CHANGE: Schema = Object(
    &[may("name", Nullable(&NAME)), may("website", Nullable(&Domain)), may("monthly_credit", Nullable(&CREDIT))],
    Borne,
);

pub(crate) const SUSPENSION: Schema = Object(&[must("reason", Text { min: 1, max: 500 })], Borne);

/// What creates an API key.
pub(crate) const NEW_KEY: Schema =
    Object(&[must("label", NAME), must("scopes", Array(&TEXT, 1)), may("ip_allow_list", Array(&TEXT, 0))], Borne);

/// What changes an API key.
pub(crate) const KEY_CHANGE: Schema = Object(
    &[
        may("label", Nullable(&NAME)),
        may("scopes", Nullable(&Array(&TEXT, 1))),
        may("ip_allow_list", Nullable(&Array(&TEXT, 0))),
    ],
    Borne,
);

const NAME: Schema = Text { min: 1, max: 255 };
const CREDIT: Schema = Integer { min: 0, max: 1_000_000_000 };
