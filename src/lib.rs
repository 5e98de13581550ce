//! subledger: nightly reconciliation and chargeback for AhaSend sub accounts.
//!
//! The rooms, from the command line down to the core. Each may use only those below it:
//! `tests/it/architecture.rs` holds that, and `ARCHITECTURE.md` shows how a night goes through them.

#[cfg(all(feature = "publish-in-place", not(debug_assertions)))]
compile_error!("`publish-in-place` is the negative control of the crash tests, and never released");

// flags; parsing does nothing
pub mod cli;
// one subcommand each: build inputs, call the rooms, say what came of it
pub mod commands;
// the shell of a night: capture, reconcile, publish, tell
pub mod nightly;

// file, environment and flags become one validated configuration
pub mod config;
// what can stop a run: exit code, hint, state of the evidence
pub mod failure;

// one file per channel: who is told what came of a night
pub mod notify;

// a simulated API to develop, test and demo against
pub mod simulator;

// the API's client, and its JSON's one-way door into `billing`
pub mod ahasend;
// write-once captures, manifest last, hash-chained
pub mod archive;
// a whole directory appears at once, or not at all
pub mod publish;
// a ledger becomes named bytes, one format a file
pub mod report;

// the core: every rule about money, pure
pub mod billing;

// what bytes are named by
pub mod sha256;
