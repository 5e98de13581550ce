//! Fields that are there twice: whose value counts is anybody's guess, so none does.

use super::*;
use crate::support::account;
use crate::support::world::changed;

/// The base case's usage with a text put in front of another one.
fn before(place: &str, text: &str) -> String {
    changed(&base_usage(), place, &format!("{text}{place}"))
}

/// What a capture needs not know of the usage: the field that is there twice, where it begins, and what it is put in front of.
#[test]
fn a_field_that_is_there_twice_is_named_and_the_evidence_is_safe() {
    for (twice, pointer, place) in [
        // with another value and with the same, in each place that holds money
        ("\"allocated_cost\": 1.0, ", "/parent/allocated_cost", "\"allocated_cost\": 20.0"),
        ("\"allocated_cost\": 20.0, ", "/parent/allocated_cost", "\"allocated_cost\": 20.0"),
        ("\"allocated_cost\": 1.0, ", "/sub_accounts/0/allocated_cost", "\"allocated_cost\": 60.0"),
        ("\"allocated_cost\": null, ", "/removed_sub_accounts/allocated_cost", "\"allocated_cost\": 0.0"),
        ("\"allocated_cost\": 0.0, ", "/total/allocated_cost", "\"allocated_cost\": 80.0"),
        // the same name in other words
        ("\"allocated_cos\\u0074\": 80.0, ", "/total/allocated_cost", "\"allocated_cost\": 80.0"),
        ("\"reception_count\": 1, ", "/parent/reception_count", "\"reception_count\": 1000000"),
        ("\"reception_count\": 3000000, ", "/sub_accounts/0/reception_count", "\"reception_count\": 3000000"),
        ("\"reception_count\": 0, ", "/removed_sub_accounts/reception_count", "\"reception_count\": 0"),
        ("\"reception_count\": 0, ", "/total/reception_count", "\"reception_count\": 4000000"),
        ("\"name\": \"Other\", ", "/sub_accounts/0/name", "\"name\": \"Acme"),
        ("\"currency\": \"eur\", ", "/currency", "\"currency\""),
        ("\"allocation_method\": \"other\", ", "/allocation_method", "\"allocation_method\""),
        ("\"allocation_note\": \"other\", ", "/allocation_note", "\"allocation_note\""),
        ("\"parent\": {}, ", "/parent", "\"parent\""),
        ("\"removed_sub_accounts\": {}, ", "/removed_sub_accounts", "\"removed_sub_accounts\""),
        ("\"total\": {}, ", "/total", "\"total\""),
        // of fields that nobody reads as well: the answer is not what it was meant to be
        ("\"tax\": 1, \"tax\": 2, ", "/tax", "\"currency\""),
        ("\"tax\": 1, \"tax\": 1, ", "/total/tax", "\"reception_count\": 4000000"),
        ("\"plan\": 1, \"plan\": 1, ", "/sub_accounts/0/plan", "\"name\": \"Acme"),
        ("\"x\": 1, \"x\": 1, ", "/billing_period/x", "\"end\""),
        ("\"a\\u0007\": 1, \"a\\u0007\": 1, ", "/a␇", "\"currency\""),
    ] {
        let says = format!("usage: `{pointer}` is there twice");
        Night::of_usage(before(place, twice)).assert_safe_and_refused(&says);
    }
}

/// Where a capture belongs and whose accounts it has must be beyond doubt before there is one.
#[test]
fn a_field_that_a_capture_needs_is_there_once_or_there_is_none() {
    let other_account = format!("\"account_id\": \"{PARENT}\", ");
    for (twice, pointer, place) in [
        ("\"billing_period\": {}, ", "/billing_period", "\"billing_period\""),
        ("\"start\": \"2024-01-02T00:00:00Z\", ", "/billing_period/start", "\"start\""),
        ("\"end\": \"2024-02-01T00:00:00Z\", ", "/billing_period/end", "\"end\""),
        ("\"sub_accounts\": [], ", "/sub_accounts", "\"sub_accounts\""),
        (&*other_account, "/sub_accounts/0/account_id", "\"account_id\": \"2f3c"),
    ] {
        let usage = before(place, twice);
        let says = format!("usage: `{pointer}` is there twice");
        Night::of_usage(usage.clone()).assert_kept_and_refused(usage.as_bytes(), &says);
    }
}

#[test]
fn a_field_of_the_list_that_is_there_twice_is_named_with_its_page() {
    let page = |place: &str, twice: &str| {
        let page = changed(&base().pages[0], place, &format!("{twice}{place}"));
        Night::of(Answers { pages: vec![page], ..base() })
    };
    for (twice, pointer, place) in [
        ("\"name\": \"Other\", ", "/data/0/name", "\"name\""),
        ("\"monthly_credit\": 0, ", "/data/0/monthly_credit", "\"monthly_credit\""),
        ("\"status\": \"active\", ", "/data/0/status", "\"status\""),
        ("\"parent_account_id\": \"x\", ", "/data/0/parent_account_id", "\"parent_account_id\""),
        ("\"plan\": 1, \"plan\": 1, ", "/data/0/plan", "\"name\""),
        ("\"plan\": 1, \"plan\": 1, ", "/plan", "\"data\""),
        ("\"plan\": 1, \"plan\": 1, ", "/pagination/plan", "\"has_more\""),
    ] {
        page(place, twice).assert_safe_and_refused(&format!("account list, page 1: `{pointer}` is there twice"));
    }
    for (twice, pointer, place) in [
        ("\"data\": [], ", "/data", "\"data\""),
        ("\"id\": \"x\", ", "/data/0/id", "\"id\""),
        ("\"pagination\": {}, ", "/pagination", "\"pagination\""),
        ("\"has_more\": true, ", "/pagination/has_more", "\"has_more\""),
        ("\"next_cursor\": \"a\", \"next_cursor\": \"b\", ", "/pagination/next_cursor", "\"has_more\""),
    ] {
        let says = format!("account list: `{pointer}` is there twice");
        let night = page(place, twice);
        night.assert_kept_and_refused(base_usage().as_bytes(), &says);
        assert!(night.ran.stderr.contains("page 1 of the sub-account list cannot be read"), "{}", night.ran.stderr);
    }
}

#[test]
fn a_field_of_a_single_account_that_is_there_twice_is_named_with_the_account() {
    let entry = account(ACME, "Acme", 0);
    for field in ["id", "parent_account_id", "name", "status", "monthly_credit", "website"] {
        let name = format!("\"{field}\"");
        let entry = changed(&entry, &format!("{name}: "), &format!("{name}: 0, {name}: "));
        let answers = Answers {
            pages: vec![crate::support::page(&[], None)],
            accounts: [(ACME.to_owned(), entry)].into(),
            ..base()
        };
        Night::of(answers).assert_safe_and_refused(&format!("account {ACME}: `/{field}` is there twice"));
    }
}
