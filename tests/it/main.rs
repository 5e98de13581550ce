//! The integration tests, in one program: linking polars once is enough.
#![expect(clippy::disallowed_methods, reason = "tests look at files")]

mod accounts;
mod architecture;
mod attribution;
mod caps;
mod close;
mod contract;
mod crash;
mod demo;
mod disk;
mod exit_codes;
mod explain;
mod fixtures;
mod focus;
mod formats;
mod history;
mod invoices;
mod lock;
mod moved;
mod names;
mod night;
mod pages;
mod past;
mod privacy;
mod prune;
mod readme;
mod reference;
mod secrets;
mod simulate;
mod streams;
mod support;
mod transport;
mod until_close;
mod verify;
mod workbook;
