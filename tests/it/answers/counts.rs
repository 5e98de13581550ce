//! Counts: whole numbers of 64 bits, written as such. Nothing is rounded, cut or taken for zero.

use super::*;

#[test]
fn what_is_no_count_is_named_with_its_place_and_the_evidence_is_safe() {
    let places = [
        "parent.reception_count",
        "sub_accounts.reception_count",
        "removed_sub_accounts.reception_count",
        "total.reception_count",
    ];
    let forms = [
        "3000000.0",
        "3e6",
        "3E0",
        "1e-1",
        "0.5",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "1e400",
        "99999999999999999999999999999999999999999",
        "\"3000000\"",
        "null",
        "true",
        "[3000000]",
        "{\"$serde_json::private::Number\":\"3000000\"}",
    ];
    for (number, form) in forms.into_iter().enumerate() {
        let field = places[number % places.len()];
        let says = format!("usage: `{}` is not a whole number of 64 bits", pointer(field));
        Night::of_usage(with_value(field, form)).assert_safe_and_refused(&says);
        for field in places {
            let error = books(&with_value(field, form)).expect_err(form).to_string();
            assert_eq!(error, format!("usage: `{}` is not a whole number of 64 bits", pointer(field)));
        }
    }
}

/// A count that cannot be true is a finding; it is shown as it came, and no sum of such counts overflows.
#[test]
fn counts_arrive_to_the_last_digit() {
    for (sent, shown) in [
        ("3000001", "3000001"),
        ("9007199254740993", "9007199254740993"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("-5", "-5"),
        ("-0", "0"),
    ] {
        let rows = Night::of_usage(with_value("sub_accounts.reception_count", sent)).understood(10);
        assert_eq!(row(&rows, "account_id", ACME)["messages"], shown);
    }
}

#[test]
fn a_cap_that_is_no_count_is_named_with_its_page_and_the_evidence_is_safe() {
    for form in ["1.0", "1e3", "9223372036854775808", "\"5\"", "null", "true"] {
        let page = base().pages[0].replace("\"monthly_credit\": 0", &format!("\"monthly_credit\": {form}"));
        let says = "account list, page 1: `/data/0/monthly_credit` is not a whole number of 64 bits";
        Night::of(Answers { pages: vec![page], ..base() }).assert_safe_and_refused(says);
    }
}
