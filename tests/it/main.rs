//! The integration tests, in one program: linking polars once is enough.
#![expect(clippy::disallowed_methods, reason = "tests look at files")]

mod architecture;
mod fixtures;
mod privacy;
mod readme;
mod support;
