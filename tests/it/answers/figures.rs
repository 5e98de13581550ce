//! Costs: every digit as sent, or a refusal that leaves the evidence safe. Never a rounded figure, never a zero for what is none.

use super::*;

/// Numbers that JSON has and money has not, and values that are no numbers.
const NO_AMOUNTS: [(&str, &str); 20] = [
    ("1e400", "amount out of range, must be below 10^15"),
    ("-1e400", "amount out of range, must be below 10^15"),
    ("1e99999999999999999999", "amount out of range, must be below 10^15"),
    ("1e15", "amount out of range, must be below 10^15"),
    ("1000000000000000", "amount out of range, must be below 10^15"),
    // a decimal of 96 bits takes it, and loses the cents
    ("7922816251426433759354395033.55", "amount out of range, must be below 10^15"),
    ("0.1234567890123456789012345678901234567890", "amount has more than 28 significant digits or 34 decimals"),
    ("1e-35", "amount has more than 28 significant digits or 34 decimals"),
    ("1e-400", "amount has more than 28 significant digits or 34 decimals"),
    ("\"60.0\"", "not a number as JSON writes it"),
    ("\"1,234.50\"", "not a number as JSON writes it"),
    ("\"\"", "not a number as JSON writes it"),
    ("\" 1.5\"", "not a number as JSON writes it"),
    ("\"NaN\"", "not a number as JSON writes it"),
    ("true", "not a number as JSON writes it"),
    ("false", "not a number as JSON writes it"),
    ("null", "not a number as JSON writes it"),
    ("{}", "not a number as JSON writes it"),
    // what serde_json takes for a number where `arbitrary_precision` is on, and for its text
    ("{\"$serde_json::private::Number\":\"42\"}", "not a number as JSON writes it"),
    ("{\"$serde_json::private::RawValue\":\"42\"}", "not a number as JSON writes it"),
];

#[test]
fn what_is_no_amount_is_named_with_its_place_and_the_evidence_is_safe() {
    for (number, (value, problem)) in NO_AMOUNTS.iter().enumerate() {
        let field = COSTS[number % COSTS.len()];
        let says = format!("usage: `{}` is no usable amount: {problem}", pointer(field));
        Night::of_usage(with_value(field, value)).assert_safe_and_refused(&says);
    }
}

#[test]
fn what_is_no_amount_is_none_in_any_place() {
    for field in COSTS {
        for (value, problem) in NO_AMOUNTS {
            let error = books(&with_value(field, value)).expect_err(value).to_string();
            assert_eq!(error, format!("usage: `{}` is no usable amount: {problem}", pointer(field)));
        }
    }
}

/// Without its grammar a document has no end: where it breaks is named by line and column, and the bytes are kept.
#[test]
fn numbers_that_json_does_not_know_are_refused_with_their_line() {
    let forms = [
        "NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "+1",
        "01",
        "-01",
        ".5",
        "-.5",
        "1.",
        "1_000",
        "0x10",
        "1e",
        "1e+",
        "1.e5",
        "-",
        "--1",
        "1,5",
        "1.2.3",
        "60.0 EUR",
        "60.0f",
        "'60.0'",
        "\u{2212}60.0",
        "\u{663}",
        "\u{a0}60.0",
        "",
        "60.0d0",
        "undefined",
    ];
    for (number, form) in forms.into_iter().enumerate() {
        let field = COSTS[number % COSTS.len()];
        let usage = with_value(field, form);
        let bucket = format!("  \"{}\": ", field.split_once('.').expect("a bucket").0);
        let line = usage.lines().position(|line| line.starts_with(&bucket)).expect("the line") + 1;
        let line = if bucket.contains("\"sub_accounts") { line + 1 } else { line };
        let night = Night::of_usage(usage.clone());
        night.assert_kept_and_refused(usage.as_bytes(), "usage: `/` is not well-formed JSON");
        assert!(night.ran.stderr.contains(&format!(" at line {line} column ")), "{form}: {}", night.ran.stderr);
    }
}

/// The same 60.00 in other words, and figures that a double, a decimal of 96 bits or a rounding would change.
#[test]
fn amounts_arrive_to_the_last_digit() {
    for (sent, shown, code) in [
        ("60", "60.00", 0),
        ("6e1", "60.00", 0),
        ("0.6E+2", "60.00", 0),
        ("600e-1", "60.00", 0),
        ("60.0e-0", "60.00", 0),
        ("60.0000000000000000000000000000000000000000000000000000000000", "60.00", 0),
        ("6000000000000000000000000000000000000000000000000000e-50", "60.00", 0),
        ("1e5", "100000.00", 10),
        ("1.5e3", "1500.00", 10),
        ("0.1e-1", "0.01", 10),
        ("60.1", "60.10", 10),
        ("0.30000000000000004", "0.30000000000000004", 10),
        ("2.675", "2.675", 10),
        ("0.1234567890123456789", "0.1234567890123456789", 10),
        ("1.4210854715202004e-14", "0.000000000000014210854715202004", 10),
        ("900719925474099.3", "900719925474099.30", 10),
        ("999999999999999.9999999999999", "999999999999999.9999999999999", 10),
        ("-999999999999999.99", "-999999999999999.99", 10),
        ("1e-34", "0.0000000000000000000000000000000001", 10),
        ("0e400", "0.00", 10),
        ("-0", "0.00", 10),
        ("-0.0", "0.00", 10),
        ("-0e-400", "0.00", 10),
        ("-1e-2", "-0.01", 10),
    ] {
        let night = Night::of_usage(with_value("sub_accounts.allocated_cost", sent));
        assert_eq!(cost_of_acme(&night.understood(code)), shown, "{sent}");
    }
}

/// Each bucket's figure goes to its own line, also where all four are written differently.
#[test]
fn equal_values_in_other_words_make_the_same_bytes() {
    let plain = Night::of_usage(base_usage());
    let other = base_usage();
    let words = [
        ("20.0", "2e1"),
        ("60.0", "60.000"),
        ("\"allocated_cost\": 0.0", "\"allocated_cost\": -0e5"),
        ("80.0", "0.8e+2"),
    ];
    let other = words.iter().fold(other, |usage, (from, to)| crate::support::world::changed(&usage, from, to));
    let other = Night::of_usage(other.replace("  ", "\t"));
    assert!(!plain.understood(0).is_empty() && !other.understood(0).is_empty());
    let [plain, other] = [plain, other].map(|night| {
        let mut files = look::files(&look::latest(night.folder.path()));
        // these two name the evidence by its hash, which is another one
        files.retain(|path, _| !["manifest.json", "reconciliation.json"].contains(&path.as_str()));
        files
    });
    assert!(plain.len() >= 4, "{:?}", plain.keys());
    assert!(plain == other, "{:?} and {:?}", plain.keys(), other.keys());
}

/// Two figures that are 50 digits apart: the sum has them all, and so does what it misses the total by.
#[test]
fn sums_lose_nothing_however_far_apart_the_figures_are() {
    let usage = with_value("sub_accounts.allocated_cost", "1e-34");
    let usage = usage.replace("\"allocated_cost\": 20.0", "\"allocated_cost\": 999999999999999");
    let books = books(&usage).expect("books");
    assert_eq!(books.cost_sum().to_string(), "999999999999999.0000000000000000000000000000000001");
    assert_eq!(books.cost_beyond_parts().to_string(), "-999999999999919.0000000000000000000000000000000001");
}
