//! What all requests share: the world and its time, the keys, the rate limit, the faults, the idempotency table.
//!
//! Owns the locks. Each is taken for one step and never together with another, but for the world and its time.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use chrono::TimeDelta;
use fastrand::Rng;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;

use super::answer::Answer;
use super::idempotency::Replays;
use super::refusal::Refusal;
use crate::simulator::fault::Faults;
use crate::simulator::settings::{ParentKey, Settings, new_secret};
use crate::simulator::timeline::Timeline;
use crate::simulator::world::{Effect, Event, Refused, World};

/// Requests a second, and at once after a rest; for all keys together.
const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);
const REQUESTS_AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(199);

/// A world on its way through time. The two change together or not at all.
struct Course {
    world: World,
    timeline: Timeline,
}

/// What all requests share.
pub(in crate::simulator) struct Shared {
    course: RwLock<Course>,
    keys: RwLock<Vec<ParentKey>>,
    limiter: Option<DefaultDirectRateLimiter>,
    faults: Mutex<Faults>,
    replays: Mutex<Replays<Answer>>,
    /// Requests to the API so far; the number of a request is its id.
    request_count: AtomicU64,
    /// Secrets of keys that are added later.
    chance: Mutex<Rng>,
    pub(super) control_from_anywhere: bool,
}

/// The world while it may be looked at, and stands still.
pub(in crate::simulator) struct WorldGuard<'s>(RwLockReadGuard<'s, Course>);

impl std::ops::Deref for WorldGuard<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0.world
    }
}

// An event changes a world whole or not at all, and the tables are as simple: what a panic leaves behind is consistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(in crate::simulator) fn new(world: World, settings: Settings) -> Self {
        let timeline = Timeline::new(world.now(), Instant::now(), settings.pace);
        let quota = Quota::per_second(REQUESTS_PER_SECOND).allow_burst(REQUESTS_AT_ONCE);
        Self {
            course: RwLock::new(Course { world, timeline }),
            keys: RwLock::new(settings.keys),
            limiter: settings.rate_limit.then(|| RateLimiter::direct(quota)),
            faults: Mutex::new(Faults::new(settings.faults, settings.seed)),
            replays: Mutex::new(Replays::new()),
            request_count: AtomicU64::new(0),
            chance: Mutex::new(Rng::with_seed(settings.seed)),
            control_from_anywhere: settings.control_from_anywhere,
        }
    }

    pub(in crate::simulator) fn world(&self) -> WorldGuard<'_> {
        WorldGuard(self.course.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the world and says what of it the answer needs, in one step.
    pub(super) fn change<T>(
        &self,
        event: Event,
        then: impl FnOnce(&World, Effect) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut course = self.course.write().unwrap_or_else(PoisonError::into_inner);
        let effect = course.apply(event)?;
        then(&course.world, effect)
    }

    /// Lets something happen. When time is advanced, it goes on from there.
    pub(in crate::simulator) fn apply(&self, event: Event) -> Result<Effect, Refused> {
        self.course.write().unwrap_or_else(PoisonError::into_inner).apply(event)
    }

    /// Advances the world to where the timeline is; it waits for nobody unless a whole second has passed.
    pub(in crate::simulator) fn catch_up(&self) {
        let course = self.course.read().unwrap_or_else(PoisonError::into_inner);
        let to = course.timeline.at(Instant::now());
        let is_behind = to - course.world.now() >= TimeDelta::seconds(1);
        drop(course);
        if is_behind {
            let mut course = self.course.write().unwrap_or_else(PoisonError::into_inner);
            // refused only at the end of the calendar, where time stands still
            let _ = course.world.apply(Event::Advance(to));
        }
    }

    /// The key of the parent account with this secret.
    pub(super) fn parent_key(&self, secret: &str) -> Option<ParentKey> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.iter().find(|key| key.secret == secret).cloned()
    }

    /// Adds a key of the parent account; its secret.
    pub(super) fn add_parent_key(&self, scopes: Vec<String>) -> String {
        let secret = new_secret(&mut lock(&self.chance));
        let key = ParentKey { secret: secret.clone(), scopes };
        self.keys.write().unwrap_or_else(PoisonError::into_inner).push(key);
        secret
    }

    /// Lets a request in, if there have not been too many.
    pub(super) fn admit(&self) -> Result<(), Refusal> {
        match &self.limiter {
            Some(limiter) if limiter.check().is_err() => {
                Err(Refusal::RateLimited { retry_after: self.world().mood().retry_after })
            }
            _ => Ok(()),
        }
    }

    pub(in crate::simulator) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(super) fn replays(&self) -> MutexGuard<'_, Replays<Answer>> {
        lock(&self.replays)
    }

    /// Counts one more request to the API; its number.
    pub(super) fn count_request(&self) -> u64 {
        self.request_count.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(in crate::simulator) fn request_count(&self) -> u64 {
        self.request_count.load(Ordering::Relaxed)
    }
}

impl Course {
    fn apply(&mut self, event: Event) -> Result<Effect, Refused> {
        let to = if let Event::Advance(to) = event { Some(to) } else { None };
        let effect = self.world.apply(event)?;
        // an advance that was refused must not move the time that is to come either
        if let Some(to) = to {
            self.timeline.jump(to, Instant::now());
        }
        Ok(effect)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    #[test]
    fn an_advance_that_is_refused_moves_neither_the_world_nor_the_time_to_come() {
        let world = World::seeded(1, 0, DateTime::UNIX_EPOCH);
        let shared = Shared::new(world.clone(), Settings::with_key("aha-sk-test".to_owned()));
        assert!(shared.apply(Event::Advance(DateTime::<Utc>::MAX_UTC)).is_err());
        let course = shared.course.read().unwrap();
        assert_eq!((&course.world, course.timeline.at(Instant::now())), (&world, world.now()));
    }
}
