//! Whole documents: cut, doubled, wrapped, deep, large, and not UTF-8.

use super::*;
use crate::support::world::changed;
use crate::support::{account, page};

/// Far beyond what a reader that recurses survives.
const DEPTH: usize = 100_000;

/// The base case's usage with one more field in front.
fn with_extra(value: &str) -> String {
    base_usage().replacen('{', &format!("{{\"extra\": {value},"), 1)
}

fn nested(open: &str, close: &str) -> String {
    format!("{}1{}", open.repeat(DEPTH), close.repeat(DEPTH))
}

#[test]
fn a_document_that_is_cut_is_kept_as_it_came() {
    let usage = base_usage();
    let cuts = ["\"billing_period\"", "2024-02", "\"usd\"", "60.0", "Acme Sub", "\"total\"", "80.0"];
    let mut cuts: Vec<usize> = cuts.iter().map(|text| usage.find(text).expect("a place") + 2).collect();
    cuts.extend([1, usage.trim_end().len() - 1]);
    for cut in cuts {
        let cut = &usage[..cut];
        let night = Night::of_usage(cut);
        night.assert_kept_and_refused(cut.as_bytes(), "usage: `/` is not well-formed JSON");
        let line = cut.matches('\n').count() + 1;
        assert!(night.ran.stderr.contains(&format!(" at line {line} column ")), "{}", night.ran.stderr);
    }
}

#[test]
fn no_part_of_a_document_passes_for_the_whole() {
    let usage = base_usage();
    for cut in 0..usage.trim_end().len() {
        assert!(books(&usage[..cut]).is_err() && wire::usage_head(&usage.as_bytes()[..cut]).is_err(), "{cut}");
    }
    let page = page(&[account(ACME, "Acme", 0)], None);
    for cut in 0..page.trim_end().len() {
        assert!(
            wire::page_head(&page.as_bytes()[..cut]).is_err() && wire::accounts(&page.as_bytes()[..cut]).is_err(),
            "{cut}"
        );
    }
}

#[test]
fn more_than_one_document_is_refused_and_kept() {
    let usage = base_usage();
    for rest in [&*usage, "{}", "x", "]", "}", ",", "\0", "\u{feff}", "<!-- cached -->"] {
        let both = format!("{usage}{rest}");
        Night::of_usage(both.clone()).assert_kept_and_refused(both.as_bytes(), "`/` is not well-formed JSON");
    }
    for space in ["\n\n\n", " \t\r\n"] {
        assert_eq!(cost_of_acme(&Night::of_usage(format!("{space}{usage}{space}")).understood(0)), "60.00");
    }
}

/// The client looks at the first byte of every answer: what is no object is no answer to the call.
#[test]
fn what_is_no_object_is_not_taken() {
    let usage = base_usage();
    let utf_16: Vec<u8> = usage.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let bodies: [&[u8]; 8] = [
        b"",
        b" \n",
        b"null",
        b"\"{}\"",
        &[b"[", usage.as_bytes(), b"]"].concat(),
        &[b"\xef\xbb\xbf", usage.as_bytes()].concat(),
        &utf_16,
        &[b")]}',\n", usage.as_bytes()].concat(),
    ];
    for body in bodies {
        Night::of_usage(body).assert_not_taken("not a JSON object");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_wherever_they_are() {
    for bad in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80"] {
        let usage = with_extra("\"HERE\"").into_bytes();
        let at = usage.windows(4).position(|window| window == b"HERE").expect("the place");
        let usage = [&usage[..at], bad, &usage[at + 4..]].concat();
        Night::of_usage(usage.clone()).assert_kept_and_refused(&usage, "usage: `/` is not UTF-8");
    }
}

#[test]
fn half_a_surrogate_is_refused_where_it_is_read_and_the_evidence_is_safe() {
    for half in ["\\ud800", "\\udc00", "\\ud800\\ud800", "\\ud800x"] {
        let says = "usage: `/sub_accounts/0/name` is not well-formed JSON";
        Night::of_usage(changed(&base_usage(), "Acme Subsidiary", half)).assert_safe_and_refused(says);
    }
    // nothing is made of a note that nobody reads, and both halves are a character
    assert_eq!(Night::of_usage(with_extra("\"\\ud800\"")).understood(0).len(), 3);
    let rows = Night::of_usage(changed(&base_usage(), "Acme Subsidiary", "\\ud83d\\ude80")).understood(0);
    assert_eq!(row(&rows, "account_id", ACME)["account_name"], "🚀");
}

#[test]
fn control_characters_in_names_are_shown_as_pictures() {
    let rows = Night::of_usage(changed(&base_usage(), "Acme Subsidiary", "A\\u0000c\\u001bme\\u0085")).understood(0);
    assert_eq!(row(&rows, "account_id", ACME)["account_name"], "A␀c␛me\u{fffd}");
    // as it is, without an escape, it is no JSON
    let usage = changed(&base_usage(), "Acme Subsidiary", "A\0cme");
    Night::of_usage(usage.clone()).assert_kept_and_refused(usage.as_bytes(), "is not well-formed JSON");
}

#[test]
fn depth_that_nobody_reads_does_no_harm() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let night = Night::of_usage(with_extra(&nested(open, close)));
        assert_eq!(cost_of_acme(&night.understood(0)), "60.00");
        assert!(night.ran.stdout.contains("something that this version ignores: /extra"), "{}", night.ran.stdout);
    }
    let page = base().pages[0].replace("\"website\"", &format!("\"deep\": {}, \"website\"", nested("[", "]")));
    assert_eq!(Night::of(Answers { pages: vec![page], ..base() }).understood(0).len(), 3);
}

#[test]
fn depth_where_something_else_is_due_is_refused() {
    let deep = nested("[", "]");
    let says = "`/total/allocated_cost` is no usable amount: not a number as JSON writes it";
    Night::of_usage(with_value("total.allocated_cost", &deep)).assert_safe_and_refused(says);
    Night::of_usage(changed(&base_usage(), "\"Acme Subsidiary\"", &nested("{\"a\":", "}")))
        .assert_safe_and_refused("`/sub_accounts/0/name` has the wrong type");
    let usage = changed(&base_usage(), "\"2024-01-01T00:00:00Z\"", &deep);
    Night::of_usage(usage.clone())
        .assert_kept_and_refused(usage.as_bytes(), "`/billing_period/start` has the wrong type");
    // and a depth that has no end
    let usage = format!("{{\"extra\": {}", "[".repeat(DEPTH));
    Night::of_usage(usage.clone()).assert_kept_and_refused(usage.as_bytes(), "`/` is not well-formed JSON");
}

/// A body beyond the limit is neither read to its end nor kept; one just below is read.
#[test]
fn a_body_is_read_up_to_its_limit() {
    let limited = |usage: String| {
        let folder = home();
        std::fs::write(folder.path().join("subledger.toml"), "[limits]\nbody_mib_max = 1\n").expect("a file");
        let server = Server::of(Answers { usage, ..base() });
        let ran = run_at(folder.path(), &server, NIGHT, &["--formats", "csv"]);
        Night { folder, ran }
    };
    let room = (1 << 20) - base_usage().len();
    limited(base_usage() + &" ".repeat(room + 1)).assert_not_taken("1048576 bytes");
    assert_eq!(cost_of_acme(&limited(base_usage() + &" ".repeat(room)).understood(0)), "60.00");
}

#[test]
fn an_object_of_more_fields_than_any_is_refused_and_kept() {
    let with_fields = |count: usize| {
        let fields: Vec<String> = (0..count).map(|number| format!("\"field-{number}\": 0, ")).collect();
        base_usage().replacen('{', &format!("{{{}", fields.concat()), 1)
    };
    let night = Night::of_usage(with_fields(900));
    assert_eq!(cost_of_acme(&night.understood(0)), "60.00");
    assert!(night.ran.stdout.contains("/field-0"), "{}", night.ran.stdout);
    let usage = with_fields(400_000);
    Night::of_usage(usage.clone()).assert_kept_and_refused(usage.as_bytes(), "usage: `/` has more than 1000 fields");
}

/// Twelve megabytes of rows without anything in them: were each of them kept, it would be two gigabytes.
#[test]
fn an_answer_takes_no_more_memory_than_what_is_understood_of_it() {
    let rows = "{},".repeat(4_000_000);
    let usage = changed(&base_usage(), "\"sub_accounts\": [", &format!("\"sub_accounts\": [{rows}"));
    let night = Night::in_memory(&Server::of(Answers { usage: usage.clone(), ..base() }));
    night.assert_kept_and_refused(usage.as_bytes(), "usage: `/sub_accounts/0/account_id` is missing");
    let page = changed(&base().pages[0], "\"data\": [", &format!("\"data\": [{rows}"));
    let night = Night::in_memory(&Server::of(Answers { pages: vec![page], ..base() }));
    night.assert_kept_and_refused(base_usage().as_bytes(), "account list: `/data/0/id` is missing");
    // and the limit is no obstacle to an answer that is one
    assert_eq!(cost_of_acme(&Night::in_memory(&Server::of(base())).understood(0)), "60.00");
}
