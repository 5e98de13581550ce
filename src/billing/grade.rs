//! Grades: how well each amount is known, and between which amounts it lies.

use ethnum::I256;

use super::money::Minor;
use super::rate::Band;

/// How an amount is known, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Grade {
    /// The capture shows what it is computed from.
    #[default]
    Observed,
    /// The invoice covers a tail that the capture did not see.
    Tail,
    /// Removed usage that captures attribute to this account.
    Attributed,
    /// Removed usage that no capture bounds or names.
    Residual,
}

impl Grade {
    /// The letter in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "A",
            Self::Tail => "B",
            Self::Attributed => "C",
            Self::Residual => "D",
        }
    }
}

/// What an amount may lie between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The least.
    pub low: Minor,
    /// The most.
    pub high: Minor,
}

impl Span {
    /// An amount that is exactly this.
    pub fn exact(amount: Minor) -> Self {
        Self { low: amount, high: amount }
    }

    /// The amounts between two in whatever order, and this one as well.
    pub fn around(amount: Minor, one: Minor, other: Minor) -> Self {
        Self { low: amount.min(one).min(other), high: amount.max(one).max(other) }
    }
}

impl std::ops::AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        self.low += other.low;
        self.high += other.high;
    }
}

/// The messages that an amount is for, and what they may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    /// As charged.
    pub messages: i64,
    /// At the least.
    pub low: i64,
    /// At the most.
    pub high: i64,
    /// The amount for so many messages of which this one is a part, where its own is too rounded to tell what a message
    /// costs.
    pub part_of: Option<(Minor, i64)>,
}

impl Volume {
    /// Messages that were seen.
    pub fn seen(messages: i64) -> Self {
        Self { messages, low: messages, high: messages, part_of: None }
    }

    /// The same messages, for an amount of their own.
    #[must_use]
    pub fn alone(self) -> Self {
        Self { part_of: None, ..self }
    }

    /// What so many messages cost: an amount, and the count that it is for.
    fn price(self, amount: Minor) -> (Minor, i64) {
        self.part_of.unwrap_or((amount, self.messages))
    }

    /// What the amount would be at the least and at the most, if it follows the messages.
    pub fn span(self, amount: Minor) -> Span {
        let (whole, of) = self.price(amount);
        if self.low == self.high || of == 0 {
            return Span::exact(amount);
        }
        let at = |messages: i64, up: bool| rounded(I256::from(whole.0) * I256::from(messages), I256::from(of), up);
        let (low, high) = if whole.0 < 0 { (self.high, self.low) } else { (self.low, self.high) };
        Span::around(amount, at(low, false), at(high, true))
    }

    /// What a share of the whole may become once the tail is known: its own tail and that of all, seen from here.
    pub fn span_with_tail(self, amount: Minor, all: i64, own: Band<i64>, pool: Band<i64>) -> Span {
        let (price, of) = self.price(amount);
        if of <= 0 || all <= 0 {
            return self.span(amount);
        }
        let (all, of) = (i128::from(all), i128::from(of));
        let (least, most) = (i128::from(self.low) + i128::from(own.low), i128::from(self.high) + i128::from(own.high));
        let others = (all - i128::from(self.messages)).max(0);
        // all others together send what the pool does but for its own tail
        let rest = |pool: i64, own: i64| i128::from(pool.saturating_sub(own).max(0));
        let low = (least, least + others + rest(pool.high, own.low));
        let high = (most, most + others + rest(pool.low, own.high));
        // price × (part ÷ whole) ÷ (of ÷ all)
        let at = |(part, whole): (i128, i128), up| {
            let (numerator, denominator) = (I256::from(part) * I256::from(all), I256::from(whole) * I256::from(of));
            rounded(I256::from(price.0) * numerator, denominator, up)
        };
        let (low, high) = if price.0 < 0 { (high, low) } else { (low, high) };
        Span::around(amount, at(low, false), at(high, true))
    }
}

/// The quotient, rounded down or up; nothing by nothing is nothing.
fn rounded(dividend: I256, divisor: I256, up: bool) -> Minor {
    if divisor == I256::ZERO {
        return Minor::ZERO;
    }
    let (down, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    let quotient = if up && rest != I256::ZERO { down + I256::ONE } else { down };
    Minor(quotient.as_i128())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_follows_the_messages_and_rounds_outward() {
        let volume = Volume { low: 100, high: 120, ..Volume::seen(110) };
        assert_eq!(volume.span(Minor(1_000)), Span { low: Minor(909), high: Minor(1_091) });
        assert_eq!(volume.span(Minor(-1_000)), Span { low: Minor(-1_091), high: Minor(-909) });
        assert_eq!(Volume::seen(110).span(Minor(1_000)), Span::exact(Minor(1_000)));
    }

    #[test]
    fn a_part_too_small_to_have_a_price_has_that_of_the_whole() {
        let part_of = Some((Minor(1_000), 500));
        let none = Volume { low: 0, high: 20, part_of, ..Volume::seen(0) };
        assert_eq!(none.span(Minor::ZERO), Span { low: Minor::ZERO, high: Minor(40) });
        let cents_lost = Volume { low: 1, high: 251, part_of: Some((Minor(1), 500)), ..Volume::seen(1) };
        assert_eq!(cents_lost.span(Minor::ZERO), Span { low: Minor::ZERO, high: Minor(1) });
    }

    #[test]
    fn a_tail_moves_a_share_either_way() {
        let (own, pool) = (Band { low: 0, estimate: 5, high: 10 }, Band { low: 0, estimate: 50, high: 100 });
        // 100 of 1,000 messages bear 10.00 of 100.00; at the least 100 of 1,100, at the most 110 of 1,010
        let span = Volume::seen(100).span_with_tail(Minor(1_000), 1_000, own, pool);
        assert_eq!(span, Span { low: Minor(909), high: Minor(1_090) });
        let span = Volume::seen(0).span_with_tail(Minor::ZERO, 1_000, own, pool);
        assert_eq!(span, Span::exact(Minor::ZERO));
    }
}
