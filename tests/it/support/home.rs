//! The folder that a test runs the binary in. It is searched for the key when the test is over.

use std::path::Path;
use std::sync::Mutex;

use tempfile::TempDir;

use super::leaks;

/// Limits that keep a failing run short; [`home`] writes them.
const SHORT_LIMITS: &str = "\
[limits]
run_timeout_secs = 20
attempt_count_max = 5
retry_delay_min_ms = 1
requests_per_second = 99
";

/// A folder that is gone with the test, once nothing in it has shown the key.
pub(crate) struct Home {
    folder: TempDir,
    /// Files in which a test has put the key on purpose, by their paths from here.
    may_hold: Mutex<fn(&str) -> bool>,
}

/// A folder to run in, with a configuration that changes nothing but how long a run may take.
pub(crate) fn home() -> Home {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("subledger.toml"), SHORT_LIMITS).expect("a file");
    Home { folder, may_hold: Mutex::new(|_| false) }
}

impl Home {
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets these files, and no others, hold the key.
    pub(crate) fn may_hold_the_key(&self, which: fn(&str) -> bool) {
        *self.may_hold.lock().expect("no panic") = which;
    }
}

impl Drop for Home {
    #[expect(clippy::print_stdout, reason = "the harness shows it with `--nocapture`, for the figures")]
    fn drop(&mut self) {
        // a test that fails has its own story to tell
        if !std::thread::panicking() {
            let found = leaks::below(self.path(), *self.may_hold.lock().expect("no panic"));
            assert!(found.leaks.is_empty(), "the key is in {:?}", found.leaks);
            println!("searched {} files, {} bytes", found.file_count, found.byte_count);
        }
    }
}
