//! The walk over the list: cursors that lead in circles or out of the house, entries that come twice, and a list that
//! changes while it is read.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::case::{Home, Place, behaved, healthy};
use super::server::{RawServer, Wire, whole};
use super::{NEXT_SECOND, assert_usage_kept};
use crate::support::look::{self, findings, unpacked};
use crate::support::world::{id, month};
use crate::support::{ACME, Answers, Asked, NIGHT, Reply, account, base, base_usage, page};

/// The pages that a failed capture kept, one after another.
pub(super) fn kept_pages(folder: &Path) -> String {
    let files = look::files(folder);
    let kept = files.iter().filter(|(path, _)| path.contains("/accounts-"));
    kept.map(|(_, bytes)| String::from_utf8(unpacked(bytes)).expect("UTF-8")).collect()
}

/// A page with one sub account of this number, and how it goes on as JSON.
fn page_on(number: usize, pagination: &str) -> String {
    format!(r#"{{"object": "list", "data": [{}], "pagination": {pagination}}}"#, account(&id(number), "Customer", 0))
}

/// The same, going on at a cursor.
fn page_to(number: usize, cursor: &str) -> String {
    let cursor = serde_json::to_string(cursor).expect("a text");
    page_on(number, &format!(r#"{{"has_more": true, "next_cursor": {cursor}}}"#))
}

/// A list that is no list: it is read twice, then the capture fails with the usage and the pages kept.
fn no_list(asked: usize, says: &str, answer: impl Fn(usize, &Asked) -> String + Send + Sync + 'static) {
    let home = Home::new();
    let behaved = behaved(base());
    let reads = AtomicUsize::new(0);
    let server = RawServer::start(Wire::Plain, move |request| {
        if !Place::List.is_of(request.what()) {
            return behaved(request);
        }
        let first = !request.what().contains("after=");
        let nth = if first { 0 } else { reads.load(Ordering::SeqCst) } + 1;
        reads.store(nth, Ordering::SeqCst);
        whole(&Reply::json(answer(nth, request)))
    });
    let night = home.night(&server.url(), NIGHT);
    assert_usage_kept(&night, home.path(), 22, &base_usage());
    assert!(night.stderr.contains(says), "{says}: {}", night.stderr);
    assert_eq!(Place::List.asked(&server), 2 * asked, "{says}: {:?}", server.targets());
    // the pages of the last reading, and nothing of the one before
    assert_eq!(kept_pages(home.path()).matches("\"pagination\"").count(), asked, "{says}");
    home.mended(&healthy());
}

#[test]
fn a_cursor_that_leads_in_a_circle_ends_the_walk() {
    let again = |page| format!("page {page} of the sub-account list sends the cursor of page 1 again");
    no_list(2, &again(2), |nth, _| page_to(nth, "same"));
    no_list(3, &again(3), |nth, _| page_to(nth, ["A", "B", "A"][nth - 1]));
    // the cursor that the page was asked for with
    no_list(2, &again(2), |nth, asked| page_to(nth, asked.what().split_once("after=").map_or("own", |(_, own)| own)));
}

#[test]
fn a_list_without_end_ends_at_the_most_pages_allowed() {
    let says = "page 5 of the sub-account list says that more follows, but no more pages are allowed";
    no_list(5, says, |nth, _| page_to(nth, &format!("cursor-{nth}")));
}

#[test]
fn a_page_that_leads_nowhere_ends_the_walk() {
    let more = |pagination: &str| page_on(1, pagination);
    let (none, null) = (more(r#"{"has_more": true}"#), more(r#"{"has_more": true, "next_cursor": null}"#));
    no_list(1, "says that more follows, but sends no cursor", move |_, _| none.clone());
    no_list(1, "says that more follows, but sends no cursor", move |_, _| null.clone());
    let empty = more(r#"{"has_more": true, "next_cursor": ""}"#);
    no_list(1, "says that more follows, but its cursor is empty", move |_, _| empty.clone());
    no_list(1, "page 1 of the sub-account list is empty, but says that more follows", |_, _| page(&[], Some(2)));
    let second_empty = |nth, _: &Asked| if nth == 1 { page_to(1, "on") } else { page(&[], Some(3)) };
    no_list(2, "page 2 of the sub-account list is empty", second_empty);
    let long = "c".repeat(10 * 1024);
    no_list(1, "sends a cursor of 10240 bytes, more than the 2048 allowed", move |_, _| page_to(1, &long));
}

#[test]
fn an_entry_that_is_listed_twice_is_never_dropped_silently() {
    let acme = || account(ACME, "Acme Subsidiary", 0);
    let twice = format!("sub account `{ACME}` is on page 1 and again on page 2 of the sub-account list");
    no_list(2, &twice, move |nth, _| page(&[acme()], (nth == 1).then_some(2)));
    let twice = format!("sub account `{ACME}` is on page 1 and again on page 1 of the sub-account list");
    no_list(1, &twice, move |_, _| page(&[acme(), acme()], None));
}

/// A cursor is a value and no address: whatever is in it comes back to the server that sent it, encoded as one value.
#[test]
fn a_cursor_comes_back_as_it_was_and_leads_nowhere_else() {
    let elsewhere = healthy();
    let address = format!("{}/v2/steal?key=1", elsewhere.url());
    let long = "ü".repeat(1024);
    let cursors = [
        "a&limit=1&b",
        "100%",
        "%26",
        "a+b c",
        "../../../keys",
        &address,
        "//elsewhere.example/x",
        "#end",
        "日本語",
        "\u{0}\r\nHost: elsewhere.example",
        &long,
    ];
    for cursor in cursors {
        let home = Home::new();
        let (behaved, sent) = (behaved(base()), cursor.to_owned());
        let acme = account(ACME, "Acme Subsidiary", 0);
        let server = RawServer::start(Wire::Plain, move |asked| match asked.what() {
            "?limit=100" => whole(&Reply::json(page_to(7, &sent))),
            what if what.starts_with('?') => whole(&Reply::json(page(std::slice::from_ref(&acme), None))),
            _ => behaved(asked),
        });
        let night = home.night(&server.url(), NEXT_SECOND);
        // number 7 is listed and has no usage, which is worth a warning and no more
        assert_eq!((night.code, look::assert_sound(home.path())), (0, (1, 1)), "{}", night.stderr);
        let targets = server.targets();
        let (path, query) = targets.last().expect("a request").split_once('?').expect("a query");
        assert!(path.ends_with("/sub-accounts"), "{path}");
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
        assert_eq!(pairs, [("limit".into(), "100".into()), ("after".into(), cursor.into())], "{query}");
        assert!(!night.stderr.contains("elsewhere.example") && !night.stderr.contains("steal"), "{}", night.stderr);
    }
    assert_eq!((elsewhere.connections(), elsewhere.targets().len()), (0, 0));
}

/// Entries that shift from one page to the next while the list is read: the second reading makes one list.
#[test]
fn a_list_that_shifts_once_is_read_once_more() {
    let home = Home::new();
    let answers = month(150);
    let behaved = behaved(answers.clone());
    let server = RawServer::start(Wire::Plain, move |asked| match asked.what() {
        what if what.ends_with("page-2") && asked.before == 0 => whole(&Reply::json(answers.pages[0].clone())),
        _ => behaved(asked),
    });
    let night = home.night(&server.url(), NEXT_SECOND);
    assert_eq!((night.code, look::assert_sound(home.path())), (0, (1, 1)), "{}", night.stderr);
    assert!(night.stderr.contains("the pages do not make one list, and are read once more"), "{}", night.stderr);
    assert_eq!((Place::List.asked(&server), Place::Usage.asked(&server)), (4, 1));
}

/// What changes between the usage and the end of the list changes no amount: usage is one answer, and an account that it
/// has and the list lacks is asked for by itself.
#[test]
fn accounts_that_come_and_go_between_usage_and_list_are_told_of_and_change_no_amount() {
    let untouched = Home::new();
    let run = |home: &Home, server: &RawServer| {
        let night = home.run(&server.url(), &["run", "--now", NIGHT, "--output", "json"]);
        let codes: Vec<String> = findings(&night.stdout).into_iter().map(|(code, ..)| code).collect();
        let total = look::json(&night.stdout)["reconciliation"]["total"].clone();
        (night.code, codes, total)
    };
    let (code, no_findings, total) = run(&untouched, &healthy());
    assert_eq!((code, no_findings), (0, Vec::new()));
    let new = account(&id(9), "New Here", 0);
    let acme = account(ACME, "Acme Subsidiary", 0);
    let with_new = vec![page(&[acme, new], None)];
    let gone = Answers { pages: vec![page(&[], None)], ..base() };
    for (answers, expected) in [(Answers { pages: with_new, ..base() }, "unbilled"), (gone, "unlisted")] {
        let home = Home::new();
        let server = RawServer::start(Wire::Plain, behaved(answers));
        let (code, codes, same) = run(&home, &server);
        assert_eq!((code, codes, same), (0, vec![expected.to_owned()], total.clone()));
        assert_eq!(look::assert_sound(home.path()), (1, 1));
    }
}

/// They wait in memory for the one object that they make: no server decides how much that is.
#[test]
fn answers_about_single_accounts_are_bounded_together() {
    let home = Home::new();
    let mut answers = month(4);
    for number in 1..=4 {
        let entry = account(&id(number), "Customer", 0);
        answers
            .accounts
            .insert(id(number), entry.replacen('{', &format!("{{\"junk\": \"{}\", ", "x".repeat(400 << 10)), 1));
    }
    answers.pages = vec![page(&[], None)];
    let server = RawServer::start(Wire::Plain, behaved(answers));
    let night = home.night(&server.url(), NIGHT);
    assert_eq!((night.code, look::assert_sound(home.path())), (0, (1, 1)), "{}", night.stderr);
    assert!(night.stderr.contains("take more together than one answer may"), "{}", night.stderr);
    let asked = server.targets().iter().filter(|target| target.contains("/00000000-")).count();
    assert_eq!(asked, 3, "with the third there is more than a mebibyte");
}
