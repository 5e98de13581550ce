//! subledger: nightly reconciliation and chargeback for AhaSend sub accounts.
//!
//! The rooms, from the command line down to the core. Each may use only those below it:
//! `tests/it/architecture.rs` holds that.

pub mod cli;
pub mod commands;
pub mod nightly;

pub mod config;
pub mod failure;

pub mod simulator;

pub mod ahasend;
pub mod archive;
pub mod publish;
pub mod report;

pub mod billing;
