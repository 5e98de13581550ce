//! The core: every rule about money, as values in and values out.
//!
//! No clock, no I/O, no wire format and no floats. A mismatch in the data is a [`finding::Finding`], never an error
//! or a panic. Reading order:
//!
//! - [`money`]: exact amounts, exact sums, minor units; [`period`]: the billing period
//! - [`books`]: one capture as values; [`past`]: what the captures before it tell, with [`rate`] and [`nights`]
//! - [`customers`] and [`terms`]: what is decided outside the API; [`invoice`]: what finance entered, and the bridge to it
//! - [`moves`]: sub accounts that change hands within a period
//! - [`shares`]: largest remainders; [`charges`]: the pooled invoice divided into statements, each line with its [`grade`]
//! - [`removed`]: whose the removed usage was; [`tail`] and [`tail_sheet`]: what nobody will have seen
//! - [`dust`]: what rounding explains; [`reconcile`]: the checks; [`finding`]: their results; [`caps`] and their [`level`]s
//! - [`days`]: which days a difference of captures stands for; [`history`]: messages and cost per day
//! - [`close`]: what stands in the way of the final set; [`journal`]: what a correction changes
//! - [`ledger`]: all of it for one capture and those before it; [`explain`]: how a charge came about, and why it moved

mod beside;
pub mod books;
pub mod cap_plan;
pub mod caps;
pub mod charges;
pub mod close;
pub mod customers;
pub mod days;
pub mod dust;
pub mod explain;
pub mod finding;
pub mod grade;
pub mod history;
pub mod invoice;
pub mod journal;
pub mod ledger;
pub mod level;
pub mod money;
pub mod moves;
pub mod nights;
pub mod past;
pub mod period;
pub mod rate;
pub mod reconcile;
pub mod removed;
pub mod shares;
pub mod tail;
pub mod tail_sheet;
pub mod terms;

#[cfg(test)]
mod tests;
