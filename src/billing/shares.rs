//! Shares: one amount divided by weights into whole minor units, without a cent too many or too few.
//!
//! The method is the largest remainder (Hamilton's): everyone gets the whole part of the ideal share, and what
//! is left goes, one unit each, to those with the largest fractions. Remainders are compared as integers.

use std::cmp::Ordering;

use ethnum::I256;

use super::money::{Exact, Minor, divide_wide};

/// Why an amount could not be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unshareable {
    /// There is an amount to share, but the weights sum to zero.
    #[error("all weights are zero")]
    NoWeight,
    /// A weight is below zero, so a share would have no meaning.
    #[error("a weight is negative")]
    NegativeWeight,
}

/// Shares `whole` by `weight` and returns one part for each entry, in the order given.
///
/// The parts sum to `whole` exactly; each is less than one minor unit from its ideal share. Equal remainders are
/// settled by `key`, so the order of the input does not matter as long as keys differ. A negative whole is
/// shared like its absolute value.
pub fn largest_remainder<K: Ord>(whole: Minor, entries: &[(K, Exact)]) -> Result<Vec<Minor>, Unshareable> {
    Ok(Division::of(whole, entries)?.parts)
}

/// Decimals of a minor unit that [`Piece::ideal`] carries.
pub const IDEAL_DECIMALS: u32 = 8;

/// An amount that was shared, with what it takes to retrace each part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Division {
    whole: Minor,
    weights: Vec<Exact>,
    total: Exact,
    left_over: usize,
    /// One part for each entry.
    pub parts: Vec<Minor>,
}

/// One part of a shared amount, step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The amount that was shared.
    pub whole: Minor,
    /// The part's weight.
    pub weight: Exact,
    /// All weights together.
    pub total: Exact,
    /// `whole × weight ÷ total` in units of 10^-[`IDEAL_DECIMALS`] of a minor unit, cut and not rounded.
    pub ideal: i128,
    /// Whether nothing had to be cut from that.
    pub exact: bool,
    /// The whole minor units of that.
    pub floor: Minor,
    /// Whether the remainder was among the largest, so that the part is one unit more.
    pub raised: bool,
    /// How many parts got one unit more.
    pub left_over: usize,
    /// How many parts there are.
    pub count: usize,
    /// The part.
    pub part: Minor,
}

impl Piece {
    /// Whether the ideal is in whole minor units, so that nothing was rounded.
    pub fn is_whole(&self) -> bool {
        self.exact && self.ideal % 10_i128.pow(IDEAL_DECIMALS) == 0
    }
}

impl Division {
    /// Shares `whole` as [`largest_remainder`] says.
    pub fn of<K: Ord>(whole: Minor, entries: &[(K, Exact)]) -> Result<Self, Unshareable> {
        let weights = entries.iter().map(|(_, weight)| *weight).collect();
        Self::by(whole, weights, |a, b| entries[a].0.cmp(&entries[b].0))
    }

    /// The same where equal remainders are settled by `order`, which compares two positions.
    pub fn by(
        whole: Minor,
        weights: Vec<Exact>,
        order: impl Fn(usize, usize) -> Ordering,
    ) -> Result<Self, Unshareable> {
        let total = weights.iter().copied().sum::<Exact>();
        if whole == Minor::ZERO {
            let parts = vec![Minor::ZERO; weights.len()];
            return Ok(Self { whole, weights, total, left_over: 0, parts });
        }
        if weights.iter().any(|weight| weight.is_negative()) {
            return Err(Unshareable::NegativeWeight);
        }
        if total.is_zero() {
            return Err(Unshareable::NoWeight);
        }
        let magnitude = I256::from(whole.0).abs();
        let mut parts = Vec::with_capacity(weights.len());
        let mut remainders = Vec::with_capacity(weights.len());
        for (index, weight) in weights.iter().enumerate() {
            let (part, remainder) = divide_wide(magnitude * weight.units(), total.units());
            parts.push(part.as_i128());
            remainders.push((remainder, index));
        }
        let left_over = usize::try_from(whole.0.abs() - parts.iter().sum::<i128>()).unwrap_or(usize::MAX);
        if (1..remainders.len()).contains(&left_over) {
            // largest remainder first, then the smaller key
            remainders.select_nth_unstable_by(left_over - 1, |a, b| b.0.cmp(&a.0).then_with(|| order(a.1, b.1)));
        }
        for (_, index) in remainders.iter().take(left_over) {
            parts[*index] += 1;
        }
        let parts = parts.into_iter().map(|part| Minor(part * whole.0.signum())).collect();
        Ok(Self { whole, weights, total, left_over, parts })
    }

    /// How one part came about; nothing if there is none at this position.
    pub fn piece(&self, index: usize) -> Option<Piece> {
        let (weight, part) = (*self.weights.get(index)?, *self.parts.get(index)?);
        let Self { whole, total, left_over, .. } = *self;
        let unit = I256::from(10_i128.pow(IDEAL_DECIMALS));
        // without any weight there is nothing that was shared
        let divisor = if total.is_zero() { I256::ONE } else { total.units() };
        let product = I256::from(whole.0).abs() * weight.units();
        let (down, rest) = (product / divisor, product % divisor * unit);
        let (fraction, exact) = (rest / divisor, rest % divisor == I256::ZERO);
        let sign = whole.0.signum();
        let floor = Minor(down.as_i128() * sign);
        let ideal = (down * unit + fraction).as_i128() * sign;
        let count = self.parts.len();
        let raised = part != floor;
        Some(Piece { whole, weight, total, ideal, exact, floor, raised, left_over, count, part })
    }
}

#[cfg(test)]
mod tests {
    use super::super::money::Amount;
    use super::*;
    use proptest::prelude::*;

    fn weights(texts: &[&str]) -> Vec<(usize, Exact)> {
        texts.iter().map(|text| Amount::parse(text).unwrap().exact()).enumerate().collect()
    }

    fn shared(whole: i128, texts: &[&str]) -> Vec<i128> {
        largest_remainder(Minor(whole), &weights(texts)).unwrap().iter().map(|part| part.0).collect()
    }

    #[test]
    fn a_cent_that_does_not_divide_goes_to_the_largest_remainder() {
        assert_eq!(shared(8000, &["20", "60", "0"]), [2000, 6000, 0]);
        assert_eq!(shared(100, &["1", "1", "1"]), [34, 33, 33]);
        assert_eq!(shared(10, &["3", "3", "4"]), [3, 3, 4]);
        assert_eq!(shared(-100, &["1", "1", "1"]), [-34, -33, -33]);
        assert_eq!(shared(0, &["0", "0"]), [0, 0]);
    }

    /// An amount of 28 digits by counts of 64 bits: what a removed bucket's cost is divided by.
    #[test]
    fn the_longest_amount_is_divided_by_the_largest_counts() {
        let (whole, counts) = (10_i128.pow(28) - 1, [i64::MAX, i64::MAX - 1, 1]);
        let entries: Vec<(usize, Exact)> = counts.into_iter().map(Exact::proportion).enumerate().collect();
        let parts = largest_remainder(Minor(whole), &entries).unwrap();
        assert_eq!(parts.iter().copied().sum::<Minor>(), Minor(whole));
        assert_eq!(parts[2], Minor(542_101_086));
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        assert_eq!(largest_remainder(Minor(1), &weights(&["0", "0"])), Err(Unshareable::NoWeight));
        assert_eq!(largest_remainder(Minor(1), &weights(&[])), Err(Unshareable::NoWeight));
        assert_eq!(largest_remainder(Minor(1), &weights(&["5", "-1"])), Err(Unshareable::NegativeWeight));
    }

    fn entries() -> impl Strategy<Value = Vec<(usize, Exact)>> {
        let weight = (0_u64..1_000_000_000_000, 0_u32..13)
            .prop_map(|(digits, scale)| Amount::parse(&format!("{digits}e-{scale}")).unwrap().exact());
        prop::collection::vec(prop_oneof![4 => weight, 1 => Just(Exact::ZERO)], 1..60)
            .prop_map(|weights| weights.into_iter().enumerate().collect())
            .prop_filter("some weight", |entries: &Vec<(usize, Exact)>| {
                entries.iter().any(|(_, weight)| !weight.is_zero())
            })
    }

    fn wholes() -> impl Strategy<Value = i128> {
        -10_i128.pow(17)..10_i128.pow(17)
    }

    proptest! {
        #[test]
        fn each_part_can_be_retraced(entries in entries(), whole in wholes()) {
            let division = Division::of(Minor(whole), &entries).unwrap();
            let pieces: Vec<Piece> = (0..entries.len()).filter_map(|index| division.piece(index)).collect();
            prop_assert_eq!(pieces.len(), entries.len());
            for (piece, (part, (_, weight))) in pieces.iter().zip(division.parts.iter().zip(&entries)) {
                let unit = Minor(if piece.raised { whole.signum() } else { 0 });
                prop_assert_eq!((piece.part, piece.weight), (*part, *weight));
                prop_assert_eq!(piece.part, piece.floor + unit);
                prop_assert_eq!(piece.ideal / 10_i128.pow(IDEAL_DECIMALS), piece.floor.0);
                prop_assert!(!(piece.is_whole() && piece.raised), "only what has a remainder is rounded");
            }
            prop_assert_eq!(pieces.iter().filter(|piece| piece.raised).count(), pieces[0].left_over);
        }

        #[test]
        fn parts_sum_to_the_whole(entries in entries(), whole in wholes()) {
            let parts = largest_remainder(Minor(whole), &entries).unwrap();
            prop_assert_eq!(parts.into_iter().sum::<Minor>(), Minor(whole));
        }

        #[test]
        fn each_part_is_less_than_one_unit_from_its_ideal(entries in entries(), whole in wholes()) {
            let total: Exact = entries.iter().map(|(_, weight)| *weight).sum();
            for (part, (_, weight)) in largest_remainder(Minor(whole), &entries).unwrap().iter().zip(&entries) {
                // |part − whole × weight ÷ total| < 1, multiplied by total
                let gap = (I256::from(part.0) * total.units() - I256::from(whole) * weight.units()).abs();
                prop_assert!(gap < total.units());
            }
        }

        #[test]
        fn the_sign_only_mirrors(entries in entries(), whole in wholes()) {
            let parts = largest_remainder(Minor(whole), &entries).unwrap();
            let mirrored: Vec<Minor> = largest_remainder(Minor(-whole), &entries).unwrap().into_iter().map(|part| -part).collect();
            prop_assert_eq!(parts, mirrored);
        }

        #[test]
        fn the_order_of_the_input_does_not_matter(entries in entries(), whole in wholes(), seed in any::<u64>()) {
            let parts = largest_remainder(Minor(whole), &entries).unwrap();
            let mut shuffled: Vec<usize> = (0..entries.len()).collect();
            fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
            let reordered: Vec<_> = shuffled.iter().map(|&index| entries[index]).collect();
            let again = largest_remainder(Minor(whole), &reordered).unwrap();
            for (position, &index) in shuffled.iter().enumerate() {
                prop_assert_eq!(again[position], parts[index]);
            }
        }
    }
}
