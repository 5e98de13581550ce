//! TLS: who is trusted, who is not and is told why, and connections that end without a farewell.

use super::assert_nothing_kept;
use super::case::{ATTEMPTS, Home, Place, behaved, healthy};
use super::server::{RawServer, Step, Wire, http, sent, sent_then};
use super::tls::{Authority, Flaw};
use crate::support::look;
use crate::support::{NIGHT, Reply, base, base_usage};

/// A night against a server that is not trusted: one connection, no request, and the next night with the right
/// certificate succeeds.
fn distrusted(server: &RawServer, authority: &Authority, says: &str) {
    let home = Home::new().trusting(authority);
    let night = home.night(&server.url(), NIGHT);
    assert_nothing_kept(&night, home.path(), 20, "run again");
    assert!(night.stderr.contains("there is no trusted TLS connection to the server"), "{}", night.stderr);
    assert!(night.stderr.contains(says), "{says}: {}", night.stderr);
    assert!(
        night.stderr.contains("hint: check AHASEND_BASE_URL, this machine's clock, and the CA"),
        "{}",
        night.stderr
    );
    assert_eq!((server.connections(), server.targets().len()), (1, 0), "{says}");
    home.mended(&RawServer::start(authority.wire("127.0.0.1", Flaw::None), behaved(base())));
}

#[test]
fn a_server_with_a_certificate_of_a_trusted_issuer_is_trusted() {
    let authority = Authority::new();
    let server = RawServer::start(authority.wire("127.0.0.1", Flaw::None), behaved(base()));
    Home::new().trusting(&authority).mended(&server);
}

#[test]
fn a_certificate_that_will_not_do_is_told_by_its_fault_and_not_tried_again() {
    let authority = Authority::new();
    for (flaw, says) in [
        (Flaw::Expired, "its certificate has expired, if this machine's clock is right"),
        (Flaw::NotYetValid, "its certificate is not valid yet, if this machine's clock is right"),
        (Flaw::WrongHost, "its certificate is for another name"),
    ] {
        let server = RawServer::start(authority.wire("127.0.0.1", flaw), behaved(base()));
        distrusted(&server, &authority, says);
    }
    for (name, says) in [
        ("somebody else", "its certificate is of an issuer that this machine does not know"),
        // who only has the name of a trusted authority has no key of it
        ("an authority of a test", "its certificate cannot be used"),
    ] {
        let wire = Authority::named(name).wire("127.0.0.1", Flaw::None);
        distrusted(&RawServer::start(wire, behaved(base())), &authority, says);
    }
}

#[test]
fn a_port_that_speaks_plain_http_is_told_by_that() {
    let home = Home::new().trusting(&Authority::new());
    let server = RawServer::start(Wire::Plain, behaved(base()));
    let night = home.night(&server.url().replace("http://", "https://"), NIGHT);
    assert_nothing_kept(&night, home.path(), 20, "run again");
    assert!(night.stderr.contains("what answers does not speak TLS"), "{}", night.stderr);
    assert_eq!(server.connections(), 1);
    home.mended(&healthy());
}

#[test]
fn a_server_that_never_answers_the_handshake_is_left_in_time_and_tried_again() {
    let authority = Authority::new();
    let home = Home::impatient().trusting(&authority);
    let mute = RawServer::start(Wire::Mute, |_| Vec::new());
    let night = home.night(&mute.url(), NIGHT);
    assert_nothing_kept(&night, home.path(), 20, "run again");
    assert!(night.stderr.contains("the server kept silent for too long"), "{}", night.stderr);
    assert_eq!(mute.connections(), ATTEMPTS);
    home.mended(&RawServer::start(authority.wire("127.0.0.1", Flaw::None), behaved(base())));
}

#[test]
fn a_machine_that_trusts_nobody_is_told_so_before_anything_is_sent() {
    let authority = Authority::new();
    let server = RawServer::start(authority.wire("127.0.0.1", Flaw::None), behaved(base()));
    let home = Home::new();
    let empty = home.path().join("empty.pem");
    std::fs::write(&empty, "").expect("a file");
    let home = home.env("SSL_CERT_FILE", empty.to_str().expect("UTF-8"));
    let night = home.night(&server.url(), NIGHT);
    assert_nothing_kept(&night, home.path(), 2, "correct what is named above and run again");
    assert!(night.stderr.contains("are CA certificates installed on this machine?"), "{}", night.stderr);
    assert!(night.stderr.contains("No CA certificates were loaded from the system"), "{}", night.stderr);
    assert_eq!(server.connections(), 0);
    // plain HTTP on loopback needs none
    home.mended(&healthy());
}

/// Without the farewell nobody can tell the end from a cut, so the answer is none, whole as it looks.
#[test]
fn a_body_that_ends_with_the_connection_needs_the_farewell_of_tls() {
    let authority = Authority::new();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}", base_usage());
    let at_the_end = |step: Step| {
        let steps = Place::Usage.misbehaving(usize::MAX, sent_then(answer.clone(), step));
        RawServer::start(authority.wire("127.0.0.1", Flaw::None), steps)
    };
    let home = Home::new().trusting(&authority);
    let cut = at_the_end(Step::Cut);
    let night = home.night(&cut.url(), NIGHT);
    assert_nothing_kept(&night, home.path(), 20, "run again");
    assert!(night.stderr.contains("the answer broke off after"), "{}", night.stderr);
    assert_eq!(Place::Usage.asked(&cut), ATTEMPTS);
    home.mended(&at_the_end(Step::Close));
}

/// Where the length says that everything has come, the farewell tells nothing new.
#[test]
fn a_body_of_known_length_needs_no_farewell() {
    let authority = Authority::new();
    let steps = sent_then(http(&Reply::json(base_usage())), Step::Cut);
    let server = RawServer::start(authority.wire("127.0.0.1", Flaw::None), Place::Usage.misbehaving(usize::MAX, steps));
    Home::new().trusting(&authority).mended(&server);
}

/// Faults that are not TLS's own are tried again over TLS as they are without.
#[test]
fn an_answer_that_is_cut_within_tls_is_fetched_again() {
    let authority = Authority::new();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    for steps in [sent(head), sent_then(head, Step::Cut), sent_then(head, Step::Reset), vec![Step::Cut]] {
        let server = RawServer::start(authority.wire("127.0.0.1", Flaw::None), Place::List.misbehaving(1, steps));
        let home = Home::new().trusting(&authority);
        home.mended(&server);
        assert_eq!((Place::List.asked(&server), look::captures(home.path()).len()), (2, 1));
    }
}
