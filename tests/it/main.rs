//! The integration tests, in one program: linking polars once is enough.
#![expect(clippy::disallowed_methods, reason = "tests look at files")]

mod architecture;
mod crash;
mod fixtures;
mod lock;
mod night;
mod privacy;
mod readme;
mod secrets;
mod streams;
mod support;
mod transport;
