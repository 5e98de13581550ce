//! Fields that are new, gone, renamed, or hold something of another kind.

use super::*;
use crate::support::look::findings;
use crate::support::world::changed;
use crate::support::{account, page, run_at};

/// What of the usage cannot be missing, with whether there is a capture without it.
const REQUIRED: [(&str, &str, bool); 15] = [
    ("billing_period", "/billing_period", false),
    ("start", "/billing_period/start", false),
    ("end", "/billing_period/end", false),
    ("sub_accounts", "/sub_accounts", false),
    ("currency", "/currency", true),
    ("allocation_method", "/allocation_method", true),
    ("parent", "/parent", true),
    ("removed_sub_accounts", "/removed_sub_accounts", true),
    ("total", "/total", true),
    ("name", "/sub_accounts/0/name", true),
    ("parent.account_id", "/parent/account_id", true),
    ("sub_accounts.account_id", "/sub_accounts/0/account_id", false),
    ("sub_accounts.reception_count", "/sub_accounts/0/reception_count", true),
    ("removed_sub_accounts.allocated_cost", "/removed_sub_accounts/allocated_cost", true),
    ("total.allocated_cost", "/total/allocated_cost", true),
];

/// The base case's usage with the name of one field replaced.
fn renamed(field: &str, name: &str) -> String {
    let usage = base_usage();
    let (bucket, key) = field.split_once('.').unwrap_or(("billing_period", field));
    let in_bucket = usage.find(&format!("\"{bucket}\"")).expect("the bucket");
    let start = in_bucket + usage[in_bucket..].find(&format!("\"{key}\":")).expect("the field") + 1;
    format!("{}{name}{}", &usage[..start], &usage[start + key.len()..])
}

#[test]
fn a_field_that_is_missing_or_renamed_is_named_and_never_a_zero() {
    for (field, pointer, has_capture) in REQUIRED {
        let key = field.rsplit('.').next().unwrap_or_default();
        // a letter of another case is another name
        let upper = key[..1].to_uppercase() + &key[1..];
        for name in ["renamed", &upper] {
            let usage = renamed(field, name);
            let night = Night::of_usage(usage.clone());
            let says = format!("usage: `{pointer}` is missing");
            if has_capture {
                night.assert_safe_and_refused(&says);
            } else {
                night.assert_kept_and_refused(usage.as_bytes(), &says);
            }
        }
    }
}

#[test]
fn a_field_of_the_list_that_is_missing_is_named_with_its_page() {
    let second = || page(&[account("00000000-0000-4000-8000-000000000001", "Other", 0)], None);
    for (field, pointer, has_capture) in [
        ("name", "/data/0/name", true),
        ("status", "/data/0/status", true),
        ("monthly_credit", "/data/0/monthly_credit", true),
        ("parent_account_id", "/data/0/parent_account_id", true),
        ("id", "/data/0/id", false),
        ("data", "/data", false),
        ("pagination", "/pagination", false),
        ("has_more", "/pagination/has_more", false),
    ] {
        let second = changed(&second(), &format!("\"{field}\""), "\"renamed\"");
        let night = Night::of(Answers { pages: vec![page(&[account(ACME, "Acme", 0)], Some(2)), second], ..base() });
        if has_capture {
            night.assert_safe_and_refused(&format!("account list, page 2: `{pointer}` is missing"));
        } else {
            night.assert_kept_and_refused(base_usage().as_bytes(), &format!("`{pointer}` is missing"));
            assert!(night.ran.stderr.contains("page 2 of the sub-account list"), "{}", night.ran.stderr);
        }
    }
}

#[test]
fn a_field_of_another_kind_is_named() {
    for (from, to, says, has_capture) in [
        ("\"usd\"", "840", "`/currency` has the wrong type", true),
        ("\"usd\"", "null", "`/currency` has the wrong type", true),
        ("\"proportional\"", "null", "`/allocation_method` has the wrong type", true),
        ("\"Acme Subsidiary\"", "null", "`/sub_accounts/0/name` has the wrong type", true),
        ("\"Acme Subsidiary\"", "42", "`/sub_accounts/0/name` has the wrong type", true),
        (
            "{\"reception_count\": 0, \"allocated_cost\": 0.0}",
            "null",
            "`/removed_sub_accounts` has the wrong type",
            true,
        ),
        (
            "{\"reception_count\": 0, \"allocated_cost\": 0.0}",
            "[0, 0.0]",
            "`/removed_sub_accounts` has the wrong type",
            true,
        ),
        ("{\"reception_count\": 4000000, \"allocated_cost\": 80.0}", "80.0", "`/total` has the wrong type", true),
        (ACME, "acme", "`/sub_accounts/0/account_id` is not a UUID", false),
        ("2024-01-01T00:00:00Z", "2024-01-01", "`/billing_period/start` is not an RFC 3339 time", false),
        ("2024-01-01T00:00:00Z", "2024-13-01T00:00:00Z", "`/billing_period/start` is not an RFC 3339 time", false),
        ("\"2024-02-01T00:00:00Z\"", "1706745600", "`/billing_period/end` has the wrong type", false),
        ("\"sub_accounts\": [", "\"sub_accounts\": [null,", "`/sub_accounts/0` has the wrong type", false),
        ("\"sub_accounts\": [", "\"sub_accounts\": [[]],\"x\": [", "`/sub_accounts/0` has the wrong type", false),
    ] {
        let usage = changed(&base_usage(), from, to);
        let night = Night::of_usage(usage.clone());
        if has_capture {
            night.assert_safe_and_refused(&format!("usage: {says}"));
        } else {
            night.assert_kept_and_refused(usage.as_bytes(), &format!("usage: {says}"));
        }
    }
}

/// A field that nobody knew in any object of any answer: the books are the same, and the pointer of each is told.
#[test]
fn new_fields_are_told_by_their_pointers_and_change_nothing() {
    let more = |text: &str| text.replace("{\"", "{\"new\": {\"deep\": [1e400]}, \"");
    let answers = Answers {
        usage: more(&base_usage()).replacen('{', "{\"tax\": null,", 1),
        pages: vec![more(&page(&[], None))],
        accounts: [(ACME.to_owned(), more(&account(ACME, "Acme Subsidiary", 0)))].into(),
    };
    let folder = home();
    let ran = run_at(folder.path(), &Server::of(answers), NIGHT, &["--formats", "csv", "--output", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for pointer in [
        "/tax\"",
        "/new\"",
        "/billing_period/new\"",
        "/parent/new\"",
        "/sub_accounts/*/new\"",
        "/removed_sub_accounts/new\"",
        "/total/new\"",
        "/pagination/new\"",
    ] {
        assert!(ran.stdout.contains(&format!("\"actual\": \"{pointer}")), "{pointer}: {}", ran.stdout);
    }
    let of_drift =
        findings(&ran.stdout).into_iter().filter(|(code, severity, _)| code == "drift" && severity == "note");
    assert_eq!(of_drift.count(), 8);
    assert_eq!(cost_of_acme(&rows(&look::latest(folder.path()).join("chargeback.csv"))), "60.00");
}

/// A status, a method and a unit of the future: everything is still summed and charged.
#[test]
fn new_values_of_known_fields_are_told_and_still_charged() {
    let page = changed(&base().pages[0], "\"active\"", "\"paused-by-robot\"");
    let night = Night::of(Answers { pages: vec![page], ..base() });
    let rows = night.understood(0);
    let line = row(&rows, "account_id", ACME);
    assert_eq!([&line["account_status"], &line["charge"]], ["paused-by-robot", "60.00"]);
    assert!(night.ran.stdout.contains("/data/*/status = `paused-by-robot`"), "{}", night.ran.stdout);
    let night = Night::of_usage(changed(&base_usage(), "\"proportional\"", "\"per-seat\""));
    assert_eq!(row(&night.understood(10), "account_id", ACME)["charge"], "60.00");
    assert!(night.ran.stdout.contains("per-seat"), "{}", night.ran.stdout);
}
