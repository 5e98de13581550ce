//! Work done by several threads, whose results are taken in the order of what they are made of.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::mpsc::sync_channel;
use std::thread::{self, available_parallelism};

/// Threads at most, however many processors there are: what each has made waits in memory for its turn.
const THREAD_COUNT_MAX: usize = 4;

/// How many threads may share a piece of work beside which so many others have a thread each: those that are left, so that
/// none of the others is slowed down.
pub(super) fn threads_beside(other_count: usize) -> usize {
    let count = available_parallelism().map_or(1, NonZeroUsize::get);
    count.saturating_sub(other_count).clamp(1, THREAD_COUNT_MAX)
}

/// Makes something of each item, and takes what was made in the order of the items, until one cannot be taken.
///
/// So many threads, one at least, take turns: of each no more than one result waits, so that a slow one holds up the others.
pub(super) fn in_order<I, M: Send, E>(
    count: usize,
    items: &(impl Iterator<Item = I> + Clone + Send),
    make: &(impl Fn(I) -> M + Sync),
    mut take: impl FnMut(M) -> Result<(), E>,
) -> Result<(), E> {
    let count = count.max(1);
    thread::scope(|scope| {
        let begin = |turn: usize| {
            let (done, results) = sync_channel(1);
            let mut items = items.clone().skip(turn).step_by(count);
            // once nobody waits for it any more there is nothing left to do
            let thread = scope.spawn(move || items.all(|item| done.send(make(item)).is_ok()));
            (thread, results)
        };
        let (threads, waiting): (Vec<_>, Vec<_>) = (0..count).map(begin).unzip();
        let mut results = waiting.iter().cycle().map_while(|results| results.recv().ok());
        let taken = results.try_for_each(&mut take);
        drop(waiting);
        for thread in threads {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        taken
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_comes_in_order_until_it_is_refused() {
        let made = |refused: usize| {
            let mut taken = Vec::new();
            let ended = in_order(3, &(0..1_000_usize), &|item| item * 2, |one| {
                taken.push(one);
                if one == refused { Err(one) } else { Ok(()) }
            });
            (ended, taken.len())
        };
        assert_eq!(made(usize::MAX), (Ok(()), 1_000));
        assert_eq!(made(10), (Err(10), 6));
        assert_eq!(in_order(2, &std::iter::empty::<u8>(), &|item| item, |_| Err(())), Ok(()));
    }

    #[test]
    fn a_thread_is_always_left_and_they_are_never_many() {
        assert!((1..=THREAD_COUNT_MAX).contains(&threads_beside(0)));
        assert_eq!(threads_beside(usize::MAX), 1);
    }

    #[test]
    #[should_panic(expected = "the seventh")]
    fn a_panic_goes_on_where_results_are_taken() {
        let _ = in_order(2, &(0..1_000), &|item| assert!(item != 7, "the seventh"), |()| Ok::<(), ()>(()));
    }
}
