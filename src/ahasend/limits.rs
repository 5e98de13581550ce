//! Every limit on talking to the API, each with its unit and its reason.

use std::num::NonZeroU32;
use std::time::Duration;

/// The limits of a [`Client`](super::Client). The defaults suit a nightly job against the real API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest time for DNS, TCP and TLS together. Default 10 s: three lost SYN packets are survived, a dead host is
    /// not waited for.
    pub connect_timeout: Duration,
    /// Longest silence, before the head of the answer and between two reads of its body. Default 30 s: a server that
    /// computes a large usage gets its time, a stalled connection does not.
    pub read_timeout: Duration,
    /// Longest time for one attempt, from connecting to the last byte. Default 120 s: a body dripping in byte by byte
    /// never trips `read_timeout`, and 15 MiB (a hundred thousand usage lines) pass at one megabit a second.
    pub request_timeout: Duration,
    /// Most attempts for one call; one is always made. Default 8: with the delays below the retries spread over 45
    /// seconds on average and 91 at most, which outlives a restart, and a struggling server gets seven requests more.
    pub attempt_count_max: u32,
    /// Upper bound of the first random delay before a retry; it doubles with each further one. Default 1 s.
    pub retry_delay_min: Duration,
    /// Bound that the doubling never passes. Default 30 s: whoever raises the number of attempts gets more
    /// retries and not ever longer silences.
    pub retry_delay_max: Duration,
    /// Longest `Retry-After` that is waited for. Default 120 s: beyond that, failing now tells an operator more than
    /// a job that sleeps.
    pub retry_after_max: Duration,
    /// Requests started per second, evenly spaced, retries included. Default 50: half of the 100 that the account's
    /// keys share, because production sending draws on the same limit.
    pub requests_per_second: NonZeroU32,
    /// Largest body in bytes. Default 256 MiB: usage comes unpaged in one answer of some 150 bytes a line, so this
    /// holds a million sub accounts and still fits a small machine.
    pub body_bytes_max: u64,
    /// Most pages of one list. Default 10,000: a million sub accounts at 100 a page.
    pub page_count_max: u32,
    /// Longest cursor in bytes. Default 2,048: percent-encoding can triple it, and servers commonly refuse a request
    /// line above 8 KiB.
    pub cursor_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_mins(2),
            attempt_count_max: 8,
            retry_delay_min: Duration::from_secs(1),
            retry_delay_max: Duration::from_secs(30),
            retry_after_max: Duration::from_mins(2),
            requests_per_second: NonZeroU32::MIN.saturating_add(49),
            body_bytes_max: 256 * 1024 * 1024,
            page_count_max: 10_000,
            cursor_bytes_max: 2_048,
        }
    }
}
