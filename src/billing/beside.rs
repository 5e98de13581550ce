//! Two results, made side by side where there is enough to do.

use std::panic::resume_unwind;
use std::thread;

/// Accounts, or lines, from which on a thread more is worth its while.
const THREADED_COUNT: usize = 10_000;

/// What two functions give, of which neither knows of the other: side by side, if what they are about is that many.
pub(super) fn beside<A: Send, B>(count: usize, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if count < THREADED_COUNT {
        return (one(), other());
    }
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_given_with_a_thread_and_without() {
        for count in [0, THREADED_COUNT - 1, THREADED_COUNT] {
            assert_eq!(beside(count, || 1, || "other"), (1, "other"));
        }
    }

    #[test]
    fn a_panic_of_either_goes_on() {
        for (one, other) in [(true, false), (false, true)] {
            let panics = |panics: bool| assert!(!panics, "as told");
            let ended = std::panic::catch_unwind(|| beside(THREADED_COUNT, || panics(one), || panics(other)));
            assert_eq!(ended.unwrap_err().downcast_ref::<&str>(), Some(&"as told"));
        }
    }
}
