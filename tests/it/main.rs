//! The integration tests, in one program: linking polars once is enough.

mod architecture;
