//! What the API remembers of idempotency keys: who is at it, what came of it, and until when.
//!
//! A table of values and instants; it must never look at a clock or know what an answer is made of. What is over is
//! dropped as soon as the next key comes, so that only what still counts is kept.

use std::collections::{BTreeSet, HashMap};

use crate::sha256;
use axum::http::Method;
use chrono::{DateTime, TimeDelta, Utc};

/// The longest that an execution keeps its key to itself.
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// What makes two requests the same: method, path and every byte of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    method: Method,
    path: String,
    body: [u8; 32],
}

impl Fingerprint {
    pub(super) fn of(method: &Method, path: &str, body: &[u8]) -> Self {
        Self { method: method.clone(), path: path.to_owned(), body: sha256::raw(body) }
    }
}

/// One execution. A later one with the same key has another ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// What a request with a key is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Begun<A> {
    /// Execute, and say how it ended.
    Run(Ticket),
    /// Give this answer once more.
    Replay(A),
    /// Come back later: another request is at it.
    InProgress {
        /// What is left of its lease, in whole seconds, at least one.
        left_secs: u64,
    },
    /// Go away: the key was used for something else.
    OtherPayload,
}

/// What becomes of a key when an execution ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate<A> {
    /// The answer is kept for so long.
    Keep(A, TimeDelta),
    /// Nothing: it stays in progress until its lease ends.
    Leave,
    /// It is free again.
    Release,
}

struct Entry<A> {
    fingerprint: Fingerprint,
    ticket: Ticket,
    /// Nothing while it is in progress.
    answer: Option<A>,
    until: DateTime<Utc>,
}

/// All keys that still count.
pub(super) struct Replays<A> {
    entries: HashMap<String, Entry<A>>,
    /// The same keys by the end of what is known of them.
    ends: BTreeSet<(DateTime<Utc>, String)>,
    ticket_count: u64,
}

impl<A: Clone> Replays<A> {
    pub(super) fn new() -> Self {
        Self { entries: HashMap::new(), ends: BTreeSet::new(), ticket_count: 0 }
    }

    /// A request comes with a key.
    pub(super) fn begin(&mut self, key: &str, fingerprint: Fingerprint, now: DateTime<Utc>) -> Begun<A> {
        self.drop_what_is_over(now);
        match self.entries.get(key) {
            Some(entry) if entry.fingerprint != fingerprint => return Begun::OtherPayload,
            Some(Entry { answer: Some(answer), .. }) => return Begun::Replay(answer.clone()),
            Some(Entry { answer: None, until, .. }) => {
                let left = (*until - now).num_milliseconds().max(1);
                return Begun::InProgress { left_secs: left.unsigned_abs().div_ceil(1_000) };
            }
            None => {}
        }
        self.ticket_count += 1;
        let ticket = Ticket(self.ticket_count);
        self.put(key, Entry { fingerprint, ticket, answer: None, until: now + LEASE });
        Begun::Run(ticket)
    }

    /// An execution ended. One that took longer than its lease, and lost the key to another, changes nothing.
    pub(super) fn end(&mut self, key: &str, ticket: Ticket, fate: Fate<A>, now: DateTime<Utc>) {
        if self.entries.get(key).is_none_or(|entry| entry.ticket != ticket) {
            return;
        }
        match fate {
            Fate::Leave => {}
            Fate::Release => drop(self.take(key)),
            Fate::Keep(answer, kept) => {
                if let Some(entry) = self.take(key) {
                    self.put(key, Entry { answer: Some(answer), until: now + kept, ..entry });
                }
            }
        }
    }

    fn put(&mut self, key: &str, entry: Entry<A>) {
        self.ends.insert((entry.until, key.to_owned()));
        self.entries.insert(key.to_owned(), entry);
    }

    fn take(&mut self, key: &str) -> Option<Entry<A>> {
        let entry = self.entries.remove(key)?;
        self.ends.remove(&(entry.until, key.to_owned()));
        Some(entry)
    }

    fn drop_what_is_over(&mut self, now: DateTime<Utc>) {
        while let Some((until, _)) = self.ends.first()
            && *until <= now
            && let Some((_, key)) = self.ends.pop_first()
        {
            self.entries.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(secs)
    }

    fn post(body: &str) -> Fingerprint {
        Fingerprint::of(&Method::POST, "/sub-accounts", body.as_bytes())
    }

    fn begun(replays: &mut Replays<u8>, secs: i64) -> Begun<u8> {
        replays.begin("k", post("a"), at(secs))
    }

    fn ticket(begun: &Begun<u8>) -> Ticket {
        let Begun::Run(ticket) = begun else { panic!("{begun:?}") };
        *ticket
    }

    #[test]
    fn a_key_is_in_progress_until_its_lease_ends() {
        let mut replays = Replays::new();
        let first = ticket(&begun(&mut replays, 0));
        assert_eq!(begun(&mut replays, 1), Begun::InProgress { left_secs: 299 });
        assert_eq!(begun(&mut replays, 299), Begun::InProgress { left_secs: 1 });
        let late = replays.begin("k", post("a"), at(299) + TimeDelta::milliseconds(999));
        assert_eq!(late, Begun::InProgress { left_secs: 1 }, "never zero");
        let second = ticket(&begun(&mut replays, 300));
        replays.end("k", first, Fate::Keep(1, TimeDelta::hours(24)), at(301));
        assert_eq!(begun(&mut replays, 301), Begun::InProgress { left_secs: 299 }, "the first one came too late");
        replays.end("k", second, Fate::Keep(2, TimeDelta::hours(24)), at(302));
        assert_eq!(begun(&mut replays, 303), Begun::Replay(2));
    }

    #[test]
    fn an_answer_is_kept_left_or_released() {
        let mut replays = Replays::new();
        let ticket_of = |replays: &mut Replays<u8>, secs| ticket(&begun(replays, secs));
        let first = ticket_of(&mut replays, 0);
        replays.end("k", first, Fate::Release, at(1));
        let second = ticket_of(&mut replays, 1);
        replays.end("k", second, Fate::Leave, at(2));
        assert_eq!(begun(&mut replays, 2), Begun::InProgress { left_secs: 299 });
        let third = ticket_of(&mut replays, 301);
        replays.end("k", third, Fate::Keep(7, TimeDelta::minutes(5)), at(310));
        assert_eq!(begun(&mut replays, 609), Begun::Replay(7), "counted from the end");
        ticket_of(&mut replays, 610);
    }

    #[test]
    fn another_method_path_or_body_is_another_request() {
        let mut replays = Replays::<u8>::new();
        let running = ticket(&begun(&mut replays, 0));
        let others = [
            post("b"),
            Fingerprint::of(&Method::PUT, "/sub-accounts", b"a"),
            Fingerprint::of(&Method::POST, "/sub-accounts/x", b"a"),
        ];
        for other in &others {
            assert_eq!(replays.begin("k", other.clone(), at(1)), Begun::OtherPayload, "while in progress");
        }
        replays.end("k", running, Fate::Keep(1, TimeDelta::hours(24)), at(1));
        for other in others {
            assert_eq!(replays.begin("k", other, at(2)), Begun::OtherPayload, "and after that");
        }
        assert!(matches!(replays.begin("another", post("b"), at(2)), Begun::Run(_)));
    }

    #[test]
    fn what_is_over_is_not_kept() {
        let mut replays = Replays::<u8>::new();
        for number in 0..1_000_i32 {
            let key = number.to_string();
            let ticket = ticket(&replays.begin(&key, post("a"), at(i64::from(number))));
            replays.end(&key, ticket, Fate::Keep(0, TimeDelta::seconds(10)), at(i64::from(number)));
        }
        assert_eq!((replays.entries.len(), replays.ends.len()), (10, 10));
    }
}
