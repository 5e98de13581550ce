//! Explaining: how a charge came about, from the digits as sent to the cents, and why it moved between two captures.
//!
//! Nothing is charged here: the steps are those of [`charges`](super::charges), retraced by the same functions.

mod change;
mod price;
mod steps;
mod subject;
mod volume;

#[cfg(test)]
mod tests;

pub use self::change::{Cause, Change, Incomparable, Parts, Side};
pub use self::price::{Price, Spread};
pub use self::steps::{Apart, Explained, Fee, Lacking, Removal, Step, Why};
pub use self::subject::{Named, NotFound, Subject};
