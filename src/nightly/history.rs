//! Reading a history from the archive: the table of one capture after another, and the evidence where there is none.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Signals;
use super::past::{ordered, time_of, unreadable, usable};
use crate::archive::{Archive, CaptureKey};
use crate::billing::books::Books;
use crate::billing::history::{By, Fold, History, Reading, Scope};
use crate::billing::past::Unreadable;
use crate::billing::period::timestamp;
use crate::billing::terms::Terms;
use crate::failure::{Failure, Kind, causes};
use crate::report::usage;

/// The derived table's name in a capture's folder.
const TABLE: &str = "usage.parquet";

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which days; nothing for the billing period of the last capture.
    pub scope: Option<Scope>,
    /// What figures are told apart by.
    pub by: By,
    /// Whether a difference over several days is spread over them.
    pub even_out: bool,
}

/// The history asked for, one capture in memory at a time. Nothing if no capture is of it.
pub async fn history(
    archive: &Archive,
    asked: &Asked,
    terms: &Terms,
    signals: &Signals,
) -> Result<Option<History>, Failure> {
    let keys = ordered(archive).await?;
    let last_period = || keys.last().map(|last| Scope::Period(last.period.clone()));
    let Some(scope) = asked.scope.clone().or_else(last_period) else { return Ok(None) };
    let chosen = Chosen::of(&keys, &scope);
    if chosen.periods.is_empty() {
        return Ok(None);
    }
    let mut fold = Fold::new(asked.by, scope, asked.even_out, archive.account_id(), terms);
    if let Some(key) = chosen.before
        && let Ok(source) = Source::read(archive, key).await?
    {
        fold.know(&source.reading);
        source.name(&mut fold);
    }
    let mut last = None;
    for night in chosen.periods.chunk_by(|a, b| a.period == b.period && are_of_one_day(a, b)) {
        signals.check()?;
        if let Some(source) = see(archive, night, &mut fold).await? {
            last = Some(source);
        }
    }
    // an account may have another name by now
    if let Some(last) = last.filter(|_| asked.by != By::Pool) {
        last.name(&mut fold);
    }
    let history = Failure::guard(|| Ok(fold.finish(chosen.is_over)))?;
    let unusable = || {
        Failure::new(Kind::ArchiveUnusable, "no capture of this time can be used")
            .hint("`subledger report --capture` says of each what is wrong with it")
    };
    history.map(Some).ok_or_else(unusable)
}

/// Sees the last capture of a night that can be used; running totals make those before it say nothing more.
async fn see(archive: &Archive, night: &[CaptureKey], fold: &mut Fold<'_>) -> Result<Option<Source>, Failure> {
    for key in night.iter().rev() {
        let mut source = match Source::read(archive, key).await? {
            Ok(source) => source,
            Err(unreadable) => {
                fold.pass_over(unreadable);
                continue;
            }
        };
        if fold.is_in_doubt(&source.reading)
            && let Ok(books) = usable(archive, key).await?
        {
            source.reading = source.reading.with_idle(&books);
        }
        if let Err(unfit) = Failure::guard(|| Ok(fold.see(&source.reading)))? {
            let problem = unfit.to_string();
            tracing::warn!(capture = key.id, problem, "a capture has no place in the history");
            fold.pass_over(unreadable(key, problem));
            continue;
        }
        if fold.is_nameless() {
            source.name(fold);
        }
        return Ok(Some(source));
    }
    Ok(None)
}

/// One capture's running totals, and where the names of its accounts are.
struct Source {
    reading: Reading,
    names: Names,
}

enum Names {
    /// A table, and the second of the capture in one of several.
    Table(Option<DateTime<Utc>>, Bytes),
    Books(Box<Books>),
}

impl Source {
    /// From the table; rebuilt from the evidence where that gives none.
    async fn read(archive: &Archive, key: &CaptureKey) -> Result<Result<Self, Unreadable>, Failure> {
        let (own, at) = match archive.derived(key, TABLE).await {
            Ok(None) => (archive.compacted(&key.period).await, time_of(&key.id)),
            own => (own, None),
        };
        let problem = match own.map_err(Failure::of_archive) {
            Ok(Some(bytes)) => match table(key, at, &bytes) {
                Ok(reading) => return Ok(Ok(Self { reading, names: Names::Table(at, bytes) })),
                Err(failure) => causes(&failure).join(": "),
            },
            Ok(None) => "there is none".to_owned(),
            Err(failure) => causes(&failure).join(": "),
        };
        tracing::info!(capture = key.id, problem, "rebuilding what `{TABLE}` does not tell from the evidence");
        let books = match usable(archive, key).await? {
            Ok(books) => books,
            Err(unreadable) => return Ok(Err(unreadable)),
        };
        Ok(match Reading::of(&books) {
            Ok(reading) => Ok(Self { reading, names: Names::Books(Box::new(books)) }),
            Err(error) => {
                tracing::warn!(capture = key.id, problem = %error, "a capture cannot be used");
                Err(unreadable(key, error.to_string()))
            }
        })
    }

    fn name(&self, fold: &mut Fold<'_>) {
        match &self.names {
            Names::Books(books) => {
                fold.name(books.usage.sub_accounts.iter().map(|line| (line.account_id, line.name.as_str())));
            }
            Names::Table(at, bytes) => {
                // it was read a moment ago: without names there are ids
                let names: Vec<(Uuid, String)> = usage::names(TABLE, *at, bytes).unwrap_or_default();
                fold.name(names.iter().map(|(id, name)| (*id, name.as_str())));
            }
        }
    }
}

/// Reads a table. A damaged one may be anything, so that even a panic of the format's library is only a failure.
fn table(key: &CaptureKey, at: Option<DateTime<Utc>>, bytes: &Bytes) -> Result<Reading, Failure> {
    let doing = || Failure::new(Kind::ArchiveUnusable, format!("`{TABLE}` of `{}`", key.id));
    let reading = Failure::guard(|| usage::read(TABLE, &key.id, at, bytes).map_err(|error| doing().because(error)))?;
    // the table is in no manifest: at least it must be of this capture
    let is_of_capture = time_of(&key.id).is_none_or(|at| (reading.at - at).num_seconds().abs() <= 1);
    if reading.period.name() == key.period && is_of_capture {
        Ok(reading)
    } else {
        let of = format!("it is of another capture, at {} in the period {}", timestamp(reading.at), reading.period);
        Err(doing().because(of))
    }
}

/// The captures that a scope takes.
struct Chosen<'k> {
    /// The last one before them: who was there when the first period began.
    before: Option<&'k CaptureKey>,
    /// All captures of the periods that it touches.
    periods: &'k [CaptureKey],
    /// Whether a later period is known, so that no more is to come of the last one.
    is_over: bool,
}

impl<'k> Chosen<'k> {
    /// `keys` are ordered by period and time.
    fn of(keys: &'k [CaptureKey], scope: &Scope) -> Self {
        let is_touched = |key: &CaptureKey| {
            let next = keys.get(keys.partition_point(|other| other.period <= key.period));
            scope.touches(&key.period, next.map(|next| next.period.as_str()))
        };
        let first = keys.iter().position(is_touched).unwrap_or(keys.len());
        let end = keys.iter().rposition(is_touched).map_or(first, |last| last + 1);
        let before = first.checked_sub(1).and_then(|before| keys.get(before));
        Self { before, periods: keys.get(first..end).unwrap_or_default(), is_over: end < keys.len() }
    }
}

fn are_of_one_day(a: &CaptureKey, b: &CaptureKey) -> bool {
    let day_of = |key: &CaptureKey| time_of(&key.id).map(|at| at.date_naive());
    day_of(a).is_some_and(|day| day_of(b) == Some(day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::history::Days;

    fn keys() -> Vec<CaptureKey> {
        let names = [
            ("2026-09-01", "20260930T234500Z"),
            ("2026-10-01", "20261001T234500Z"),
            ("2026-10-01", "20261031T234500Z"),
            ("2026-11-01", "20261101T234500Z"),
        ];
        names.iter().map(|(period, id)| CaptureKey { id: (*id).to_owned(), period: (*period).to_owned() }).collect()
    }

    #[test]
    fn a_scope_takes_whole_periods_and_the_capture_before() {
        let keys = keys();
        let days =
            |first: &str, last: &str| Scope::Days(Days { first: first.parse().unwrap(), last: last.parse().unwrap() });
        for (scope, before, expected, is_over) in [
            (Scope::Period("2026-10-01".to_owned()), Some(0), 1..3, true),
            (Scope::Period("2026-11-01".to_owned()), Some(2), 3..4, false),
            (Scope::Period("2026-12-01".to_owned()), Some(3), 4..4, false),
            (days("2026-10-20", "2026-10-21"), Some(0), 1..3, true),
            (days("2026-10-20", "2026-11-01"), Some(0), 1..4, false),
            (days("2026-01-01", "2026-08-31"), Some(3), 4..4, false),
            (days("2026-09-30", "2027-01-01"), None, 0..4, false),
        ] {
            let chosen = Chosen::of(&keys, &scope);
            assert_eq!((chosen.periods, chosen.is_over), (&keys[expected], is_over), "{scope:?}");
            assert_eq!(chosen.before, before.map(|before| &keys[before]), "{scope:?}");
        }
    }
}
