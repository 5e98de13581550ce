//! A close as people and programs read it: a rich case, word for word.

use super::*;

/// Without what differs from one run to the next: the port in the archived manifests makes other hashes.
fn redacted(desk: &Desk, ran: &Ran) -> String {
    // the log has times of its own
    let stderr: String = ran.stderr.split_inclusive('\n').filter(|line| !line.contains(" DEBUG ")).collect();
    let text = format!("exit code: {}\n--- stdout\n{}--- stderr\n{stderr}", ran.code, ran.stdout);
    let hash = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()).map(|word| {
        let end = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric()).len();
        if hash(&word[..end]) { format!("[SHA-256]{}", &word[end..]) } else { word.to_owned() }
    });
    let text: String = words.collect();
    let version = format!("subledger {}", env!("CARGO_PKG_VERSION"));
    text.replace(&*desk.path().to_string_lossy(), "[HOME]").replace(&version, "subledger [VERSION]")
}

/// A month with a missing night and two hours unseen, a removed account, tax, a credit, an add-on and a rest.
fn rich() -> Desk {
    let three =
        |acme, beta, gamma| night(&[(ACME, "Acme", acme, 0), (BETA, "Beta", beta, 0), (GAMMA, "Gamma", gamma, 0)], 0);
    let nights = [
        ("2024-01-28T22:00:00Z", three(280_000, 95_000, 4_000)),
        ("2024-01-29T22:00:00Z", three(290_000, 98_000, 4_100)),
        ("2024-01-31T22:00:00Z", night(&[(ACME, "Acme", 300_000, 0), (BETA, "Beta", 100_000, 0)], 4_200)),
    ];
    let gamma = format!("{CUSTOMERS}{GAMMA},gamma,Gamma SA,,2.5\n");
    Desk::of(&gamma, &nights)
}

const INVOICE: [&str; 6] = ["--tax", "786.60", "--credit", "-25.00", "--add-on", "12.00"];
const ACCEPTED: [&str; 6] = [
    "--accept-rest",
    "AhaSend looks into it, ticket 4711",
    "--accept-tail",
    "the API was down until midnight",
    "--accept-gaps",
    "the API was down on the 30th",
];

#[test]
fn a_rich_close_in_words() {
    let desk = rich();
    let refused = desk.close("INV-2024-01", "4860.00", &INVOICE);
    assert_eq!(refused.code, 10, "{}", refused.stderr);
    insta::assert_snapshot!("close-refused", redacted(&desk, &refused));
    let dry = desk.close("INV-2024-01", "4860.00", &[&INVOICE[..], &ACCEPTED, &["--dry-run"]].concat());
    insta::assert_snapshot!("close-dry", redacted(&desk, &dry));
    let done = desk.closed("INV-2024-01", "4860.00", &[&INVOICE[..], &ACCEPTED].concat());
    insta::assert_snapshot!("close-done", redacted(&desk, &done));
    let correction = ["--tax", "786.60", "--reason", "the credit was another customer's"];
    let corrected = desk.closed("INV-2024-01-K", "4885.00", &[&correction[..], &ACCEPTED].concat());
    insta::assert_snapshot!("close-corrected", redacted(&desk, &corrected));
    let journal = std::fs::read_to_string(desk.set("final-r2/journal.csv")).expect("a journal");
    let journal = Ran { code: 0, stdout: journal.replace("\r\n", "\n"), stderr: String::new() };
    insta::assert_snapshot!("close-journal", redacted(&desk, &journal));
}

#[test]
fn a_close_for_programs() {
    let desk = Desk::usual();
    let refused = desk.close("INV-1", "50.00", &["--output", "json"]);
    let result = json(&refused.stdout);
    assert_eq!((refused.code, &result["exit_code"], &result["closed"]), (10, &10.into(), &false.into()));
    assert_eq!(result["in_the_way"][0]["what"], "rest");
    assert!(result["record"].is_null() && result["reports"].is_null(), "{result}");

    let dry = json(&desk.closed("INV-1", "41.00", &["--output", "json", "--dry-run"]).stdout);
    assert_eq!((&dry["exit_code"], &dry["closed"], &dry["set"]), (&0.into(), &false.into(), &"final-r1".into()));
    assert!(dry["record"].is_null() && dry["reports"].is_null(), "{dry}");

    let done = desk.closed("INV-1", "50.00", &["--output", "json", "--accept-rest", "queried"]);
    let result = json(&done.stdout);
    assert_eq!((&result["closed"], &result["revision"]), (&true.into(), &1.into()));
    assert_eq!(result["accepted"], serde_json::json!([{"what": "rest", "reason": "queried"}]));
    let result = serde_json::to_string_pretty(&result).expect("JSON");
    insta::assert_snapshot!("close-json", redacted(&desk, &Ran { stdout: format!("{result}\n"), ..done }));
}
