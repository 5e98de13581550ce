//! The server's clock against this machine's, by the `Date` of the usage answer.

use chrono::{TimeDelta, Utc};

use super::case::Home;
use super::server::{RawServer, Wire, http, sent};
use crate::support::look::{self, unpacked};
use crate::support::{PARENT, Ran, base, base_usage};

/// A night by the real clock against a server whose clock is apart from it by so much.
fn night(home: &Home, apart: TimeDelta) -> Ran {
    let server = RawServer::start(Wire::Plain, move |asked| {
        let date = (Utc::now() + apart).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let answer = http(&base().reply(asked));
        sent(answer.replace("Mon, 15 Jan 2024 02:00:00 GMT", &date))
    });
    home.run(&server.url(), &["capture"])
}

const APART: &str = "this machine's clock and the server's are apart: set it right";

#[test]
fn clocks_that_agree_are_no_matter() {
    for apart in [TimeDelta::zero(), TimeDelta::minutes(-4), TimeDelta::minutes(4)] {
        let home = Home::new();
        let ran = night(&home, apart);
        assert_eq!((ran.code, look::captures(home.path()).len()), (0, 1), "{}", ran.stderr);
        assert!(!ran.stderr.contains(APART), "{}", ran.stderr);
    }
}

#[test]
fn a_clock_that_is_off_by_minutes_or_hours_is_warned_of() {
    for apart in [TimeDelta::minutes(-10), TimeDelta::minutes(10), TimeDelta::hours(23), TimeDelta::hours(-23)] {
        let home = Home::new();
        let ran = night(&home, apart);
        assert_eq!((ran.code, look::captures(home.path()).len()), (0, 1), "{}", ran.stderr);
        assert!(ran.stderr.contains(APART), "{}", ran.stderr);
    }
}

/// A capture is put in its place by this machine's clock for good, so none is made; the usage is kept.
#[test]
fn a_clock_that_is_off_by_days_makes_no_capture_and_keeps_the_usage() {
    for (apart, says) in [
        (TimeDelta::hours(25), "hours behind the server's"),
        (TimeDelta::days(-400), "this machine's clock is 9600 hours ahead of the server's"),
    ] {
        let home = Home::new();
        let ran = night(&home, apart);
        assert_eq!(ran.code, 22, "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: captures are named and ordered by this machine's clock"), "{}", ran.stderr);
        let inbox = format!("evidence: NOT SAFE, only a part is kept in archive/parent={PARENT}/inbox/capture=");
        assert!(ran.closing().starts_with(&inbox), "{}", ran.stderr);
        let files = look::files(home.path());
        let kept: Vec<_> = files.iter().filter(|(path, _)| path.ends_with("/usage.json.zst")).collect();
        assert_eq!((kept.len(), unpacked(kept[0].1)), (1, base_usage().into_bytes()));
        assert!(look::captures(home.path()).is_empty());
        // once the clock is right, the next one is made
        assert_eq!(night(&home, TimeDelta::zero()).code, 0);
        assert_eq!(look::captures(home.path()).len(), 1);
    }
}
