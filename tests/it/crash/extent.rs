//! How much is looked at, and how it is told: an environment variable chooses, and people see a line for each sum.

use std::io::Write;

use super::scene::Stage;
use super::trace::strace;

/// Violations of a scene that are shown; the rest are counted.
const VIOLATIONS_SHOWN_MAX: usize = 40;

/// Which faults are looked at: a sample, every one, or whether a binary that writes in place is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Sample,
    Full,
    Control,
}

pub(super) fn extent() -> Extent {
    match std::env::var("SUBLEDGER_CRASH").as_deref() {
        Err(_) => Extent::Sample,
        Ok("full") => Extent::Full,
        Ok("control") => Extent::Control,
        Ok(other) => panic!("SUBLEDGER_CRASH is `{other}`, and can be `full` or `control`"),
    }
}

/// A part of what a point is called, to look at such points only: `EIO at statx 1 of`.
pub(super) fn only() -> Option<String> {
    std::env::var("SUBLEDGER_CRASH_ONLY").ok()
}

/// The line that people see whether the test passes or not.
pub(super) fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

pub(super) fn stage(what: &str) -> Option<Stage> {
    let strace = strace();
    if strace.is_none() {
        tell(&format!("skipped: {what} needs strace, and that it may trace"));
    }
    strace.map(Stage::new)
}

/// Shows violations, in a control as well: somebody may want to see what was found out.
pub(super) fn tell_of(violations: &[String]) {
    for violation in violations.iter().take(VIOLATIONS_SHOWN_MAX) {
        tell(&format!("violation: {violation}"));
    }
}

/// In a control the violations are what is to be found.
pub(super) fn conclude(what: &str, violation_count: usize) {
    match extent() {
        Extent::Control => assert!(violation_count > 0, "{what} has not found out what writes in place"),
        _ => assert_eq!(violation_count, 0, "{what} found violations"),
    }
}
