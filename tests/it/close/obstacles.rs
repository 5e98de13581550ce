//! What stands in the way of a close, and what is accepted with a reason.

use super::*;

/// Two nights with one between them that is missing.
fn with_a_gap() -> Desk {
    Desk::of(CUSTOMERS, &[("2024-01-29T23:45:00Z", usual(2_900, 950)), (LAST, usual(3_000, 1_000))])
}

/// The last capture leaves three hours unseen.
fn with_a_tail() -> Desk {
    Desk::of(CUSTOMERS, &[(EVE, usual(2_900, 950)), ("2024-01-31T21:00:00Z", usual(3_000, 1_000))])
}

/// A message too many in the total.
fn with_errors() -> Desk {
    let mut broken = usual(3_000, 1_000);
    broken.usage = broken.usage.replace("\"reception_count\": 4100,", "\"reception_count\": 4101,");
    Desk::of(CUSTOMERS, &[(EVE, usual(2_900, 950)), (LAST, broken)])
}

/// Each thing that can be in the way: the flag, the month, the invoice, and what is said of it.
fn obstacles() -> [(&'static str, Desk, &'static str, &'static str); 4] {
    [
        ("rest", Desk::usual(), "45.50", "+4.48 USD of the invoice have no explanation"),
        ("tail", with_a_tail(), "41.00", "nobody saw the last 180 minutes of the period"),
        ("gaps", with_a_gap(), "41.00", "nights, captures or periods are missing: findings `gap`: 1"),
        ("errors", with_errors(), "41.00", "the books do not balance: findings of severity error: 1"),
    ]
}

#[test]
fn what_is_in_the_way_stops_a_close_and_nothing_is_written() {
    for (flag, desk, amount, found) in obstacles() {
        let before = (desk.archive(), desk.reports());
        let refused = desk.close("INV-1", amount, &[]);
        assert_eq!(refused.code, 10, "{flag}: {}{}", refused.stdout, refused.stderr);
        assert_eq!((desk.archive(), desk.reports()), before, "{flag}");
        assert!(refused.stdout.contains("NOT CLOSED") && refused.stdout.contains(found), "{}", refused.stdout);
        assert!(refused.stdout.contains(&format!("`--accept-{flag} \"why\"`")), "{}", refused.stdout);
        assert_eq!(refused.stdout.matches("`--accept-").count(), 1, "{}", refused.stdout);
        assert!(refused.closing().contains("nothing was written"), "{}", refused.stderr);
    }
}

#[test]
fn what_is_accepted_is_in_the_record_the_manifest_and_the_findings() {
    for (flag, desk, amount, _) in obstacles() {
        let reason = format!("settled by phone with Ms. Jones, {flag}");
        let accept = format!("--accept-{flag}");
        let done = desk.closed("INV-1", amount, &[&accept, &reason]);
        assert!(done.stdout.contains(&format!("accepted  {flag}: {reason}")), "{}", done.stdout);
        desk.assert_foots("final-r1", amount);
        let expected = serde_json::json!([{"what": flag, "reason": reason}]);
        assert_eq!(desk.record(1)["accepted"], expected);
        let text = |file: &str| std::fs::read_to_string(desk.set("final-r1").join(file)).expect("a file");
        assert!(text("manifest.json").contains(&reason), "{flag}: {}", text("manifest.json"));
        assert!(text("reconciliation.json").contains(&reason), "{flag}: {}", text("reconciliation.json"));
    }
}

#[test]
fn a_reason_says_something() {
    let desk = Desk::usual();
    let before = (desk.archive(), desk.reports());
    let long = "a".repeat(1_001);
    for (reason, problem) in
        [("", "is empty"), ("  ", "is empty"), (&*long, "longer than 1,000"), ("a\nb", "control characters")]
    {
        for flag in ["--accept-rest", "--accept-tail", "--accept-gaps", "--accept-errors", "--reason"] {
            let refused = desk.close("INV-1", "45.50", &[flag, reason]);
            assert_eq!(refused.code, 2, "{flag}: {}", refused.stderr);
            let said = format!("the reason of `{flag}` ");
            assert!(refused.stderr.contains(&said) && refused.stderr.contains(problem), "{}", refused.stderr);
        }
    }
    assert_eq!((desk.archive(), desk.reports()), before);
}

#[test]
fn accepting_what_is_not_in_the_way_leaves_no_trace() {
    let all = ["--accept-rest", "x1", "--accept-tail", "x2", "--accept-gaps", "x3", "--accept-errors", "x4"];
    let [desk, plain] = [Desk::usual(), Desk::usual()];
    let done = desk.closed("INV-1", "41.00", &all);
    plain.closed("INV-1", "41.00", &[]);
    assert!(!done.stdout.contains("accepted"), "{}", done.stdout);
    assert_eq!(desk.record(1)["accepted"], serde_json::json!([]));
    let files = [&desk, &plain].map(|desk| look::files(&desk.set("final-r1")).keys().cloned().collect::<Vec<_>>());
    assert_eq!(files[0], files[1]);
    let tables = ["chargeback.csv", "control.csv", "invoice-bridge.csv"];
    for file in tables {
        let mut rows = [&desk, &plain].map(|desk| desk.table("final-r1", file));
        // the archives differ in the port of the server
        rows.iter_mut().flatten().for_each(|row| row.retain(|column, _| !column.contains("sha256")));
        assert_eq!(rows[0], rows[1], "{file}");
    }
}

/// Not one of several is forgotten, and each is asked for by its own flag.
#[test]
fn several_things_in_the_way_are_all_named() {
    let desk = with_a_gap();
    let refused = desk.close("INV-1", "45.50", &["--accept-gaps", "the API was down that night"]);
    assert_eq!(refused.code, 10, "{}", refused.stderr);
    assert!(
        refused.stdout.contains("--accept-rest") && !refused.stdout.contains("--accept-gaps"),
        "{}",
        refused.stdout
    );
    let refused = desk.close("INV-1", "45.50", &[]);
    assert!(refused.stdout.contains("--accept-rest") && refused.stdout.contains("--accept-gaps"), "{}", refused.stdout);
}
