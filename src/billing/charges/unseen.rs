//! What nobody saw, as far as it moves a line: the bounds of removed usage, and the tail that an invoice covers.

use super::super::books::Books;
use super::super::grade::{Grade, Span, Volume};
use super::super::money::Minor;
use super::super::past::Past;
use super::super::rate::Band;
use super::super::tail::Tail;
use super::{Line, LineKind};

/// The rest of a period that the invoice covers and the capture does not.
pub(super) struct Unseen {
    tail: Tail,
    /// Messages that the capture did see.
    seen: i64,
}

/// The tail after these books; nothing if they saw the whole period.
pub(super) fn of(books: &Books, past: &Past) -> Option<Unseen> {
    let (total, at) = (books.usage.total, books.capture.at);
    let tail = Tail::of(books.usage.period, at, total, past.pace()?, past.margin());
    (!tail.length().is_zero()).then_some(Unseen { tail, seen: total.messages })
}

/// Gives a line its bounds: those of its messages, and with a tail those of its share of a pool that goes on.
pub(super) fn bound(line: &mut Line, unseen: Option<&Unseen>, past: &Past) {
    let Some(volume) = line.volume else {
        line.span = Span::exact(line.cost());
        return;
    };
    let span = |volume: Volume, amount: Minor| match unseen {
        None => volume.span(amount),
        Some(unseen) => volume.span_with_tail(amount, unseen.seen, own(line, unseen, past), unseen.tail.messages),
    };
    line.span = if volume.part_of.is_some() {
        let mut both = span(volume, line.share);
        both += span(volume.alone(), line.spread);
        both
    } else {
        span(volume, line.cost())
    };
    if unseen.is_some() {
        line.grade = line.grade.max(Grade::Tail);
    }
}

/// What the line itself is likely to grow by.
fn own(line: &Line, unseen: &Unseen, past: &Past) -> Band<i64> {
    let (at, messages, time) = (unseen.tail.from, line.messages.unwrap_or(0), unseen.tail.length());
    match line.kind {
        LineKind::SubAccount => {
            line.account_id.map(|id| past.likely(id, line.status.as_ref(), &unseen.tail)).unwrap_or_default()
        }
        LineKind::Parent => past.parent_pace().map(|pace| pace.estimate(at, messages, time)).unwrap_or_default(),
        // whoever is removed sends no more
        LineKind::Attributed => Band::default(),
        // accounts that come and go within the tail would be here
        _ => Band { high: unseen.tail.messages.high, ..Band::default() },
    }
}
