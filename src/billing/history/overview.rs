//! The overview: each key's figures together, and how they lie in time, for text.

use chrono::{NaiveDate, TimeDelta};

use super::super::money::Exact;
use super::{Figures, History, State};

/// What a key has in all slices together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The position of the key.
    pub key: u32,
    /// Messages.
    pub messages: i128,
    /// Cost in major units.
    pub cost: Exact,
}

/// A total in the making.
#[derive(Debug, Clone, Default)]
struct Sum {
    has_row: bool,
    messages: i128,
    cost: Exact,
    /// Units that are not in `cost` yet: exact sums are slow, and there are millions of rows.
    units: i128,
}

/// From here units go into the exact sum; no row has more than a few hundredths of what an `i128` holds.
const UNITS_MAX: u128 = i128::MAX.unsigned_abs() / 2;

impl Sum {
    fn add(&mut self, figures: Figures) {
        self.has_row = true;
        self.messages += i128::from(figures.messages);
        self.units += figures.cost;
        if self.units.unsigned_abs() > UNITS_MAX {
            self.cost = self.exact_cost();
            self.units = 0;
        }
    }

    fn exact_cost(&self) -> Exact {
        self.cost + Figures { messages: 0, cost: self.units }.exact_cost()
    }

    fn total(self, key: u32) -> Total {
        Total { key, messages: self.messages, cost: self.exact_cost() }
    }
}

/// Totals, and days gathered into steps so that they fit into a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Every key that has a row, most messages first.
    pub totals: Vec<Total>,
    /// All of them together.
    pub messages: i128,
    /// Their cost in major units.
    pub cost: Exact,
    /// How many days a step has.
    pub step_days: i64,
    first: NaiveDate,
    step_count: usize,
}

impl Overview {
    /// The overview in at most `step_count_max` steps.
    pub fn of(history: &History, step_count_max: usize) -> Self {
        let mut sums = vec![Sum::default(); history.keys.len()];
        for (key, figures) in history.slices.iter().flat_map(super::Slice::rows) {
            if let Some(sum) = sums.get_mut(key as usize) {
                sum.add(figures);
            }
        }
        let sums = sums.into_iter().zip(0..).filter(|(sum, _)| sum.has_row);
        let mut totals: Vec<Total> = sums.map(|(sum, key)| sum.total(key)).collect();
        totals.sort_by(|a, b| (b.messages, b.cost, a.key).cmp(&(a.messages, a.cost, b.key)));
        let (first, last) = history.days().unwrap_or_default();
        let days = usize::try_from((last - first).num_days() + 1).unwrap_or(1);
        let step = days.div_ceil(step_count_max.max(1)).max(1);
        Self {
            messages: totals.iter().map(|total| total.messages).sum(),
            cost: totals.iter().map(|total| total.cost).sum(),
            totals,
            step_days: i64::try_from(step).unwrap_or(i64::MAX),
            first,
            step_count: days.div_ceil(step),
        }
    }

    /// Messages a day of these keys in each step, in the order of the keys; nothing where no difference ends.
    ///
    /// A difference over several days counts with its mean, on its last day.
    pub fn series(&self, history: &History, keys: &[u32]) -> Vec<Vec<Option<i64>>> {
        let mut positions = vec![None; history.keys.len()];
        for (position, key) in keys.iter().enumerate() {
            if let Some(place) = positions.get_mut(*key as usize) {
                *place = Some(position);
            }
        }
        // messages, and slices that tell of the step
        let mut sums = vec![vec![0_i64; self.step_count]; keys.len()];
        let mut counts = vec![0_i64; self.step_count];
        for slice in history.slices.iter().filter(|slice| slice.state != State::Unseen) {
            let step = self.step_of(slice.days.last);
            let Some(count) = counts.get_mut(step) else { continue };
            *count += 1;
            for (key, figures) in slice.rows() {
                let position = positions.get(key as usize).copied().flatten();
                if let Some(sum) = position.and_then(|position| sums.get_mut(position)?.get_mut(step)) {
                    *sum += figures.messages / slice.days.count();
                }
            }
        }
        let mean = |(sum, count): (&i64, &i64)| (*count > 0).then(|| sum / (*count).max(1));
        sums.iter().map(|sums| sums.iter().zip(&counts).map(mean).collect()).collect()
    }

    fn step_of(&self, day: NaiveDate) -> usize {
        let days = (day - self.first).max(TimeDelta::zero()).num_days();
        usize::try_from(days / self.step_days.max(1)).unwrap_or(usize::MAX)
    }
}
