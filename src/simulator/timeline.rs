//! How the world's time follows the real one: it stands still, runs along, or runs ahead.
//!
//! Owns the arithmetic between the two. Must never read a clock: the real instant is an argument.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// The world's time as a line through one instant of the real one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timeline {
    origin: DateTime<Utc>,
    since: Instant,
    /// World seconds per real second.
    pace: u32,
}

impl Timeline {
    /// The world's time is `origin` at the instant `since`, and goes on from there.
    pub(super) fn new(origin: DateTime<Utc>, since: Instant, pace: u32) -> Self {
        Self { origin, since, pace }
    }

    /// The world's time at an instant: whole seconds after the origin, because nobody needs less.
    pub(super) fn at(&self, instant: Instant) -> DateTime<Utc> {
        let passed = instant.saturating_duration_since(self.since).as_millis();
        let secs = passed.saturating_mul(u128::from(self.pace)) / 1_000;
        let passed = i64::try_from(secs).ok().and_then(TimeDelta::try_seconds);
        // a line that leaves the calendar stands still
        passed.and_then(|passed| self.origin.checked_add_signed(passed)).unwrap_or(self.origin)
    }

    /// Goes on from `to`, if that is not behind.
    pub(super) fn jump(&mut self, to: DateTime<Utc>, instant: Instant) {
        if to > self.at(instant) {
            self.origin = to;
            self.since = instant;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn secs_after(timeline: &Timeline, instant: Instant) -> i64 {
        timeline.at(instant).timestamp()
    }

    #[test]
    fn the_pace_is_world_seconds_per_real_second() {
        let since = Instant::now();
        let later = since + Duration::from_millis(2_500);
        for (pace, expected) in [(0, 0), (1, 2), (60, 150), (86_400, 216_000)] {
            let timeline = Timeline::new(DateTime::UNIX_EPOCH, since, pace);
            assert_eq!(secs_after(&timeline, since), 0);
            assert_eq!(secs_after(&timeline, later), expected, "{pace}");
        }
    }

    #[test]
    fn a_jump_goes_forward_and_time_goes_on_from_there() {
        let since = Instant::now();
        let later = since + Duration::from_secs(10);
        let mut timeline = Timeline::new(DateTime::UNIX_EPOCH, since, 1);
        timeline.jump(DateTime::UNIX_EPOCH + TimeDelta::seconds(5), later);
        assert_eq!(secs_after(&timeline, later), 10, "never backwards");
        timeline.jump(DateTime::UNIX_EPOCH + TimeDelta::seconds(100), later);
        assert_eq!(secs_after(&timeline, later), 100);
        assert_eq!(secs_after(&timeline, later + Duration::from_secs(3)), 103);
    }

    #[test]
    fn the_end_of_the_calendar_is_not_passed() {
        let since = Instant::now();
        let timeline = Timeline::new(DateTime::<Utc>::MAX_UTC, since, u32::MAX);
        assert_eq!(timeline.at(since + Duration::from_hours(10_000)), DateTime::<Utc>::MAX_UTC);
    }
}
