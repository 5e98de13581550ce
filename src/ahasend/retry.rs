//! May a failed attempt be retried, and after how long; and what remains unknown if not. Pure: time left and chance come
//! in as arguments.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::{Failure, Fault, Limits, Repeats};

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Another attempt after this delay.
    Again { after: Duration },
    /// The call has failed.
    Stop(GiveUp),
}

/// Why a failed call was not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GiveUp {
    /// Another attempt would end the same way.
    Final,
    /// The operation is one that is never repeated without a person who asks for it.
    NeverRepeated,
    /// [`Limits::attempt_count_max`] was reached.
    Attempts,
    /// The server keeps idempotency keys for a while only, and might not know this one any more.
    KeyForgotten,
    /// The deadline leaves no time for another attempt.
    Deadline,
    /// The server asks to wait longer than is allowed.
    AskedToWait {
        /// The wait asked for.
        wait: Duration,
        /// The wait allowed: [`Limits::retry_after_max`], or the time left if that is less.
        allowed: Duration,
    },
}

impl fmt::Display for GiveUp {
    /// Continues the sentence "… failed after 3 attempts".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Final => Ok(()),
            Self::NeverRepeated => f.write_str(", and is never repeated by itself"),
            Self::Attempts => f.write_str(", the most allowed"),
            Self::KeyForgotten => f.write_str(", because the server may forget the idempotency key before another"),
            Self::Deadline => f.write_str(", and the deadline of the run leaves no time for another"),
            Self::AskedToWait { wait, allowed } => {
                let (wait, allowed) = (wait.as_secs(), allowed.as_secs());
                write!(f, ", because the server asks to wait {wait} seconds and at most {allowed} are allowed")
            }
        }
    }
}

/// Decides what follows the failure of attempt number `attempts` (counted from 1) with `left` until the deadline.
///
/// `random` is uniform over all of `u32`. A `Retry-After` is a minimum; the random delay comes on top, so that many
/// clients do not return at once, but only if the sum is allowed as well.
pub(super) fn decide(
    failure: &Failure,
    repeats: Repeats,
    attempts: u32,
    left: Duration,
    random: u32,
    limits: &Limits,
) -> Decision {
    if !may_succeed_later(failure) {
        return Decision::Stop(GiveUp::Final);
    }
    if repeats == Repeats::Never {
        return Decision::Stop(GiveUp::NeverRepeated);
    }
    if attempts >= limits.attempt_count_max {
        return Decision::Stop(GiveUp::Attempts);
    }
    let backoff = backoff(attempts, random, limits);
    let after = match asked_wait(failure) {
        None => backoff,
        Some(wait) if wait > limits.retry_after_max || wait >= left => {
            return Decision::Stop(GiveUp::AskedToWait { wait, allowed: limits.retry_after_max.min(left) });
        }
        Some(wait) => {
            let both = wait.saturating_add(backoff);
            if both <= limits.retry_after_max && both < left { both } else { wait }
        }
    };
    if after < left { Decision::Again { after } } else { Decision::Stop(GiveUp::Deadline) }
}

/// Whether the same request may have another outcome. Refusals and malformed answers are left to a person.
const fn may_succeed_later(failure: &Failure) -> bool {
    match failure {
        // Many a proxy locks out who keeps coming with a wrong password.
        Failure::Network { fault, .. } => !matches!(fault, Fault::ProxyAuth),
        Failure::Silent { .. }
        | Failure::Truncated { .. }
        | Failure::Slow { .. }
        | Failure::Busy { .. }
        | Failure::InProgress { .. } => true,
        Failure::Tls { .. }
        | Failure::Deadline
        | Failure::Unauthorized { .. }
        | Failure::Forbidden { .. }
        | Failure::Redirect { .. }
        | Failure::KeyReused { .. }
        | Failure::Rejected { .. }
        | Failure::Status { .. }
        | Failure::Encoding { .. }
        | Failure::ContentType { .. }
        | Failure::TooLarge { .. }
        | Failure::NotAnObject => false,
    }
}

const fn asked_wait(failure: &Failure) -> Option<Duration> {
    match failure {
        Failure::Busy { retry_after, .. } => *retry_after,
        Failure::InProgress { retry_after, .. } => Some(*retry_after),
        _ => None,
    }
}

/// Whether a write may have been carried out, now that an attempt has failed; `before` says the same of those before it.
pub(super) fn in_doubt(before: bool, failure: &Failure, repeats: Repeats) -> bool {
    match repeats {
        Repeats::Freely => false,
        // Had an earlier attempt been carried out, the server would have sent its answer again.
        Repeats::WithKey if failure.is_of_values() => false,
        _ => before || failure.may_have_taken_effect(),
    }
}

/// Full jitter: uniform from zero to a ceiling that doubles with each attempt, up to a maximum.
fn backoff(attempts: u32, random: u32, limits: &Limits) -> Duration {
    let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
    let ceiling = limits.retry_delay_min.saturating_mul(doubled).min(limits.retry_delay_max);
    // Parts of a ceiling, in integers: at most the ceiling itself, so both conversions hold.
    let nanos = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
    let part = u128::from(nanos) * u128::from(random) / u128::from(u32::MAX);
    Duration::from_nanos(u64::try_from(part).unwrap_or(nanos))
}

/// The wait that a `Retry-After` value asks for: seconds, or a date after `server_date`, the `Date` of the same answer.
///
/// `None` for anything else, a past date among it, and for a date without `server_date`: our own clock may differ
/// from the server's.
pub(super) fn retry_after(value: &str, server_date: Option<DateTime<Utc>>) -> Option<Duration> {
    let value = value.trim();
    whole_seconds(value).or_else(|| http_date(value)?.signed_duration_since(server_date?).to_std().ok())
}

/// The wait that a `Retry-After` value asks for, written as a whole number of seconds.
pub(super) fn whole_seconds(value: &str) -> Option<Duration> {
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    // Too many digits for an integer ask for ever, not for nothing.
    is_number.then(|| Duration::from_secs(value.parse().unwrap_or(u64::MAX)))
}

/// A date in one of the three forms that RFC 9110 (section 5.6.7) has recipients accept, all of them in UTC.
pub(super) fn http_date(value: &str) -> Option<DateTime<Utc>> {
    const FORMS: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(value.trim(), form).ok()).map(|date| date.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_hours(1);

    fn busy(retry_after: Option<Duration>) -> Failure {
        Failure::Busy { status: 429, retry_after, request_id: None }
    }

    fn limits() -> Limits {
        Limits {
            attempt_count_max: 5,
            retry_delay_min: SECOND,
            retry_delay_max: 5 * SECOND,
            retry_after_max: 120 * SECOND,
            ..Limits::default()
        }
    }

    fn after(seconds: u64) -> Decision {
        Decision::Again { after: Duration::from_secs(seconds) }
    }

    #[test]
    fn the_ceiling_doubles_up_to_the_maximum_and_attempts_run_out() {
        let decide = |attempts, random| decide(&busy(None), Repeats::Freely, attempts, HOUR, random, &limits());
        let ceilings: Vec<_> = (1..=4).map(|attempts| decide(attempts, u32::MAX)).collect();
        assert_eq!(ceilings, [after(1), after(2), after(4), after(5)]);
        assert_eq!(decide(4, 0), after(0));
        assert_eq!(decide(2, u32::MAX / 2), Decision::Again { after: Duration::from_nanos(999_999_999) });
        assert_eq!(decide(5, 0), Decision::Stop(GiveUp::Attempts));
    }

    #[test]
    fn retry_after_is_a_minimum_with_jitter_on_top_where_that_is_allowed() {
        let decide = |wait, left, random| decide(&busy(Some(wait)), Repeats::Freely, 1, left, random, &limits());
        let too_long = |wait, allowed| Decision::Stop(GiveUp::AskedToWait { wait, allowed });
        assert_eq!(decide(10 * SECOND, HOUR, 0), after(10));
        assert_eq!(decide(10 * SECOND, HOUR, u32::MAX), after(11));
        assert_eq!(decide(120 * SECOND, HOUR, u32::MAX), after(120), "jitter would pass the maximum");
        assert_eq!(decide(10 * SECOND, 11 * SECOND, u32::MAX), after(10), "jitter would reach the deadline");
        assert_eq!(decide(121 * SECOND, HOUR, 0), too_long(121 * SECOND, 120 * SECOND));
        assert_eq!(decide(10 * SECOND, 10 * SECOND, 0), too_long(10 * SECOND, 10 * SECOND));
        assert_eq!(decide(Duration::MAX, HOUR, u32::MAX), too_long(Duration::MAX, 120 * SECOND));
    }

    #[test]
    fn no_delay_reaches_the_deadline_and_no_final_failure_is_retried() {
        let decide = |failure: &Failure, left, random| decide(failure, Repeats::Freely, 1, left, random, &limits());
        assert_eq!(decide(&busy(None), SECOND, u32::MAX), Decision::Stop(GiveUp::Deadline));
        assert_eq!(decide(&busy(None), Duration::ZERO, 0), Decision::Stop(GiveUp::Deadline));
        let final_failure = Failure::Unauthorized { request_id: None };
        assert_eq!(decide(&final_failure, HOUR, 0), Decision::Stop(GiveUp::Final));
    }

    #[test]
    fn only_a_failure_that_may_pass_is_retried_and_never_for_what_is_never_repeated() {
        let rejected = Failure::Rejected { status: 409, message: None, replayed: false, request_id: None };
        let in_progress = Failure::InProgress { retry_after: 3 * SECOND, request_id: None };
        for repeats in [Repeats::Freely, Repeats::WithKey, Repeats::AfterLooking, Repeats::Never] {
            let decide = |failure: &Failure| decide(failure, repeats, 1, HOUR, 0, &limits());
            assert_eq!(decide(&rejected), Decision::Stop(GiveUp::Final));
            let again =
                |decision| if repeats == Repeats::Never { Decision::Stop(GiveUp::NeverRepeated) } else { decision };
            assert_eq!(decide(&busy(None)), again(after(0)));
            assert_eq!(decide(&in_progress), again(after(3)));
        }
    }

    #[test]
    fn doubt_about_a_write_stays_until_a_repeat_with_the_same_key_is_refused() {
        let rejected = Failure::Rejected { status: 400, message: None, replayed: false, request_id: None };
        let refused = Failure::Unauthorized { request_id: None };
        let status = |status| Failure::Busy { status, retry_after: None, request_id: None };
        for repeats in [Repeats::WithKey, Repeats::AfterLooking, Repeats::Never] {
            let doubtful = [status(503), status(408), Failure::Deadline, Failure::NotAnObject];
            assert!(doubtful.iter().all(|failure| in_doubt(false, failure, repeats)));
            let harmless = [&busy(None), &refused, &rejected];
            assert!(harmless.iter().all(|failure| !in_doubt(false, failure, repeats)));
            assert!(in_doubt(true, &busy(None), repeats) && in_doubt(true, &refused, repeats));
            assert_eq!(in_doubt(true, &rejected, repeats), repeats != Repeats::WithKey);
        }
        assert!(!in_doubt(false, &status(503), Repeats::Freely));
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date_and_else_left_alone() {
        let date = http_date("Sun, 06 Nov 1994 08:49:37 GMT");
        assert!(date.is_some());
        let cases = [
            ("5", Some(5)),
            (" 0 ", Some(0)),
            ("999999999", Some(999_999_999)),
            ("99999999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun Nov  6 08:50:37 1994", Some(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", None),
            ("Sun, 06 Nov 1994 08:50:37 +0000", None),
            ("-1", None),
            ("+5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ];
        for (value, seconds) in cases {
            assert_eq!(retry_after(value, date), seconds.map(Duration::from_secs), "Retry-After: {value}");
        }
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", None), None, "no server date to count from");
    }
}
