//! Bodies that are cut, late, too large, or not what was asked for.

use super::case::{Case, Home, Place, behaved, check, healthy, unreachable, unusable};
use super::server::{RawServer, Step, Steps, Wire, http, sent, sent_then};
use super::{NEXT_SECOND, assert_usage_kept};
use crate::support::{Answers, NIGHT, Reply, base, base_usage, look};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

/// A head that promises more than the body that follows.
fn promised() -> String {
    let usage = base_usage();
    // what has come by then is whole JSON: only the length tells
    format!("{OK}Content-Length: {}\r\n\r\n{usage}", usage.len() + 1)
}

#[test]
fn a_body_that_breaks_off_is_fetched_again_whole() {
    let usage = base_usage();
    let broke = &["the answer broke off after"];
    let chunk = format!("{OK}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{usage}\r\n", usage.len());
    check([
        unreachable("ends before the length it said", sent(promised()), broke),
        unreachable("sends no last chunk", sent(chunk.clone()), broke),
        unreachable("hangs up within a chunk", sent(format!("{OK}Transfer-Encoding: chunked\r\n\r\nfff\r\n{{")), broke),
        unreachable("sends a chunk of no size", sent(format!("{chunk}oops\r\n")), broke),
        // the reset may overtake what was sent before it
        unreachable("resets within the body", sent_then(promised(), Step::Reset), &["broke"]),
    ]);
}

#[test]
fn a_body_that_stalls_is_left_in_time() {
    check([unreachable("stalls within the body", sent_then(promised(), Step::Stall), &["kept silent for too long"])]);
}

/// No silence is ever long enough for the read timeout: only the limit on the whole attempt ends this.
#[test]
fn a_body_that_drips_in_is_left_in_time() {
    let head = format!("{OK}Content-Length: 100000\r\n\r\n{{");
    check([unreachable("drips", sent_then(head, Step::Drip(b' ')), &["the answer was not complete within 2s"])]);
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_taken_in() {
    let large = &["the answer is larger than the 1048576 bytes allowed"];
    let spaces = vec![b' '; 1 << 16];
    let chunk = [format!("{:x}\r\n", spaces.len()).as_bytes(), &spaces, b"\r\n"].concat();
    let endless = |head: &str, bytes: Vec<u8>| vec![Step::Send(head.into()), Step::Repeat(bytes)];
    check([
        // nothing of the body ever comes: it is refused by the length alone
        unusable(
            "says a length over the limit",
            sent_then(format!("{OK}Content-Length: 1048577\r\n\r\n"), Step::Stall),
            large,
        ),
        unusable(
            "says a length beyond all numbers",
            sent_then(format!("{OK}Content-Length: 9223372036854775807\r\n\r\n"), Step::Stall),
            large,
        ),
        unusable("sends chunks without end", endless(&format!("{OK}Transfer-Encoding: chunked\r\n\r\n"), chunk), large),
        unusable("sends without length and end", endless(&format!("{OK}\r\n"), spaces), large),
    ]);
}

/// The limit is of what is taken in, to the byte, whatever was said before.
#[test]
fn a_body_without_a_length_is_counted_to_the_byte() {
    let filled = |bytes: usize| {
        let usage = base_usage();
        sent(format!("{OK}\r\n{usage}{}", " ".repeat(bytes - usage.len())))
    };
    let says = &["the answer is larger than the 1048576 bytes allowed"];
    check([unusable("sends a byte too many", filled((1 << 20) + 1), says)]);
    let steps = Place::Usage.misbehaving(usize::MAX, filled(1 << 20));
    Home::new().mended(&RawServer::start(Wire::Plain, steps));
}

/// Over HTTP/1.0 nothing but the JSON itself tells that the end is missing. Such a usage answer is kept as it came.
#[test]
fn a_body_cut_where_nobody_can_tell_is_no_usage() {
    let home = Home::new();
    let half = base_usage()[..200].to_owned();
    let steps = sent(format!("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{half}"));
    let server = RawServer::start(Wire::Plain, Place::Usage.misbehaving(usize::MAX, steps.clone()));
    let night = home.night(&server.url(), NIGHT);
    assert_usage_kept(&night, home.path(), 22, &half);
    assert!(night.stderr.contains("the usage answer cannot be used"), "{}", night.stderr);
    assert_eq!(Place::Usage.asked(&server), 1);
    home.mended(&healthy());

    let home = Home::new();
    let server = RawServer::start(Wire::Plain, Place::List.misbehaving(usize::MAX, steps));
    let night = home.night(&server.url(), NIGHT);
    assert_usage_kept(&night, home.path(), 22, &base_usage());
    assert!(night.stderr.contains("page 1 of the sub-account list cannot be read"), "{}", night.stderr);
    home.mended(&healthy());
}

/// An HTTP/1.0 server that sends everything is as good as any.
#[test]
fn a_body_that_ends_with_the_connection_is_accepted_if_it_is_whole() {
    let steps = sent(format!("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}", base_usage()));
    Home::new().mended(&RawServer::start(Wire::Plain, Place::Usage.misbehaving(usize::MAX, steps)));
}

fn told(body: &str) -> Steps {
    sent(http(&Reply::json(body)))
}

#[test]
fn a_body_that_is_no_json_object_is_refused_and_not_shown() {
    let typed = |content_type: &str, body: &str| {
        sent(http(&Reply { headers: vec![("content-type", content_type.to_owned())], ..Reply::json(body) }))
    };
    let login = "<!DOCTYPE html><title>Log in</title><p>shown-to-nobody</p>";
    let no_object = &["the answer is not a JSON object"];
    let cases = [
        unusable("sends a login page", typed("text/html; charset=utf-8", login), &["by its content type, `text/html"]),
        unusable("sends JSON as text", typed("text/plain", "{}"), &["by its content type, `text/plain`"]),
        unusable(
            "says no type",
            sent("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
            &["content type, which is missing"],
        ),
        unusable("sends a login page as JSON", told(login), no_object),
        unusable("sends nothing", told(""), no_object),
        unusable("sends only spaces", told(" \r\n\t "), no_object),
        unusable("sends null", told("null"), no_object),
        unusable("sends an array", told("[{}]"), no_object),
        unusable("sends a text", told("\"shown-to-nobody\""), no_object),
        unusable("sends a byte-order mark", told("\u{feff}{}"), no_object),
    ];
    check(cases.map(Case::showing_nothing_of_the_body));
}

/// What cannot be read as usage is kept byte for byte where it can be looked at, and never shown.
#[test]
fn an_object_that_is_no_usage_is_kept_and_not_shown() {
    let home = Home::new();
    let odd = "{\"data\": \"shown-to-nobody\"}";
    let server = RawServer::start(Wire::Plain, behaved(Answers { usage: odd.to_owned(), ..base() }));
    let night = home.night(&server.url(), NIGHT);
    assert_usage_kept(&night, home.path(), 22, odd);
    assert!(night.stderr.contains("the answer is kept as it came"), "{}", night.stderr);
    assert!(!night.stderr.contains("shown-to-nobody"), "{}", night.stderr);
    let again = home.night(&healthy().url(), NEXT_SECOND);
    assert_eq!((again.code, look::assert_sound(home.path())), (0, (1, 1)), "{}", again.stderr);
}
