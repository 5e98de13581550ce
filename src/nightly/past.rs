//! Reading what came before a capture, from the archive, one capture at a time.

use chrono::{DateTime, Utc};

use super::{Signals, books};
use crate::archive::{self, Archive, CaptureKey};
use crate::billing::books::Books;
use crate::billing::past::{Past, Unreadable};
use crate::billing::period::month_of;
use crate::billing::terms::Terms;
use crate::failure::{Failure, Kind, causes};

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
    // only the last capture of a period has a tail: after any other, the next one of the period goes on
    let next = keys.iter().find(|other| (&other.period, &other.id) > (&key.period, &key.id));
    if let Some(successor) = next.filter(|next| next.period != key.period) {
        past.end(successor.id.clone());
    }
    for key in before(&keys, key) {
        signals.check()?;
        match usable(archive, key).await? {
            Ok(books) => Failure::guard(|| {
                past.see(&books, terms);
                Ok(())
            })?,
            Err(unreadable) => past.miss(unreadable),
        }
    }
    Ok(past)
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
    let captured = match archive.read(key).await {
        Ok(capture) => books(archive, key, &capture),
        Err(error) if is_lasting(&error) => Err(Failure::of_archive(error)),
        Err(error) => return Err(Failure::of_archive(error)),
    };
    match captured {
        Ok(books) => Ok(Ok(books)),
        Err(failure) if failure.kind == Kind::Bug => Err(failure),
        Err(failure) => {
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

/// The captures before `key` that say something about it; `keys` are ordered by period and time.
fn before<'k>(keys: &'k [CaptureKey], key: &CaptureKey) -> &'k [CaptureKey] {
    let order = |key: &CaptureKey| (key.period.clone(), key.id.clone());
    let end = keys.partition_point(|other| order(other) < order(key));
    let month = time_of(&key.id).map(|at| month_of(at).start);
    let says_something = |other: &CaptureKey| {
        other.period == key.period || time_of(&other.id).zip(month).is_some_and(|(at, month)| at >= month)
    };
    let first = keys[..end].iter().position(says_something).unwrap_or(end);
    &keys[first.saturating_sub(1)..end]
}

/// The instant that a capture is named by.
pub(super) fn time_of(id: &str) -> Option<DateTime<Utc>> {
    chrono::NaiveDateTime::parse_from_str(id, "%Y%m%dT%H%M%SZ").ok().map(|at| at.and_utc())
}

/// Whether the archive will say the same tomorrow, so that there is no use in waiting for a better answer.
fn is_lasting(error: &archive::Error) -> bool {
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

    #[test]
    fn a_period_needs_its_own_captures_and_the_last_one_before() {
        let keys = keys(&[
            ("2026-08-01", "20260831T234500Z"),
            ("2026-09-01", "20260929T234500Z"),
            ("2026-09-01", "20260930T234500Z"),
            ("2026-10-01", "20261001T234500Z"),
            ("2026-10-01", "20261002T234500Z"),
        ]);
        assert_eq!(before(&keys, &keys[4]), &keys[2..4]);
        assert_eq!(before(&keys, &keys[3]), &keys[2..3]);
        assert_eq!(before(&keys, &keys[0]), []);
    }

    #[test]
    fn a_period_that_is_no_month_needs_the_captures_of_the_month_as_well() {
        let keys = keys(&[
            ("2026-09-15", "20260929T020000Z"),
            ("2026-09-15", "20260930T020000Z"),
            ("2026-09-15", "20261001T020000Z"),
            ("2026-10-15", "20261016T020000Z"),
        ]);
        assert_eq!(before(&keys, &keys[3]), &keys[1..3]);
    }
}
