//! Signals: the first asks the run to end at the next step; a second Ctrl-C ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;

use crate::failure::{Failure, Kind};

/// How often a waiting run looks whether it should end; a person does not notice.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// What the process was told. Clones see the same.
#[derive(Debug, Clone, Default)]
pub struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// Takes over SIGHUP, SIGINT and SIGTERM for this process.
    ///
    /// SIGXFSZ, which would kill a process that writes beyond a file-size limit, is taken over as well: then the
    /// write fails instead, and the run can say so.
    pub fn of_process() -> std::io::Result<Self> {
        let signals = Self::default();
        let again = Arc::new(AtomicBool::new(false));
        // only a person means it by saying it twice: some supervisors send SIGTERM to the process and to its group
        flag::register_conditional_shutdown(SIGINT, 128 + SIGINT, Arc::clone(&again))?;
        flag::register(SIGINT, again)?;
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            flag::register_usize(signal, Arc::clone(&signals.0), usize::try_from(signal).unwrap_or_default())?;
        }
        flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
        Ok(signals)
    }

    /// Fails if the run was asked to end.
    pub fn check(&self) -> Result<(), Failure> {
        match u8::try_from(self.0.load(Ordering::Relaxed)) {
            Ok(0) | Err(_) => Ok(()),
            Ok(signal) => Err(Failure::new(Kind::Interrupted(signal), format!("interrupted by signal {signal}"))),
        }
    }

    /// Waits for something that may be given up at any time, unless the run is asked to end.
    pub async fn or<T, E>(
        &self,
        waiting: impl Future<Output = Result<T, E>>,
        failed: impl FnOnce(E) -> Failure,
    ) -> Result<T, Failure> {
        tokio::select! {
            // a signal that is there already keeps the rest from beginning
            biased;
            failure = self.asked() => Err(failure),
            done = waiting => done.map_err(failed),
        }
    }

    /// Waits until the run is asked to end.
    pub async fn asked(&self) -> Failure {
        loop {
            if let Err(failure) = self.check() {
                return failure;
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_signal_that_is_there_already_keeps_anything_from_beginning() {
        let signals = Signals::default();
        assert!(signals.or(async { Ok::<_, Failure>(1) }, |failure| failure).await.is_ok());
        signals.0.store(15, Ordering::Relaxed);
        for _ in 0..100 {
            let begun = AtomicBool::new(false);
            let work = async {
                begun.store(true, Ordering::Relaxed);
                Ok::<_, Failure>(1)
            };
            let failure = signals.or(work, |failure| failure).await.unwrap_err();
            assert_eq!((failure.kind, begun.into_inner()), (Kind::Interrupted(15), false));
        }
    }
}
