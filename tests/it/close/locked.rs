//! A closed period is locked: nights leave its reports alone, and a report puts back what was issued and nothing else.

use super::*;

/// Half a day after the end of the month, when the API still shows it.
const LATE: &str = "2024-02-01T12:00:00Z";

#[test]
fn a_night_after_the_close_secures_its_evidence_and_leaves_the_reports_alone() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    let (archive, reports) = (desk.archive(), desk.reports());
    let night = desk.night(LATE, &usual(3_005, 1_001));
    assert_eq!(night.code, 0, "{}", night.stderr);
    assert_eq!(desk.reports(), reports);
    assert!(night.stdout.contains("closed, left as issued"), "{}", night.stdout);
    assert!(night.closing().starts_with("evidence: safe in "), "{}", night.stderr);
    assert!(
        night.closing().contains("the period is closed, and its reports stay as they were issued"),
        "{}",
        night.stderr
    );
    assert_eq!(look::captures(desk.path()).len(), 3);
    assert!(archive.iter().all(|(name, bytes)| desk.archive().get(name) == Some(bytes)), "evidence is only added");
    // and what was issued is still what it was
    std::fs::remove_dir_all(desk.path().join("reports")).expect("reports");
    desk.report();
    let mut before = reports;
    before.retain(|name, _| is_issued(name));
    assert_eq!(issued(&desk), before);
}

/// The sets of a period that were issued, and where `latest` leads.
fn issued(desk: &Desk) -> BTreeMap<String, Vec<u8>> {
    let mut files = desk.reports();
    files.retain(|name, _| is_issued(name));
    files
}

fn is_issued(name: &str) -> bool {
    name.contains("/final-r") || name.ends_with("/latest")
}

/// Something that happens to what a set was made from, or to the set.
type Change = fn(&Desk);

#[test]
fn what_was_issued_comes_back_byte_for_byte() {
    let lost = |desk: &Desk| std::fs::remove_dir_all(desk.path().join("reports")).expect("reports");
    let changes: [(&str, Change); 5] = [
        ("nothing else", |_| ()),
        ("another map", |desk| desk.map(ALL_ACME)),
        ("no map", |desk| std::fs::remove_file(desk.path().join("customers.csv")).expect("a map")),
        ("an invoice", |desk| {
            let row = "period,invoice_number,amount\n2024-01-01,INV-7,99.00\n";
            std::fs::write(desk.path().join("invoices.csv"), row).expect("a file");
        }),
        ("another configuration", |desk| {
            let text = "[allocation]\nweights = \"messages\"\nparent_usage = \"spread\"\n";
            std::fs::write(desk.path().join("subledger.toml"), text).expect("a file");
        }),
    ];
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    desk.closed("INV-1b", "42.50", &["--reason", "the invoice was corrected", "--accept-rest", "queried"]);
    let (before, archive) = (issued(&desk), desk.archive());
    let kept = std::fs::read(desk.path().join("subledger.toml")).expect("a file");
    for (what, change) in changes {
        lost(&desk);
        change(&desk);
        let ran = desk.offline(&["report", "--period", "2024-01-01"]);
        assert_eq!(ran.code, 0, "{what}: {}", ran.stderr);
        assert!(issued(&desk) == before, "{what}: {:?}", issued(&desk).keys());
        assert!(ran.closing().contains("this is what was issued"), "{}", ran.stderr);
        assert!(desk.archive() == archive, "{what}");
        // and once more, when it is there
        let again = desk.offline(&["report", "--period", "2024-01-01"]);
        assert!(again.code == 0 && issued(&desk) == before, "{what}: {}", again.stderr);
        desk.map(CUSTOMERS);
        std::fs::write(desk.path().join("subledger.toml"), &kept).expect("a file");
        let _ = std::fs::remove_file(desk.path().join("invoices.csv"));
    }
}

/// What somebody did to an issued set is not undone behind their back: it is named, and moved away it comes back whole.
#[test]
fn a_set_with_a_hole_is_named_and_put_back_once_it_is_moved_away() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    let before = issued(&desk);
    for file in ["control.csv", "chargeback.parquet", "manifest.json"] {
        std::fs::remove_file(desk.set("final-r1").join(file)).expect("a file");
        let refused = desk.offline(&["report", "--period", "2024-01-01"]);
        assert_eq!(refused.code, 12, "{}", refused.stderr);
        assert!(refused.stderr.contains(file) && refused.stderr.contains("hint: move it away"), "{}", refused.stderr);
        std::fs::rename(desk.set("final-r1"), desk.path().join(format!("away-{file}"))).expect("moved");
        desk.report();
        assert!(issued(&desk) == before, "{file}");
    }
}

#[test]
fn a_closed_period_has_no_reports_of_another_capture_or_invoice() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    let before = (desk.archive(), desk.reports());
    for arguments in [
        &["report", "--period", "2024-01-01", "--invoice", "50.00"][..],
        &["report", "--capture", "20240130T234500Z"],
        &["report", "--capture", "20240131T234500Z"],
        &["report", "--invoice", "41.00"],
    ] {
        let refused = desk.offline(arguments);
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("the billing period 2024-01-01 is closed as final-r1"), "{}", refused.stderr);
        assert!(refused.stderr.contains("`subledger close --period 2024-01-01 --reason"), "{}", refused.stderr);
        assert_eq!((desk.archive(), desk.reports()), before);
    }
}

/// The next period goes on as ever.
#[test]
fn the_next_period_is_open() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    let mut next = usual(30, 10);
    next.usage = next.usage.replace("2024-02-01T", "2024-03-01T").replace("2024-01-01T", "2024-02-01T");
    let night = desk.night("2024-02-03T02:00:00Z", &next);
    assert_eq!(night.code, 0, "{}", night.stderr);
    let latest = std::fs::read_link(desk.path().join(format!("reports/{PARENT}/2024-02-01/latest"))).expect("a link");
    assert_eq!(latest, Path::new("20240203T020000Z"));
    let chargeback = rows(&desk.path().join(format!("reports/{PARENT}/2024-02-01/latest/chargeback.csv")));
    assert!(chargeback.iter().all(|row| row["state"] == "provisional"), "{chargeback:?}");
}
