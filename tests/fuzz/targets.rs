//! What reads bytes from outside, as plain functions of bytes: each holds what was read against what must be true of it.
//!
//! The default suite plays the corpus and mutations of it (`tests/it/fuzz.rs`); `just fuzz` lets libFuzzer look for more.

#[path = "digits.rs"]
mod digits;
#[path = "files.rs"]
mod files;
#[path = "tables.rs"]
mod tables;
#[path = "wire.rs"]
mod wire;

use std::error::Error;

/// One parser, with what is held of it.
pub(crate) type Target = fn(&[u8]);

/// Every target by the name of its folder in the corpus.
pub(crate) const TARGETS: [(&str, Target); 11] = [
    ("usage_answer", wire::usage_answer),
    ("account_list", wire::account_list),
    ("single_account", wire::single_account),
    ("api_keys", wire::api_keys),
    ("amount", wire::amount),
    ("customers", tables::customers),
    ("invoices", tables::invoices),
    ("configuration", tables::configuration),
    ("capture_manifest", files::capture_manifest),
    ("close_record", files::close_record),
    ("set_manifest", files::set_manifest),
];

/// Longest that an error may be with all its causes, in bytes: it says where and what, and shows no body.
const ERROR_BYTES_MAX: usize = 900;

/// An error with its causes, which must be short and fit for a terminal.
fn told(error: &(dyn Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    assert!(told.len() <= ERROR_BYTES_MAX, "{} bytes: {told}", told.len());
    assert!(!told.contains(char::is_control), "{told:?}");
    told
}
