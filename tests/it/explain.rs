//! `subledger explain`: how a charge came about, and why it moved, over two captures of a simulated world.

use serde_json::Value;
use subledger::simulator::world::Event;

use crate::support::look::json;
use crate::support::simulated::Simulated;
use crate::support::{Ran, project, tree};

const FIRST: &str = "2026-10-15T12:00:00Z";
const SECOND: &str = "2026-10-18T12:00:00Z";
const SINCE: &str = "20261015T120000Z";

/// Two captures: in between one account is idle and suspended, one sends, and two are deleted of which one sent more.
fn world() -> Simulated {
    let api = Simulated::new(0);
    let [idle, busy, gone, closed, other] =
        [("Acme Shop", 4_000), ("Birch Mail", 90_000), ("Birch News", 6_000), ("Cedar", 3_000), ("Cedar Labs", 500)]
            .map(|(name, messages)| api.account(name, 0, messages));
    let map = format!(
        "sub_account_id,customer_id,customer_name,cost_center,markup_percent\n{idle},acme,Acme Holding,CC-1,12.5\n\
         {busy},birch,Birch,CC-2,0\n{gone},birch,Birch,CC-2,0\n{closed},cedar-1,Cedar,CC-3,0\n{other},cedar-2,cedar,CC-3,0\n"
    );
    std::fs::write(api.home.path().join("customers.csv"), map).expect("a file");
    let loose = api.account("Loose Ends", 0, 700);
    assert_eq!(api.run_at(FIRST, &["run"]).code, 0);
    for event in [
        Event::Suspend(idle, "unpaid".to_owned()),
        Event::Send(Some(busy), 60_000),
        Event::Send(Some(gone), 250),
        Event::Delete(gone),
        Event::Send(Some(loose), 1),
    ] {
        api.simulator.apply(event).expect("it happens");
    }
    assert_eq!(api.run_at(SECOND, &["run"]).code, 0);
    api
}

/// The text, without what differs from run to run.
fn told(ran: &Ran) -> String {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let is_hash = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = ran.stdout.split_inclusive([' ', '\n']);
    words
        .map(|word| if is_hash(word.trim_end()) { word.replace(word.trim_end(), "[sha256]") } else { word.to_owned() })
        .collect()
}

/// An amount in cents.
fn cents(amount: &Value) -> i64 {
    amount.as_str().expect("an amount").replace('.', "").parse().expect("cents")
}

#[test]
fn a_customer_whose_volume_did_not_change_is_told_of_the_pool_rate() {
    let api = world();
    let ran = api.run_at(SECOND, &["explain", "acme holding", "--since", SINCE]);
    let sentence: Vec<&str> = ran.stdout.split("\n\n").next().unwrap_or_default().split_whitespace().collect();
    let sentence = sentence.join(" ");
    assert!(sentence.contains("mainly because of the pool rate: the price per 1,000 messages fell"), "{sentence}");
    assert!(sentence.ends_with("its own volume did not change."), "{sentence}");
    assert!(ran.closing().starts_with("evidence: safe in archive/"), "{}", ran.stderr);
    let told = told(&ran);
    let readme = std::fs::read_to_string(project().join("README.md")).expect("a README");
    let (shown, _) = told.split_once("\n\nbefore ").expect("the evidence at the end");
    assert!(readme.contains(shown), "the example in the README is out of date:\n{shown}");
    insta::assert_snapshot!("change", told);
    // more at a lower price: what worked against the change is said to
    let birch = api.run_at(SECOND, &["explain", "Birch Mail", "--since", SINCE]).stdout;
    let sentence: Vec<&str> = birch.split("\n\n").next().unwrap_or_default().split_whitespace().collect();
    let sentence = sentence.join(" ");
    assert!(sentence.contains("own volume: it sent 60,000 messages more, although the price"), "{sentence}");
}

#[test]
fn the_parts_sum_to_the_change_for_everyone() {
    let api = world();
    let before = tree(api.home.path());
    for terms in [
        "",
        "parent_usage = \"spread\"\n",
        "removed_usage = \"spread\"\n",
        "removed_usage = \"keep\"\nresidual = \"keep\"\n",
    ] {
        let config = String::from_utf8(before["subledger.toml"].clone()).expect("UTF-8");
        let config = format!("[allocation]\n{terms}\n{config}");
        std::fs::write(api.home.path().join("subledger.toml"), config).expect("a file");
        for subject in ["acme", "birch", "Birch News", "cedar-1", "Loose Ends"] {
            for invoice in [None, Some("--invoice=333.33")] {
                let arguments: Vec<&str> = ["explain", subject, "--since", SINCE].into_iter().chain(invoice).collect();
                let told = api.run_at(SECOND, &[&arguments[..], &["--output", "json"]].concat());
                assert_eq!(told.code, 0, "{subject}, {terms}: {}", told.stderr);
                let change = &json(&told.stdout)["change"];
                let parts = ["own_volume", "attribution", "pool_rate", "fees_and_minimums", "rounding"];
                let parts = parts.map(|part| cents(&change["parts"][part]));
                assert_eq!(parts.iter().sum::<i64>(), cents(&change["charge"]["difference"]), "{change}");
                assert_eq!(parts.iter().sum::<i64>(), cents(&change["parts"]["sum"]), "{change}");
                assert_eq!(change["proportional"], true, "{change}");
                assert!(parts[4].abs() <= 5, "rounding is small: {change}");
            }
        }
    }
    std::fs::write(api.home.path().join("subledger.toml"), &before["subledger.toml"]).expect("a file");
    assert!(tree(api.home.path()) == before, "explaining writes nothing");
}

#[test]
fn a_charge_is_retraced_from_the_digits_to_the_cents() {
    let api = world();
    let ran = api.run_at(SECOND, &["explain", "BIRCH"]);
    insta::assert_snapshot!("charge", told(&ran));
    let told = json(&api.run_at(SECOND, &["explain", "birch", "--output", "json"]).stdout);
    assert_eq!(told["schema"], "subledger/explain/v1");
    let lines = told["lines"].as_array().expect("lines");
    assert_eq!(lines.iter().map(|line| cents(&line["charge"])).sum::<i64>(), cents(&told["charge"]));
    assert_eq!(
        (lines[1]["removed"]["why"].as_str(), lines[1]["removed"]["messages"].as_i64()),
        (Some("only"), Some(6_250))
    );
    assert_eq!(told["capture"]["manifest_sha256"].as_str().map(str::len), Some(64));
}

#[test]
fn a_removed_account_is_found_when_its_usage_is_kept() {
    let api = world();
    let config = api.home.path().join("subledger.toml");
    let limits = std::fs::read_to_string(&config).expect("a file");
    std::fs::write(&config, format!("[allocation]\nremoved_usage = \"keep\"\n{limits}")).expect("a file");
    let ran = api.run_at(SECOND, &["explain", "Birch News"]);
    assert!(ran.stdout.contains("removed usage is kept on a line of its own"), "{}\n{}", ran.stdout, ran.stderr);
    let ran = api.run_at(SECOND, &["explain", "Birch News", "--since", SINCE]);
    assert!(ran.stdout.contains("mainly because of attribution"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_explained_says_what_can() {
    let api = world();
    // the API's counts begin again
    assert_eq!(api.run_at("2026-11-02T12:00:00Z", &["run"]).code, 0);
    let october = ["--period", "2026-10-01"];
    for (arguments, expected) in [
        (vec!["cedar", "--since", SINCE], "counts begin again with each period"),
        (
            vec!["Acme Shop", "--since", "20261018T120000Z", "--capture", SINCE],
            "is not before the capture that is explained",
        ),
        (vec!["Acme Shop", "--since", "20261016T120000Z"], "the archive holds 3 from `20261015T120000Z`"),
        (vec!["Acm"], "hint: perhaps one of these is meant:\n  acme "),
        (vec!["nobody"], "`chargeback.csv` of the report set lists them: 4 customers, 5 sub accounts"),
    ] {
        let ran = api.run_at("2026-11-02T12:00:00Z", &[&["explain"], &arguments[..]].concat());
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.stdout);
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.closing(), "evidence: untouched; correct what is named above and run again");
    }
    let ran = api.run_at("2026-11-02T12:00:00Z", &[&["explain", "CEDAR"][..], &october[..]].concat());
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("2 customers have this name"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: name one by its id:\n  cedar-1  Cedar\n  cedar-2  cedar\n"), "{}", ran.stderr);
}
