//! Two results, made side by side where there is enough to do.

use std::panic::resume_unwind;
use std::thread;

/// Sub accounts from which on a thread more is worth its while.
const THREADED_ACCOUNT_COUNT: usize = 10_000;

/// What two functions give, of which neither knows of the other: of so many accounts that a thread is worth its while, side by
/// side.
pub(super) fn beside<A: Send, B>(
    account_count: usize,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B,
) -> (A, B) {
    if account_count < THREADED_ACCOUNT_COUNT {
        return (one(), other());
    }
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
    })
}
