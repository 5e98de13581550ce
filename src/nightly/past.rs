//! Reading what came before a capture, from the archive, one capture at a time.

use chrono::{DateTime, Utc};

use super::Signals;
use super::reading::{self, Unread};
use crate::archive::{self, Archive, CaptureKey};
use crate::billing::books::Books;
use crate::billing::past::{Past, Unreadable};
use crate::billing::period::month_of;
use crate::billing::terms::Terms;
use crate::failure::{Failure, Kind, causes};

/// How many captures of earlier periods are tried for one that can be used.
const EARLIER_COUNT_MAX: usize = 10;

/// Sees every capture that says something about this one: those of its period before it, those of its calendar month,
/// and the last one before all of them.
///
/// A capture that cannot be used is noted instead: tonight's figures do not depend on it, only their bounds do.
pub(super) async fn read(
    archive: &Archive,
    key: &CaptureKey,
    terms: &Terms,
    signals: &Signals,
) -> Result<Past, Failure> {
    let keys = ordered(archive).await?;
    let mut past = Past::default();
    let before: Vec<&CaptureKey> = before(&keys, key).collect();
    let first = before.iter().position(|other| says_something(other, key)).unwrap_or(before.len());
    let (earlier, wanted) = before.split_at(first);
    // one capture before all of them tells who was there; if it cannot be used, the one before it does
    for other in earlier.iter().rev().take(EARLIER_COUNT_MAX) {
        if let Ok(books) = usable(archive, other).await? {
            past = see(past, &books, terms)?;
            break;
        }
    }
    for other in wanted {
        signals.check()?;
        match usable(archive, other).await? {
            Ok(books) => past = see(past, &books, terms)?,
            Err(unreadable) => past.note_unreadable(unreadable),
        }
    }
    Ok(past)
}

fn see(mut past: Past, books: &Books, terms: &Terms) -> Result<Past, Failure> {
    Failure::guard(|| {
        past.see(books, terms);
        Ok(past)
    })
}

/// Every capture, by billing period and time.
pub(super) async fn ordered(archive: &Archive) -> Result<Vec<CaptureKey>, Failure> {
    let mut keys = archive.captures().await.map_err(Failure::of_archive)?;
    // around a roll-over the API may change its mind; each period is seen as a whole, and none before its time
    keys.sort_by(|a, b| (&a.period, &a.id).cmp(&(&b.period, &b.id)));
    Ok(keys)
}

/// The books of a capture, or why they can never be used.
pub(super) async fn usable(archive: &Archive, key: &CaptureKey) -> Result<Result<Books, Unreadable>, Failure> {
    let captured = match Box::pin(reading::read(archive, key)).await {
        Ok(books) => return Ok(Ok(books)),
        Err(Unread::Archive(error)) if is_lasting(&error) => Failure::of_archive(error),
        Err(Unread::Archive(error)) => return Err(Failure::of_archive(error)),
        Err(Unread::Unusable(failure)) => failure,
    };
    match captured {
        failure if failure.kind == Kind::Bug => Err(failure),
        failure => {
            let problem = causes(&failure).join(": ");
            tracing::warn!(capture = key.id, problem, "a capture cannot be used");
            Ok(Err(unreadable(key, problem)))
        }
    }
}

/// A capture that cannot be used; a folder that is named after no time was not made by one.
pub(super) fn unreadable(key: &CaptureKey, problem: String) -> Unreadable {
    Unreadable { id: key.id.clone(), at: time_of(&key.id).unwrap_or_default(), problem }
}

/// The captures before `key`; `keys` are ordered by period and time.
///
/// One that was taken later is not before it, whatever period it shows.
fn before<'k>(keys: &'k [CaptureKey], key: &CaptureKey) -> impl Iterator<Item = &'k CaptureKey> {
    keys.iter().filter(|other| other.period <= key.period && other.id < key.id)
}

/// Whether a capture is of the same period, or of the calendar month of `key`.
fn says_something(other: &CaptureKey, key: &CaptureKey) -> bool {
    let month = time_of(&key.id).map(|at| month_of(at).start);
    other.period == key.period || time_of(&other.id).zip(month).is_some_and(|(at, month)| at >= month)
}

/// The instant that a capture is named by.
pub(super) fn time_of(id: &str) -> Option<DateTime<Utc>> {
    chrono::NaiveDateTime::parse_from_str(id, "%Y%m%dT%H%M%SZ").ok().map(|at| at.and_utc())
}

/// Whether the archive will say the same tomorrow, so that there is no use in waiting for a better answer.
pub(super) fn is_lasting(error: &archive::Error) -> bool {
    match error {
        archive::Error::Damaged { .. } | archive::Error::Version { .. } => true,
        archive::Error::Store { source, .. } => matches!(source, object_store::Error::NotFound { .. }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[(&str, &str)]) -> Vec<CaptureKey> {
        names.iter().map(|(period, id)| CaptureKey { id: (*id).to_owned(), period: (*period).to_owned() }).collect()
    }

    /// How many captures there are before one that say nothing about it, and how many that do.
    fn wanted(keys: &[CaptureKey], of: usize) -> (usize, usize) {
        let says = |other: &&CaptureKey| says_something(other, &keys[of]);
        let (some, none): (Vec<_>, Vec<_>) = before(keys, &keys[of]).partition(says);
        (none.len(), some.len())
    }

    #[test]
    fn a_period_needs_its_own_captures() {
        let keys = keys(&[
            ("2026-08-01", "20260831T234500Z"),
            ("2026-09-01", "20260929T234500Z"),
            ("2026-09-01", "20260930T234500Z"),
            ("2026-10-01", "20261001T234500Z"),
            ("2026-10-01", "20261002T234500Z"),
        ]);
        assert_eq!(wanted(&keys, 4), (3, 1));
        assert_eq!(wanted(&keys, 3), (3, 0));
        assert_eq!(wanted(&keys, 0), (0, 0));
    }

    #[test]
    fn a_period_that_is_no_month_needs_the_captures_of_the_month_as_well() {
        let keys = keys(&[
            ("2026-09-15", "20260929T020000Z"),
            ("2026-09-15", "20260930T020000Z"),
            ("2026-09-15", "20261001T020000Z"),
            ("2026-10-15", "20261016T020000Z"),
        ]);
        assert_eq!(wanted(&keys, 3), (2, 1));
    }

    #[test]
    fn a_capture_that_came_later_is_not_before_whatever_it_shows() {
        let keys = keys(&[
            ("2026-10-01", "20261031T235959Z"),
            ("2026-10-01", "20261101T000002Z"),
            ("2026-11-01", "20261101T000001Z"),
        ]);
        assert_eq!(wanted(&keys, 2), (1, 0));
    }
}
