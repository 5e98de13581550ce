//! The core: every rule about money, as values in and values out.
//!
//! No clock, no I/O, no wire format and no floats. A mismatch in the data is a [`finding::Finding`], never an error
//! or a panic. Reading order:
//!
//! - [`money`]: exact amounts, exact sums, minor units; [`period`]: the billing period
//! - [`books`]: one capture as values; [`customers`] and [`terms`]: what is decided outside the API
//! - [`shares`]: largest remainders; [`charges`]: the pooled invoice divided into statements
//! - [`dust`]: what rounding explains; [`reconcile`]: the checks; [`finding`]: their results; [`caps`]
//! - [`ledger`]: all of it for one capture

pub mod books;
pub mod cap_plan;
pub mod caps;
pub mod charges;
pub mod customers;
pub mod dust;
pub mod finding;
pub mod ledger;
pub mod money;
pub mod period;
pub mod reconcile;
pub mod shares;
pub mod terms;

#[cfg(test)]
mod tests;
