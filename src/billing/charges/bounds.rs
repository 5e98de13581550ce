//! What each charge lies between: by the bounds of removed usage, and by a tail that the invoice covers.
//!
//! A line with `v` of the pool's `T` messages bears `W × v ÷ T` of what is shared, and `v ÷ B` of what is spread over the
//! `B` messages of lines with customers. Each bound is that at one corner of what captures leave open.

use super::super::books::Books;
use super::super::grade::{Fraction, Grade, Span};
use super::super::money::Minor;
use super::super::past::Past;
use super::super::rate::Band;
use super::super::tail::Tail;
use super::divide::Divided;
use super::{Line, LineKind, Volume};

/// What all lines have in common.
pub(super) struct Pool<'p> {
    past: &'p Past,
    /// What is shared, and over how many messages.
    shared: (Minor, i128),
    /// The removed bucket's share, and its messages.
    removed: (Minor, i128),
    /// Whether every part of the removed bucket is known exactly.
    is_exact: bool,
    /// Messages of lines with customers, at the least and at the most.
    bearing: (i128, i128),
    /// The usage that is spread over them: messages, and what they are likely to grow by.
    spread: Vec<(i128, Band<i64>)>,
    /// What the invoice covers and the capture did not see; its messages are none if there is nothing.
    tail: Option<Tail>,
}

impl<'p> Pool<'p> {
    /// The pool of these lines. `past` has seen the books.
    pub(super) fn of(books: &Books, divided: &Divided, past: &'p Past) -> Self {
        let lines = &divided.lines;
        let sum = |of: &dyn Fn(&Line) -> i128, is_of: &dyn Fn(&Line) -> bool| -> i128 {
            lines.iter().filter(|line| is_of(line)).map(of).sum()
        };
        let is_removed = |line: &Line| matches!(line.kind, LineKind::Attributed | LineKind::Removed);
        let messages = |line: &Line| i128::from(line.messages.unwrap_or(0));
        let share: Minor = lines.iter().filter(|line| is_removed(line)).map(|line| line.share).sum();
        // named accounts may have less than they are charged with, and all of what has no name but was nobody else's
        let less = |line: &Line| line.volume().map_or(0, |volume| messages(line) - i128::from(volume.low));
        let has_customer = |line: &Line| line.kind.has_customer();
        let bearing = sum(&messages, &has_customer);
        let (least, more) = (bearing - sum(&less, &has_customer), sum(&less, &|line| line.kind == LineKind::Removed));
        let whole = if divided.unshareable.is_some() { Minor::ZERO } else { divided.whole };
        let mut pool = Self {
            past,
            shared: (whole, books.messages_sum()),
            removed: (share, sum(&messages, &is_removed)),
            is_exact: lines
                .iter()
                .filter(|line| is_removed(line))
                .all(|line| line.volume().is_none_or(|volume| volume.low == volume.high)),
            bearing: (least, bearing + more),
            spread: Vec::new(),
            tail: past.tail().filter(|tail| divided.pooled.entered && !tail.length().is_zero()),
        };
        let is_spread = |line: &&Line| !line.kind.has_customer() && line.spread() != Minor::ZERO;
        pool.spread = lines.iter().filter(is_spread).map(|line| (messages(line), pool.own(line))).collect();
        pool
    }

    /// Gives a line its bounds.
    pub(super) fn bound(&self, line: &mut Line) {
        // what is spread over others costs nothing here, whatever it comes to
        let is_spread_away = !line.kind.has_customer() && line.spread() != Minor::ZERO;
        let Some(volume) = line.volume().filter(|_| !is_spread_away) else {
            line.set_span(Span::exact(line.cost()));
            return;
        };
        let is_removed = matches!(line.kind, LineKind::Attributed | LineKind::Removed);
        let is_open = self.tail.is_some() || volume.low != volume.high || (is_removed && !self.is_exact);
        let bears = line.kind.has_customer() && !self.spread.is_empty();
        let is_bearing_open = bears && self.bearing.0 != self.bearing.1;
        let corners = self.corners(line, volume);
        let mut span = if is_open { self.share(line, is_removed, corners) } else { Span::exact(line.share) };
        let borne = if bears && (is_open || is_bearing_open) {
            self.borne(line, volume, corners)
        } else {
            Span::exact(line.spread())
        };
        span += borne;
        line.set_span(span);
        if self.tail.is_some() {
            line.grade = line.grade.max(Grade::Tail);
        }
        if is_bearing_open && borne.low != borne.high {
            line.grade = line.grade.max(Grade::Attributed);
        }
    }

    /// The line's messages at the least while all others send the most, and the reverse.
    fn corners(&self, line: &Line, volume: Volume) -> [Corner; 2] {
        let (own, all) = (self.own(line), self.all());
        let corner = |messages: i64, own: i64, all: i64| Corner {
            messages: i128::from(messages) + i128::from(own),
            more: i128::from(all.max(own)),
            others: i128::from(all.saturating_sub(own).max(0)),
        };
        [corner(volume.low, own.low, all.high), corner(volume.high, own.high, all.low)]
    }

    fn share(&self, line: &Line, is_removed: bool, corners: [Corner; 2]) -> Span {
        let [low, high] = corners.map(|corner| {
            // the bucket's own cents were divided, so that its parts are rounded from those
            if is_removed {
                let part = Fraction::of(self.removed.0, corner.messages, self.removed.1);
                part.times(self.shared.1, self.shared.1 + corner.more)
            } else {
                self.shared_by(corner.messages, corner.more)
            }
        });
        Span::outward(line.share, low, high)
    }

    /// What the line bears of what is spread: little of little among many, and the reverse.
    fn borne(&self, line: &Line, volume: Volume, corners: [Corner; 2]) -> Span {
        let ([least, most], own, all) = (corners, i128::from(volume.low), self.all());
        let (many, few) = (self.bearing.1 - own + least.messages + least.others, self.bearing.0 - own + most.messages);
        let mut borne = Span::default();
        for (messages, growth) in &self.spread {
            let pot = |grown: i64, all: i64| self.shared_by(messages + i128::from(grown), i128::from(grown.max(all)));
            let low = pot(growth.low, all.high).times(least.messages, many);
            borne += Span::between(low, pot(growth.high, all.low).times(most.messages, few));
        }
        Span::around(line.spread(), borne.low, borne.high)
    }

    /// What so many messages bear of the pool, once so many more have come to it.
    fn shared_by(&self, messages: i128, more: i128) -> Fraction {
        Fraction::of(self.shared.0, messages, self.shared.1 + more)
    }

    /// What all accounts together are likely to send in the tail.
    fn all(&self) -> Band<i64> {
        self.tail.map(|tail| tail.messages).unwrap_or_default()
    }

    /// What a line itself is likely to grow by in the tail.
    fn own(&self, line: &Line) -> Band<i64> {
        let Some(tail) = &self.tail else { return Band::default() };
        // whoever gave the account away sends no more with it
        if line.held().is_some_and(|held| !held.is_last) {
            return Band::default();
        }
        let estimate = match line.kind {
            LineKind::SubAccount => line.account_id.map(|id| Past::likely(self.past.trail(id), line.status(), tail)),
            LineKind::Parent => Some(self.past.parent_likely(tail)),
            // whoever is removed sends no more
            LineKind::Attributed => None,
            // accounts that come and go within the tail would be here
            _ => Some(Band { high: tail.messages.high, ..Band::default() }),
        };
        estimate.unwrap_or_default()
    }
}

/// One end of what is open.
#[derive(Debug, Clone, Copy)]
struct Corner {
    /// The line's messages, those of the tail included.
    messages: i128,
    /// What the tail adds to the pool.
    more: i128,
    /// What of it all others send.
    others: i128,
}
