//! The way to the server: names, ports, redirects, proxies, and connections that are used again.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::runtime::Runtime;

use super::assert_nothing_kept;
use super::case::{ATTEMPTS, Home, Place, behaved, check, healthy, unusable};
use super::server::{RawServer, Step, Steps, Wire, http, sent_then, whole};
use super::tls::{Authority, Flaw};
use crate::support::{Asked, KEY, NIGHT, Reply, base, look};

/// A host name that leads nowhere, whoever is asked (RFC 6761).
const NOWHERE: &str = "subledger.invalid";

/// A port that nobody listens at.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// A night that cannot reach anything, told with these words.
fn out_of_reach(home: &Home, url: &str, says: &[&str]) {
    let night = home.night(url, NIGHT);
    assert_nothing_kept(&night, home.path(), 20, "run again");
    for words in says {
        assert!(night.stderr.contains(words), "{words}: {}", night.stderr);
    }
}

#[test]
fn a_port_where_nobody_listens_is_tried_again_and_told() {
    let home = Home::new();
    let says =
        ["failed after 2 attempts, the most allowed", "no answer came from the server: nobody listens at its address"];
    out_of_reach(&home, &format!("http://127.0.0.1:{}", closed_port()), &says);
    home.mended(&healthy());
}

/// A port whose queue is full is as silent as a host that is switched off.
#[test]
fn a_port_that_takes_no_connection_is_left_in_time() {
    let runtime = Runtime::new().expect("a runtime");
    let listener = runtime.block_on(async {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        socket.listen(0).expect("a queue")
    });
    let address = listener.local_addr().expect("an address");
    let fill = || TcpStream::connect_timeout(&address, Duration::from_millis(300)).ok();
    let waiting: Vec<_> = std::iter::from_fn(fill).take(16).collect();
    let home = Home::impatient();
    let says = ["failed after 2 attempts, the most allowed", "the server kept silent for too long"];
    out_of_reach(&home, &format!("http://{address}"), &says);
    drop(waiting);
    home.mended(&healthy());
}

#[test]
fn a_name_that_leads_nowhere_is_told_as_such() {
    let home = Home::new();
    let home = home.trusting(&Authority::new());
    let says = ["failed after 2 attempts", "no answer came from the server: its name leads to no address"];
    out_of_reach(&home, &format!("https://{NOWHERE}"), &says);
    home.mended(&healthy());
}

/// A redirect is never followed: the key would travel along. Whoever it points to hears nothing.
#[test]
fn a_redirect_is_named_by_its_host_and_never_followed() {
    let elsewhere = healthy();
    let there = elsewhere.url().replace("127.0.0.1", "localhost");
    let redirect = |status: u16, location: &str| whole(&Reply::error(status, "moved").header("location", location));
    let to_localhost = &["redirects (status 302) to `localhost`, which is not followed"];
    check([
        unusable("redirects to the same host", redirect(307, "/v2/here"), &["(status 307) to `127.0.0.1`"]),
        unusable("redirects to itself", redirect(308, ""), &["(status 308) to `127.0.0.1`"]),
        unusable("redirects to another host", redirect(302, &format!("{there}/a?b=c")), to_localhost),
        unusable("redirects a GET elsewhere", redirect(303, &there), &["(status 303) to `localhost`"]),
        unusable("redirects for good", redirect(301, "https://elsewhere.example/login"), &["to `elsewhere.example`"]),
        unusable("redirects to plain HTTP", redirect(302, "http://elsewhere.example/"), &["to `elsewhere.example`"]),
        unusable("redirects to a file", redirect(302, "file:///etc/passwd"), &["to an unnamed host"]),
        unusable("redirects to no address", redirect(302, "https://["), &["to an unnamed host"]),
        unusable("redirects to nowhere", whole(&Reply::error(302, "moved")), &["to an unnamed host"]),
    ]);
    assert_eq!((elsewhere.connections(), elsewhere.targets().len()), (0, 0));
}

#[test]
fn a_redirect_from_https_to_http_is_not_followed_either() {
    let authority = Authority::new();
    let plain = healthy();
    let location = plain.url();
    let steps = move |_: &Asked| whole(&Reply::error(302, "moved").header("location", location.clone()));
    let server = RawServer::start(authority.wire("127.0.0.1", Flaw::None), steps);
    let home = Home::new().trusting(&authority);
    let night = home.night(&server.url(), NIGHT);
    assert_nothing_kept(&night, home.path(), 22, "run again");
    assert!(night.stderr.contains("redirects (status 302) to `127.0.0.1`"), "{}", night.stderr);
    assert_eq!((server.targets().len(), plain.connections()), (1, 0));
    home.mended(&plain);
}

/// A server may close a connection that it let stay open, just as the client uses it again.
#[test]
fn a_connection_that_is_closed_when_it_is_used_again_is_made_anew() {
    for end in [Step::Close, Step::Cut, Step::Reset] {
        let steps = Place::List.misbehaving(1, vec![end]);
        let server = RawServer::start(Wire::Plain, steps);
        Home::new().mended(&server);
        assert_eq!(Place::List.asked(&server), 2);
        assert_eq!(server.connections(), 2, "usage and the first try share one");
    }
}

/// What comes after the end of an answer is nobody's answer.
#[test]
fn an_answer_too_many_is_not_taken_for_the_next_one() {
    let usage_twice = |asked: &Asked| -> Steps {
        let answer = http(&base().reply(asked));
        match asked.what() {
            "/usage" => sent_then(format!("{answer}{answer}"), Step::Next),
            _ => sent_then(answer, Step::Next),
        }
    };
    let server = RawServer::start(Wire::Plain, usage_twice);
    Home::new().mended(&server);
}

#[test]
fn plain_http_is_refused_for_any_host_but_this_machine() {
    for url in [format!("http://{NOWHERE}"), "http://192.0.2.1:8080".to_owned()] {
        let home = Home::new();
        let night = home.night(&url, NIGHT);
        assert_nothing_kept(&night, home.path(), 2, "correct what is named above and run again");
        assert!(night.stderr.contains("`http` is for loopback hosts only, use `https`"), "{}", night.stderr);
    }
}

/// A proxy that connects every name to one port of this machine, or does whatever else it is told.
fn proxy(steps: impl Fn(&Asked) -> Steps + Send + Sync + 'static) -> RawServer {
    RawServer::start(Wire::Plain, steps)
}

/// A folder whose runs go through this proxy with a user name and a password, and trust this authority.
fn behind(proxy: &str, authority: &Authority) -> Home {
    Home::new().trusting(authority).env("HTTPS_PROXY", proxy)
}

const USER_INFO: &str = "proxy-user:pass-not-shown";

/// Neither the password nor what is made of it is in an output.
fn assert_no_user_info(stderr: &str) {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(USER_INFO);
    for secret in ["pass-not-shown", "proxy-user", &encoded] {
        assert!(!stderr.contains(secret), "{stderr}");
    }
}

#[test]
fn a_proxy_that_fails_is_named_without_its_password() {
    let authority = Authority::new();
    let answered = |status: u16| move |_: &Asked| whole(&Reply::error(status, "no"));
    let wants_password = "the proxy wants a user name and password, or others than these";
    for (status, says, asked) in [
        (407, wants_password, 1),
        (403, "the proxy does not connect to it", ATTEMPTS),
        (502, "the proxy does not connect to it", ATTEMPTS),
    ] {
        let proxy = proxy(answered(status));
        let home = behind(&format!("http://{USER_INFO}@127.0.0.1:{}", proxy.port()), &authority);
        let through = format!("no answer came from the server, asked through the proxy `127.0.0.1:{}`", proxy.port());
        let night = home.night(&format!("https://{NOWHERE}"), NIGHT);
        assert_nothing_kept(&night, home.path(), 20, "run again");
        assert!(night.stderr.contains(&format!("{through}: {says}")), "{}", night.stderr);
        assert_no_user_info(&night.stderr);
        // the name was the proxy's to look up, and the key was not shown to it
        assert_eq!(proxy.targets(), vec![format!("{NOWHERE}:443"); asked]);
        assert!(proxy.heads().iter().all(|head| !head.contains(KEY)), "{:?}", proxy.heads());
        home.mended(&healthy());
    }
}

/// What the proxy passes on it cannot read, and what it was told to let us in is not told to the server.
#[test]
fn a_proxy_that_connects_learns_a_name_and_no_more() {
    let authority = Authority::new();
    let server = RawServer::start(authority.wire(NOWHERE, Flaw::None), behaved(base()));
    let port = server.port();
    let connected = move |_: &Asked| sent_then("HTTP/1.1 200 Connected\r\n\r\n", Step::Tunnel(port));
    let proxy = proxy(connected);
    let home = behind(&format!("http://{USER_INFO}@127.0.0.1:{}", proxy.port()), &authority);
    let night = home.night(&format!("https://{NOWHERE}"), NIGHT);
    assert_eq!((night.code, look::assert_sound(home.path())), (0, (1, 1)), "{}", night.stderr);
    let told = format!("requests go through a proxy proxy=\"127.0.0.1:{}\"", proxy.port());
    assert!(night.stderr.contains(&told), "{}", night.stderr);
    assert_no_user_info(&night.stderr);
    let head = &proxy.heads()[0];
    assert!(head.starts_with(&format!("CONNECT {NOWHERE}:443 ")) && !head.contains(KEY), "{head}");
    assert!(head.to_lowercase().contains("proxy-authorization: basic "), "{head}");
    assert_eq!((proxy.targets().len(), server.targets().len()), (1, 2));
    assert!(server.heads().iter().all(|head| !head.to_lowercase().contains("proxy-")), "{:?}", server.heads());
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let authority = Authority::new();
    let place = format!("127.0.0.1:{}", closed_port());
    let home = behind(&format!("http://{USER_INFO}@{place}"), &authority);
    let night = home.night(&format!("https://{NOWHERE}"), NIGHT);
    assert_nothing_kept(&night, home.path(), 20, "run again");
    let says = format!("asked through the proxy `{place}`: nobody listens at its address");
    assert!(night.stderr.contains(&says), "{}", night.stderr);
    assert_no_user_info(&night.stderr);
}

/// A value that is no address names no proxy, and is not shown either.
#[test]
fn a_proxy_that_cannot_be_one_is_not_asked_and_not_shown() {
    let authority = Authority::new();
    let server = RawServer::start(authority.wire("127.0.0.1", Flaw::None), behaved(base()));
    for proxy in ["", " ", "http://", "http://proxy-user:pass-not-shown@:0:0", "::pass-not-shown"] {
        let home = behind(proxy, &authority);
        let night = home.night(&server.url(), super::NEXT_SECOND);
        assert_eq!(night.code, 0, "{proxy}: {}", night.stderr);
        assert_no_user_info(&night.stderr);
    }
}

/// A key that is meant for this machine does not leave it.
#[test]
fn no_proxy_is_asked_for_a_server_on_this_machine() {
    let proxy = proxy(|_| Vec::new());
    let home = Home::new();
    let at = format!("http://127.0.0.1:{}", proxy.port());
    let home = home.env("HTTPS_PROXY", at.clone()).env("HTTP_PROXY", at.clone()).env("ALL_PROXY", at);
    home.mended(&healthy());
    assert_eq!(proxy.connections(), 0);
}
