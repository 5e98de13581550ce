//! Every status but the one that is wanted, and every way to ask for a wait.

use super::case::{ATTEMPTS, Case, Home, Place, behaved, check, healthy, refused, unreachable, unusable};
use super::lists::kept_pages;
use super::server::{RawServer, Step, Steps, Wire, http, sent, sent_then};
use super::{assert_nothing_kept, assert_usage_kept};
use crate::support::world::id;
use crate::support::{Answers, Asked, NIGHT, Reply, account, base, base_usage, page};

/// An answer of this status whose body nobody is to see.
fn status(status: u16) -> Steps {
    sent(http(&Reply::error(status, "shown-to-nobody")))
}

#[test]
fn only_200_is_an_answer() {
    let cases = [
        (201, &["status 201, which is no answer to this call"][..]),
        (202, &["status 202"]),
        (203, &["status 203"]),
        (204, &["status 204"]),
        (205, &["status 205"]),
        (206, &["status 206"]),
        (226, &["status 226"]),
        (300, &["redirects (status 300) to an unnamed host"]),
        (304, &["status 304"]),
        (400, &["status 400", "check AHASEND_ACCOUNT_ID and AHASEND_BASE_URL"]),
        (404, &["status 404", "check AHASEND_ACCOUNT_ID and AHASEND_BASE_URL"]),
        (409, &["status 409"]),
        (410, &["status 410"]),
        (418, &["status 418"]),
        (422, &["status 422"]),
        (451, &["status 451"]),
    ];
    let case = |(code, says)| unusable("answers with another status", status(code), says).showing_nothing_of_the_body();
    check(cases.map(case));
}

/// An early hint is no answer; the answer that follows it is.
#[test]
fn what_is_said_before_the_answer_is_passed_over() {
    let hint = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    let steps = sent(format!("{hint}{}", http(&Reply::json(base_usage()))));
    Home::new().mended(&RawServer::start(Wire::Plain, Place::Usage.misbehaving(usize::MAX, steps)));
}

#[test]
fn a_key_that_is_refused_is_refused_once() {
    check(
        [
            refused("does not accept the key", status(401), &["does not accept the key (status 401)"]),
            refused(
                "does not allow it",
                status(403),
                &["refuses this to the key (status 403)", "scope `sub-accounts:"],
            ),
        ]
        .map(Case::showing_nothing_of_the_body),
    );
}

#[test]
fn a_server_in_trouble_is_asked_again_a_bounded_number_of_times() {
    for code in [408, 429, 500, 501, 502, 503, 504, 520, 599] {
        let cases = [unreachable("is in trouble", status(code), &["failed after 2 attempts, the most allowed"])];
        check(cases.map(Case::showing_nothing_of_the_body));
    }
}

/// `Retry-After` counts from the `Date` of the same answer, which is 02:00:00.
#[test]
fn a_wait_that_is_asked_for_is_waited_for_or_refused_at_once() {
    let asking = |code: u16, wait: &str| sent(http(&Reply::error(code, "busy").header("retry-after", wait)));
    let again = &["failed after 2 attempts, the most allowed"];
    check([
        unreachable("asks to wait a second", asking(429, "1"), again),
        unreachable("asks to wait until a date", asking(503, "Mon, 15 Jan 2024 02:00:01 GMT"), again),
    ]);
    let hour = &["asks to wait 3600 seconds and at most 2 are allowed"];
    let years = &["asks to wait 999999999 seconds"];
    let ever = &["asks to wait 18446744073709551615 seconds"];
    for code in [429, 503] {
        check([
            unreachable(
                "asks to come back at a date that is past",
                asking(code, "Sun, 14 Jan 2024 02:00:00 GMT"),
                again,
            ),
            unreachable("asks to wait less than nothing", asking(code, "-1"), again),
            unreachable("asks to wait for garbage", asking(code, "a while"), again),
            unreachable("asks to wait and does not say how long", asking(code, ""), again),
            unreachable("asks for an hour", asking(code, "3600"), hour).at_once(),
            unreachable("asks for an hour by date", asking(code, "Mon, 15 Jan 2024 03:00:00 GMT"), hour).at_once(),
            unreachable("asks for thirty years", asking(code, "999999999"), years).at_once(),
            unreachable("asks for ever", asking(code, "99999999999999999999999"), ever).at_once(),
        ]);
    }
}

/// The status is known before the body: one that never ends takes nothing away.
#[test]
fn a_refusal_whose_body_never_comes_is_still_a_refusal() {
    let head =
        |code: u16| format!("HTTP/1.1 {code} Status\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{{");
    check([
        refused("stalls after a 401", sent_then(head(401), Step::Stall), &["status 401"]),
        unusable("stalls after a 404", sent_then(head(404), Step::Stall), &["status 404"]),
        unreachable("stalls after a 503", sent_then(head(503), Step::Stall), &["status 503"]),
    ]);
}

/// The key is replaced while the list is read: the pages that were read until then are kept.
#[test]
fn a_key_that_is_refused_on_page_7_leaves_pages_1_to_6_and_the_usage() {
    let home = Home::new();
    // the limit on pages of these runs is for other tests
    let limits = std::fs::read_to_string(home.path().join("subledger.toml")).expect("a file");
    std::fs::write(home.path().join("subledger.toml"), limits.replace("page_count_max = 5", "")).expect("a file");
    let pages: Vec<String> = (1..=7)
        .map(|number| page(&[account(&id(number), "Customer", 0)], (number < 7).then_some(number + 1)))
        .collect();
    let answers = Answers { pages: pages.clone(), ..base() };
    let steps = move |asked: &Asked| match asked.what() {
        what if what.ends_with("page-7") => status(401),
        _ => behaved(answers.clone())(asked),
    };
    let server = RawServer::start(Wire::Plain, steps);
    let night = home.night(&server.url(), NIGHT);
    assert_usage_kept(&night, home.path(), 21, &base_usage());
    assert!(night.stderr.contains("reading page 7 of the sub-account list failed after 1 attempt"), "{}", night.stderr);
    assert!(night.stderr.contains("does not accept the key (status 401)"), "{}", night.stderr);
    assert_eq!(Place::List.asked(&server), 7);
    assert_eq!(kept_pages(home.path()), pages[..6].concat());
    home.mended(&healthy());
}

/// However many calls a capture makes, its retries are bounded for each of them.
#[test]
fn a_server_that_fails_now_and_then_is_no_reason_to_lose_a_night() {
    let home = Home::new();
    let flaky = |asked: &Asked| if asked.before == 0 { status(500) } else { behaved(base())(asked) };
    let server = RawServer::start(Wire::Plain, flaky);
    home.mended(&server);
    assert_eq!((Place::Usage.asked(&server), Place::List.asked(&server)), (ATTEMPTS, ATTEMPTS));
    let down = RawServer::start(Wire::Plain, |_: &Asked| status(503));
    let home = Home::new();
    let night = home.night(&down.url(), NIGHT);
    assert_nothing_kept(&night, home.path(), 20, "run again");
    assert_eq!(down.targets().len(), ATTEMPTS);
}
