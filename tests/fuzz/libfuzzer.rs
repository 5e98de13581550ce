//! libFuzzer over one target, which `SUBLEDGER_TARGET` names: linking the program once for each would take the longest.
#![no_main]

#[path = "targets.rs"]
mod targets;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use targets::{TARGETS, Target};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let wanted = std::env::var("SUBLEDGER_TARGET").unwrap_or_default();
    let found = TARGETS.into_iter().find(|(name, _)| *name == wanted);
    found.unwrap_or_else(|| panic!("SUBLEDGER_TARGET is one of {:?}", TARGETS.map(|(name, _)| name))).1
});

fuzz_target!(|input: &[u8]| TARGET(input));
